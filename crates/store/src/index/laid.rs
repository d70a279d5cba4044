//! The responses of all parts, laid together once: a report of usage need not do so each time.

use rusqlite::{OptionalExtension, params};
use session::transcript::{Ledger, Name, Response, Usage};

use crate::StoreError;
use crate::index::encoding::unpack;
use crate::index::{Index, IndexTurn};
use crate::sqlite::failure::Translate;

/// From how many new parts on they are laid together with the others.
const MANY: u64 = 24;

/// The responses of all parts.
#[derive(Debug)]
pub struct AllUsage {
    /// What they say together.
    pub ledger: Ledger,
    /// How many parts this build cannot read.
    pub unread: u64,
    /// What is to be kept of it for the next one who asks.
    pub to_lay: Option<ToLay>,
}

/// Responses that were laid together, to be kept.
#[derive(Clone, Copy, Debug)]
pub struct ToLay {
    last: i64,
    parts: u64,
}

impl Index {
    /// Lays the responses of all parts together, or takes those that somebody has laid together and adds what is new.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn all_usage(&self) -> Result<AllUsage, StoreError> {
        self.look(|index| {
            let (parts, last) = index.count_usages()?;
            if let Some((held, mut ledger)) = index.laid()? {
                let (new, unread) = index.add_usages_after(held.last, &mut ledger)?;
                if held.parts + new == parts {
                    let to_lay = (new >= MANY && unread == 0).then_some(ToLay { last, parts });
                    return Ok(AllUsage { ledger, unread, to_lay });
                }
            }
            let mut ledger = Ledger::default();
            let (_, unread) = index.add_usages_after(0, &mut ledger)?;
            // What a later build can read is not to be missed by it.
            Ok(AllUsage { ledger, unread, to_lay: (unread == 0).then_some(ToLay { last, parts }) })
        })
    }

    /// Lays everything together for the next one who asks, where much is new.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn lay_together(&mut self) -> Result<(), StoreError> {
        let AllUsage { ledger, to_lay, .. } = self.all_usage()?;
        to_lay.map_or(Ok(()), |to_lay| self.lay(to_lay, &ledger))
    }

    /// Keeps what was laid together, unless one of its parts has gone meanwhile.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn lay(&mut self, to_lay: ToLay, ledger: &Ledger) -> Result<(), StoreError> {
        let packed = pack(ledger);
        self.write(|turn| turn.lay(to_lay, &packed))
    }

    /// Returns how many parts there are, and the last one's number.
    fn count_usages(&self) -> Result<(u64, i64), StoreError> {
        let query = "SELECT (SELECT count(*) FROM usages), (SELECT coalesce(max(id), 0) FROM usages)";
        let read = self.cache.connection.query_row(query, [], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)));
        read.of(&self.cache.connection)
    }

    /// Adds the responses of all parts behind one, and returns how many parts there are, and how many of them this build cannot read.
    fn add_usages_after(&self, last: i64, ledger: &mut Ledger) -> Result<(u64, u64), StoreError> {
        let query = "SELECT u.format, u.usage, f.agent FROM usages u JOIN files f ON f.id = u.file WHERE u.id > ?1";
        let mut query = self.cache.connection.prepare_cached(query).of(&self.cache.connection)?;
        let mut rows = query.query([last]).of(&self.cache.connection)?;
        let (mut parts, mut unread) = (0, 0);
        while let Some(row) = rows.next().of(&self.cache.connection)? {
            parts += 1;
            let format = row.get(0).of(&self.cache.connection)?;
            match unpack(format, row.get_ref(1).of(&self.cache.connection)?.as_blob().unwrap_or_default()) {
                Some(facts) => {
                    ledger.add_usage(&facts);
                    ledger.note_agent(row.get_ref(2).of(&self.cache.connection)?.as_str().unwrap_or_default(), &facts);
                }
                None => unread += 1,
            }
        }
        Ok((parts, unread))
    }

    fn laid(&self) -> Result<Option<(ToLay, Ledger)>, StoreError> {
        let query = "SELECT last, parts, usage FROM laid WHERE format = ?1";
        let mut query = self.cache.connection.prepare_cached(query).of(&self.cache.connection)?;
        let read = query.query_row([FORMAT], |row| {
            let held = ToLay { last: row.get(0)?, parts: row.get::<_, i64>(1)?.cast_unsigned() };
            Ok(unpack_laid(row.get_ref(2)?.as_blob().unwrap_or_default()).map(|ledger| (held, ledger)))
        });
        read.optional().of(&self.cache.connection).map(Option::flatten)
    }
}

impl IndexTurn<'_> {
    fn lay(&self, ToLay { last, parts }: ToLay, packed: &[u8]) -> Result<(), StoreError> {
        let query = "INSERT OR REPLACE INTO laid (one, last, parts, format, usage)
            SELECT 1, ?1, ?2, ?3, ?4 WHERE ?2 = (SELECT count(*) FROM usages) - (SELECT count(*) FROM usages WHERE id > ?1)";
        self.run(query, params![last, parts.cast_signed(), FORMAT, packed]).map(drop)
    }
}

