//! JSON read with the place of everything, so that text can be changed where it stands. Values are checked, not decoded.

use std::ops::Range;

/// Deeper is refused, so that no text can exhaust the stack.
const DEEPEST: usize = 120;

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is, as far as it matters here.
#[derive(Debug)]
pub(super) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar,
}

/// A key, its quotes included, and its value.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: Range<usize>,
    pub(super) value: Node,
}

/// What is wrong, and at which offset.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) wrong: Wrong,
}

/// What can be wrong with a text.
#[derive(Debug)]
pub(super) enum Wrong {
    Expected(&'static str),
    Comment,
    TooDeep,
}

impl Node {
    pub(super) fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            Kind::Array(_) | Kind::Scalar => None,
        }
    }

    pub(super) fn elements(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::Array(elements) => Some(elements),
            Kind::Object(_) | Kind::Scalar => None,
        }
    }

    /// Returns the member with this key that counts: the last.
    pub(super) fn member(&self, text: &str, key: &str) -> Option<&Self> {
        self.members()?.iter().rev().find(|member| member.is_called(text, key)).map(|member| &member.value)
    }

    /// Returns where each thing in a container is, keys included.
    pub(super) fn items(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|member| member.key.start..member.value.span.end).collect(),
            Kind::Array(elements) => elements.iter().map(|element| element.span.clone()).collect(),
            Kind::Scalar => Vec::new(),
        }
    }

    /// Returns where the bracket is that ends a container.
    pub(super) fn closer(&self) -> usize {
        self.span.end - 1
    }
}

impl Member {
    /// Compares the key as the client would read it, escapes and all.
    pub(super) fn is_called(&self, text: &str, key: &str) -> bool {
        serde_json::from_str::<String>(&text[self.key.clone()]).is_ok_and(|name| name == key)
    }
}

/// Reads a text; a blank one has no value.
pub(super) fn scan(text: &str) -> Result<Option<Node>, Fault> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: if text.starts_with('\u{feff}') { 3 } else { 0 }, depth: 0 };
    scanner.skip_space();
    if scanner.peek().is_none() {
        return Ok(None);
    }
    let node = scanner.value()?;
    scanner.skip_space();
    if scanner.peek().is_some() { Err(scanner.expected("the end")) } else { Ok(Some(node)) }
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
    depth: usize,
}

impl Scanner<'_> {
    fn value(&mut self) -> Result<Node, Fault> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => Kind::Object(self.nested(|scanner| scanner.list(b'}', Self::object_member))?),
            Some(b'[') => Kind::Array(self.nested(|scanner| scanner.list(b']', Self::value))?),
            Some(b'"') => self.string().map(|_| Kind::Scalar)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == DEEPEST {
            return Err(Fault { at: self.at, wrong: Wrong::TooDeep });
        }
        self.depth += 1;
        let found = read(self)?;
        self.depth -= 1;
        Ok(found)
    }

    /// Reads what stands between two brackets, from the first to behind the second.
    fn list<T>(&mut self, closer: u8, mut item: impl FnMut(&mut Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.eat(closer) {
            return Ok(items);
        }
        loop {
            self.skip_space();
            items.push(item(self)?);
            self.skip_space();
            if self.eat(closer) {
                return Ok(items);
            }
            if !self.eat(b',') {
                return Err(self.expected(if closer == b'}' { "`,` or `}`" } else { "`,` or `]`" }));
            }
        }
    }

    fn object_member(&mut self) -> Result<Member, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let key = self.string()?;
        self.skip_space();
        if !self.eat(b':') {
            return Err(self.expected("`:`"));
        }
        self.skip_space();
        Ok(Member { key, value: self.value()? })
    }

    fn string(&mut self) -> Result<Range<usize>, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                Some(_) => return Err(self.expected("no bare control character in a string")),
                None => return Err(self.expected("`\"`")),
            }
        }
        self.at += 1;
        Ok(start..self.at)
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let length = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if self.bytes.get(self.at + 2..self.at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => 6,
            _ => return Err(self.expected("an escape that JSON knows")),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(Kind::Scalar)
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        let rest = &self.bytes[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word.as_bytes()));
        self.at += word.ok_or_else(|| self.expected("a value"))?.len();
        Ok(Kind::Scalar)
    }

    fn skip_space(&mut self) {
        let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.bytes[self.at..].iter().take_while(space).count();
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Says what should have been here. Comments get a word of their own: people do write them.
    fn expected(&self, what: &'static str) -> Fault {
        let is_comment = matches!(self.bytes.get(self.at..self.at + 2), Some(b"//" | b"/*"));
        Fault { at: self.at, wrong: if is_comment { Wrong::Comment } else { Wrong::Expected(what) } }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    proptest! {
        /// What serde_json does not take, or takes, we do not, or do.
        #[test]
        fn agrees_with_a_parser_about_what_json_is(text in r#"[\[\]{},:" \\u0-9eE.+tfn\-]{0,12}|[ -~]{0,20}|(\[|\{"a":|1,|\]|\}|"x"| ){0,12}"#) {
            let ours = scan(&text);
            let is_blank = text.trim().is_empty();
            match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
                Ok(_) => prop_assert!(matches!(ours, Ok(Some(_))), "{text}"),
                Err(_) if is_blank => prop_assert!(matches!(ours, Ok(None))),
                Err(_) => prop_assert!(ours.is_err(), "{text}"),
            }
        }
    }

    #[test]
    fn spans_hold_exactly_their_values() {
        let text = "\u{feff} {\"a\" : [ 1.5e3 ,{}], \"a\":\"\\ud800\"} ";
        let node = scan(text).unwrap().unwrap();
        let items: Vec<_> = node.items().into_iter().map(|span| &text[span]).collect();
        assert_eq!(items, ["\"a\" : [ 1.5e3 ,{}]", "\"a\":\"\\ud800\""]);
        assert_eq!(&text[node.member(text, "a").unwrap().span.clone()], "\"\\ud800\"");
        assert_eq!(&text[node.members().unwrap()[0].value.elements().unwrap()[1].span.clone()], "{}");
    }

    #[test]
    fn an_escaped_key_is_the_same_key() {
        let text = r#"{"h\u006foks": 1}"#;
        assert!(scan(text).unwrap().unwrap().member(text, "hooks").is_some());
        assert_eq!(serde_json::from_str::<Value>(text).unwrap()["hooks"], 1);
    }

    #[test]
    fn depth_is_refused_before_the_stack_ends() {
        assert!(matches!(scan(&"[".repeat(1_000_000)), Err(Fault { wrong: Wrong::TooDeep, .. })));
    }
}
