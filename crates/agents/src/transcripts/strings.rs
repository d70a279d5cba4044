//! The strings of a pass, each once. Most records say what the one before them said.

use std::cmp::Ordering;
use std::collections::HashMap;

use session::transcript::Name;

use crate::skim::Raw;

/// Up to which length a name is kept.
const LONGEST: usize = 16 << 10;

/// How many of the last ones are compared before the rest is asked.
const RECENT: usize = 8;

/// Strings, each once.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    all: Vec<String>,
    places: HashMap<String, Name>,
    recent: [(Vec<u8>, Name); RECENT],
    next: usize,
}

impl Strings {
    /// Returns the place of what a string in a record says.
    pub(crate) fn place(&mut self, raw: Raw<'_>) -> Name {
        if raw.bytes.is_empty() {
            return Name::default();
        }
        if let Some((_, name)) = self.recent.iter().find(|(bytes, _)| bytes == raw.bytes) {
            return *name;
        }
        let name = self.place_text(&raw.text(LONGEST));
        let (bytes, held) = &mut self.recent[self.next % RECENT];
        bytes.clear();
        bytes.extend_from_slice(raw.bytes);
        *held = name;
        self.next += 1;
        name
    }

    /// Returns the place of a string.
    pub(crate) fn place_text(&mut self, text: &str) -> Name {
        if text.is_empty() {
            return Name::default();
        }
        if let Some(&name) = self.places.get(text) {
            return name;
        }
        if self.all.is_empty() {
            self.all.push(String::new());
        }
        let name = Name(u32::try_from(self.all.len()).unwrap_or(0));
        self.all.push(text.to_owned());
        self.places.insert(text.to_owned(), name);
        name
    }

    /// Orders two strings by what they say.
    pub(crate) fn order(&self, one: Name, other: Name) -> Ordering {
        if one == other { Ordering::Equal } else { self.all.get(one.0 as usize).cmp(&self.all.get(other.0 as usize)) }
    }

    /// Returns all of them, the empty one first.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.all
    }
}
