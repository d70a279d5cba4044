//! Our hooks in the text of a `settings.json`. Text in, text out; what is not ours stays byte for byte.
//!
//! | file | what is in it |
//! |---|---|
//! | `events` | which events we want to hear of, and how a handler of ours looks |
//! | `spans` | JSON read with the place of everything |
//! | `layout` | how the file is indented, and text made the same way |
//! | `insert` | [`register`] |
//! | `remove` | [`unregister`] |
//! | `found` | [`registered`] |
//! | `error` | why a text is refused |
//!
//! The client reads the file with a plain JSON parser, where the last of two equal keys counts; so do we.

mod error;
mod events;
mod found;
mod insert;
mod layout;
mod remove;
mod spans;

pub use error::SettingsError;
pub use events::{EVENTS, Event, Handler, Registration, RegistrationError};
pub use found::{Registered, are_hooks_disabled, registered};
pub use insert::register;
pub use remove::unregister;
