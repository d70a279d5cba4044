//! A scripted stand-in for the Messages API on loopback, so that a real agent can be driven without a network.
//!
//! It keeps no conversation: a prompt names a script, `please @@tools`, and the number of assistant messages after that
//! prompt is the step. So resumed, forked and killed conversations need nothing special.
//!
//! | file | holds |
//! |---|---|
//! | `script`, `scripts` | what a reply is made of; the replies there are |
//! | `server`, `room` | connections: accepting, reading, stopping; what their threads share |
//! | `answer` | requests and their answers |
//! | `http` | requests and responses as bytes |
//! | `request` | what a body asks for |
//! | `reply`, `stream` | a step as a message; a message as server-sent events |
//! | `ledger` | what was asked and what was sent |

mod answer;
pub(crate) mod http;
mod ledger;
mod reply;
mod request;
mod room;
mod script;
mod scripts;
mod server;
mod stream;

pub use ledger::{Exchange, Kind};
pub use script::{Block, Failure, Step, bash, say, think, tool};
pub use scripts::{FAKE_SECRETS, FakeSecret, Place};
pub use server::MessagesApi;
