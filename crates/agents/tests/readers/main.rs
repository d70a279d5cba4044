//! What is known about agents beside their payloads: settings, installations, registries. One program, a file for each.
#![cfg(feature = "readers")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod install;
mod plugin;
mod registry;
mod settings;
mod statusline;
mod stream;
mod transcripts;
mod varied;