/// The format that is written here; what has another one is laid together anew.
const FORMAT: u32 = 1;

/// Up to which a number of tokens takes four bytes.
const SHORT: u64 = u32::MAX as u64;

/// The bytes of a response in which all numbers of tokens are short.
const SHORTEST: usize = 3 * 8 + 6 * 4 + 1 + 8 * 4;

/// Packs strings, agents of conversations, and responses one behind the other: ids, moment, strings, marks, and what was used.
fn pack(ledger: &Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(length(ledger.names().count()));
    for name in ledger.names() {
        bytes.extend(length(name.len()));
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes.extend(length(ledger.agents().len()));
    ledger.agents().for_each(|(conversation, agent)| [conversation, agent].iter().for_each(|name| bytes.extend(name.0.to_le_bytes())));
    bytes.extend(length(ledger.usage().count()));
    ledger.usage().for_each(|response| pack_one(response, &mut bytes));
    bytes
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn pack_one(response: &Response, bytes: &mut Vec<u8>) {
    let Response { message, request, at, model, conversation, subagent, cwd, branch, tier, usage, .. } = response;
    let Usage { input, output, cache_write, cache_write_5m, cache_write_1h, cache_read, reasoning, searches } = *usage;
    let numbers = [input, output, cache_write, cache_write_5m, cache_write_1h, cache_read, reasoning, searches];
    let is_short = numbers.iter().all(|number| *number <= SHORT);
    let marks = [at.is_some(), response.is_final, response.is_sidechain, response.is_embedded, response.is_copied, is_short];
    [*message, *request, at.unwrap_or(0).cast_unsigned()].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    [model, conversation, subagent, cwd, branch, tier].iter().for_each(|name| bytes.extend(name.0.to_le_bytes()));
    bytes.push(marks.into_iter().rev().fold(0, |byte, mark| byte << 1 | u8::from(mark)));
    let width = if is_short { 4 } else { 8 };
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()[..width]));
}

/// Reads what was laid together; none where it is damaged.
fn unpack_laid(bytes: &[u8]) -> Option<Ledger> {
    let mut bytes = Bytes(bytes);
    let mut names = Vec::new();
    for _ in 0..bytes.length()? {
        let length = bytes.length()?;
        names.push(std::str::from_utf8(bytes.take(length)?).ok()?);
    }
    let mut agents = Vec::new();
    for _ in 0..bytes.length()? {
        agents.push((Name(bytes.short()?), Name(bytes.short()?)));
    }
    let mut responses = Packed { left: bytes.length()?, bytes };
    let ledger = Ledger::of_usage(names, agents, &mut responses);
    (responses.left == 0 && responses.bytes.0.is_empty()).then_some(ledger)
}

/// Responses that are still to be read; it ends early where they are damaged.
struct Packed<'b> {
    left: usize,
    bytes: Bytes<'b>,
}

impl Iterator for Packed<'_> {
    type Item = Response;

    fn next(&mut self) -> Option<Response> {
        let left = self.left.checked_sub(1)?;
        let next = unpack_one(&mut self.bytes)?;
        self.left = left;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // What it says of itself may be damaged: there are no more than there are bytes for.
        (0, Some(self.left.min(self.bytes.0.len() / SHORTEST)))
    }
}

fn unpack_one(bytes: &mut Bytes<'_>) -> Option<Response> {
    let [message, request, at] = [bytes.number()?, bytes.number()?, bytes.number()?];
    let mut name = || bytes.short().map(Name);
    let [model, conversation, subagent, cwd, branch, tier] = [name()?, name()?, name()?, name()?, name()?, name()?];
    let [marks] = *bytes.array::<1>()?;
    let mark = |place: u32| marks >> place & 1 == 1;
    let mut tokens = || if mark(5) { bytes.short().map(u64::from) } else { bytes.number() };
    let usage = Usage {
        input: tokens()?,
        output: tokens()?,
        cache_write: tokens()?,
        cache_write_5m: tokens()?,
        cache_write_1h: tokens()?,
        cache_read: tokens()?,
        reasoning: tokens()?,
        searches: tokens()?,
    };
    let at = mark(0).then_some(at.cast_signed());
    let [is_final, is_sidechain, is_embedded, is_copied] = [mark(1), mark(2), mark(3), mark(4)];
    Some(Response {
        message,
        request,
        at,
        model,
        conversation,
        subagent,
        cwd,
        branch,
        tier,
        usage,
        is_final,
        is_sidechain,
        is_embedded,
        is_copied,
    })
}

