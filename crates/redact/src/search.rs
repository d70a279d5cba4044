//! Where the secrets in a text are: told by keywords, in the text and in every way to read it. Each way is passed once.

use std::ops::Range;

use crate::assignment;
use crate::credentials::{self, Blocks};
use crate::encoded;
use crate::keywords::{Keywords, Meaning};
use crate::tokens::TOKENS;
use crate::view::{self, View};

/// Where a secret is.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The bytes to be masked.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) kind: &'static str,
    /// Whether its own looks tell so, not only its place.
    pub(crate) by_looks: bool,
}

/// How often escapes are undone: JSON in a string of JSON in a string.
const ESCAPES: usize = 3;
/// How often something may be encoded in something encoded.
const DEPTH: usize = 2;

/// Returns the secrets of a text, in no order; they may overlap.
pub(crate) fn secrets(bytes: &[u8]) -> Vec<Finding> {
    let mut found = in_all_views(bytes, DEPTH);
    let mut escapes: Vec<View> = Vec::new();
    while escapes.len() < ESCAPES
        && let Some(view) = view::unescaped(escapes.last().map_or(bytes, |view| &view.bytes))
    {
        let inner = in_all_views(&view.bytes, DEPTH);
        escapes.push(view);
        found.extend(inner.into_iter().map(|finding| escapes.iter().rev().fold(finding, |finding, view| back(view, finding))));
    }
    found
}

fn back(view: &View, finding: Finding) -> Finding {
    Finding { range: view.origin(&finding.range), ..finding }
}

/// Returns what stands in the text as it is, with codes for terminals in it, percent-encoded, broken over lines, or in base64 or hex.
fn in_all_views(bytes: &[u8], depth: usize) -> Vec<Finding> {
    let mut found = plain(bytes);
    encodings(bytes, depth, &mut found);
    if let Some(view) = view::unpercented(bytes) {
        found.extend(plain(&view.bytes).into_iter().map(|finding| back(&view, finding)));
    }
    if let Some(view) = view::shown(bytes) {
        let mut inner = plain(&view.bytes);
        encodings(&view.bytes, depth, &mut inner);
        found.extend(inner.into_iter().map(|finding| back(&view, finding)));
    }
    if let Some(view) = view::joined(bytes) {
        let mut inner = plain(&view.bytes);
        encodings(&view.bytes, depth, &mut inner);
        let broken = inner.into_iter().filter(|finding| finding.by_looks && view.is_joined(&finding.range));
        found.extend(broken.map(|finding| back(&view, finding)));
    }
    found
}

/// Adds the runs of base64 or hex that hold a secret, each as a whole.
fn encodings(bytes: &[u8], depth: usize, found: &mut Vec<Finding>) {
    if depth == 0 {
        return;
    }
    for run in encoded::runs(bytes) {
        if let Some(first) = in_all_views(&run.text, depth - 1).into_iter().next() {
            found.push(Finding { range: run.range, kind: first.kind, by_looks: true });
        }
    }
}

/// One pass over the text.
fn plain(bytes: &[u8]) -> Vec<Finding> {
    let mut pass = Pass { bytes, found: Vec::new(), blocks: Blocks::default(), name_end: 0, value_end: 0 };
    let mut keywords = Keywords::new(bytes);
    while let Some((at, chain)) = keywords.next() {
        let token = chain.filter_map(|meaning| pass.meet(at, meaning)).max_by_key(|finding| finding.range.end);
        if let Some(token) = token {
            keywords.at = token.range.end;
            pass.found.push(token);
        }
    }
    pass.found
}

struct Pass<'a> {
    bytes: &'a [u8],
    found: Vec<Finding>,
    blocks: Blocks,
    /// Where the last assignment that was read ends, so that each is read once.
    name_end: usize,
    /// Where the last value that is masked ends; names in it are not read.
    value_end: usize,
}

impl Pass<'_> {
    /// Returns the token or block that begins here; what a place gives away is only noted, since tokens may lie in it.
    fn meet(&mut self, at: usize, meaning: Meaning) -> Option<Finding> {
        let bytes = self.bytes;
        match meaning {
            Meaning::Token(index) => {
                let token = &TOKENS[index];
                let (start, end) = token.range(bytes, at)?;
                return Some(Finding { range: start..end, kind: token.kind, by_looks: true });
            }
            Meaning::Block => {
                let (range, kind) = self.blocks.at(bytes, at)?;
                return Some(Finding { range, kind, by_looks: true });
            }
            _ if at < self.value_end => {}
            Meaning::Name if at >= self.name_end => {
                let assignment = assignment::read(bytes, at);
                self.name_end = assignment.end;
                self.note(assignment.secret);
            }
            Meaning::Name => {}
            Meaning::Header(length) => self.note(credentials::header(bytes, at + length, &bytes[at..at + length])),
            Meaning::User(length) => self.note(credentials::user(bytes, at + length)),
            Meaning::Address => self.note(credentials::address(bytes, at + 3)),
        }
        None
    }

    fn note(&mut self, secret: Option<(Range<usize>, &'static str)>) {
        if let Some((range, kind)) = secret {
            self.value_end = range.end;
            self.found.push(Finding { range, kind, by_looks: false });
        }
    }
}
