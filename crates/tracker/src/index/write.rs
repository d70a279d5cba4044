//! What was read, written to the index.

use std::collections::BTreeMap;
use std::io;

use agents::transcript_id;
use agents::transcripts::{Growth, Pass, Wanted};
use session::transcript::Facts;
use store::{EncodedFacts, FileId, Index, IndexTurn, Progress, ReadFile, StoreError};

use super::pass::{self, How, Outcome, ReadNow};
use super::plan::{Job, Plan};
use super::scratch::Scratch;
use super::update::{IndexView, unreadable};
use super::withheld::Withheld;

/// After how many files the index is written.
const BATCH: usize = 128;

/// From how many parts on the parts of a file are made one.
const MANY_PARTS: u64 = 12;

/// Up to which length all parts of a file are made one, in bytes: it is done in memory.
const MUCH: u64 = 4 << 20;

/// What was made of a part of a file, to be written.
struct Packed {
    /// Which session of a file of many it is; else empty.
    within: String,
    /// None where a file has only grown by half a line, which says nothing.
    facts: Option<EncodedFacts>,
    conversations: Vec<String>,
}

impl Packed {
    fn of(within: String, facts: Facts) -> Self {
        let conversations = conversations(&facts);
        Self { within, facts: (facts.counts.lines > 0).then(|| EncodedFacts::of(facts)), conversations }
    }
}

type Waiting = (usize, ReadNow<Packed>);

/// Reads what is to be read, and writes what comes of it.
pub(super) fn read_into(
    index: &mut Index,
    plan: &Plan,
    born: i64,
    withheld: &Withheld,
    scratch: Option<&Scratch>,
    progress: &mut Progress<'_>,
    view: &mut IndexView,
) -> Result<(), StoreError> {
    let mut waiting: Vec<Waiting> = Vec::new();
    let mut tell = |done: u64| progress(done.min(plan.bytes), plan.bytes);
    let make = |job: &Job, pass: Pass| Packed::of(pass.within, withheld.apply(&job.found.path, pass.facts));
    let how = How { wanted: Wanted::Everything, scratch: scratch.map(Scratch::path) };
    pass::read_all(&plan.jobs, how, &mut tell, make, |(job, outcome): Outcome<Packed>| {
        match outcome {
            Ok(read) => {
                view.read += 1;
                view.bytes += bytes_read(&plan.jobs[job], &read);
                view.broken_lines += read.broken_lines;
                waiting.push((job, read));
            }
            // It vanished while nobody looked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => view.unreadable.push(unreadable(&plan.jobs[job].found.path, &error)),
        }
        if waiting.len() >= BATCH { write(index, plan, born, &mut waiting) } else { Ok(()) }
    })?;
    write(index, plan, born, &mut waiting)
}

fn bytes_read<T>(job: &Job, read: &ReadNow<T>) -> u64 {
    let before = job.known.as_ref().filter(|_| read.read.goes_on).map_or(0, |known| known.place.bytes);
    match job.agent.growth(&job.found.path) {
        Growth::Appended => read.read.place.bytes - before,
        Growth::Replaced => read.read.found.size,
    }
}

/// Returns the conversations that facts are about.
pub(super) fn conversations(facts: &Facts) -> Vec<String> {
    let own = facts.conversations.iter().map(|(name, _)| *name);
    let responses = facts.responses.iter().map(|response| response.conversation);
    let names: std::collections::BTreeSet<_> = own.chain(responses).collect();
    names.into_iter().filter_map(|name| facts.name(name)).map(str::to_owned).collect()
}

fn write(index: &mut Index, plan: &Plan, born: i64, waiting: &mut Vec<Waiting>) -> Result<(), StoreError> {
    index.write(|turn| {
        waiting.iter().try_for_each(|(number, read)| {
            // A file that takes another's path may not have its name.
            let born = born.saturating_add(i64::try_from(*number).unwrap_or(0));
            write_one(turn, &plan.jobs[*number], plan.newest, born, read)
        })
    })?;
    // Outside: reading all parts of a file is not to hold others up.
    let grown = waiting.iter().filter(|(_, read)| read.read.goes_on).filter_map(|(number, _)| plan.jobs[*number].known.as_ref());
    let grown: Vec<FileId> = grown.map(|known| known.file).collect();
    waiting.clear();
    grown.into_iter().try_for_each(|file| merge_when_many(index, file))
}

