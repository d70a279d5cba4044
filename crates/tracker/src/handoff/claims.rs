//! What a session claims to have done and left, claim by claim, each with how it was checked. Pure: from the record alone, so that the
//! same record always gives the same claims.

use std::collections::BTreeMap;

use serde::Serialize;
use session::{AgentSession, Entry, FileChange, Outcome, TestResult, TouchedFile, Written};

use super::record::{Ran, Record};
use crate::documents::markdown::{cut, one_line};

/// How long the text of a claim may be.
const LONGEST: usize = 400;

/// How long after a command was run a test result may be written down that is of it.
const SAME_RUN_MICROS: i64 = 15 * 60 * 1_000_000;

/// How many names of failed tests are listed with a result.
const MOST_FAILURES: usize = 8;

/// What sort of thing is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// Something is in the way.
    Blocker,
    /// Something is left to do.
    Todo,
    /// Something was decided.
    Decision,
    /// A work item is not done.
    Work,
    /// Something was tested.
    Test,
    /// A file was touched.
    File,
    /// A commit was made.
    Commit,
    /// A command was run that matters.
    Command,
    /// An agent session can be resumed.
    Resume,
}

/// How a claim was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It was looked at, and is so.
    Verified,
    /// It was looked at, and is not so.
    Contradicted,
    /// Somebody said so.
    Unverified,
}

impl Check {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Contradicted => "contradicted",
            Self::Unverified => "unverified",
        }
    }
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// What sort of thing is claimed.
    pub kind: ClaimKind,
    /// The id of the entry or work item that says so.
    pub id: Option<String>,
    /// What is claimed, on one line.
    pub text: String,
    /// How it was checked.
    pub check: Check,
    /// What was found, where that says more than the check.
    pub reason: Option<String>,
    /// What can be looked at again.
    #[serde(skip)]
    pub(crate) about: About,
}

/// What a claim can be held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Words, and nothing else.
    Words,
    /// A file that is there with this content, or, with none, is not there.
    File { path: String, blob: Option<String> },
    /// A commit that some branch holds.
    Commit { id: String },
    /// A test run and whether it failed.
    Test { command: Option<String>, text: String, has_failed: bool, at: i64 },
    /// An agent session.
    AgentSession(AgentSession),
}

impl Claim {
    fn said(kind: ClaimKind, id: String, text: String) -> Self {
        Self { kind, id: Some(id), text: cut(&one_line(&text), LONGEST), check: Check::Unverified, reason: None, about: About::Words }
    }

    pub(crate) fn found(&mut self, check: Check, reason: Option<&str>) {
        (self.check, self.reason) = (check, reason.map(str::to_owned));
    }
}

/// Returns the claims of a session as they stood when it was last looked at.
pub(crate) fn claims(record: &Record) -> Vec<Claim> {
    let open = record.standing().filter(|entry| entry.is_open());
    let open = open.map(|entry| {
        let kind = if matches!(entry.what, Written::Blocker) { ClaimKind::Blocker } else { ClaimKind::Todo };
        Claim::said(kind, entry.id.to_string(), entry.text.as_str().to_owned())
    });
    let mut all: Vec<_> = open.collect();
    all.extend(record.standing().rev().filter_map(decision));
    let work = record.work.iter().filter(|item| item.status.value.0.is_in_progress());
    all.extend(work.map(|item| Claim::said(ClaimKind::Work, item.id.to_string(), item.description.as_str().to_owned())));
    all.extend(tests(record));
    let survey = record.survey.iter();
    all.extend(survey.clone().flat_map(|survey| &survey.files).filter(|file| file.change != FileChange::Unchanged).map(file));
    all.extend(survey.filter_map(|survey| survey.git.as_ref()).flat_map(|git| git.commits.iter().rev()).map(|commit| Claim {
        kind: ClaimKind::Commit,
        id: None,
        text: one_line(&format!("{} {}", short(commit.id.as_str()), cut(commit.subject.as_str(), LONGEST))),
        check: Check::Verified,
        reason: None,
        about: About::Commit { id: commit.id.as_str().to_owned() },
    }));
    all.extend(commands(&record.commands));
    all.extend(record.head.as_ref().map(|(agent_session, directory)| resume(agent_session, directory.as_deref())));
    // Blockers first, then what is left to do, and so on.
    all.sort_by_key(|claim| claim.kind);
    all
}

