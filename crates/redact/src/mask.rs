//! Putting `[REDACTED:kind]` where the secrets are; nothing is copied where there is none.

use std::borrow::Cow;

use crate::search::{Finding, secrets};

/// How often a text is looked at again, because a mask may end a word that hid another secret.
const ROUNDS: usize = 8;

/// Returns the text with each secret replaced by `[REDACTED:kind]`.
pub fn mask(text: &str) -> Cow<'_, str> {
    let Some(mut masked) = once(text) else { return Cow::Borrowed(text) };
    for _ in 1..ROUNDS {
        let Some(again) = once(&masked) else { break };
        masked = again;
    }
    Cow::Owned(masked)
}

fn once(text: &str) -> Option<String> {
    let found = united(secrets(text.as_bytes()));
    if found.is_empty() {
        return None;
    }
    let (mut masked, mut copied) = (String::with_capacity(text.len()), 0);
    for Finding { range, kind, .. } in found {
        masked.push_str(&text[copied..text.floor_char_boundary(range.start).max(copied)]);
        masked.push_str("[REDACTED:");
        masked.push_str(kind);
        masked.push(']');
        copied = text.ceil_char_boundary(range.end);
    }
    masked.push_str(&text[copied..]);
    Some(masked)
}

/// Joins findings that overlap. The name of one that was told by its looks is the better one.
fn united(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|finding| (finding.range.start, !finding.by_looks, std::cmp::Reverse(finding.range.end)));
    let mut united: Vec<Finding> = Vec::with_capacity(found.len());
    for finding in found {
        match united.last_mut().filter(|last| finding.range.start < last.range.end) {
            Some(last) => {
                last.range.end = last.range.end.max(finding.range.end);
                if finding.by_looks && !last.by_looks {
                    (last.kind, last.by_looks) = (finding.kind, true);
                }
            }
            None => united.push(finding),
        }
    }
    united
}
