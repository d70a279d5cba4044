//! The commit that is being made: the trailer it gets, and what is missing before it may be one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use session::{Entry, Session, SessionId, Written};
use store::StoreError;

use super::message::{Message, TRAILER, first_id, is_bot, is_fixup};
use super::{GateError, GateMode, Objection, Rule};
use crate::entries::replacement;
use crate::git::{self, Git};
use crate::{CurrentError, Purpose, Tracker};

/// How long git may take: a commit waits for it.
const PATIENCE: Duration = Duration::from_millis(800);

/// What git asks of a hook.
#[derive(Clone, Debug)]
pub enum HookCall<'a> {
    /// The message was prepared, and nobody has seen it yet; the source is git's word for where it comes from.
    Prepare {
        /// The file with the message.
        file: &'a Path,
        /// `message`, `template`, `merge`, `squash`, `commit`, or nothing where an editor is opened.
        source: &'a str,
    },
    /// The message is written.
    Written {
        /// The file with the message.
        file: &'a Path,
    },
}

impl Tracker {
    /// Returns how strictly commits are held against the rules.
    pub fn gate_mode(&self) -> GateMode {
        match self.config.gate() {
            "off" => GateMode::Off,
            "strict" => GateMode::Strict,
            _ => GateMode::Advise,
        }
    }

    /// Does what a hook is called for: puts the trailer into the message and, once it is written, holds the commit against the rules.
    /// `author` is who git says makes the commit.
    ///
    /// # Errors
    /// When the file cannot be read, or the store cannot answer. A commit passes then.
    pub fn on_commit(&mut self, call: &HookCall<'_>, author: (&str, &str)) -> Result<Vec<Objection>, GateError> {
        if self.gate_mode() == GateMode::Off || self.is_repeating() {
            return Ok(Vec::new());
        }
        match call {
            // An editor that is closed without a word would find a message that is not empty.
            HookCall::Prepare { source, .. } if !["message", "squash", "commit"].contains(source) => Ok(Vec::new()),
            HookCall::Prepare { file, .. } => {
                let message = read(file)?;
                if message.subject.as_deref().is_some_and(|subject| !is_fixup(subject)) && message.sessions.is_empty() {
                    self.add_trailer(file)?;
                }
                Ok(Vec::new())
            }
            HookCall::Written { file } => {
                let mut message = read(file)?;
                let Some(subject) = message.subject.clone().filter(|subject| !is_fixup(subject) && !is_bot(author.0, author.1)) else {
                    return Ok(Vec::new());
                };
                if message.sessions.is_empty() && self.add_trailer(file)? {
                    message = read(file)?;
                }
                self.objections(&message, Some(subject))
            }
        }
    }

    /// Returns what a commit that was made now would be held against.
    ///
    /// # Errors
    /// When there is no repository, or the store cannot answer.
    pub fn check_now(&self) -> Result<Vec<Objection>, GateError> {
        if self.place.git_dir.is_none() {
            return Err(GateError::NoRepository { place: self.place.directory.clone() });
        }
        let sessions = self.session_of_commit()?.map(|session| session.id.to_string()).into_iter().collect();
        self.objections(&Message { subject: None, sessions }, None)
    }

    fn objections(&self, message: &Message, subject: Option<String>) -> Result<Vec<Objection>, GateError> {
        let objection = |rule, session: Option<&SessionId>, reason: String, command: String| Objection {
            rule,
            commit: None,
            subject: subject.clone(),
            session: session.map(ToString::to_string),
            reason,
            command,
        };
        let Some(id) = first_id(&message.sessions) else {
            let reason = match message.sessions.first() {
                Some(text) => format!("`{}` is not the id of a session", crate::documents::markdown::cut(text, 80)),
                None => "no session is going on here, and the commit names none".to_owned(),
            };
            return Ok(vec![objection(Rule::Session, None, reason, "rutter start -d \"what you are about to do\"".to_owned())]);
        };
        let Some(session) = self.store.reads().session_by_id(&id)? else {
            let reason = "nobody here knows that session".to_owned();
            return Ok(vec![objection(Rule::Session, Some(&id), reason, "rutter list --all-projects".to_owned())]);
        };
        let broken = self.broken(&session)?;
        Ok(broken.into_iter().map(|(rule, reason, command)| objection(rule, Some(&id), reason, command)).collect())
    }

