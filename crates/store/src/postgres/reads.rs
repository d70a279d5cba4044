//! Everything that is asked, of a connection in or outside a transaction, or of one of a number of them.

use postgres::Row;
use serde::de::DeserializeOwned;
use session::{
    Conversation, ConversationKey, Entry, EntryKey, Footprint, Head, Process, Project, ProjectKey, Scope, Session, SessionId, SessionKey,
    ToolCall, Transition, Turn, WorkId, WorkItem, WorkKey,
};

use crate::postgres::connection::Asks;
use crate::postgres::filter::{Placed, clause, filter};
use crate::postgres::values::Value;
use crate::postgres::{columns, events, positions};
use crate::store::{GroupBy, InboxPosition, MirrorName, MirrorPosition, Part, Reads, Recorded, Seq, Tally, Wanted};
use crate::{KeptPart, StoreError};

impl<A: Asks> Reads for A {
    fn session(&self, key: SessionKey) -> Result<Option<Session>, StoreError> {
        one(self, "SELECT row FROM sessions WHERE key = $1", &[key.uuid().into()])
    }

    fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        one(self, "SELECT row FROM sessions WHERE id = $1", &[id.as_str().into()])
    }

    fn sessions_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Session>, StoreError> {
        // Ids are of `0-9A-Z-`, so `~` stands behind every continuation.
        let query = "SELECT row FROM sessions WHERE id >= $1 AND id < $1 || '~' ORDER BY started_us DESC, key DESC LIMIT $2";
        many(self, query, &[prefix.into(), at_most(limit)], first_column)
    }

    fn session_by_number(&self, project: ProjectKey, number: u32) -> Result<Option<Session>, StoreError> {
        one(self, "SELECT row FROM sessions WHERE project = $1 AND number = $2", &[project.uuid().into(), number.into()])
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
        one(self, "SELECT row FROM sessions WHERE current_us IS NOT NULL ORDER BY current_us DESC, key DESC LIMIT 1", &[])
    }

    fn work_items(&self, session: SessionKey) -> Result<Vec<WorkItem>, StoreError> {
        many(self, "SELECT row FROM work_items WHERE session = $1 ORDER BY position, key", &[session.uuid().into()], first_column)
    }

    fn work_item(&self, key: WorkKey) -> Result<Option<WorkItem>, StoreError> {
        one(self, "SELECT row FROM work_items WHERE key = $1", &[key.uuid().into()])
    }

    fn work_item_by_id(&self, id: &WorkId) -> Result<Option<WorkItem>, StoreError> {
        one(self, "SELECT row FROM work_items WHERE id = $1", &[id.as_str().into()])
    }

    fn entries(&self, session: SessionKey) -> Result<Vec<Entry>, StoreError> {
        many(self, "SELECT row FROM entries WHERE session = $1 ORDER BY position, key", &[session.uuid().into()], first_column)
    }

    fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError> {
        one(self, "SELECT row FROM entries WHERE key = $1", &[key.uuid().into()])
    }

    fn entries_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let query = "SELECT row FROM entries WHERE id >= $1 AND id < $1 || '~' ORDER BY id DESC LIMIT $2";
        many(self, query, &[prefix.into(), at_most(limit)], first_column)
    }

    fn footprint(&self, session: SessionKey) -> Result<Option<Footprint>, StoreError> {
        one(self, "SELECT row FROM footprints WHERE session = $1", &[session.uuid().into()])
    }

    fn sessions_to_survey(&self, touched_since: i64, limit: usize) -> Result<Vec<Session>, StoreError> {
        let query = "SELECT row FROM sessions WHERE wants_survey AND current_us IS NOT NULL AND touched_us >= $1
                     ORDER BY touched_us DESC, key DESC LIMIT $2";
        many(self, query, &[touched_since.into(), at_most(limit)], first_column)
    }

    fn project(&self, key: ProjectKey) -> Result<Option<Project>, StoreError> {
        one(self, "SELECT row FROM projects WHERE key = $1", &[key.uuid().into()])
    }

    fn projects(&self) -> Result<Vec<Project>, StoreError> {
        many(self, "SELECT row FROM projects ORDER BY key", &[], first_column)
    }

    fn project_at(&self, place: &str) -> Result<Option<Project>, StoreError> {
        one(self, "SELECT row FROM projects WHERE place = $1 ORDER BY key LIMIT 1", &[place.into()])
    }

    fn last_number(&self, project: ProjectKey) -> Result<u32, StoreError> {
        let last = number(self, "SELECT coalesce(max(number), 0) FROM sessions WHERE project = $1", &[project.uuid().into()])?;
        u32::try_from(last).map_err(|error| self.unreadable(error.into()))
    }

    fn log(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        log(self, "seq > $1", after, limit).map(Part::of)
    }

    fn log_of_people(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        let last = self.last_seq()?;
        let found = log(self, "seq > $1 AND subject_kind <> 'conversation'", after, limit)?;
        Ok(Part::up_to(last, after, limit, found))
    }

    fn log_of_words(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        let last = self.last_seq()?;
        let found = log(self, "seq > $1 AND (subject_kind = 'session' OR kind = 'prompted')", after, limit)?;
        Ok(Part::up_to(last, after, limit, found))
    }

    fn log_of(&self, session: SessionKey) -> Result<Vec<Recorded>, StoreError> {
        log_about(self, "session", session.uuid())
    }

    fn log_of_project(&self, project: ProjectKey) -> Result<Vec<Recorded>, StoreError> {
        log_about(self, "project", project.uuid())
    }

    fn last_seq(&self) -> Result<Seq, StoreError> {
        number(self, "SELECT coalesce(max(seq), 0) FROM events", &[])
    }

    fn conversation(&self, key: ConversationKey) -> Result<Option<Conversation>, StoreError> {
        one(self, "SELECT row FROM conversations WHERE key = $1", &[key.uuid().into()])
    }

    fn conversations_by_id(&self, id: &str) -> Result<Vec<Conversation>, StoreError> {
        many(self, "SELECT row FROM conversations WHERE id = $1 ORDER BY last_us DESC, key", &[id.into()], first_column)
    }

    fn conversations_of(&self, session: SessionKey) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT row FROM conversations WHERE key IN (SELECT conversation FROM session_conversations WHERE session = $1)";
        let mut found = many(self, query, &[session.uuid().into()], first_column)?;
        found.sort_by_key(|each: &Conversation| (each.first.at.moment.micros(), each.key));
        Ok(found)
    }

    fn conversations_run_by(&self, process: &Process) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT row FROM conversations WHERE key IN
                       (SELECT conversation FROM runs WHERE pid = $1 AND started = $2 AND boot = $3 AND namespace = $4)
                     ORDER BY last_us DESC, key";
        let values = [process.pid.into(), process.started.into(), process.boot.into(), process.namespace.into()];
        many(self, query, &values, first_column)
    }

    fn conversations_run_by_number(&self, pid: u32) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT row FROM conversations WHERE key IN (SELECT conversation FROM runs WHERE pid = $1) ORDER BY last_us DESC, key";
        many(self, query, &[pid.into()], first_column)
    }

    fn newest_conversations(&self, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        many(self, "SELECT row FROM conversations ORDER BY last_us DESC, key DESC LIMIT $1", &[at_most(limit)], first_column)
    }

    fn open_runs(&self, limit: usize) -> Result<Vec<(Process, Conversation)>, StoreError> {
        let query = "SELECT conversations.row, pid, started, boot, namespace FROM runs JOIN conversations ON key = conversation
                     WHERE is_open ORDER BY conversation, pid, started, boot, namespace LIMIT $1";
        many(self, query, &[at_most(limit)], |asked, row| {
            let pid = u32::try_from(row.get::<_, i64>(1)).map_err(|error| asked.unreadable(error.into()))?;
            let [started, namespace] = [2, 4].map(|at| row.get::<_, i64>(at).cast_unsigned());
            Ok((Process { boot: row.get(3), namespace, pid, started }, first_column(asked, row)?))
        })
    }

    fn sessions_untouched(&self, since: std::ops::Range<i64>, limit: usize) -> Result<Vec<Session>, StoreError> {
        let query = |side: &str| {
            format!(
                "SELECT row FROM sessions WHERE status = 'ACTIVE' AND touched_us {side} $1 AND NOT is_kept_elsewhere
                 ORDER BY touched_us, key LIMIT $2"
            )
        };
        let mut found = many(self, &query("<"), &[since.start.into(), at_most(limit)], first_column)?;
        let rest = limit.saturating_sub(found.len());
        found.extend(many::<_, Session>(self, &query(">"), &[since.end.into(), at_most(rest)], first_column)?);
        Ok(found)
    }

    fn transitions(&self, project: ProjectKey) -> Result<Vec<Transition>, StoreError> {
        many(self, "SELECT row FROM transitions WHERE project = $1 ORDER BY seq", &[project.uuid().into()], first_column)
    }

    fn transitions_of(&self, session: SessionKey) -> Result<Vec<Transition>, StoreError> {
        many(self, "SELECT row FROM transitions WHERE session = $1 ORDER BY event", &[session.uuid().into()], first_column)
    }

    fn transitions_to(&self, id: &str) -> Result<Vec<Transition>, StoreError> {
        many(self, "SELECT row FROM transitions WHERE new = $1 ORDER BY event", &[id.into()], first_column)
    }

    fn head(&self, project: ProjectKey, scope: &Scope) -> Result<Option<Head>, StoreError> {
        one(self, columns::HEAD, &[project.uuid().into(), scope.to_string().as_str().into()])
    }

    fn heads(&self, project: ProjectKey) -> Result<Vec<Head>, StoreError> {
        many(self, "SELECT row FROM heads WHERE project = $1 ORDER BY scope", &[project.uuid().into()], first_column)
    }

    fn turns_of(&self, conversation: ConversationKey) -> Result<Vec<Turn>, StoreError> {
        many(self, columns::TURNS_OF, &[conversation.uuid().into()], first_column)
    }

    fn tool_calls_of(&self, conversation: ConversationKey) -> Result<Vec<ToolCall>, StoreError> {
        many(self, columns::TOOL_CALLS_OF, &[conversation.uuid().into()], first_column)
    }

    fn log_of_conversations(&self, after: Seq, limit: usize) -> Result<Part, StoreError> {
        log(self, "seq > $1 AND subject_kind = 'conversation'", after, limit).map(Part::of)
    }

    fn log_of_conversations_before(&self, before: Seq, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let query =
            format!("SELECT {} FROM events WHERE seq < $1 AND subject_kind = 'conversation' ORDER BY seq DESC LIMIT $2", events::COLUMNS);
        let found = self.rows(&query, &[before.into(), at_most(limit)])?;
        Ok(Part::of(found.iter().map(events::try_read)).events)
    }

    fn count_events(&self, kind: &str) -> Result<u64, StoreError> {
        number(self, "SELECT count(*) FROM events WHERE kind = $1", &[kind.into()]).map(i64::cast_unsigned)
    }

    fn inbox_position(&self, segment: &str) -> Result<Option<InboxPosition>, StoreError> {
        positions::inbox(self, segment)
    }

    fn inbox_positions(&self) -> Result<Vec<(String, InboxPosition)>, StoreError> {
        positions::inboxes(self)
    }

    fn mirror_position(&self, mirror: &MirrorName) -> Result<Option<MirrorPosition>, StoreError> {
        positions::mirror(self, mirror)
    }

    fn kept_parts(&self) -> Result<Vec<KeptPart>, StoreError> {
        positions::kept_parts(self)
    }

    fn count_kept_parts(&self) -> Result<u64, StoreError> {
        number(self, "SELECT count(*) FROM transcripts", &[]).map(i64::cast_unsigned)
    }
}