fn write_one(turn: &IndexTurn<'_>, job: &Job, newest: Option<FileId>, born: i64, now: &ReadNow<Packed>) -> Result<(), StoreError> {
    let (found, place) = (&now.read.found, &now.read.place);
    let file = ReadFile {
        agent: job.agent.name().to_owned(),
        path: job.path.clone(),
        born,
        device: found.device,
        inode: found.inode,
        size: found.size,
        changed_nanos: found.changed_nanos,
        place: place.bytes,
        mark: place.mark,
        // There is nothing in it but what the facts have in them.
        carried: redacted(place.carried.as_bytes()),
        is_within: false,
    };
    if job.agent.growth(&job.found.path) == Growth::Replaced {
        return replace(turn, &file, &now.made);
    }
    let id = match job.known.as_ref().filter(|_| now.read.goes_on) {
        Some(known) => turn.go_on(known.file, known.place.bytes, &file)?.then_some(known.file),
        // Somebody else was here since this command looked.
        None if turn.is_taken(&file.path, newest)? => None,
        None => Some(turn.add(&file)?),
    };
    id.map_or(Ok(()), |id| add_parts(turn, id, now.made.iter()))
}

fn redacted(carried: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(carried);
    redact::text(&text).as_str().as_bytes().to_vec()
}

fn add_parts<'p>(turn: &IndexTurn<'_>, id: FileId, mut parts: impl Iterator<Item = &'p Packed>) -> Result<(), StoreError> {
    parts.try_for_each(|packed| match &packed.facts {
        Some(facts) => turn.add_part(id, facts, &packed.conversations),
        None => Ok(()),
    })
}

/// Writes a file that is read as a whole each time: where it says something else than before, it is another one. Of a file of many sessions each is
/// a file of its own; one that is not in it any more stays as it was.
fn replace(turn: &IndexTurn<'_>, file: &ReadFile, made: &[Packed]) -> Result<(), StoreError> {
    let mut sessions: BTreeMap<&str, Vec<&Packed>> = BTreeMap::new();
    // The file itself is known even if there is nothing in it.
    sessions.entry("").or_default();
    made.iter().for_each(|packed| sessions.entry(&packed.within).or_default().push(packed));
    for (within, parts) in sessions {
        let is_within = !within.is_empty();
        let path = if is_within { format!("{}#{within}", file.path) } else { file.path.clone() };
        let one = ReadFile { path, mark: hash(&parts), is_within, ..file.clone() };
        match turn.current(&one.path)? {
            Some(held) if held.read.mark == one.mark => drop(turn.go_on(held.id, held.read.place, &one)?),
            _ => {
                let id = turn.add(&one)?;
                add_parts(turn, id, parts.into_iter())?;
            }
        }
    }
    Ok(())
}

/// Returns a hash of what some parts say.
fn hash(parts: &[&Packed]) -> u64 {
    let hashes = parts.iter().filter_map(|packed| packed.facts.as_ref()).flat_map(EncodedFacts::halves).map(transcript_id);
    transcript_id(hashes.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())
}

/// Makes the parts of a file one, where it was read so often that they are many.
fn merge_when_many(index: &mut Index, file: FileId) -> Result<(), StoreError> {
    let (count, bytes) = index.write(|turn| turn.parts(file))?;
    if count < MANY_PARTS || bytes > MUCH {
        return Ok(());
    }
    let parts = index.facts_of(file)?;
    // What this build cannot read stays as it is.
    let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return Ok(()) };
    let whole = parts.into_iter().flatten().reduce(|mut whole, next| {
        whole.append(next);
        whole
    });
    let Some(encoded) = whole.map(EncodedFacts::of) else { return Ok(()) };
    index.write(|turn| {
        // Nothing was added meanwhile.
        if turn.parts(file)?.0 == count { turn.merge(file, &encoded) } else { Ok(()) }
    })
}
