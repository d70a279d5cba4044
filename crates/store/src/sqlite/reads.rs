//! Everything that is asked, of a connection in or outside a transaction.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Row, params, params_from_iter};
use serde::de::DeserializeOwned;
use session::{
    Conversation, ConversationKey, Entry, EntryKey, Footprint, Head, Process, Project, ProjectKey, Scope, Session, SessionId, SessionKey,
    ToolCall, Transition, Turn, WorkId, WorkItem, WorkKey,
};

use crate::sqlite::failure::Translate;
use crate::sqlite::filter::{Filter, Placed};
use crate::sqlite::rows::first_column;
use crate::sqlite::{activity, chain, events, inbox, record, rows, transcripts};
use crate::store::{GroupBy, InboxPosition, MirrorName, MirrorPosition, Part, Reads, Recorded, Seq, Tally, Wanted};
use crate::{KeptPart, StoreError};

impl Reads for Connection {
    fn session(&self, key: SessionKey) -> Result<Option<Session>, StoreError> {
        rows::session(self, key).of(self)
    }

    fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        one(self, "SELECT row FROM sessions WHERE id = ?1", [id.as_str()])
    }

    fn sessions_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Session>, StoreError> {
        // Ids are of `0-9A-Z-`, so `~` stands behind every continuation.
        let query = "SELECT row FROM sessions WHERE id >= ?1 AND id < ?1 || '~' ORDER BY started_us DESC, key DESC LIMIT ?2";
        many(self, query, params![prefix, as_limit(Some(limit))], first_column)
    }

    fn session_by_number(&self, project: ProjectKey, number: u32) -> Result<Option<Session>, StoreError> {
        one(self, "SELECT row FROM sessions WHERE project = ?1 AND number = ?2", params![project.uuid().as_bytes(), number])
    }

    fn sessions(&self, wanted: &Wanted, limit: Option<usize>) -> Result<Vec<Session>, StoreError> {
        let mut found = newest(self, wanted, Placed::InProject, limit)?;
        if wanted.project.is_some() {
            found.extend(newest(self, wanted, Placed::Nowhere, limit)?);
            found.sort_by_key(|session| std::cmp::Reverse((session.started.moment.micros(), session.key)));
            found.truncate(limit.unwrap_or(usize::MAX));
        }
        Ok(found)
    }

    fn tally(&self, wanted: &Wanted, by: GroupBy) -> Result<Vec<Tally>, StoreError> {
        let mut tallies = tally(self, wanted, by, Placed::InProject)?;
        if wanted.project.is_some() {
            tally(self, wanted, by, Placed::Nowhere)?.into_iter().for_each(|more| more.add_to(&mut tallies));
        }
        tallies.sort_by(|left, right| left.group.cmp(&right.group));
        Ok(tallies)
    }

    fn last_made_current(&self) -> Result<Option<Session>, StoreError> {
        one(self, "SELECT row FROM sessions WHERE current_us IS NOT NULL ORDER BY current_us DESC, key DESC LIMIT 1", [])
    }

    fn work_items(&self, session: SessionKey) -> Result<Vec<WorkItem>, StoreError> {
        many(self, "SELECT row FROM work_items WHERE session = ?1 ORDER BY position, key", [session.uuid().as_bytes()], first_column)
    }

    fn work_item(&self, key: WorkKey) -> Result<Option<WorkItem>, StoreError> {
        record::work_item(self, key).of(self)
    }

    fn work_item_by_id(&self, id: &WorkId) -> Result<Option<WorkItem>, StoreError> {
        one(self, "SELECT row FROM work_items WHERE id = ?1", [id.as_str()])
    }

    fn entries(&self, session: SessionKey) -> Result<Vec<Entry>, StoreError> {
        many(self, "SELECT row FROM entries WHERE session = ?1 ORDER BY position, key", [session.uuid().as_bytes()], first_column)
    }

    fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError> {
        record::entry(self, key).of(self)
    }

    fn entries_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let query = "SELECT row FROM entries WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id DESC LIMIT ?2";
        many(self, query, params![prefix, as_limit(Some(limit))], first_column)
    }

    fn footprint(&self, session: SessionKey) -> Result<Option<Footprint>, StoreError> {
        record::footprint(self, session).of(self)
    }

    fn sessions_to_survey(&self, touched_since: i64, limit: usize) -> Result<Vec<Session>, StoreError> {
        let query =
            "SELECT row FROM sessions WHERE wants_survey AND current_us IS NOT NULL AND touched_us >= ?1 ORDER BY touched_us DESC LIMIT ?2";
        many(self, query, params![touched_since, as_limit(Some(limit))], first_column)
    }

    fn project(&self, key: ProjectKey) -> Result<Option<Project>, StoreError> {
        rows::project(self, key).of(self)
    }

    fn projects(&self) -> Result<Vec<Project>, StoreError> {
        many(self, "SELECT row FROM projects ORDER BY key", [], first_column)
    }

    fn project_at(&self, place: &str) -> Result<Option<Project>, StoreError> {
        one(self, "SELECT row FROM projects WHERE place = ?1 ORDER BY key LIMIT 1", [place])
    }

    fn last_number(&self, project: ProjectKey) -> Result<u32, StoreError> {
        let query = "SELECT coalesce(max(number), 0) FROM sessions WHERE project = ?1";
        self.prepare_cached(query).and_then(|mut max| max.query_row([project.uuid().as_bytes()], |row| row.get(0))).of(self)
    }

    fn log(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        let query = format!("SELECT {} FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2", events::COLUMNS);
        many(self, &query, params![after, as_limit(Some(limit))], events::try_read).map(Part::of)
    }

    fn log_of_people(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        let last = self.last_seq()?;
        let query =
            format!("SELECT {} FROM events WHERE seq > ?1 AND subject_kind <> 'conversation' ORDER BY seq LIMIT ?2", events::COLUMNS);
        let found = many(self, &query, params![after, as_limit(Some(limit))], events::try_read)?;
        Ok(Part::up_to(last, after, limit, found))
    }

    fn log_of_words(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        let last = self.last_seq()?;
        let query = format!(
            "SELECT {} FROM events WHERE seq > ?1 AND (subject_kind = 'session' OR kind = 'prompted') ORDER BY seq LIMIT ?2",
            events::COLUMNS
        );
        let found = many(self, &query, params![after, as_limit(Some(limit))], events::try_read)?;
        Ok(Part::up_to(last, after, limit, found))
    }

    fn log_of(&self, session: SessionKey) -> Result<Vec<Recorded>, StoreError> {
        let query = format!("SELECT {} FROM events WHERE subject = ?1 AND subject_kind = 'session' ORDER BY seq", events::COLUMNS);
        many(self, &query, [session.uuid().as_bytes()], events::try_read).map(|tried| Part::of(tried).events)
    }

    fn log_of_project(&self, project: ProjectKey) -> Result<Vec<Recorded>, StoreError> {
        let query = format!("SELECT {} FROM events WHERE subject = ?1 AND subject_kind = 'project' ORDER BY seq", events::COLUMNS);
        many(self, &query, [project.uuid().as_bytes()], events::try_read).map(|tried| Part::of(tried).events)
    }

    fn last_seq(&self) -> Result<Seq, StoreError> {
        self.prepare_cached("SELECT coalesce(max(seq), 0) FROM events").and_then(|mut max| max.query_row([], |row| row.get(0))).of(self)
    }

    fn conversation(&self, key: ConversationKey) -> Result<Option<Conversation>, StoreError> {
        activity::conversation(self, key).of(self)
    }

    fn conversations_by_id(&self, id: &str) -> Result<Vec<Conversation>, StoreError> {
        many(self, "SELECT row FROM conversations WHERE id = ?1 ORDER BY last_us DESC, key", [id], first_column)
    }

    fn conversations_of(&self, session: SessionKey) -> Result<Vec<Conversation>, StoreError> {
        let mut found = activity::conversations_of(self, session).of(self)?;
        found.sort_by_key(|each: &Conversation| (each.first.at.moment.micros(), each.key));
        Ok(found)
    }

    fn conversations_run_by(&self, process: &Process) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT row FROM conversations WHERE key IN
                       (SELECT conversation FROM runs WHERE pid = ?1 AND started = ?2 AND boot = ?3 AND namespace = ?4)
                     ORDER BY last_us DESC, key";
        let (started, namespace) = (process.started.cast_signed(), process.namespace.cast_signed());
        many(self, query, params![process.pid, started, process.boot.as_bytes(), namespace], first_column)
    }

    fn conversations_run_by_number(&self, pid: u32) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT row FROM conversations WHERE key IN (SELECT conversation FROM runs WHERE pid = ?1) ORDER BY last_us DESC, key";
        many(self, query, [pid], first_column)
    }

    fn newest_conversations(&self, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT row FROM conversations ORDER BY last_us DESC LIMIT ?1";
        many(self, query, [as_limit(Some(limit))], first_column)
    }

    fn open_runs(&self, limit: usize) -> Result<Vec<(Process, Conversation)>, StoreError> {
        let query = "SELECT conversations.row, pid, started, boot, namespace FROM runs JOIN conversations ON key = conversation
                     WHERE is_open LIMIT ?1";
        many(self, query, [as_limit(Some(limit))], |row| {
            let number = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
            let boot = session::Uuid::from_bytes(row.get(3)?);
            Ok((Process { boot, namespace: number(4)?, pid: row.get(1)?, started: number(2)? }, first_column(row)?))
        })
    }

    fn sessions_untouched(&self, since: std::ops::Range<i64>, limit: usize) -> Result<Vec<Session>, StoreError> {
        let before = "SELECT row FROM sessions WHERE status = 'ACTIVE' AND touched_us < ?1 AND row ->> '$.original' IS NULL ORDER BY touched_us LIMIT ?2";
        let after = "SELECT row FROM sessions WHERE status = 'ACTIVE' AND touched_us > ?1 AND row ->> '$.original' IS NULL ORDER BY touched_us LIMIT ?2";
        let mut found = many(self, before, params![since.start, as_limit(Some(limit))], first_column)?;
        let rest = limit.saturating_sub(found.len());
        found.extend(many::<Session>(self, after, params![since.end, as_limit(Some(rest))], first_column)?);
        Ok(found)
    }

    fn transitions(&self, project: ProjectKey) -> Result<Vec<Transition>, StoreError> {
        many(self, "SELECT row FROM transitions WHERE project = ?1 ORDER BY seq", [project.uuid().as_bytes()], first_column)
    }

    fn transitions_of(&self, session: SessionKey) -> Result<Vec<Transition>, StoreError> {
        many(self, "SELECT row FROM transitions WHERE session = ?1", [session.uuid().as_bytes()], first_column)
    }

    fn transitions_to(&self, id: &str) -> Result<Vec<Transition>, StoreError> {
        many(self, "SELECT row FROM transitions WHERE new = ?1", [id], first_column)
    }

    fn head(&self, project: ProjectKey, scope: &Scope) -> Result<Option<Head>, StoreError> {
        chain::head(self, project, scope).of(self)
    }

    fn heads(&self, project: ProjectKey) -> Result<Vec<Head>, StoreError> {
        many(self, "SELECT row FROM heads WHERE project = ?1 ORDER BY scope", [project.uuid().as_bytes()], first_column)
    }

    fn turns_of(&self, conversation: ConversationKey) -> Result<Vec<Turn>, StoreError> {
        activity::turns_of(self, conversation).of(self)
    }

    fn tool_calls_of(&self, conversation: ConversationKey) -> Result<Vec<ToolCall>, StoreError> {
        activity::tool_calls_of(self, conversation).of(self)
    }

    fn log_of_conversations(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        let query =
            format!("SELECT {} FROM events WHERE seq > ?1 AND subject_kind = 'conversation' ORDER BY seq LIMIT ?2", events::COLUMNS);
        many(self, &query, params![after, as_limit(Some(limit))], events::try_read).map(Part::of)
    }

    fn log_of_conversations_before(&self, before: Seq, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let query =
            format!("SELECT {} FROM events WHERE seq < ?1 AND subject_kind = 'conversation' ORDER BY seq DESC LIMIT ?2", events::COLUMNS);
        many(self, &query, params![before, as_limit(Some(limit))], events::try_read).map(|tried| Part::of(tried).events)
    }

    fn count_events(&self, kind: &str) -> Result<u64, StoreError> {
        let query = "SELECT count(*) FROM events WHERE kind = ?1";
        self.prepare_cached(query)
            .and_then(|mut count| count.query_row([kind], |row| row.get::<_, i64>(0)))
            .of(self)
            .map(i64::cast_unsigned)
    }

    fn inbox_position(&self, segment: &str) -> Result<Option<InboxPosition>, StoreError> {
        inbox::position(self, segment).of(self)
    }

    fn kept_parts(&self) -> Result<Vec<KeptPart>, StoreError> {
        transcripts::all(self).of(self)
    }

    fn count_kept_parts(&self) -> Result<u64, StoreError> {
        transcripts::count(self).of(self)
    }

    fn inbox_positions(&self) -> Result<Vec<(String, InboxPosition)>, StoreError> {
        inbox::positions(self).of(self)
    }

    fn mirror_position(&self, mirror: &MirrorName) -> Result<Option<MirrorPosition>, StoreError> {
        let read = |row: &Row<'_>| {
            let log_length = row.get::<_, i64>(1)?.cast_unsigned();
            Ok(MirrorPosition { seq: row.get(0)?, log_length, directory_nanos: row.get(2)? })
        };
        self.prepare_cached("SELECT seq, log_length, directory_ns FROM mirrors WHERE machine = ?1 AND root = ?2")
            .and_then(|mut query| query.query_row([&mirror.machine, &mirror.root], read).optional())
            .of(self)
    }
}

