//! Where hooks leave events until somebody takes them into the store: framed records, appended with one `write()` each.
//!
//! ```text
//! <home>/inbox/20260216-9f3c….frames    one day of one machine
//! <home>/inbox/lost                     what could not be written, counted
//! ```
//!
//! There is no lock that anybody could hold against a hook, and no index that could break. A record that is torn (the disk was full,
//! the machine died) is skipped wherever it lies; whoever drains keeps the place up to which a segment was taken in with the events
//! themselves.
//!
//! | file | holds |
//! |---|---|
//! | `frame` | records to bytes and back, torn ones skipped. Pure |
//! | `segment` | the files: names, listing, reading from a place, removing |
//! | `append` | one record, one `write()` |
//! | `losses` | counting what could not be written, without needing room |
//! | `wishes` | what hooks are to heed: pauses, excluded directories |

mod append;
mod frame;
mod losses;
mod segment;
mod wishes;

pub use append::{AppendError, Sync};
pub use frame::{Decoded, Frame, LONGEST, decode, encode};
pub use losses::{Loss, Losses};
pub use segment::{Inbox, Segment};
pub use wishes::Wishes;
