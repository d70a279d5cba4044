//! The verbs of a store. A second backend gives the same answers to the same verbs.

use std::path::PathBuf;

use session::{
    Conversation, ConversationKey, Entry, EntryKey, Event, EventId, Footprint, Head, Prefix, Process, Project, ProjectKey, Scope, Session,
    SessionId, SessionKey, Status, Tag, ToolCall, Transition, WorkId, WorkItem, WorkKey,
};

use crate::{KeptPart, StoreError};

/// The order in which events were appended; the first is 1.
pub type Seq = i64;

/// Whether a commit must survive a power cut by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On disk when the call returns; makes all earlier ones durable too.
    Full,
    /// Survives the death of the process; after a power cut the newest may be missing, never one in the middle.
    Normal,
    /// As `Normal`, and one of many: what can wait until the last of them does.
    Bulk,
}

/// Whether a turn's work is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Commit it.
    Keep,
    /// Roll it back.
    Drop,
}

/// What became of an appended event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It was new; its anomalies, if it did not fit.
    New(Seq, Vec<session::Anomaly>),
    /// It was there already; nothing changed.
    Known,
}

/// An event and its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place.
    pub seq: Seq,
    /// The event.
    pub event: Event,
}

/// A part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its events.
    pub events: Vec<Recorded>,
    /// Where events lie that do not read; damage to one is no damage to the others.
    pub unreadable: Vec<Seq>,
    /// The place of its last event, readable or not; none where there was nothing behind.
    pub end: Option<Seq>,
}

impl Part {
    /// Returns the part that these places make, each with its event if that reads.
    pub(crate) fn of(tried: impl IntoIterator<Item = Result<Recorded, Seq>>) -> Self {
        let mut part = Self::default();
        for tried in tried {
            match tried {
                Ok(recorded) => {
                    part.end = Some(recorded.seq);
                    part.events.push(recorded);
                }
                Err(seq) => {
                    part.end = Some(seq);
                    part.unreadable.push(seq);
                }
            }
        }
        part
    }

    /// Returns a part of some of the log; where that is the last one, its end is the end of the whole log.
    pub(crate) fn up_to(last: Seq, after: Seq, limit: usize, found: Vec<Result<Recorded, Seq>>) -> Self {
        let is_last = found.len() < limit;
        let mut part = Self::of(found);
        if is_last {
            part.end = part.end.max(Some(last)).filter(|&end| end > after);
        }
        part
    }
}

/// Which sessions are wanted; an empty list means "any".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this project, and those of none.
    pub project: Option<ProjectKey>,
    /// Those opened in this worktree.
    pub worktree: Option<String>,
    /// Those with one of these statuses.
    pub statuses: Vec<Status>,
    /// Those of one of these types.
    pub prefixes: Vec<Prefix>,
    /// Those with all of these tags.
    pub tags: Vec<Tag>,
    /// Those of one of these agents.
    pub agents: Vec<String>,
    /// Those of one of these owners.
    pub owners: Vec<String>,
    /// Those started at or after this many microseconds since 1970.
    pub since_micros: Option<i64>,
    /// Also those in which nothing was ever recorded.
    pub with_empty: bool,
    /// Only those that were started or reopened here, not those that came in a file.
    pub made_current_here: bool,
}

/// By what sessions are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// All of them.
    Nothing,
    /// Their type.
    Prefix,
    /// Their project; the group's name is its key, empty for none.
    Project,
    /// The local date on which they started, `2026-02-16`.
    Day,
}

/// Sessions counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What they have in common.
    pub group: String,
    /// All of them.
    pub sessions: u64,
    /// Those that have ended.
    pub ended: u64,
    /// Those that ended as `COMPLETED`.
    pub completed: u64,
    /// The microseconds the ended ones took together.
    pub ended_micros: u64,
    /// Their work items.
    pub work_items: u64,
    /// Those of their work items that are completed.
    pub completed_work_items: u64,
}

impl Tally {
    /// Adds it to the tally of its group.
    pub(crate) fn add_to(self, tallies: &mut Vec<Self>) {
        let Some(held) = tallies.iter_mut().find(|held| held.group == self.group) else {
            return tallies.push(self);
        };
        held.sessions += self.sessions;
        held.ended += self.ended;
        held.completed += self.completed;
        held.ended_micros += self.ended_micros;
        held.work_items += self.work_items;
        held.completed_work_items += self.completed_work_items;
    }
}

/// One mirror: a directory on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorName {
    /// The machine.
    pub machine: String,
    /// The directory.
    pub root: String,
}