    /// Returns the rules that a session breaks: why, and what puts it right.
    pub(super) fn broken(&self, session: &Session) -> Result<Vec<(Rule, String, String)>, GateError> {
        let entries = self.store.reads().entries(session.key)?;
        let name = session.number.value.map_or_else(|| session.id.to_string(), |number| number.to_string());
        let mut broken = Vec::new();
        let last = self.last_commit_of(session);
        if !self.is_written_since(session, &entries, last)? {
            let since = if last.is_some() { "since its last commit" } else { "yet" };
            let reason = format!("nothing was written down in session {name} {since}");
            broken.push((Rule::Log, reason, format!("rutter log -s {name} \"what was done\" -c implementation")));
        }
        broken.extend(without_reason(&entries).map(|entry| {
            let reason = format!("the decision {} has no reason", entry.id);
            (Rule::Decisions, reason, format!("rutter decision -s {name} \"what\" -r \"why\" --replaces {}", entry.id))
        }));
        broken.extend(standing(&entries).filter(|entry| matches!(entry.what, Written::Blocker) && entry.is_open()).map(|entry| {
            let reason = format!("{} is open: {}", entry.id, crate::documents::markdown::cut(entry.text.as_str(), 120));
            (Rule::Blockers, reason, format!("rutter blocker --resolve {} \"how\"", entry.id))
        }));
        Ok(broken)
    }

    /// Reports whether an entry or a work item was written down after a moment, in seconds since 1970.
    fn is_written_since(&self, session: &Session, entries: &[Entry], since: Option<i64>) -> Result<bool, StoreError> {
        let is_later = |micros: i64| since.is_none_or(|since| micros / 1_000_000 >= since);
        if entries.iter().any(|entry| is_later(entry.written_at.micros())) {
            return Ok(true);
        }
        let work = self.store.reads().work_items(session.key)?;
        let marked = work.iter().filter_map(|item| item.status.value.1);
        Ok(work.iter().map(|item| item.started).chain(marked).any(|at| is_later(at.moment.micros())))
    }

    /// Returns when the session last committed here, in seconds since 1970, if the newest commits say so.
    fn last_commit_of(&self, session: &Session) -> Option<i64> {
        let format = format!("--format=%ct %(trailers:key={TRAILER},valueonly,separator=%x20)");
        let answer = self.git_here().ask(&["log", "-10", "--no-show-signature", &format], &[]).ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let of_session = |line: &&str| line.split_whitespace().skip(1).any(|word| word == session.id.as_str());
        text.lines().find(of_session)?.split_whitespace().next()?.parse().ok()
    }

    /// Adds the trailer with the session that is going on; reports whether there is one.
    fn add_trailer(&self, file: &Path) -> Result<bool, GateError> {
        let Some(session) = self.session_of_commit()? else { return Ok(false) };
        let failed = |source: std::io::Error| GateError::File { path: file.to_owned(), source };
        let text = fs::read(file).map_err(failed)?;
        let trailer = format!("{TRAILER}: {}", session.id);
        let arguments = ["interpret-trailers", "--if-exists", "doNothing", "--if-missing", "add", "--trailer", &trailer];
        // Where git does not answer the message stays as it is.
        let Ok(with) = self.git_here().ask(&arguments, &text) else { return Ok(false) };
        fs::write(file, with).map_err(failed)?;
        Ok(true)
    }

    fn session_of_commit(&self) -> Result<Option<Session>, GateError> {
        match self.resolve(None, Purpose::Reading) {
            Ok(session) => Ok(Some(session)),
            Err(CurrentError::None) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reports whether git repeats commits that were made before, or joins branches: those are not asked again.
    fn is_repeating(&self) -> bool {
        const SIGNS: [&str; 4] = ["rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD"];
        self.place.git_dir.as_ref().is_some_and(|git_dir| SIGNS.iter().any(|sign| git_dir.join(sign).exists()))
    }

    pub(super) fn git_here(&self) -> Git<'_> {
        git::Git::new(&self.config.programs, &self.place.worktree, PATIENCE)
    }
}

/// Returns the entries that nothing replaced.
fn standing(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|entry| replacement(entries, entry.key).is_none())
}

fn without_reason(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    standing(entries).filter(|entry| matches!(&entry.what, Written::Decision { rationale, .. } if rationale.as_str().trim().is_empty()))
}

fn read(file: &Path) -> Result<Message, GateError> {
    let bytes = fs::read(file).map_err(|source| GateError::File { path: file.to_owned(), source })?;
    Ok(Message::of_file(&String::from_utf8_lossy(&bytes)))
}
