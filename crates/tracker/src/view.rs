//! The public shape of every noun: `--json` prints it, and so will HTTP, MCP and Python.
//!
//! Times are RFC 3339 with offset, durations seconds; what is absent is `null`, never a missing key.

use serde::Serialize;
use serde_json::{Map, Value};
use session::{Conversation, Entry, Held, Metadata, Project, Reading, Session, TouchedFile, WorkItem, Written};
use store::Tally;

use crate::entries::replacement;
use crate::{Marker, Overview, UNKNOWN_MARKER};

/// A marker, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MarkerView {
    /// The name of the project.
    pub project: String,
    /// The agent's own id of its session; `unknown` where no marker says so.
    pub session_id: String,
    /// When the marker says that it was written.
    pub stored_at: Option<String>,
    /// Where it stands.
    pub file: Option<String>,
}

impl MarkerView {
    /// Returns the shape of a project's marker.
    pub fn of(project: &str, marker: Option<&Marker>) -> Self {
        Self {
            project: project.to_owned(),
            session_id: marker.map_or(UNKNOWN_MARKER, |marker| &marker.session_id).to_owned(),
            stored_at: marker.map(|marker| marker.at.to_string()),
            file: marker.map(|marker| marker.file.to_string_lossy().into_owned()),
        }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// Its number in its project.
    pub number: Option<u32>,
    /// The name of its project.
    pub project: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub prefix: String,
    /// What it is about.
    pub description: Option<String>,
    /// Where it stands.
    pub status: &'static str,
    /// Whose it is.
    pub owner: String,
    /// The agent that opened it.
    pub agent: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it ended, beyond its status.
    pub end_reason: Option<String>,
    /// How the end is known: `said`, `hook`, `transcript`, `inferred`, `mirror`, `import`; `null` while it goes on.
    pub end_evidence: Option<&'static str>,
    /// How long it took, or has taken so far.
    pub duration_seconds: f64,
    /// The id of the session it continues or was started from.
    pub parent: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// Names and values kept with it.
    pub metadata: Map<String, Value>,
    /// Its work items, counted.
    pub work_items: WorkCounts,
    /// Its entries, counted by kind.
    pub entries: EntryCounts,
    /// The conversations it owns, oldest first.
    pub agent_sessions: Vec<String>,
    /// The conversation to resume.
    pub head: Option<String>,
    /// How many turns were taken.
    pub turns: u64,
    /// How many tools were called.
    pub tool_calls: u64,
    /// How many files were touched, as it was found when it ended; `null` where nobody looked.
    pub files: Option<u64>,
    /// What it cost; `null` where that is not known.
    pub usage: Option<Value>,
    /// Its key, by which other stores know it too.
    pub key: String,
    /// The directory of the worktree it was started in.
    pub worktree: Option<String>,
}

/// Work items by where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WorkCounts {
    /// All of them.
    pub total: u32,
    /// Those that are completed.
    pub completed: u32,
    /// Those that are being done.
    pub in_progress: u32,
}

/// Entries by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EntryCounts {
    /// Log entries.
    pub log: u32,
    /// Decisions.
    pub decision: u32,
    /// Test results.
    pub test: u32,
    /// Blockers.
    pub blocker: u32,
    /// Items for the handoff.
    pub todo: u32,
}

impl EntryCounts {
    fn of(session: &Session) -> Self {
        let session::EntryCount { log, decision, test, blocker, todo } = session.entries;
        Self { log, decision, test, blocker, todo }
    }
}

/// An entry, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryView {
    /// `DECISION-YYYYMMDD-HHMMSS-XXXX`.
    pub id: String,
    /// The id of its session.
    pub session: String,
    /// `log`, `decision`, `test`, `blocker` or `todo`.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
    /// What sort of work a log entry tells of.
    pub category: Option<&'static str>,
    /// Why something was decided.
    pub rationale: Option<String>,
    /// What was decided against.
    pub alternatives: Vec<String>,
    /// Tests that passed.
    pub passed: Option<u32>,
    /// Tests that failed.
    pub failed: Option<u32>,
    /// Tests that were not run.
    pub skipped: Option<u32>,
    /// The names of tests that failed.
    pub failures: Vec<String>,
    /// The command that ran the tests.
    pub command: Option<String>,
    /// The runner whose output was read.
    pub runner: Option<String>,
    /// Whether a blocker or an open point is settled.
    pub resolved: Option<bool>,
    /// What was said when it was settled, or came up again.
    pub resolution: Option<String>,
    /// When it happened.
    pub at: String,
    /// When it was written down.
    pub written_at: String,
    /// Who wrote it down.
    pub author: String,
    /// The id of the entry it replaces.
    pub replaces: Option<String>,
    /// The id of the entry that replaces it.
    pub replaced_by: Option<String>,
}

