//! The commit that is being made: the trailer it gets, and what is missing before it may be one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use session::{Entry, Session, SessionId, Written};
use store::StoreError;

use super::message::{Message, TRAILER, ids, is_bot, is_fixup};
use super::{GateError, GateMode, Objection, Rule};
use crate::entries::replacement;
use crate::git::{self, Git};
use crate::{CurrentError, Purpose, Tracker};

/// How long git may take: a commit waits for it.
const PATIENCE: Duration = Duration::from_millis(800);

/// What a file that git shows to be filled in is kept as until it is known whether anybody did; beside the message.
const SHOWN: &str = "rutter-shown";

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

/// What git says of a commit beside its message.
#[derive(Clone, Debug, Default)]
pub struct CommitMaking {
    /// Who makes it.
    pub name: String,
    /// The address of who makes it.
    pub email: String,
    /// When, as in `@1771263003 +0000`; an amended commit keeps the date it had.
    pub date: String,
    /// Whether somebody gets the message to see in an editor.
    pub is_edited: bool,
}

impl Tracker {
    /// Returns how strictly commits are held against the rules.
    pub fn gate_mode(&self) -> GateMode {
        self.config.gate_mode()
    }

    /// Does what a hook is called for: puts the trailer into the message and, once it is written, holds the commit against the rules.
    ///
    /// # Errors
    /// When the file cannot be read, or the store cannot answer. A commit passes then.
    pub fn on_commit(&mut self, call: &HookCall<'_>, making: &CommitMaking) -> Result<Vec<Objection>, GateError> {
        if self.gate_mode() == GateMode::Off || self.is_repeating() {
            return Ok(Vec::new());
        }
        match call {
            HookCall::Prepare { file, source } => self.prepare(file, source, making).map(|()| Vec::new()),
            HookCall::Written { file } => self.on_written(file, making),
        }
    }

    /// Adds the trailer where nobody sees the message any more. An editor that is closed without a word would else leave a message that is
    /// not empty, and a commit that nobody wanted.
    fn prepare(&self, file: &Path, source: &str, making: &CommitMaking) -> Result<(), GateError> {
        let shown = file.with_extension(SHOWN);
        fs::remove_file(&shown).ok();
        if source == "template" {
            fs::copy(file, &shown).ok();
        } else if !making.is_edited && source != "merge" {
            self.read_and_name(file, making)?;
        }
        Ok(())
    }

    fn on_written(&self, file: &Path, making: &CommitMaking) -> Result<Vec<Objection>, GateError> {
        let shown = file.with_extension(SHOWN);
        let template = fs::read(&shown).ok();
        fs::remove_file(&shown).ok();
        // Git gives a commit up whose template nobody touched; that has to stay so.
        if template.is_some_and(|template| fs::read(file).is_ok_and(|bytes| bytes == template)) {
            return Ok(Vec::new());
        }
        let Some((subject, sessions)) = self.read_and_name(file, making)? else { return Ok(Vec::new()) };
        self.objections(&sessions, Some(subject), &making.date)
    }

    /// Reads a message, adds the trailer where it names no session, and returns its subject and the sessions it names then; none where
    /// nobody asks for a session.
    fn read_and_name(&self, file: &Path, making: &CommitMaking) -> Result<Option<(String, Vec<String>)>, GateError> {
        let failed = |source: std::io::Error| GateError::File { path: file.to_owned(), source };
        let bytes = fs::read(file).map_err(failed)?;
        let mut message = Message::of_file(&bytes, &self.comment_mark(&bytes, making));
        // A message that nobody sees in an editor may begin with what is a comment elsewhere: `-m "#12: fix"`.
        if message.subject.is_none() && !making.is_edited && bytes.first().is_some_and(|first| !first.is_ascii_whitespace()) {
            message = Message::of_file(&bytes, "");
        }
        let Some(subject) = message.subject.clone().filter(|subject| !is_fixup(subject) && !is_bot(&making.name, &making.email)) else {
            return Ok(None);
        };
        let mut sessions = message.sessions.clone();
        if ids(&sessions).is_empty()
            && let Some(session) = self.session_of_commit()?
        {
            replace(file, &message.with_trailer(&bytes, &session.id)).map_err(failed)?;
            sessions.push(session.id.to_string());
        }
        Ok(Some((subject, sessions)))
    }