/// Bytes that are still to be read.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn short(&mut self) -> Option<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn length(&mut self) -> Option<usize> {
        self.short().map(|length| length as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use session::transcript::Facts;

    use super::*;
    use crate::index::{EncodedFacts, FileId, ReadFile};

    fn response(message: u64, output: u64) -> Response {
        let usage = Usage { output, cache_read: u64::from(u32::MAX) + message % 2, ..Usage::default() };
        let marks = message.is_multiple_of(3);
        Response {
            message,
            request: output % 2,
            at: Some(-1).filter(|_| marks),
            model: Name(1),
            usage,
            is_final: marks,
            is_copied: !marks,
            ..Response::default()
        }
    }

    fn facts(model: &str, responses: &[(u64, u64)]) -> Facts {
        let responses = responses.iter().map(|&(message, output)| response(message, output)).collect();
        Facts { names: vec![String::new(), model.to_owned()], responses, ..Facts::default() }
    }

    /// A directory with an index of one file.
    fn index() -> (tempfile::TempDir, Index, FileId) {
        let home = tempfile::tempdir().unwrap();
        let mut index = Index::open(home.path(), Duration::from_secs(1)).unwrap();
        let file = index.write(|turn| turn.add(&ReadFile { path: "/c.jsonl".to_owned(), ..ReadFile::default() })).unwrap();
        (home, index, file)
    }

    fn add(index: &mut Index, file: FileId, facts: Facts) {
        index.write(|turn| turn.add_part(file, &EncodedFacts::of(facts), &[])).unwrap();
    }

    /// What an index says, and how many of its parts were laid together before.
    fn said(index: &Index) -> Vec<String> {
        let AllUsage { ledger, .. } = index.all_usage().unwrap();
        let mut said: Vec<_> = ledger.responses().map(|each| format!("{each:?} {:?}", ledger.name(each.model))).collect();
        said.sort();
        said
    }

    fn lay(index: &mut Index) {
        let AllUsage { ledger, to_lay, .. } = index.all_usage().unwrap();
        index.lay(to_lay.unwrap(), &ledger).unwrap();
    }

    fn is_laid(index: &Index) -> bool {
        index.laid().unwrap().is_some_and(|(held, _)| (held.parts, held.last) == index.count_usages().unwrap())
    }

    #[test]
    fn what_was_laid_together_says_the_same_and_goes_on_with_what_is_new() {
        let (_home, mut index, file) = index();
        add(&mut index, file, facts("a", &[(1, 5), (2, 2), (1, 6), (9, 1)]));
        add(&mut index, file, facts("b", &[(2, 3), (3, 7), (1, 9)]));
        let before = said(&index);
        lay(&mut index);
        assert!(is_laid(&index));
        assert_eq!(said(&index), before);
        add(&mut index, file, facts("c", &[(3, 8), (4, 1), (1, 10)]));
        let after = said(&index);
        index.cache.connection.execute("DELETE FROM laid", []).unwrap();
        assert_eq!(said(&index), after);
        assert_ne!(after, before);
    }

    #[test]
    fn where_a_part_is_gone_everything_is_laid_together_anew() {
        let (_home, mut index, file) = index();
        add(&mut index, file, facts("a", &[(1, 5)]));
        let other = index.write(|turn| turn.add(&ReadFile { path: "/d.jsonl".to_owned(), born: 1, ..ReadFile::default() })).unwrap();
        add(&mut index, other, facts("b", &[(2, 5)]));
        lay(&mut index);
        index.write(|turn| turn.forget(other)).unwrap();
        assert_eq!(said(&index).len(), 1);
        // Nor does another one take the place of one that is gone.
        add(&mut index, file, facts("c", &[(3, 5)]));
        assert_eq!(said(&index).len(), 2);
        index.write(|turn| turn.merge(file, &EncodedFacts::of(facts("a", &[(1, 5), (3, 5), (4, 4)])))).unwrap();
        assert_eq!(said(&index).len(), 3);
    }

    #[test]
    fn what_went_while_it_was_laid_together_is_not_kept() {
        let (_home, mut index, file) = index();
        add(&mut index, file, facts("a", &[(1, 5)]));
        let AllUsage { ledger, to_lay, .. } = index.all_usage().unwrap();
        index.write(|turn| turn.merge(file, &EncodedFacts::of(facts("b", &[(2, 5)])))).unwrap();
        index.lay(to_lay.unwrap(), &ledger).unwrap();
        assert!(index.laid().unwrap().is_none());
        assert_eq!(said(&index).len(), 1);
    }

    #[test]
    fn damage_is_no_answer() {
        let (_home, mut index, file) = index();
        add(&mut index, file, facts("a", &[(1, 5), (2, 1 << 40)]));
        let before = said(&index);
        lay(&mut index);
        let whole: Vec<u8> = index.cache.connection.query_row("SELECT usage FROM laid", [], |row| row.get(0)).unwrap();
        for length in 0..whole.len() {
            let is_between = unpack_laid(&whole[..length]).is_none_or(|ledger| ledger.usage().count() < 2);
            assert!(is_between, "{length}");
        }
        index.cache.connection.execute("UPDATE laid SET usage = x'ff'", []).unwrap();
        assert_eq!(said(&index), before);
    }
}