fn newest(asked: &impl Asks, wanted: &Wanted, placed: Placed, limit: Option<usize>) -> Result<Vec<Session>, StoreError> {
    let mut filter = filter(wanted, placed);
    let clause = clause(&filter);
    filter.values.push(limit.map_or(Value::Number(None), at_most));
    let query = format!("SELECT row FROM sessions{clause} ORDER BY started_us DESC, key DESC LIMIT ${}", filter.values.len());
    many(asked, &query, &filter.values, first_column)
}

fn tally(asked: &impl Asks, wanted: &Wanted, by: GroupBy, placed: Placed) -> Result<Vec<Tally>, StoreError> {
    let filter = filter(wanted, placed);
    let group = match by {
        GroupBy::Nothing => "''",
        GroupBy::Prefix => "prefix",
        GroupBy::Project => "coalesce(encode(uuid_send(project), 'hex'), '')",
        GroupBy::Day => "day",
    };
    let query = format!(
        "SELECT {group}, count(*), count(duration_us), count(*) FILTER (WHERE status = 'COMPLETED'), coalesce(sum(duration_us), 0)::int8,
                coalesce(sum(work_items), 0)::int8, coalesce(sum(completed_work_items), 0)::int8
         FROM sessions{} GROUP BY 1",
        clause(&filter)
    );
    many(asked, &query, &filter.values, |_, row| {
        let number = |column| row.get::<_, i64>(column).cast_unsigned();
        Ok(Tally {
            group: row.get(0),
            sessions: number(1),
            ended: number(2),
            completed: number(3),
            ended_micros: number(4),
            work_items: number(5),
            completed_work_items: number(6),
        })
    })
}