/// How far a mirror has been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MirrorPosition {
    /// The last event that is in it.
    pub seq: Seq,
    /// The length of the log behind our last line, in bytes.
    pub log_length: u64,
    /// The modification time of the directory of sessions after our last write, in nanoseconds since 1970.
    pub directory_nanos: Option<i64>,
}

/// How far one segment of an inbox was taken in, and what was in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxPosition {
    /// The length of what was taken in, in bytes.
    pub place: u64,
    /// A hash of the last bytes before that place: another file may have taken the segment's.
    pub mark: u64,
    /// Events that were recorded.
    pub events: u64,
    /// Events that were there already, or the same said twice.
    pub repeated: u64,
    /// Runs of bytes that were no records.
    pub torn: u64,
    /// Records that nobody here understands.
    pub strange: u64,
    /// When it was last taken in, in microseconds since 1970.
    pub taken_micros: i64,
}

/// What a rebuild did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events folded.
    pub events: u64,
    /// Events that do not read, and were passed over.
    pub unreadable: u64,
    /// Sessions that came out.
    pub sessions: u64,
    /// Work items that came out.
    pub work_items: u64,
    /// Whether the rows were what they had been before.
    pub identical: bool,
}

/// What was done about a damaged store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where the damaged file is now.
    pub path: PathBuf,
    /// How many of its events could be read and are in the new store.
    pub salvaged: u64,
}

