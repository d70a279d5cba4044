//! What `HOOK_DEBUG=true` prints on stderr: which payload came, what was done with it, how long it took. Never the payload itself.

use std::io::Write;
use std::time::Instant;

use crate::stdin::Read;

/// Says what happens, or nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Debug {
    is_wanted: bool,
    began: Instant,
}

impl Debug {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, began: Instant::now() }
    }

    pub(crate) fn say(&self, what: &str) {
        self.say_with(|| what.to_owned());
    }

    /// Says something that is put together only where it is wanted.
    pub(crate) fn say_with(&self, what: impl FnOnce() -> String) {
        if self.is_wanted {
            let line = format!("rutter-hook {:>6} µs: {}\n", self.began.elapsed().as_micros(), harmless(&what()));
            drop(std::io::stderr().lock().write_all(line.as_bytes()));
        }
    }

    pub(crate) fn say_read(&self, read: &Read, since: Instant) {
        let waited = since.elapsed().as_micros();
        self.say_with(|| match read {
            Read::Value(bytes) => format!("a payload of {} bytes came within {waited} µs", bytes.len()),
            Read::TooLong => "the payload is too long; it is counted as lost".to_owned(),
            Read::Cut(bytes) => format!("after {waited} µs there were {} bytes and no whole payload", bytes.len()),
            Read::Late(length) => format!("nothing more came for {waited} µs after {length} bytes; it is counted as lost"),
            Read::Failed => "stdin cannot be read; it is counted as lost".to_owned(),
        });
    }
}

/// Ids and directories are foreign text.
fn harmless(text: &str) -> String {
    text.chars().map(|each| if each.is_control() { '\u{fffd}' } else { each }).collect()
}
