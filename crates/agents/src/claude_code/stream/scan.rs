//! Bytes to objects, of which only what tells an id is kept.
//!
//! Apart from a JSON parser because of what it is fed: an array with a whole conversation on one line, a line that never ends, a line that was
//! cut and went on with the next one. A parser keeps the line it reads; this keeps a few short strings.

use crate::lenient;

/// Nothing that is looked for is longer, however it is escaped.
const LONGEST: usize = 1_024;

/// Brackets within brackets beyond this are no output of an agent's.
const DEEPEST: usize = 128;

/// What of an object tells an id.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: Option<String>,
    pub(super) subtype: Option<String>,
    /// At the top, in `message`, in `metadata`.
    pub(super) ids: [Option<String>; 3],
}

/// A key that means something here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Key {
    #[default]
    Other,
    SessionId,
    Kind,
    Subtype,
    Message,
    Metadata,
}

impl Key {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("session_id") => Self::SessionId,
            Some("type") => Self::Kind,
            Some("subtype") => Self::Subtype,
            Some("message") => Self::Message,
            Some("metadata") => Self::Metadata,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Object,
    Array,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between objects.
    #[default]
    Outside,
    /// Behind something that is no JSON, up to the end of the line.
    Lost,
    /// Behind the bracket of an object.
    First,
    /// Before a key.
    Key,
    /// Behind a key.
    Colon,
    /// Before a value.
    Value,
    /// Within a number or a word.
    Word,
    /// Within a string.
    Text { is_key: bool, is_escaped: bool },
    /// Behind a value.
    Behind,
}

/// Follows the brackets and strings of JSON.
#[derive(Debug, Default)]
pub(super) struct Scan {
    state: State,
    /// The brackets that are open within the object that is read, its own first.
    open: Vec<Bracket>,
    /// The keys that were read last, at the top and in what the top holds.
    keys: [Key; 2],
    /// The string that is read, with its escapes, if it is of use.
    text: Option<Vec<u8>>,
    object: Object,
    /// Whether the object is spread over lines: nothing stands behind its bracket.
    is_spread: bool,
    is_line_start: bool,
    read: u64,
    skipped: u64,
}