/// What can be asked of a store, outside a turn and in it.
pub trait Reads {
    /// Returns a session.
    fn session(&self, key: SessionKey) -> Result<Option<Session>, StoreError>;
    /// Returns the session with exactly this id.
    fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;
    /// Returns up to `limit` sessions whose ids begin with `prefix`, newest first.
    fn sessions_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Session>, StoreError>;
    /// Returns the session with this number in a project.
    fn session_by_number(&self, project: ProjectKey, number: u32) -> Result<Option<Session>, StoreError>;
    /// Returns the wanted sessions, newest first by their start.
    fn sessions(&self, wanted: &Wanted, limit: Option<usize>) -> Result<Vec<Session>, StoreError>;
    /// Counts the wanted sessions in groups, sorted by group.
    fn tally(&self, wanted: &Wanted, by: GroupBy) -> Result<Vec<Tally>, StoreError>;
    /// Returns the session that was started or reopened last, whatever became of it.
    fn last_made_current(&self) -> Result<Option<Session>, StoreError>;
    /// Returns a session's work items in the order in which they were added.
    fn work_items(&self, session: SessionKey) -> Result<Vec<WorkItem>, StoreError>;
    /// Returns a work item.
    fn work_item(&self, key: WorkKey) -> Result<Option<WorkItem>, StoreError>;
    /// Returns the work item with exactly this id.
    fn work_item_by_id(&self, id: &WorkId) -> Result<Option<WorkItem>, StoreError>;
    /// Returns a session's entries in the order in which they were written.
    fn entries(&self, session: SessionKey) -> Result<Vec<Entry>, StoreError>;
    /// Returns an entry.
    fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError>;
    /// Returns up to `limit` entries whose ids begin with `prefix`.
    fn entries_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Entry>, StoreError>;
    /// Returns what a session left behind.
    fn footprint(&self, session: SessionKey) -> Result<Option<Footprint>, StoreError>;
    /// Returns up to `limit` sessions of this store, not those of a file, that ended since anybody looked at what they left behind and were touched after a moment, in
    /// microseconds since 1970, the newest first.
    fn sessions_to_survey(&self, touched_since: i64, limit: usize) -> Result<Vec<Session>, StoreError>;
    /// Returns a project.
    fn project(&self, key: ProjectKey) -> Result<Option<Project>, StoreError>;
    /// Returns all projects, oldest first.
    fn projects(&self) -> Result<Vec<Project>, StoreError>;
    /// Returns the project at a place.
    fn project_at(&self, place: &str) -> Result<Option<Project>, StoreError>;
    /// Returns the greatest number given in a project, 0 for none.
    fn last_number(&self, project: ProjectKey) -> Result<u32, StoreError>;
    /// Returns the next part of the log behind `after`, in order, up to `limit` places of it.
    fn log(&self, after: Seq, limit: usize) -> Result<Part, StoreError>;
    /// Returns the next part of the log behind `after` without what is about conversations. Where that is the last part, its end is
    /// the end of the whole log.
    fn log_of_people(&self, after: Seq, limit: usize) -> Result<Part, StoreError>;
    /// Returns the next part of the log behind `after` with what people say in it: all that is about sessions, and prompts. Where that is the
    /// last part, its end is the end of the whole log.
    fn log_of_words(&self, after: Seq, limit: usize) -> Result<Part, StoreError>;
    /// Returns the events about a session, in order; those that do not read are left out.
    fn log_of(&self, session: SessionKey) -> Result<Vec<Recorded>, StoreError>;
    /// Returns the events about a project itself, in order; those that do not read are left out.
    fn log_of_project(&self, project: ProjectKey) -> Result<Vec<Recorded>, StoreError>;
    /// Returns the place of the last event, 0 for none.
    fn last_seq(&self) -> Result<Seq, StoreError>;
    /// Returns a conversation.
    fn conversation(&self, key: ConversationKey) -> Result<Option<Conversation>, StoreError>;
    /// Returns the conversations with this id of their agent's, newest first; two agents may use the same.
    fn conversations_by_id(&self, id: &str) -> Result<Vec<Conversation>, StoreError>;
    /// Returns the conversations that belong, or belonged, to a session, oldest first.
    fn conversations_of(&self, session: SessionKey) -> Result<Vec<Conversation>, StoreError>;
    /// Returns the conversations that belong to a session now, oldest first: not those that have moved on.
    fn conversations_in(&self, session: SessionKey) -> Result<Vec<Conversation>, StoreError> {
        let mut found = self.conversations_of(session)?;
        found.retain(|conversation| conversation.belongs_to(session));
        Ok(found)
    }
    /// Returns the conversations that a process runs or ran.
    fn conversations_run_by(&self, process: &Process) -> Result<Vec<Conversation>, StoreError>;
    /// Returns the conversations that a process with this number runs or ran, newest first.
    fn conversations_run_by_number(&self, pid: u32) -> Result<Vec<Conversation>, StoreError>;
    /// Returns the conversations that were last active, newest first.
    fn newest_conversations(&self, limit: usize) -> Result<Vec<Conversation>, StoreError>;
    /// Returns the processes that run conversations, as far as anybody said, each with what it runs.
    fn open_runs(&self, limit: usize) -> Result<Vec<(Process, Conversation)>, StoreError>;
    /// Returns the running sessions whose last change was recorded outside of a span, in microseconds since 1970, the longest ago first;
    /// those that another script keeps are left out.
    fn sessions_untouched(&self, since: std::ops::Range<i64>, limit: usize) -> Result<Vec<Session>, StoreError>;
    /// Returns the transitions of a project, in their order.
    fn transitions(&self, project: ProjectKey) -> Result<Vec<Transition>, StoreError>;
    /// Returns the transitions to agent sessions of a session, in no order.
    fn transitions_of(&self, session: SessionKey) -> Result<Vec<Transition>, StoreError>;
    /// Returns the transitions to agent sessions with this id, in no order.
    fn transitions_to(&self, id: &str) -> Result<Vec<Transition>, StoreError>;
    /// Returns the head of a scope.
    fn head(&self, project: ProjectKey, scope: &Scope) -> Result<Option<Head>, StoreError>;
    /// Returns all heads of a project.
    fn heads(&self, project: ProjectKey) -> Result<Vec<Head>, StoreError>;
    /// Returns the turns of a conversation, in no order.
    fn turns_of(&self, conversation: ConversationKey) -> Result<Vec<session::Turn>, StoreError>;
    /// Returns the tool calls of a conversation, in no order.
    fn tool_calls_of(&self, conversation: ConversationKey) -> Result<Vec<ToolCall>, StoreError>;
    /// Returns the next part of the log behind `after` that is about conversations, in order, up to `limit` places of it.
    fn log_of_conversations(&self, after: Seq, limit: usize) -> Result<Part, StoreError>;
    /// Returns up to `limit` events about conversations before a place, newest first; those that do not read are left out.
    fn log_of_conversations_before(&self, before: Seq, limit: usize) -> Result<Vec<Recorded>, StoreError>;
    /// Counts the events of one kind.
    fn count_events(&self, kind: &str) -> Result<u64, StoreError>;
    /// Returns how far a segment of the inbox was taken in.
    fn inbox_position(&self, segment: &str) -> Result<Option<InboxPosition>, StoreError>;
    /// Returns how far all segments were taken in, by name.
    fn inbox_positions(&self) -> Result<Vec<(String, InboxPosition)>, StoreError>;
    /// Returns how far a mirror has been written.
    fn mirror_position(&self, mirror: &MirrorName) -> Result<Option<MirrorPosition>, StoreError>;
    /// Returns what was read from transcripts, in the order of files and parts.
    fn kept_parts(&self) -> Result<Vec<KeptPart>, StoreError>;
    /// Counts the parts of transcripts that are kept.
    fn count_kept_parts(&self) -> Result<u64, StoreError>;
}

