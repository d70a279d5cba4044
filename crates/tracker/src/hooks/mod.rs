//! What hooks leave: taking it in, deciding where it belongs, answering a start, telling hooks what to heed.
//!
//! | file | holds |
//! |---|---|
//! | `take_in` | the inbox into the store, exactly once |
//! | `incoming` | one record of the inbox, understood |
//! | `correlate` | which session a conversation belongs to |
//! | `nameless` | whose an event is that names no conversation |
//! | `moves` | which agent session follows which |
//! | `answer` | what an agent is told when a conversation begins |
//! | `health` | what `doctor` says of hooks |
//! | `wishes` | what hooks are to heed: pauses, excluded directories |

mod answer;
mod correlate;
mod health;
mod incoming;
mod moves;
mod nameless;
mod take_in;
mod wishes;

pub use answer::Answer;
pub use take_in::{Taken, Waiting};
pub use wishes::PauseError;
