//! Claims held against the world as it is now: files, commits, later runs of the same tests, transcripts.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use session::{AgentSession, Entry, Session, Written};
use store::{StoreError, Wanted};

use super::claims::{About, Check, Claim, by_run};
use super::record::{Ran, Record};
use crate::Tracker;
use crate::chain::Hindrance;
use crate::entries::replacement;
use crate::files::blob;

/// How many later sessions are asked whether the same tests came out otherwise there.
const LATER_SESSIONS: usize = 5;

impl Tracker {
    /// Holds the claims of a session against the world.
    pub(crate) fn check(&self, record: &Record, claims: &mut [Claim], patience: Duration) -> Result<(), StoreError> {
        let worktree = record.survey.as_ref().map(|survey| PathBuf::from(survey.worktree.as_str()));
        match worktree.as_deref().filter(|worktree| worktree.is_absolute() && worktree.is_dir()) {
            Some(worktree) => {
                check_files(worktree, claims);
                self.check_commits(worktree, claims, patience);
            }
            None => {
                let kept = claims.iter_mut().filter(|claim| matches!(claim.about, About::File { .. }));
                kept.for_each(|claim| claim.found(Check::Unverified, Some("its worktree is not here any more")));
                // Other worktrees of the repository have the same commits.
                self.check_commits(&self.place.worktree, claims, patience);
            }
        }
        let later = self.later_than(&record.session)?;
        for claim in claims.iter_mut() {
            match claim.about.clone() {
                About::Test { command, text, has_failed, at } => check_test(claim, &later, command.as_deref(), &text, has_failed, at),
                About::AgentSession(agent_session) => self.check_agent_session(claim, &agent_session),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns what was tested and run in the sessions of the project that came later.
    fn later_than(&self, session: &Session) -> Result<Vec<Later>, StoreError> {
        let Some(project) = session.project else { return Ok(Vec::new()) };
        let since = Some(session.started.moment.micros());
        let wanted = Wanted { project: Some(project), since_micros: since, ..Wanted::default() };
        let sessions = self.store.reads().sessions(&wanted, Some(LATER_SESSIONS + 1))?;
        let others = sessions.into_iter().filter(|other| other.key != session.key);
        others.map(|other| self.record_of(other).map(|record| Later { entries: record.entries, commands: record.commands })).collect()
    }

    /// A commit is there if some branch, tag or `HEAD` still leads to it.
    fn check_commits(&self, worktree: &Path, claims: &mut [Claim], patience: Duration) {
        let wanted: Vec<String> = claims.iter().filter_map(|claim| commit_of(claim).map(str::to_owned)).collect();
        if wanted.is_empty() {
            return;
        }
        let lost = super::commits::lost(&self.config.programs, worktree, &wanted, patience);
        for claim in claims.iter_mut() {
            let Some(id) = commit_of(claim).map(str::to_owned) else { continue };
            match &lost {
                None => claim.found(Check::Unverified, Some("git did not answer")),
                Some(lost) if lost.contains(&id) => claim.found(Check::Contradicted, Some("no branch has it any more")),
                Some(_) => claim.found(Check::Verified, None),
            }
        }
    }

    fn check_agent_session(&self, claim: &mut Claim, agent_session: &AgentSession) {
        if agents::transcripts::Agent::of(agent_session.agent.as_str()).is_none_or(|agent| agent == agents::transcripts::Agent::Opencode) {
            return;
        }
        match self.hindrance(agent_session, None) {
            None => claim.found(Check::Verified, None),
            Some(Hindrance::Unseen(_)) => claim.found(Check::Unverified, Some("its transcript cannot be looked for")),
            Some(Hindrance::Elsewhere(_)) => claim.found(Check::Unverified, Some("its transcript is on another machine")),
            Some(Hindrance::Vanished) => claim.found(Check::Contradicted, Some("its transcript is not here")),
        }
    }
}

/// What was tested and run in a later session.
struct Later {
    entries: Vec<Entry>,
    commands: Vec<Ran>,
}

fn commit_of(claim: &Claim) -> Option<&str> {
    match &claim.about {
        About::Commit { id } => Some(id),
        _ => None,
    }
}

fn check_test(claim: &mut Claim, later: &[Later], command: Option<&str>, text: &str, has_failed: bool, at: i64) {
    let is_same = |entry: &&Entry| match &entry.what {
        Written::Test(test) if entry.at.moment.micros() > at => match (command, &test.command) {
            (Some(command), Some(held)) => held.as_str() == command,
            (None, None) => entry.text.as_str() == text,
            _ => false,
        },
        _ => false,
    };
    let of_later = |later: &Later| {
        let mut standing = later.entries.iter().filter(|entry| replacement(&later.entries, entry.key).is_none());
        let said = standing.rfind(is_same).and_then(|entry| match &entry.what {
            Written::Test(test) => Some(test.failed > 0),
            _ => None,
        });
        let said = said.map(|failed| {
            if failed == has_failed {
                (Check::Verified, "a later session says so, too")
            } else {
                (Check::Contradicted, "a later session says otherwise")
            }
        });
        command.and_then(|command| by_run(command, has_failed, at, &later.commands)).or(said)
    };
    // The newest comes first.
    if let Some((check, reason)) = later.iter().find_map(of_later) {
        claim.found(check, Some(reason));
    }
}

fn check_files(worktree: &Path, claims: &mut [Claim]) {
    for claim in claims.iter_mut() {
        let About::File { path, blob } = claim.about.clone() else { continue };
        // What was masked, or is no text, names no file that could be looked for.
        if path.contains('\u{fffd}') || path.contains("[REDACTED") {
            claim.found(Check::Unverified, Some("its name cannot be looked up"));
            continue;
        }
        // An absolute path is of a file outside of the worktree, and stands for itself.
        let (found, reason) = match (blob, look(&worktree.join(&path))) {
            (Some(blob), Seen::File(now)) if now == blob => (Check::Verified, None),
            (Some(_), Seen::File(_)) => (Check::Contradicted, Some("it was changed since")),
            (Some(_), Seen::Nothing) => (Check::Contradicted, Some("it is not there any more")),
            (None, Seen::Nothing) => (Check::Verified, None),
            (None, _) => (Check::Contradicted, Some("it is there again")),
            (Some(_), Seen::Other) => (Check::Unverified, Some("it cannot be read")),
        };
        claim.found(found, reason);
    }
}

/// What a path stands for now.
enum Seen {
    Nothing,
    File(String),
    Other,
}

fn look(path: &Path) -> Seen {
    match fs::symlink_metadata(path) {
        Ok(_) => blob(path).map_or(Seen::Other, Seen::File),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Seen::Nothing,
        Err(_) => Seen::Other,
    }
}