/// One writing transaction: whoever has it is alone.
pub trait Turn {
    /// Returns what can be asked, this turn's own changes included.
    fn reads(&mut self) -> Result<&dyn Reads, StoreError>;
    /// Appends an event and applies it to its rows.
    fn append(&mut self, event: &Event) -> Result<Appended, StoreError>;
    /// Returns a conversation, this turn's own changes included, without writing any.
    fn conversation(&mut self, key: ConversationKey) -> Result<Option<&Conversation>, StoreError>;
    /// Returns a session, this turn's own changes included, without writing any.
    fn session(&mut self, key: SessionKey) -> Result<Option<&Session>, StoreError>;
    /// Returns a project, this turn's own changes included, without writing any.
    fn project(&mut self, key: ProjectKey) -> Result<Option<&Project>, StoreError>;
    /// Returns the project at a place, this turn's own changes included, without writing any.
    fn project_at(&mut self, place: &str) -> Result<Option<ProjectKey>, StoreError>;
    /// Reports whether a session has an id, this turn's own included, without writing any.
    fn has_session_id(&mut self, id: &SessionId) -> Result<bool, StoreError>;
    /// Returns the greatest number in a project, this turn's own included, without writing any; 0 where there is none.
    fn last_number(&mut self, project: ProjectKey) -> Result<u32, StoreError>;
    /// Reports whether an event was appended before.
    fn has_event(&mut self, id: EventId) -> Result<bool, StoreError>;
    /// Notes how far a segment of the inbox was taken in.
    fn set_inbox_position(&mut self, segment: &str, position: &InboxPosition) -> Result<(), StoreError>;
    /// Notes how far a mirror has been written.
    fn set_mirror_position(&mut self, mirror: &MirrorName, position: &MirrorPosition) -> Result<(), StoreError>;
    /// Keeps a part of what was read from a transcript, in the place of what was kept of it.
    fn keep_part(&mut self, part: &KeptPart) -> Result<(), StoreError>;
    /// Forgets what is kept of a transcript as it was read from its beginning on at some moment: everything, or the parts before one.
    fn forget_parts(&mut self, path: &str, born: i64, before: Option<u32>) -> Result<(), StoreError>;
}

/// The work of one turn; called again from the start when a backend must repeat the transaction.
pub type Work<'w> = dyn FnMut(&mut dyn Turn) -> Result<Verdict, StoreError> + 'w;

/// Asks more than one thing.
pub type Look<'w> = dyn FnMut(&dyn Reads) -> Result<(), StoreError> + 'w;

/// Is told how much is done, and how much there is.
pub type Progress<'p> = dyn FnMut(u64, u64) + 'p;

/// Where events are kept.
pub trait Store {
    /// Returns what can be asked.
    fn reads(&self) -> &dyn Reads;
    /// Lets `work` ask more than one thing of one moment: what others commit meanwhile is not seen.
    fn look(&self, work: &mut Look<'_>) -> Result<(), StoreError>;
    /// Waits for its turn, does the work in one transaction, and commits it if the verdict is to keep it.
    fn turn(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<(), StoreError>;
    /// Derives all rows again from the events, telling `progress` how many of how many are folded.
    fn rebuild(&mut self, progress: &mut Progress<'_>) -> Result<Rebuilt, StoreError>;
    /// Returns what was done about damage since the store was opened.
    fn set_aside(&self) -> Option<&SetAside>;
    /// Checks the whole store, each event included, and returns what is wrong with it, in words.
    fn check(&self) -> Result<Vec<String>, StoreError>;
}

/// Does `work` in one turn and commits when it returns `Ok`; the caller's own errors pass through.
///
/// # Errors
/// What `work` returns, or why the store could not.
pub fn write<T, E: From<StoreError>>(
    store: &mut dyn Store,
    durability: Durability,
    mut work: impl FnMut(&mut dyn Turn) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    store.turn(durability, &mut |turn| {
        let done = work(turn);
        let verdict = if done.is_ok() { Verdict::Keep } else { Verdict::Drop };
        outcome = Some(done);
        Ok(verdict)
    })?;
    outcome.expect("a turn that succeeded has called its work")
}