impl Scan {
    /// Reads on, and gives each object away when it is complete.
    pub(super) fn push(&mut self, bytes: &[u8], give: &mut dyn FnMut(Object)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let passed = match self.state {
                State::Lost => lost(rest),
                State::Text { is_escaped: false, .. } => self.plain(rest),
                _ => 0,
            };
            let Some((&byte, behind)) = rest[passed..].split_first() else { return };
            self.step(byte, give);
            self.is_line_start = byte == b'\n';
            rest = behind;
        }
    }

    /// Returns how many objects were read, and how many lines were none.
    pub(super) fn finish(mut self) -> (u64, u64) {
        if !self.open.is_empty() {
            self.drop_object();
        }
        (self.read, self.skipped)
    }

    fn step(&mut self, byte: u8, give: &mut dyn FnMut(Object)) {
        if self.was_cut(byte) {
            self.drop_object();
            self.state = State::Outside;
        }
        match (self.state, byte) {
            (State::Text { .. }, _) => self.text_step(byte),
            (State::Lost, b'\n') => self.state = State::Outside,
            (State::Lost, _) => {}
            (State::Word, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-') => {}
            (State::Word, _) => {
                self.state = State::Behind;
                self.step(byte, give);
            }
            (State::First, b'\n') => self.is_spread |= self.open.len() == 1,
            (_, b' ' | b'\t' | b'\r' | b'\n') => {}
            (State::Outside, b'{') => self.begin(Bracket::Object),
            // The brackets of an array that holds the objects; a byte order mark.
            (State::Outside, b'[' | b']' | b',' | 0xef | 0xbb | 0xbf) => {}
            (State::First | State::Key, b'"') => self.begin_text(true),
            (State::Colon, b':') => self.state = State::Value,
            (State::Value, b'"') => self.begin_text(false),
            (State::Value, b'{') => self.begin(Bracket::Object),
            (State::Value, b'[') => self.begin(Bracket::Array),
            (State::Value, b'0'..=b'9' | b'a'..=b'z' | b'-') => self.state = State::Word,
            (State::Behind, b',') => self.state = if self.is_in_object() { State::Key } else { State::Value },
            (State::First | State::Behind, b'}') if self.is_in_object() => self.end(give),
            (State::Value | State::Behind, b']') if !self.is_in_object() => self.end(give),
            _ => self.lose(),
        }
    }

    fn text_step(&mut self, byte: u8) {
        let State::Text { is_key, is_escaped } = self.state else { return };
        match byte {
            b'"' if !is_escaped => self.end_text(is_key),
            b'\n' => {
                self.lose();
                self.state = State::Outside;
            }
            0..0x20 => self.lose(),
            _ => {
                self.state = State::Text { is_key, is_escaped: byte == b'\\' && !is_escaped };
                self.keep(&[byte]);
            }
        }
    }

    /// Keeps what stands in a string before anything that has a meaning there, and returns how much that is.
    fn plain(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len());
        self.keep(&bytes[..end]);
        end
    }

    fn keep(&mut self, bytes: &[u8]) {
        match &mut self.text {
            Some(text) if text.len() + bytes.len() <= LONGEST => text.extend_from_slice(bytes),
            _ => self.text = None,
        }
    }

    fn begin(&mut self, bracket: Bracket) {
        if self.open.len() == DEEPEST {
            return self.lose();
        }
        self.open.push(bracket);
        if let Some(key) = self.keys.get_mut(self.open.len() - 1) {
            *key = Key::Other;
        }
        self.state = if bracket == Bracket::Object { State::First } else { State::Value };
    }

    fn end(&mut self, give: &mut dyn FnMut(Object)) {
        self.open.pop();
        self.state = State::Behind;
        if self.open.is_empty() {
            self.state = State::Outside;
            self.is_spread = false;
            self.read += 1;
            give(std::mem::take(&mut self.object));
        }
    }

    fn begin_text(&mut self, is_key: bool) {
        let is_of_use = if is_key { self.has_keys_of_use() } else { self.slot().is_some() };
        self.text = is_of_use.then(Vec::new);
        self.state = State::Text { is_key, is_escaped: false };
    }

    fn end_text(&mut self, is_key: bool) {
        let text = self.text.take().and_then(|text| decoded(&text));
        if is_key {
            let depth = self.open.len() - 1;
            if let Some(key) = self.keys.get_mut(depth) {
                *key = Key::of(text.as_deref());
            }
            self.state = State::Colon;
            return;
        }
        if let Some(slot) = self.slot() {
            *slot = text;
        }
        self.state = State::Behind;
    }

    /// Reports whether keys where we are may lead to an id.
    fn has_keys_of_use(&self) -> bool {
        match self.open.len() {
            1 => true,
            2 => matches!(self.keys[0], Key::Message | Key::Metadata),
            _ => false,
        }
    }

    /// Returns where the value belongs that begins here, if it is of use.
    fn slot(&mut self) -> Option<&mut Option<String>> {
        match (self.open.as_slice(), self.keys) {
            ([_], [Key::SessionId, _]) => Some(&mut self.object.ids[0]),
            ([_], [Key::Kind, _]) => Some(&mut self.object.kind),
            ([_], [Key::Subtype, _]) => Some(&mut self.object.subtype),
            ([_, Bracket::Object], [Key::Message, Key::SessionId]) => Some(&mut self.object.ids[1]),
            ([_, Bracket::Object], [Key::Metadata, Key::SessionId]) => Some(&mut self.object.ids[2]),
            _ => None,
        }
    }

    fn is_in_object(&self) -> bool {
        self.open.last() == Some(&Bracket::Object)
    }

    /// Reports whether the object that is read was cut, as what stands before this byte shows. One that is on one line ends there; one that
    /// is spread over lines holds no other one at the beginning of a line, unless as an element.
    fn was_cut(&self, byte: u8) -> bool {
        let is_amid = !self.open.is_empty() && !matches!(self.state, State::Text { .. });
        let expects_element = self.state == State::Value && !self.is_in_object();
        match byte {
            b'\n' => is_amid && !self.is_spread && !(self.state == State::First && self.open.len() == 1),
            b'{' => is_amid && self.is_line_start && !expects_element,
            _ => false,
        }
    }

    /// Gives the rest of the line up.
    fn lose(&mut self) {
        self.drop_object();
        self.state = State::Lost;
    }

    fn drop_object(&mut self) {
        self.skipped += 1;
        self.open.clear();
        self.is_spread = false;
        self.text = None;
        self.object = Object::default();
    }
}

/// Returns how much is left of a line of which nothing is expected any more.
fn lost(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len())
}

/// Returns a string without its escapes.
fn decoded(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    lenient::parse(format!("\"{text}\"").as_bytes()).ok()
}