/// Returns the beginning of a commit's id, as people write it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn decision(entry: &Entry) -> Option<Claim> {
    let Written::Decision { rationale, alternatives } = &entry.what else { return None };
    let instead: Vec<_> = alternatives.iter().map(session::Text::as_str).collect();
    let instead = if instead.is_empty() { String::new() } else { format!(" (instead of: {})", instead.join("; ")) };
    let text = format!("{}, because {}{instead}", entry.text.as_str().trim_end_matches('.'), rationale.as_str());
    Some(Claim::said(ClaimKind::Decision, entry.id.to_string(), text))
}

/// Returns the last result of each test run, those that failed first.
fn tests(record: &Record) -> Vec<Claim> {
    let mut last: BTreeMap<String, (&Entry, &TestResult)> = BTreeMap::new();
    for entry in record.standing() {
        if let Written::Test(test) = &entry.what {
            last.insert(test.command.as_ref().unwrap_or(&entry.text).as_str().to_owned(), (entry, test));
        }
    }
    let mut claims: Vec<_> =
        last.into_values().map(|(entry, test)| (test.failed == 0, test_claim(entry, test, &record.commands))).collect();
    claims.sort_by_key(|(is_green, _)| *is_green);
    claims.into_iter().map(|(_, claim)| claim).collect()
}

fn test_claim(entry: &Entry, test: &TestResult, commands: &[Ran]) -> Claim {
    let named: Vec<_> = test.failures.iter().take(MOST_FAILURES).map(session::Text::as_str).collect();
    let more = (test.failed as usize).max(test.failures.len()).saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = if named.is_empty() { String::new() } else { format!(" ({}{more})", named.join(", ")) };
    let command = test.command.as_ref().map_or_else(String::new, |command| format!(" [{}]", command.as_str()));
    let skipped = if test.skipped > 0 { format!(", {} skipped", test.skipped) } else { String::new() };
    let text = format!("{}: {} passed, {} failed{names}{skipped}{command}", entry.text.as_str(), test.passed, test.failed);
    let mut claim = Claim::said(ClaimKind::Test, entry.id.to_string(), text);
    let (at, has_failed) = (entry.at.moment.micros(), test.failed > 0);
    let command = test.command.as_ref().map(|command| command.as_str().to_owned());
    if test.runner.is_some() {
        claim.found(Check::Verified, Some("read from the runner's output"));
    }
    if let Some((check, reason)) = command.as_deref().and_then(|command| by_run(command, has_failed, at - SAME_RUN_MICROS, commands)) {
        claim.found(check, Some(reason));
    }
    claim.about = About::Test { command, text: entry.text.as_str().to_owned(), has_failed, at };
    claim
}

/// Holds a test result against the last run of its command. What comes out of a pipe says nothing about the command in front of it.
pub(crate) fn by_run(command: &str, has_failed: bool, since: i64, commands: &[Ran]) -> Option<(Check, &'static str)> {
    if command.contains('|') {
        return None;
    }
    let last = commands.iter().rfind(|ran| ran.command == command && ran.at >= since && ran.outcome.is_some())?;
    match (last.outcome?, has_failed) {
        (Outcome::Succeeded, false) => Some((Check::Verified, "its command succeeded last")),
        (Outcome::Failed, true) => Some((Check::Verified, "its command failed last")),
        (Outcome::Succeeded, true) => Some((Check::Contradicted, "its command succeeded last")),
        (Outcome::Failed, false) => Some((Check::Contradicted, "its command failed last")),
        (Outcome::Refused | Outcome::NotRun, _) => None,
    }
}

fn file(file: &TouchedFile) -> Claim {
    let from = file.from.as_ref().map_or_else(String::new, |from| format!(" (was {})", from.as_str()));
    let path = file.path.as_str();
    let is_gone = file.change == FileChange::Deleted;
    let check = if is_gone || file.blob.is_some() { Check::Verified } else { Check::Unverified };
    Claim {
        kind: ClaimKind::File,
        id: None,
        text: one_line(&format!("{} {path}{from}", file.change.as_str())),
        check,
        reason: None,
        about: match (&file.blob, is_gone) {
            (Some(blob), _) => About::File { path: path.to_owned(), blob: Some(blob.as_str().to_owned()) },
            (None, true) => About::File { path: path.to_owned(), blob: None },
            (None, false) => About::Words,
        },
    }
}

