//! Claude Code.
//!
//! | file | holds |
//! |---|---|
//! | `events` | every event its hooks know, and what each means for recording |
//! | `payload` | one payload to one observation |

mod events;
#[cfg(feature = "payload")]
mod payload;

pub use events::{is_boundary, is_start};
#[cfg(feature = "payload")]
pub use payload::{EXEMPT, VARIABLES, understand};

/// How this agent is spelled everywhere.
pub const NAME: &str = "claude-code";
