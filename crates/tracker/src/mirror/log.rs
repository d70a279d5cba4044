//! Lines of the session log, `TIMESTAMP | SESSION_ID | EVENT | DETAILS`: made, matched with what is there, appended.
//!
//! The log only grows. Lines go out in one `write` at its end; what a killed writer had already written is recognised behind
//! the position that was kept, so no line is lost and none is doubled.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use session::{Change, Event, SessionId, WorkId};

use super::record::local_time;

/// Reports whether a change is seen in any file of the mirror.
pub(crate) fn is_shown(change: &Change) -> bool {
    !matches!(
        change,
        Change::EntryAdded(_)
            | Change::EntryMarked(_)
            | Change::Based(_)
            | Change::Surveyed(_)
            | Change::HandedOver(_)
            | Change::Moved(_)
            | Change::Reported(_)
    )
}

/// Returns the line an event makes, without its line feed; events that the log does not tell of make none. `work` is the
/// id of the work item that the event marks.
pub(crate) fn line(event: &Event, session: &SessionId, work: Option<WorkId>) -> Option<String> {
    let (name, details) = match &event.change {
        Change::Opened(opened) => {
            let description = opened.description.as_ref().map_or("", |described| described.text.as_str());
            ("CREATED".to_owned(), description.to_owned())
        }
        Change::WorkAdded(added) => ("WORK_ADDED".to_owned(), format!("{}: {}", added.prefix, added.description)),
        Change::WorkMarked(marked) => (format!("WORK_{}", marked.status), work?.to_string()),
        Change::Ended(ended) => ("ENDED".to_owned(), ended.status.to_string()),
        Change::Reopened => ("REOPENED".to_owned(), "ACTIVE".to_owned()),
        Change::Described(described) => ("DESCRIBED".to_owned(), described.text.as_str().to_owned()),
        Change::Tagged { tag, present } => ("TAGGED".to_owned(), format!("{}{tag}", if *present { '+' } else { '-' })),
        Change::ProjectFound(_)
        | Change::ProjectMoved { .. }
        | Change::Numbered { .. }
        | Change::MadeCurrent
        | Change::Annotated { .. }
        | Change::Descended { .. }
        | Change::EntryAdded(_)
        | Change::EntryMarked(_)
        | Change::Based(_)
        | Change::Surveyed(_)
        | Change::HandedOver(_)
        | Change::Observed(_)
        | Change::Assigned { .. }
        | Change::Gone { .. }
        | Change::Moved(_)
        | Change::Reported(_)
        | Change::LineFound { .. } => return None,
    };
    Some(format!("{} | {session} | {name} | {}", local_time(event.at.moment), on_one_line(&details)))
}

/// Escapes control characters, so that a record stays one line and a pager stays calm.
fn on_one_line(text: &str) -> String {
    text.chars().flat_map(|each| if each.is_control() { each.escape_default().collect() } else { vec![each] }).collect()
}

/// Opens the log for appending; made, closed to others, if it is missing. What is no file (a pipe would never end) is refused.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let log = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    if log.metadata()?.is_file() { Ok(log) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")) }
}

/// Cuts off zeros at the end, which no line has: a power cut leaves them where the log's length was on the disk before its last lines.
pub(crate) fn cut_zeros(path: &Path) -> io::Result<()> {
    let length = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map_or(0, |found| found.len());
    let Some(end) = length.checked_sub(1) else { return Ok(()) };
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, end)?;
    if last != [0] {
        return Ok(());
    }
    let held = std::fs::read(path)?.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
    OpenOptions::new().write(true).open(path)?.set_len(held)
}

/// A line that belongs in the log.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The line, without its line feed.
    pub(crate) text: String,
    /// Whether it is written where it is missing; lines that others wrote are only recognised.
    pub(crate) is_written_when_missing: bool,
}

/// What was found behind the position that was kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Lines that somebody else wrote.
    pub(crate) foreign: Vec<String>,
    /// Which of the expected lines were there already.
    pub(crate) written: Vec<bool>,
    /// What must be written first, to finish a line that was cut.
    pub(crate) completion: String,
}

/// Reads what stands behind `position` and tells our own `expected` lines from those of others.
pub(crate) fn read_tail(log: &mut File, position: u64, expected: &[Line]) -> io::Result<Tail> {
    const LONGEST: u64 = 64 << 20;
    let length = log.metadata()?.len();
    let start = if position <= length { position } else { 0 };
    if length - start > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "others wrote more than 64 MiB into it"));
    }
    log.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes)?;
    Ok(tell_apart(&String::from_utf8_lossy(&bytes), expected))
}

fn tell_apart(text: &str, expected: &[Line]) -> Tail {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    expected.iter().enumerate().rev().for_each(|(place, line)| places.entry(&line.text).or_default().push(place));
    let mut tail = Tail { written: vec![false; expected.len()], ..Tail::default() };
    let (whole, cut) = text.rsplit_once('\n').map_or(("", text), |(whole, cut)| (whole, cut));
    for line in whole.split('\n').filter(|line| !line.is_empty()) {
        // What is in the store of a line of others had its secrets masked.
        match places.get_mut(&*redact::mask(line)).and_then(Vec::pop) {
            Some(place) => tail.written[place] = true,
            None => tail.foreign.push(line.to_owned()),
        }
    }
    if !cut.is_empty() {
        finish_cut_line(&mut tail, cut, expected);
    }
    tail
}

/// A writer that was killed, or met a full disk, leaves the beginning of one of our lines; anything else is somebody's line.
fn finish_cut_line(tail: &mut Tail, cut: &str, expected: &[Line]) {
    let ours = (0..expected.len()).find(|&place| !tail.written[place] && expected[place].text.starts_with(cut));
    match ours {
        Some(place) => {
            tail.written[place] = true;
            tail.completion = format!("{}\n", &expected[place].text[cut.len()..]);
        }
        None => {
            tail.foreign.push(cut.to_owned());
            "\n".clone_into(&mut tail.completion);
        }
    }
}

/// Appends the lines, each with its line feed, and returns the length of the log.
pub(crate) fn append(log: &mut File, completion: &str, lines: impl Iterator<Item = impl AsRef<str>>) -> io::Result<u64> {
    let mut text = completion.to_owned();
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
    log.write_all(text.as_bytes())?;
    Ok(log.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, foreign: &[&str], written: [bool; 3], completion: &str) {
        let expected = ["one", "two", "two"].map(|text| Line { text: text.to_owned(), is_written_when_missing: true });
        let tail = tell_apart(text, &expected);
        assert_eq!(
            (tail.foreign, tail.written, tail.completion.as_str()),
            (foreign.iter().map(|&line| line.to_owned()).collect(), written.to_vec(), completion),
            "{text:?}"
        );
    }

    #[test]
    fn our_own_lines_are_told_from_those_of_others() {
        check("", &[], [false; 3], "");
        check("one\ntheirs\ntwo\n", &["theirs"], [true, true, false], "");
        check("two\ntwo\ntwo\n", &["two"], [false, true, true], "");
    }

    #[test]
    fn a_line_that_was_cut_is_finished() {
        check("one\ntw", &[], [true, true, false], "o\n");
        check("two\ntwo", &[], [false, true, true], "\n");
        check("the", &["the"], [false; 3], "\n");
    }

    #[test]
    fn a_record_stays_on_one_line() {
        assert_eq!(on_one_line("a\nb\u{1b}[31mc\td é 🆔"), r"a\nb\u{1b}[31mc\td é 🆔");
    }
}
