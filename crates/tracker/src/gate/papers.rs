//! What documents in a worktree say of sessions. Where commits are checked on another machine, they are all there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use session::SessionId;

/// Longer documents are none of ours.
const LONGEST: u64 = 16 << 20;

/// What the documents of one session say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Papers {
    /// Whether anything was written down.
    pub(super) has_log: bool,
    /// Decisions without a reason, by their headings.
    pub(super) without_reason: Vec<String>,
    /// Open blockers.
    pub(super) blockers: Vec<String>,
}

/// Reads all documents of a worktree, by the session they name.
pub(super) fn read_all(worktree: &Path) -> BTreeMap<SessionId, Papers> {
    let mut all: BTreeMap<SessionId, Papers> = BTreeMap::new();
    let files = fs::read_dir(worktree.join("archive/sessions")).into_iter().flatten().filter_map(Result::ok);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let is_short = file.metadata().is_ok_and(|found| found.is_file() && found.len() <= LONGEST);
        let Some(text) = is_short.then(|| fs::read_to_string(file.path()).ok()).flatten() else { continue };
        let Some(id) = first_id(&text) else { continue };
        let papers = all.entry(id).or_default();
        match name.rsplit('-').next() {
            Some("LOG.md") => {
                papers.has_log = section(&text, "Entries").any(|line| line.starts_with("- ")) || text.contains("\n## Work items\n")
            }
            Some("DECISIONS.md") => papers.without_reason = without_reason(&text),
            Some("HANDOFF.md") => {
                let open = section(&text, "Open blockers").filter_map(|line| line.strip_prefix("- "));
                papers.blockers = open.map(str::to_owned).collect();
            }
            _ => {}
        }
    }
    all
}

fn first_id(text: &str) -> Option<SessionId> {
    text.split(|each: char| !(each.is_ascii_alphanumeric() || each == '-')).find_map(|word| word.parse().ok())
}

/// Returns the lines below a heading, up to the next.
fn section<'t>(text: &'t str, heading: &str) -> impl Iterator<Item = &'t str> {
    let heading = format!("## {heading}");
    text.lines().skip_while(move |line| *line != heading).skip(1).take_while(|line| !line.starts_with("## "))
}

fn without_reason(text: &str) -> Vec<String> {
    let decisions = text.split("\n## ").skip(1);
    let lacks = |decision: &&str| !decision.lines().any(|line| line.strip_prefix("- Because:").is_some_and(|why| !why.trim().is_empty()));
    decisions.filter(lacks).filter_map(|decision| decision.lines().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_say_what_a_store_would() {
        let worktree = tempfile::tempdir().unwrap();
        let directory = worktree.path().join("archive/sessions");
        fs::create_dir_all(&directory).unwrap();
        let write = |name: &str, rest: &str| {
            let text = format!("# Session 00003\n\n- Session: SESSION-20260216-173003-09RZ\n{rest}");
            fs::write(directory.join(format!("SESSION-00003-{name}")), text).unwrap();
        };
        write("LOG.md", "\n## Entries\n\n- 2026-02-16 17:30:03 · **log** · Done\n");
        write("DECISIONS.md", "\n## 1. With\n\n- Because: it is so\n\n## 2. Without\n\n- Id: x\n");
        write("HANDOFF.md", "\n## Open blockers\n\n- No credentials — *unverified*\n\n## Left to do\n\n- More\n");
        let all = read_all(worktree.path());
        let papers = &all[&"SESSION-20260216-173003-09RZ".parse().unwrap()];
        assert!(papers.has_log);
        assert_eq!(papers.without_reason, ["2. Without"]);
        assert_eq!(papers.blockers, ["No credentials — *unverified*"]);
    }
}
