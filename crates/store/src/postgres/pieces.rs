//! Statements put together from parts, each with what it binds, so that one round trip does for all.

use crate::postgres::values::Value;

/// Parts of a statement; `?` stands for a bound value.
#[derive(Default)]
pub(crate) struct Pieces {
    pieces: Vec<String>,
    pub(crate) values: Vec<Value>,
}

impl Pieces {
    pub(crate) fn add(&mut self, piece: &str, values: impl IntoIterator<Item = Value>) {
        let mut marked = piece.split('?');
        let mut numbered = marked.next().unwrap_or_default().to_owned();
        for (rest, value) in marked.zip(values) {
            self.values.push(value);
            numbered.push_str(&format!("${}{rest}", self.values.len()));
        }
        self.pieces.push(numbered);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(crate) fn joined(&self, between: &str) -> String {
        self.pieces.join(between)
    }

    /// Returns a statement that does all of them at once.
    pub(crate) fn at_once(&self) -> String {
        let steps = self.pieces.iter().enumerate().map(|(at, piece)| format!("s{at} AS ({piece})"));
        format!("WITH {} SELECT", steps.collect::<Vec<_>>().join(", "))
    }
}