fn newest(connection: &Connection, wanted: &Wanted, placed: Placed, limit: Option<usize>) -> Result<Vec<Session>, StoreError> {
    let filter = Filter::of(wanted, placed);
    let query = format!("SELECT row FROM sessions{} ORDER BY started_us DESC, key DESC LIMIT ?", filter.clause());
    let values = filter.values.into_iter().chain([Value::Integer(as_limit(limit))]);
    many(connection, &query, params_from_iter(values), first_column)
}

fn tally(connection: &Connection, wanted: &Wanted, by: GroupBy, placed: Placed) -> Result<Vec<Tally>, StoreError> {
    let filter = Filter::of(wanted, placed);
    let group = match by {
        GroupBy::Nothing => "''",
        GroupBy::Prefix => "prefix",
        GroupBy::Project => "coalesce(lower(hex(project)), '')",
        GroupBy::Day => "day",
    };
    let query = format!(
        "SELECT {group}, count(*), count(duration_us), count(*) FILTER (WHERE status = 'COMPLETED'), coalesce(sum(duration_us), 0),
                coalesce(sum(row ->> '$.work.total'), 0), coalesce(sum(row ->> '$.work.completed'), 0)
         FROM sessions{} GROUP BY 1",
        filter.clause()
    );
    many(connection, &query, params_from_iter(filter.values), read_tally)
}

fn read_tally(row: &Row<'_>) -> rusqlite::Result<Tally> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(Tally {
        group: row.get(0)?,
        sessions: number(1)?,
        ended: number(2)?,
        completed: number(3)?,
        ended_micros: number(4)?,
        work_items: number(5)?,
        completed_work_items: number(6)?,
    })
}

fn one<T: DeserializeOwned>(connection: &Connection, query: &str, values: impl Params) -> Result<Option<T>, StoreError> {
    connection.prepare_cached(query).and_then(|mut query| query.query_row(values, first_column).optional()).of(connection)
}

fn many<T>(
    connection: &Connection,
    query: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    connection.prepare_cached(query).and_then(|mut query| query.query_map(values, read)?.collect()).of(connection)
}

/// SQLite takes a negative limit for none.
fn as_limit(limit: Option<usize>) -> i64 {
    limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX))
}