    /// Returns what a line begins with that is no part of a message.
    fn comment_mark(&self, bytes: &[u8], making: &CommitMaking) -> String {
        let usual = || "#".to_owned();
        // What git shows to nobody has no comments; a message with none of it begins with a line feed, should somebody's editor be `:`.
        if !making.is_edited && bytes.first().is_some_and(|first| !first.is_ascii_whitespace()) {
            return usual();
        }
        let names = r"^core\.comment(char|string)$";
        let Ok(answer) = self.git_here().ask(&["config", "--null", "--get-regexp", names], &[]) else { return usual() };
        let text = String::from_utf8_lossy(&answer).into_owned();
        let set = text.split('\0').filter_map(|one| one.split_once('\n')).next_back().map(|(_, value)| value);
        match set {
            // Git chose one that no line of the text begins with; its own lines come last.
            Some("auto") => {
                let last = bytes.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
                let chosen = last.and_then(|line| line.first()).filter(|first| b"#;@!$%^&|:".contains(first));
                chosen.map_or_else(usual, |first| char::from(*first).to_string())
            }
            Some(mark) if !mark.is_empty() => mark.to_owned(),
            _ => usual(),
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
        let sessions: Vec<_> = self.session_of_commit()?.map(|session| session.id.to_string()).into_iter().collect();
        self.objections(&sessions, None, "")
    }

    fn objections(&self, sessions: &[String], subject: Option<String>, date: &str) -> Result<Vec<Objection>, GateError> {
        let objection = |rule, session: Option<&SessionId>, reason: String, command: String| Objection {
            rule,
            commit: None,
            subject: subject.clone(),
            session: session.map(ToString::to_string),
            reason,
            command,
        };
        let Some(id) = ids(sessions).into_iter().next() else {
            let reason = match sessions.first() {
                Some(text) => format!("`{}` is not the id of a session", crate::documents::markdown::cut(text, 80)),
                None => "no session is going on here, and the commit names none".to_owned(),
            };
            return Ok(vec![objection(Rule::Session, None, reason, "rutter start -d \"what you are about to do\"".to_owned())]);
        };
        let Some(session) = self.store.reads().session_by_id(&id)? else {
            let reason = "nobody here knows that session".to_owned();
            return Ok(vec![objection(Rule::Session, Some(&id), reason, "rutter list --all-projects".to_owned())]);
        };
        let broken = self.broken(&session, date)?;
        Ok(broken.into_iter().map(|(rule, reason, command)| objection(rule, Some(&id), reason, command)).collect())
    }

    /// Returns the rules that a session breaks: why, and what puts it right. `date` is the one of the commit that is being made.
    pub(super) fn broken(&self, session: &Session, date: &str) -> Result<Vec<(Rule, String, String)>, GateError> {
        let entries = self.store.reads().entries(session.key)?;
        let name = session.number.value.map_or_else(|| session.id.to_string(), |number| number.to_string());
        let mut broken = Vec::new();
        let last = self.last_commit_of(session, date);
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

    /// Returns when the session last committed here, in seconds since 1970, if the newest commits say so. A commit that is amended is not
    /// there yet: its author's date is the one of the commit that is being made.
    fn last_commit_of(&self, session: &Session, date: &str) -> Option<i64> {
        let format = format!("--format=%at %ct %(trailers:key={TRAILER},valueonly,separator=%x20)");
        let answer = self.git_here().ask(&["log", "-10", "--no-show-signature", &format], &[]).ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let made = date.trim_start_matches('@').split_whitespace().next().unwrap_or_default();
        let is_amended = |line: &&str| !made.is_empty() && line.split_whitespace().next() == Some(made);
        let of_session = |line: &&str| line.split_whitespace().skip(2).any(|word| word == session.id.as_str());
        let amended = usize::from(text.lines().next().as_ref().is_some_and(is_amended));
        text.lines().skip(amended).find(of_session)?.split_whitespace().nth(1)?.parse().ok()
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

/// Replaces a message in one step: a commit that does not wait any longer finds the old one or the new one.
fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = file.with_extension("rutter-tmp");
    let write = || {
        fs::write(&temporary, bytes)?;
        fs::set_permissions(&temporary, fs::metadata(file)?.permissions())?;
        fs::rename(&temporary, file)
    };
    write().inspect_err(|_| drop(fs::remove_file(&temporary)))
}
