//! A fork: the beginning of another session under a name of its own, with the ids of rows, messages and requests as they were.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Writer;
use super::account::Billed;
use super::transcript::{Copied, Transcript};

/// A session that can be forked.
pub(super) struct Original {
    pub(super) path: PathBuf,
    pub(super) session: String,
    pub(super) lines: Vec<Copied>,
}

/// How somebody forks a session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// With a flag when it is resumed: replies name the session that asked for them.
    Flag,
    /// From within it: every row names the row it was copied from.
    Branch,
}

/// Copies the beginning of a session into the file of another.
pub(super) fn fork(to: &mut Writer, on: &mut Transcript, original: &Original) -> Result<()> {
    let text = fs::read_to_string(&original.path).with_context(|| format!("cannot read `{}`", original.path.display()))?;
    let count = to.dice.between(1, original.lines.len() as u64) as usize;
    let way = if to.dice.chance(0.5) { Way::Branch } else { Way::Flag };
    let mut billed: BTreeMap<u64, Billed> = BTreeMap::new();
    for (line, copied) in text.lines().zip(&original.lines).take(count) {
        let line = renamed(line, copied.kind, &original.session, &on.origin.session, way);
        on.line(&mut to.account, copied.kind, copied.billed, line.as_bytes())?;
        if let Some(one) = copied.billed {
            let greatest = billed.entry(one.reply).or_insert(one);
            greatest.usage.output = greatest.usage.output.max(one.usage.output);
        }
    }
    billed.into_values().for_each(|one| to.account.per_session.add(one.model, one.usage));
    to.account.forked_sessions += 1;
    on.parent = None;
    Ok(())
}

/// Returns a line as it stands in the fork.
fn renamed(line: &str, kind: &str, from: &str, to: &str, way: Way) -> String {
    let mut line = line.replace(from, to);
    let added = match (way, kind) {
        (Way::Flag, "assistant") => format!(r#","requestSessionId":"{from}"}}"#),
        (Way::Branch, _) if line.starts_with(r#"{"parentUuid""#) => {
            format!(r#","forkedFrom":{{"sessionId":"{from}","messageUuid":"{}"}}}}"#, uuid(&line))
        }
        _ => return line,
    };
    line.truncate(line.len() - 1);
    line + &added
}

/// Returns the id of a row: it stands behind everything that a block could hold.
fn uuid(line: &str) -> &str {
    line.rsplit_once(r#","uuid":""#).and_then(|(_, rest)| rest.get(..36)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_says_where_its_rows_come_from() {
        let id = "0a0a0a0a-0a0a-4a0a-a0a0-0a0a0a0a0a0a";
        let row = format!(r#"{{"parentUuid":null,"uuid":"{id}","sessionId":"old"}}"#);
        let branched =
            format!(r#"{{"parentUuid":null,"uuid":"{id}","sessionId":"new","forkedFrom":{{"sessionId":"old","messageUuid":"{id}"}}}}"#);
        let check = |kind, way, expected: &str| assert_eq!(renamed(&row, kind, "old", "new", way), expected);
        check("user", Way::Branch, &branched);
        check("user", Way::Flag, &row.replace("old", "new"));
        check("assistant", Way::Flag, &format!(r#"{{"parentUuid":null,"uuid":"{id}","sessionId":"new","requestSessionId":"old"}}"#));
    }
}