impl EntryView {
    /// Returns the public shape of an entry; `all` are those of its session.
    pub(crate) fn of(entry: &Entry, session: &Session, all: &[Entry]) -> Self {
        let text = |text: &session::Text| text.as_str().to_owned();
        let texts = |texts: &[session::Text]| texts.iter().map(text).collect::<Vec<_>>();
        let (rationale, alternatives) = match &entry.what {
            Written::Decision { rationale, alternatives } => (Some(text(rationale)), texts(alternatives)),
            _ => (None, Vec::new()),
        };
        let category = if let Written::Log { category } = &entry.what { *category } else { None };
        let test = if let Written::Test(test) = &entry.what { Some(test) } else { None };
        Self {
            id: entry.id.to_string(),
            session: session.id.to_string(),
            kind: entry.kind().as_str(),
            text: text(&entry.text),
            category: category.map(session::Category::as_str),
            rationale,
            alternatives,
            passed: test.map(|test| test.passed),
            failed: test.map(|test| test.failed),
            skipped: test.map(|test| test.skipped),
            failures: test.map(|test| texts(&test.failures)).unwrap_or_default(),
            command: test.and_then(|test| test.command.as_ref()).map(text),
            runner: test.and_then(|test| test.runner.as_ref()).map(text),
            resolved: entry.kind().stays_open().then(|| !entry.is_open()),
            resolution: entry.standing.value.text.as_ref().map(text),
            at: entry.at.moment.to_string(),
            written_at: entry.written_at.to_string(),
            author: text(&entry.author),
            replaces: entry.replaces.and_then(|key| all.iter().find(|held| held.key == key)).map(|held| held.id.to_string()),
            replaced_by: replacement(all, entry.key).map(|held| held.id.to_string()),
        }
    }
}

impl SessionView {
    pub(crate) fn of(
        session: &Session,
        project: Option<&Project>,
        parent: Option<&Session>,
        conversations: &[Conversation],
        head: Option<&session::Text>,
        files: Option<u64>,
        now: &Reading,
    ) -> Self {
        let text = |text: &session::Text| text.as_str().to_owned();
        Self {
            id: session.id.to_string(),
            number: session.number.value,
            project: project.map(|project| text(&project.name)),
            prefix: session.prefix().to_string(),
            description: session.description.as_ref().map(|description| text(&description.text)),
            status: session.status().as_str(),
            owner: text(&session.owner),
            agent: session.agent.as_ref().map(text),
            started_at: session.started.moment.to_string(),
            ended_at: session.ended().map(|ended| ended.moment.to_string()),
            end_reason: session.lifecycle.value.reason.as_ref().map(text),
            end_evidence: session.ended().map(|_| session.lifecycle.value.evidence.as_str()),
            duration_seconds: seconds(session.duration_micros(now)),
            parent: parent.map(|parent| parent.id.to_string()),
            tags: session.current_tags().map(|tag| tag.as_str().to_owned()).collect(),
            metadata: metadata_object(&session.metadata),
            work_items: WorkCounts { total: session.work.total, completed: session.work.completed, in_progress: session.work.in_progress },
            entries: EntryCounts::of(session),
            agent_sessions: conversations.iter().map(|each| text(&each.id)).collect(),
            head: head.map(text),
            turns: session.activity.turns.into(),
            tool_calls: session.activity.tool_calls.into(),
            files,
            usage: None,
            key: session.key.to_string(),
            worktree: session.worktree.as_ref().map(text),
        }
    }
}

/// A work item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkItemView {
    /// Its id.
    pub id: String,
    /// The id of its session.
    pub session: String,
    /// Its type.
    #[serde(rename = "type")]
    pub prefix: String,
    /// What is to be done.
    pub description: String,
    /// Where it stands.
    pub status: String,
    /// When it began.
    pub started_at: String,
    /// When it was over.
    pub completed_at: Option<String>,
    /// How long it took; `null` while it is being done.
    pub duration_seconds: Option<f64>,
    /// Names and values kept with it.
    pub metadata: Map<String, Value>,
}

impl WorkItemView {
    /// Returns the public shape of a work item of a session.
    pub fn of(item: &WorkItem, session: &Session) -> Self {
        let completed = item.completed_at();
        Self {
            id: item.id.to_string(),
            session: session.id.to_string(),
            prefix: item.prefix.to_string(),
            description: item.description.as_str().to_owned(),
            status: item.status.value.0.to_string(),
            started_at: item.started.moment.to_string(),
            completed_at: completed.map(|at| at.moment.to_string()),
            duration_seconds: completed.map(|at| seconds(session::elapsed_micros(&item.started, &at))),
            metadata: metadata_object(&item.metadata),
        }
    }
}

