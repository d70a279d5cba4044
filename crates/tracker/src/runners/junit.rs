//! JUnit's XML: a report that many runners write, alone or among lines of other programs.
//!
//! Test cases are counted, since what suites say of themselves differs from runner to runner; only a report without cases is believed. A report
//! that is broken off or no XML is no report.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::TestRun;
use super::items::number_of;
use super::tally::{Tally, Verdict};

/// Returns what the reports in a text say together, and the text around them.
pub(super) fn take_out(text: &str) -> (Option<TestRun>, Vec<&str>) {
    let mut tally = Tally::default();
    let mut around = Vec::new();
    let mut rest = text;
    let mut searched = 0;
    while let Some(start) = beginning(rest, searched) {
        let mut report = Report::default();
        match report.read(&rest[start..]) {
            Ok(length) => {
                report.add_to(&mut tally);
                around.push(&rest[..start]);
                rest = &rest[start + length..];
                searched = 0;
            }
            // What was looked at is not looked at again: many beginnings without an end cost no more than one.
            Err(length) => searched = rest.ceil_char_boundary(start + length.max(1)),
        }
    }
    around.push(rest);
    (tally.finish("JUnit XML"), around)
}

/// Finds the next `<testsuites` or `<testsuite`.
fn beginning(text: &str, from: usize) -> Option<usize> {
    const TAG: &str = "<testsuite";
    let is_tag = |at: &usize| {
        let rest = &text[at + TAG.len()..];
        rest.strip_prefix('s').unwrap_or(rest).starts_with([' ', '\t', '\n', '>', '/'])
    };
    text.get(from..)?.match_indices(TAG).map(|(at, _)| from + at).find(is_tag)
}

/// How deep suites may be nested. What is deeper was not written by a runner.
const DEEPEST: usize = 1000;

/// One report, as far as it was read.
#[derive(Default)]
struct Report {
    tally: Tally,
    case: Option<Case>,
    /// The suites that are open, outermost first.
    suites: Vec<Suite>,
    /// What the outermost suite says, once it is closed.
    said: Option<Said>,
}

/// A test case that is open.
struct Case {
    name: String,
    verdict: Verdict,
}

/// Passed, failed, skipped.
type Said = [u32; 3];

/// What a suite says of itself, and what the suites within it say together.
struct Suite {
    own: Option<Said>,
    inner: Option<Said>,
}

impl Report {
    /// Reads a report to its end; returns its length, or how much was looked at in vain.
    fn read(&mut self, text: &str) -> Result<usize, usize> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        config.allow_dangling_amp = true;
        while self.suites.len() <= DEEPEST {
            match reader.read_event() {
                Ok(Event::Start(tag)) => self.open(&tag),
                Ok(Event::Empty(tag)) => {
                    self.open(&tag);
                    self.close(tag.local_name().into_inner());
                }
                Ok(Event::End(tag)) => self.close(tag.local_name().into_inner()),
                // The end was looked for everywhere.
                Ok(Event::Eof) | Err(quick_xml::Error::Syntax(_)) => return Err(text.len()),
                Err(_) => break,
                Ok(_) => {}
            }
            if self.suites.is_empty() {
                return Ok(position(&reader, text));
            }
        }
        Err(position(&reader, text))
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().into_inner() {
            "testsuites" | "testsuite" => self.suites.push(Suite { own: said_by(tag), inner: None }),
            "testcase" => self.case = Some(case(tag)),
            "failure" | "error" => self.judge(Verdict::Failed),
            "skipped" => self.judge(Verdict::Skipped),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "testsuites" | "testsuite" => self.end_suite(),
            "testcase" => self.end_case(),
            _ => {}
        }
    }

    /// A skip counts more than a failure: what is yet to be done may fail.
    fn judge(&mut self, verdict: Verdict) {
        if let Some(case) = &mut self.case
            && case.verdict != Verdict::Skipped
        {
            case.verdict = verdict;
        }
    }

    fn end_case(&mut self) {
        let Some(Case { name, verdict }) = self.case.take() else {
            return;
        };
        self.tally.add_one(verdict);
        if verdict == Verdict::Failed {
            self.tally.name(&name);
        }
    }

    /// What a suite says goes before what is said within it.
    fn end_suite(&mut self) {
        let Some(said) = self.suites.pop().map(|suite| suite.own.or(suite.inner)) else {
            return;
        };
        match (self.suites.last_mut(), said) {
            (Some(around), Some(said)) => around.inner = Some(sum(around.inner.unwrap_or_default(), said)),
            (Some(_), None) => {}
            (None, said) => self.said = said,
        }
    }

    fn add_to(self, tally: &mut Tally) {
        match self.tally.finish("") {
            Some(run) => {
                tally.add(run.passed, run.failed, run.skipped);
                run.failures.iter().for_each(|name| tally.name(name));
            }
            None => {
                let [passed, failed, skipped] = self.said.unwrap_or_default();
                tally.add(passed, failed, skipped);
            }
        }
    }
}

fn position(reader: &Reader<&[u8]>, text: &str) -> usize {
    let position = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
    text.floor_char_boundary(position)
}

fn sum(one: Said, other: Said) -> Said {
    std::array::from_fn(|place| one[place].saturating_add(other[place]))
}

/// `tests="5" failures="1" errors="0" skipped="1"`
fn said_by(tag: &BytesStart<'_>) -> Option<Said> {
    let number = |name| attribute(tag, name).and_then(|value| number_of(&value));
    let all = number("tests")?;
    let failed = number("failures").unwrap_or(0).saturating_add(number("errors").unwrap_or(0));
    let skipped = number("skipped").or_else(|| number("disabled")).unwrap_or(0);
    Some([all.saturating_sub(failed).saturating_sub(skipped), failed, skipped])
}

fn case(tag: &BytesStart<'_>) -> Case {
    let name = attribute(tag, "name").unwrap_or_default();
    let class = attribute(tag, "classname").filter(|class| *class != name).unwrap_or_default();
    Case { name: format!("{} {}", class.trim(), name.trim()), verdict: Verdict::Passed }
}

/// Returns an attribute's value, as it stands where its entities are unknown.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.local_name().into_inner() == name)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0).unwrap_or(found.value.clone());
    Some(value.into_owned())
}