fn log(asked: &impl Asks, condition: &str, from: Seq, limit: usize) -> Result<Vec<Result<Recorded, Seq>>, StoreError> {
    let query = format!("SELECT {} FROM events WHERE {condition} ORDER BY seq LIMIT $2", events::COLUMNS);
    let found = asked.rows(&query, &[from.into(), at_most(limit)])?;
    Ok(found.iter().map(events::try_read).collect())
}

fn log_about(asked: &impl Asks, kind: &str, subject: session::Uuid) -> Result<Vec<Recorded>, StoreError> {
    let query = format!("SELECT {} FROM events WHERE subject = $1 AND subject_kind = $2 ORDER BY seq", events::COLUMNS);
    let found = asked.rows(&query, &[subject.into(), kind.into()])?;
    Ok(found.iter().filter_map(|row| events::try_read(row).ok()).collect())
}

/// Reads the JSON of a row from the first column.
pub(crate) fn first_column<T: DeserializeOwned>(asked: &impl Asks, row: &Row) -> Result<T, StoreError> {
    let json: &str = row.try_get(0).map_err(|error| asked.unreadable(error.into()))?;
    serde_json::from_str(json).map_err(|error| asked.unreadable(error.into()))
}

fn one<T: DeserializeOwned>(asked: &impl Asks, query: &str, values: &[Value]) -> Result<Option<T>, StoreError> {
    asked.rows(query, values)?.first().map(|row| first_column(asked, row)).transpose()
}

pub(crate) fn many<A: Asks, T>(
    asked: &A,
    query: &str,
    values: &[Value],
    read: impl Fn(&A, &Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    asked.rows(query, values)?.iter().map(|row| read(asked, row)).collect()
}

/// Asks for a number; a store that is not there has none of anything.
fn number(asked: &impl Asks, query: &str, values: &[Value]) -> Result<i64, StoreError> {
    Ok(asked.rows(query, values)?.first().map_or(0, |row| row.get(0)))
}

fn at_most(limit: usize) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}
