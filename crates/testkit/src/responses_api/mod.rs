//! A stand-in for the Responses API that Codex talks to: scripted, strict, on loopback.
//!
//! A prompt names its script as `@@name`; each request gets the step that is due by what the model has said since. What a client must not
//! do is complained of: another path, a key that is none of ours, a call that nobody answers, an answer that nobody asked for.
//!
//! | file | holds |
//! |---|---|
//! | `server` | connections |
//! | `answer` | a request, held against the rules, and its answer |
//! | `script` | what a scripted answer is made of |

mod answer;
mod script;
mod server;

pub use answer::Reply;
pub use script::{Said, patch, shell, words};
pub use server::ResponsesApi;

/// Opens nothing.
pub(crate) const KEY: &str = "sk-fake-key-of-a-test";