/// A file that a session touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileView {
    /// Where it is, or was, from the top of the worktree; absolute for what lies outside of it.
    pub path: String,
    /// What became of it: `created`, `modified`, `deleted`, `renamed`, `unchanged`.
    pub change: &'static str,
    /// Where it was before, if it was renamed.
    pub from: Option<String>,
    /// Whether the change is in commits.
    pub committed: bool,
    /// Whether it is in the index.
    pub staged: bool,
    /// Whether it is in the worktree alone.
    pub unstaged: bool,
    /// Whether git does not track the file.
    pub untracked: bool,
    /// How it is known: `tool`, `diff`.
    pub by: &'static str,
    /// The ids of other sessions that may have touched it.
    pub others: Vec<String>,
    /// The git blob id of what is in it.
    pub blob: Option<String>,
}

impl FileView {
    pub(crate) fn of(file: &TouchedFile, others: Vec<String>) -> Self {
        let text = |text: &session::Text| text.as_str().to_owned();
        let Held { committed, staged, unstaged, untracked } = file.held;
        Self {
            path: text(&file.path),
            change: file.change.as_str(),
            from: file.from.as_ref().map(text),
            committed,
            staged,
            unstaged,
            untracked,
            by: file.by.as_str(),
            others,
            blob: file.blob.as_ref().map(text),
        }
    }
}

/// A session with its numbers, as `stats` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatsView {
    /// The session.
    #[serde(flatten)]
    pub session: SessionView,
    /// All work items.
    pub total_work_items: u32,
    /// Those that are completed.
    pub completed_work_items: u32,
    /// Those that are being done.
    pub in_progress_work_items: u32,
    /// How long it took, as `1:25:33`.
    pub duration_formatted: String,
}

impl StatsView {
    /// Returns a session's shape with its numbers.
    pub fn of(session: SessionView) -> Self {
        let work = session.work_items;
        Self {
            total_work_items: work.total,
            completed_work_items: work.completed,
            in_progress_work_items: work.in_progress,
            duration_formatted: duration_words(session.duration_seconds),
            session,
        }
    }
}

/// Many sessions, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OverviewView {
    /// How many sessions.
    pub sessions: u64,
    /// How long the ended ones took on average; `null` where none has ended.
    pub average_duration_seconds: Option<f64>,
    /// Which part of the ended ones was completed, 0 to 1; `null` where none has ended.
    pub completion_rate: Option<f64>,
    /// Their work items.
    pub total_work_items: u64,
    /// Those of them that are completed.
    pub completed_work_items: u64,
    /// By type.
    pub by_type: Vec<GroupView>,
    /// By project.
    pub by_project: Vec<GroupView>,
    /// By the local date on which they started.
    pub by_day: Vec<GroupView>,
}

/// Sessions that have something in common, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupView {
    /// What they have in common; `null` for sessions of no project.
    pub key: Option<String>,
    /// How many sessions.
    pub sessions: u64,
    /// How long the ended ones took on average.
    pub average_duration_seconds: Option<f64>,
    /// Which part of the ended ones was completed, 0 to 1.
    pub completion_rate: Option<f64>,
}

impl OverviewView {
    /// Returns the public shape of an overview.
    pub fn of(overview: &Overview) -> Self {
        let groups = |tallies: &[Tally]| tallies.iter().map(GroupView::of).collect();
        let all = GroupView::of(&overview.all);
        Self {
            sessions: all.sessions,
            average_duration_seconds: all.average_duration_seconds,
            completion_rate: all.completion_rate,
            total_work_items: overview.all.work_items,
            completed_work_items: overview.all.completed_work_items,
            by_type: groups(&overview.by_type),
            by_project: groups(&overview.by_project),
            by_day: groups(&overview.by_day),
        }
    }
}

impl GroupView {
    fn of(tally: &Tally) -> Self {
        let of_ended = |part: f64| (tally.ended > 0).then(|| part / tally.ended as f64);
        Self {
            key: Some(tally.group.clone()).filter(|group| !group.is_empty()),
            sessions: tally.sessions,
            average_duration_seconds: of_ended(seconds(tally.ended_micros)),
            completion_rate: of_ended(tally.completed as f64),
        }
    }
}

/// Returns metadata as a JSON object, in the order in which it was given.
pub fn metadata_object(metadata: &Metadata) -> Map<String, Value> {
    let each = |(name, value): &(session::Text, session::Json)| {
        let value = serde_json::from_str(value.as_str()).unwrap_or_else(|_| Value::from(value.as_str()));
        (name.as_str().to_owned(), value)
    };
    metadata.0.iter().map(each).collect()
}

/// Returns a duration as `1:25:33`; days count as hours.
pub fn duration_words(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_hours_minutes_seconds() {
        for (seconds, expected) in [(5133.0, "1:25:33"), (0.4, "0:00:00"), (-3.0, "0:00:00"), (360_000.0, "100:00:00")] {
            assert_eq!(duration_words(seconds), expected);
        }
    }
}
