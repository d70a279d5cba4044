//! Commits that are there already, held against the rules: for CI, with or without the store that knows their sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use session::{SessionId, harmless};

use super::message::{TRAILER, ids, is_bot, is_fixup};
use super::papers::{Papers, read_all};
use super::{GateError, Objection, Rule};
use crate::Tracker;
use crate::git::Git;

/// How long git may take to list a range.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a range was found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckedRange {
    /// Commits that were looked at.
    pub commits: u64,
    /// Those of them that are not asked: merges, fixups, what bots made.
    pub passed_over: u64,
    /// Rules that are broken.
    pub objections: Vec<Objection>,
}

/// One commit, as git lists it.
struct Listed {
    id: String,
    is_merge: bool,
    is_first: bool,
    name: String,
    email: String,
    subject: String,
    sessions: Vec<String>,
}

impl Tracker {
    /// Holds the commits of a range, as in `main..HEAD`, against the rules.
    ///
    /// # Errors
    /// When there is no repository, git does not know the range, or the store cannot answer.
    pub fn check_range(&self, range: &str) -> Result<CheckedRange, GateError> {
        if self.place.git_dir.is_none() {
            return Err(GateError::NoRepository { place: self.place.directory.clone() });
        }
        let listed = self.commits_in(range)?;
        let mut checked = CheckedRange { commits: listed.len() as u64, ..CheckedRange::default() };
        let mut sessions: BTreeMap<SessionId, String> = BTreeMap::new();
        for commit in listed {
            if commit.is_merge || is_fixup(&commit.subject) || is_bot(&commit.name, &commit.email) {
                checked.passed_over += 1;
                continue;
            }
            let named = ids(&commit.sessions);
            if named.is_empty() {
                checked.objections.push(unnamed(&commit));
            }
            // Commits that were squashed into one are of several sessions.
            for id in named {
                sessions.entry(id).or_insert_with(|| commit.id.clone());
            }
        }
        if !sessions.is_empty() {
            let papers = read_all(&self.place.worktree);
            for (id, commit) in sessions {
                checked.objections.extend(self.objections_to(&id, &commit, papers.get(&id))?);
            }
        }
        Ok(checked)
    }

    /// Returns what is wrong with a session that commits name: by the store where it knows the session, else by its documents.
    fn objections_to(&self, id: &SessionId, commit: &str, papers: Option<&Papers>) -> Result<Vec<Objection>, GateError> {
        let objection = |(rule, reason, command)| Objection {
            rule,
            commit: Some(commit.to_owned()),
            subject: None,
            session: Some(id.to_string()),
            reason,
            command,
        };
        if let Some(session) = self.store.reads().session_by_id(id)? {
            // What was written down since the last commit is asked when a commit is made, not afterwards.
            let broken = self.broken(&session, "")?;
            let has_entries = session.entries.total() + session.work.total > 0;
            let broken = broken.into_iter().filter(|(rule, ..)| *rule != Rule::Log || !has_entries);
            return Ok(broken.map(objection).collect());
        }
        let Some(papers) = papers else {
            let reason = "neither the store here nor a document in archive/sessions knows that session".to_owned();
            let command = format!("rutter handoff --write {id}, where it was recorded, and commit what that writes");
            return Ok(vec![objection((Rule::Session, reason, command))]);
        };
        let log = (!papers.has_log)
            .then(|| (Rule::Log, "its log says nothing".to_owned(), format!("rutter log -s {id} \"what was done\" -c implementation")));
        let decisions = papers.without_reason.iter().map(|heading| {
            (
                Rule::Decisions,
                format!("the decision `{}` has no reason", harmless(heading)),
                format!("rutter decision -s {id} \"what\" -r \"why\""),
            )
        });
        let resolve = format!("rutter blocker --resolve ID \"how\" and rutter handoff --write {id}, where it was recorded; then commit");
        let blockers =
            papers.blockers.iter().map(|blocker| (Rule::Blockers, format!("it left a blocker: {}", harmless(blocker)), resolve.clone()));
        Ok(log.into_iter().chain(decisions).chain(blockers).map(objection).collect())
    }

    fn commits_in(&self, range: &str) -> Result<Vec<Listed>, GateError> {
        let bad = || GateError::BadRange { range: range.chars().take(200).collect() };
        if range.starts_with('-') || range.is_empty() {
            return Err(bad());
        }
        let format = format!("--format=%H%x1f%P%x1f%an%x1f%ae%x1f%s%x1f%(trailers:key={TRAILER},valueonly,separator=%x20)");
        let git = Git::new(&self.config.programs, &self.place.worktree, PATIENCE);
        let answer = git.ask(&["log", "-z", "--no-show-signature", &format, "--end-of-options", range, "--"], &[]).map_err(|_| bad())?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.split('\0').filter_map(read).collect())
    }
}

fn read(line: &str) -> Option<Listed> {
    let mut fields = line.split('\u{1f}');
    let mut field = || fields.next();
    let (id, parents) = (field()?.trim().to_owned(), field()?.to_owned());
    let (name, email, subject) = (field()?.to_owned(), field()?.to_owned(), field()?.to_owned());
    let sessions = field()?.split_whitespace().map(str::to_owned).collect();
    let parents = parents.split_whitespace().count();
    Some(Listed { id, is_merge: parents > 1, is_first: parents == 0, name, email, subject, sessions })
}

fn unnamed(commit: &Listed) -> Objection {
    let reason = match commit.sessions.first() {
        Some(text) => format!("`{}` is not the id of a session", harmless(text)),
        None => "the commit names no session".to_owned(),
    };
    let short = commit.id.get(..10).unwrap_or(&commit.id);
    let base = if commit.is_first { "--root".to_owned() } else { format!("{short}^") };
    Objection {
        rule: Rule::Session,
        commit: Some(commit.id.clone()),
        subject: Some(commit.subject.clone()),
        session: None,
        reason,
        command: format!("git rebase -i {base}, reword {short}, and add the line `{TRAILER}: ID` (`rutter list` shows the ids)"),
    }
}