/// Returns the last runs of commands that build, test or check, newest first, each command once.
fn commands(commands: &[Ran]) -> Vec<Claim> {
    const MOST: usize = 6;
    let mut seen: Vec<&str> = Vec::new();
    let mut claims = Vec::new();
    for ran in commands.iter().rev().filter(|ran| matters(&ran.command)) {
        if claims.len() == MOST || seen.contains(&ran.command.as_str()) {
            continue;
        }
        seen.push(&ran.command);
        let (outcome, check) = match ran.outcome {
            Some(Outcome::Succeeded) => ("succeeded", Check::Verified),
            Some(Outcome::Failed) => ("failed", Check::Verified),
            Some(Outcome::Refused | Outcome::NotRun) => ("was refused", Check::Verified),
            None => ("outcome not seen", Check::Unverified),
        };
        let text = format!("{} ({outcome})", cut(&one_line(&ran.command), LONGEST));
        claims.push(Claim { kind: ClaimKind::Command, id: None, text, check, reason: None, about: About::Words });
    }
    claims
}

/// Reports whether a command is one that the next session will want to run again.
fn matters(command: &str) -> bool {
    const WORDS: &[&str] = &[
        "bench",
        "build",
        "check",
        "clippy",
        "compile",
        "deploy",
        "dev",
        "eslint",
        "fmt",
        "format",
        "install",
        "jest",
        "lint",
        "make",
        "migrate",
        "mypy",
        "nextest",
        "pytest",
        "rspec",
        "ruff",
        "run",
        "serve",
        "start",
        "test",
        "tests",
        "tox",
        "tsc",
        "typecheck",
        "verify",
        "vitest",
    ];
    command.split(|each: char| !each.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

fn resume(agent_session: &AgentSession, directory: Option<&str>) -> Claim {
    let id = agent_session.id.as_str();
    let agent = agent_session.agent.as_str();
    let command = agents::transcripts::Agent::of(agent).and_then(|agent| agent.resume(id));
    let command = command.map_or_else(|| format!("{agent}, agent session {id}"), |words| words.join(" "));
    let text = directory.map_or_else(|| command.clone(), |directory| format!("cd {} && {command}", session::quoted(directory)));
    Claim {
        kind: ClaimKind::Resume,
        id: None,
        text: one_line(&text),
        check: Check::Unverified,
        reason: None,
        about: About::AgentSession(agent_session.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(command: &str, outcome: Outcome, at: i64) -> Ran {
        Ran { command: command.to_owned(), outcome: Some(outcome), at }
    }

    #[test]
    fn a_test_result_is_held_against_the_last_run_of_its_command() {
        let runs =
            [ran("cargo test", Outcome::Failed, 10), ran("cargo build", Outcome::Failed, 20), ran("cargo test", Outcome::Succeeded, 30)];
        let check = |command, has_failed, since| by_run(command, has_failed, since, &runs).map(|(check, _)| check);
        assert_eq!(check("cargo test", false, 0), Some(Check::Verified));
        assert_eq!(check("cargo test", true, 0), Some(Check::Contradicted));
        assert_eq!(check("cargo test", true, 31), None);
        assert_eq!(check("cargo test | tail", true, 0), None);
        assert_eq!(by_run("cargo test", true, 0, &runs[..2]).map(|(check, _)| check), Some(Check::Verified));
    }

    #[test]
    fn commands_that_build_or_test_are_listed_once_newest_first() {
        let runs = [
            ran("cargo test", Outcome::Failed, 1),
            ran("ls", Outcome::Succeeded, 2),
            ran("npm run lint", Outcome::Succeeded, 3),
            ran("cargo test", Outcome::Succeeded, 4),
        ];
        let texts: Vec<_> = commands(&runs).into_iter().map(|claim| claim.text).collect();
        assert_eq!(texts, ["cargo test (succeeded)", "npm run lint (succeeded)"]);
    }
}
