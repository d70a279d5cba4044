//! What the name and the first line of a rollout say: which conversation it is, and whose sub-agent's.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;

use crate::claude_code::transcript::{is_drawn, is_id};
use crate::skim::{Raw, Skim};
use crate::transcripts::file::unpack;
use crate::transcripts::holding::{Entry, Whose};

/// How much is read first: mostly it is enough.
const FIRST: u64 = 4 << 10;

/// How much is read at most. Older clients have their instructions before what is looked for.
const MOST: u64 = 1 << 20;

/// How long the ids are that the client draws.
const DRAWN: usize = 36;

/// How many directories a day lies below: the year's, the month's, its own.
const DAYS: usize = 3;

/// Returns what something is that lies some steps below a directory of rollouts.
pub(crate) fn entry<'n>(steps: &[&'n OsStr], is_directory: bool) -> Entry<'n> {
    let Some(name) = steps.last() else { return Entry::Nothing };
    if is_directory {
        return if steps.len() <= DAYS { Entry::Within } else { Entry::Nothing };
    }
    if !super::is_transcript(Path::new(name)) {
        return Entry::Nothing;
    }
    name.to_str().map(id_of).filter(|id| is_id(id)).map_or(Entry::Nothing, Entry::Transcript)
}

/// Returns the id in the name of a rollout: it stands at the end. In one that the client did not name, all of it.
fn id_of(name: &str) -> &str {
    let stem = name.split('.').next().unwrap_or_default();
    let drawn = stem.len().checked_sub(DRAWN).and_then(|start| stem.get(start..)).filter(|id| is_drawn(id));
    drawn.unwrap_or_else(|| stem.trim_start_matches("rollout-"))
}

/// Returns what of the name of a rollout stays, wherever it is moved and however it is packed.
pub(crate) fn lasting(steps: &[OsString]) -> Vec<OsString> {
    let name = steps.last().cloned().unwrap_or_default();
    let plain = name.to_str().and_then(|name| name.strip_suffix(".zst")).map(OsString::from);
    vec![plain.unwrap_or(name)]
}

/// Reads what the first line says.
pub(crate) fn whose(name: &Path, rollout: &mut dyn Read) -> io::Result<Whose> {
    if name.extension().is_some_and(|extension| extension == "zst") {
        // One that cannot be unpacked is what its name says.
        return unpack(rollout).map_or_else(|_| Ok(Whose::default()), |mut rollout| Ok(head(&mut rollout).unwrap_or_default()));
    }
    head(rollout)
}

fn head(rollout: &mut dyn Read) -> io::Result<Whose> {
    let mut bytes = Vec::new();
    (&mut *rollout).take(FIRST).read_to_end(&mut bytes)?;
    let (said, is_all) = read(&bytes);
    if is_all || (bytes.len() as u64) < FIRST {
        return Ok(said);
    }
    rollout.take(MOST).read_to_end(&mut bytes)?;
    Ok(read(&bytes).0)
}

/// Reads the beginning of a rollout, and reports whether all that is looked for was there.
fn read(bytes: &[u8]) -> (Whose, bool) {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let (mut id, mut parent, mut kind) = (Raw::default(), Raw::default(), Raw::default());
    let mut is_all = line.len() < bytes.len();
    // What was found before it is cut counts.
    let _cut = Skim::new(line).object(|key, value| match key {
        b"type" => value.text_into(&mut kind),
        b"payload" => value.object(|key, value| match key {
            b"id" => value.text_into(&mut id),
            b"parent_thread_id" => value.text_into(&mut parent),
            b"source" => {
                value.object(|_, value| {
                    value.object(|_, value| {
                        value.object(|key, value| match key {
                            b"parent_thread_id" => value.text_into(&mut parent),
                            _ => value.skip(),
                        })
                    })
                })?;
                is_all = true;
                Ok(())
            }
            _ => value.skip(),
        }),
        _ => value.skip(),
    });
    if !kind.is(b"session_meta") {
        return (Whose::default(), is_all);
    }
    (Whose::of(&id.text(128), &parent.text(128)), is_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, id: Option<&str>, parent: Option<&str>) {
        let told = whose(Path::new("rollout-x.jsonl"), &mut line.as_bytes()).unwrap();
        assert_eq!((told.id.as_deref(), told.parent.as_deref()), (id, parent), "{}", &line[..line.len().min(200)]);
        let packed = zstd::encode_all(line.as_bytes(), 1).unwrap();
        assert_eq!(whose(Path::new("rollout-x.jsonl.zst"), &mut packed.as_slice()).unwrap(), told);
    }

    #[test]
    fn the_first_line_says_whose_sub_agent_it_is() {
        let meta = |payload: &str| format!("{{\"timestamp\":\"T\",\"type\":\"session_meta\",\"payload\":{{{payload}}}}}\n{{}}\n");
        check(&meta(r#""id":"a","source":"exec""#), Some("a"), None);
        check(&meta(r#""session_id":"p","id":"a","parent_thread_id":"p","source":"x""#), Some("a"), Some("p"));
        check(&meta(r#""id":"a","source":{"subagent":{"thread_spawn":{"parent_thread_id":"p","depth":1}}}"#), Some("a"), Some("p"));
        check(&meta(r#""id":"a","source":{"subagent":"review"}"#), Some("a"), None);
        // Instructions may come before it, and what comes after it may be cut.
        let long = "x".repeat(30_000);
        check(
            &meta(&format!(r#""id":"a","instructions":"{long}","source":{{"subagent":{{"thread_spawn":{{"parent_thread_id":"p"}}}}}}"#)),
            Some("a"),
            Some("p"),
        );
        check(&meta(&format!(r#""id":"a","source":"exec","base_instructions":"{}""#, "x".repeat(3 << 20))), Some("a"), None);
        check(&meta(r#""id":"../a","parent_thread_id":"-rf""#), None, None);
        check("{\"type\":\"response_item\",\"payload\":{\"id\":\"a\"}}\n", None, None);
        check("no JSON\n", None, None);
    }
}
