//! Strings, each once; and maps by ids that are hashes already.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Name;

/// Strings, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    all: Vec<String>,
    places: HashMap<String, Name>,
}

impl Names {
    /// Returns the place of a string.
    pub(super) fn place(&mut self, text: &str) -> Name {
        if text.is_empty() {
            return Name::default();
        }
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        self.all.push(text.to_owned());
        let place = Name(u32::try_from(self.all.len()).unwrap_or(0));
        self.places.insert(text.to_owned(), place);
        place
    }

    /// Returns the string at a place; none for 0.
    pub(super) fn get(&self, name: Name) -> Option<&str> {
        (name.0 as usize).checked_sub(1).and_then(|place| self.all.get(place)).map(String::as_str)
    }

    /// Returns all of them, the first one at 1.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(String::as_str)
    }

    /// Orders two strings: their places say only which one was seen first.
    pub(super) fn order(&self, one: Name, other: Name) -> Ordering {
        if one == other { Ordering::Equal } else { self.get(one).cmp(&self.get(other)) }
    }
}

/// Hashes what is a hash already by leaving it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Straight;

impl std::hash::BuildHasher for Straight {
    type Hasher = AsItIs;

    fn build_hasher(&self) -> AsItIs {
        AsItIs(0)
    }
}

/// See [`Straight`].
#[derive(Debug)]
pub(super) struct AsItIs(u64);

impl std::hash::Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
