//! How far mirrors were written and inboxes taken in, and what was read from transcripts: what is not derived.

use crate::index::{EncodedFacts, KeptPart};
use crate::postgres::columns::Insert;
use crate::postgres::connection::Asks;
use crate::postgres::reads::many;
use crate::postgres::text;
use crate::postgres::values::Value;
use crate::store::{InboxPosition, MirrorName, MirrorPosition};
use crate::{BoxError, StoreError};

const INBOX: &str = "SELECT segment, place, mark, events, repeated, torn, strange, taken_us FROM inbox";

pub(crate) const SAVE_INBOX: Insert = Insert {
    into: "inbox (segment, place, mark, events, repeated, torn, strange, taken_us)",
    twice: "ON CONFLICT (segment) DO UPDATE SET place = excluded.place, mark = excluded.mark, events = excluded.events,
             repeated = excluded.repeated, torn = excluded.torn, strange = excluded.strange, taken_us = excluded.taken_us",
};
pub(crate) const SAVE_MIRROR: Insert = Insert {
    into: "mirrors (machine, root, seq, log_length, directory_ns)",
    twice: "ON CONFLICT (machine, md5(root)) DO UPDATE SET seq = excluded.seq, log_length = excluded.log_length,
             directory_ns = excluded.directory_ns",
};
pub(crate) const KEEP_PART: Insert = Insert {
    into: "transcripts (path, born, part, agent, format, usage, rest)",
    twice: "ON CONFLICT (md5(path), born, part) DO UPDATE SET agent = excluded.agent, format = excluded.format, usage = excluded.usage,
             rest = excluded.rest",
};
pub(crate) const FORGET_PARTS: &str =
    "DELETE FROM transcripts WHERE md5(path) = md5($1) AND path = $1 AND born = $2 AND ($3::int8 IS NULL OR part < $3)";

pub(crate) fn inbox(asked: &impl Asks, segment: &str) -> Result<Option<InboxPosition>, StoreError> {
    let found = many(asked, &format!("{INBOX} WHERE segment = $1"), &[segment.into()], |_, row| Ok(read_inbox(row).1))?;
    Ok(found.into_iter().next())
}

pub(crate) fn inboxes(asked: &impl Asks) -> Result<Vec<(String, InboxPosition)>, StoreError> {
    many(asked, &format!("{INBOX} ORDER BY segment"), &[], |_, row| Ok(read_inbox(row)))
}

pub(crate) fn inbox_columns(segment: &str, position: &InboxPosition) -> [Value; 8] {
    let InboxPosition { place, mark, events, repeated, torn, strange, taken_micros } = *position;
    let numbers = [place, mark, events, repeated, torn, strange].map(Value::from);
    let [place, mark, events, repeated, torn, strange] = numbers;
    [segment.into(), place, mark, events, repeated, torn, strange, taken_micros.into()]
}

fn read_inbox(row: &postgres::Row) -> (String, InboxPosition) {
    let number = |at: usize| row.get::<_, i64>(at).cast_unsigned();
    let position = InboxPosition {
        place: number(1),
        mark: number(2),
        events: number(3),
        repeated: number(4),
        torn: number(5),
        strange: number(6),
        taken_micros: row.get(7),
    };
    (text::read(row.get(0)), position)
}

pub(crate) fn mirror(asked: &impl Asks, mirror: &MirrorName) -> Result<Option<MirrorPosition>, StoreError> {
    let query = "SELECT seq, log_length, directory_ns FROM mirrors WHERE machine = $1 AND md5(root) = md5($2) AND root = $2";
    let found = many(asked, query, &[mirror.machine.as_str().into(), mirror.root.as_str().into()], |_, row| {
        let log_length = row.get::<_, i64>(1).cast_unsigned();
        Ok(MirrorPosition { seq: row.get(0), log_length, directory_nanos: row.get(2) })
    })?;
    Ok(found.into_iter().next())
}

pub(crate) fn mirror_columns(mirror: &MirrorName, position: &MirrorPosition) -> [Value; 5] {
    let MirrorPosition { seq, log_length, directory_nanos } = *position;
    [mirror.machine.as_str().into(), mirror.root.as_str().into(), seq.into(), log_length.into(), directory_nanos.into()]
}

pub(crate) fn kept_parts(asked: &impl Asks) -> Result<Vec<KeptPart>, StoreError> {
    let query = "SELECT path, born, part, agent, format, usage, rest FROM transcripts ORDER BY path, born, part";
    many(asked, query, &[], |asked, row| read_part(row).map_err(|error| asked.unreadable(error)))
}

fn read_part(row: &postgres::Row) -> Result<KeptPart, BoxError> {
    let small = |at: usize| u32::try_from(row.get::<_, i64>(at));
    let facts = EncodedFacts { format: small(4)?, usage: row.try_get(5)?, rest: row.try_get(6)? };
    Ok(KeptPart { path: text::read(row.get(0)), born: row.get(1), part: small(2)?, agent: text::read(row.get(3)), facts })
}

pub(crate) fn part_columns(part: &KeptPart) -> [Value; 7] {
    let KeptPart { agent, path, born, part, facts: EncodedFacts { format, usage, rest } } = part;
    let (path, agent) = (path.as_str().into(), agent.as_str().into());
    [path, (*born).into(), (*part).into(), agent, (*format).into(), usage.clone().into(), rest.clone().into()]
}
