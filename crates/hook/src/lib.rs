//! The way of a payload: stdin, agents, redact, inbox. Decides nothing, waits for nobody, says nothing.
//!
//! Whatever happens here, the agent must not feel it: no database, no lock, no network, no other process; over within half a
//! second even if the agent holds the pipe open, and within a second even if the disk stands still.
//!
//! | file | holds |
//! |---|---|
//! | `call` | one call: what was asked, and what is to follow |
//! | `stdin` | one JSON value, not everything up to the end |
//! | `parse` | bytes to a JSON object |
//! | `record` | a payload to a record of the inbox |
//! | `cut` | what a tool says at length, shortened |
//! | `surroundings` | variables, homes, the program beside this one |
//! | `debug` | what `HOOK_DEBUG=true` prints |

mod call;
mod cut;
mod debug;
mod parse;
mod record;
mod stdin;
mod surroundings;

pub use call::{Start, record_here, run};
pub use surroundings::beside;
