//! The two lines of a marker, `{session_id}\n{iso_timestamp}\n`, and whether they are stale.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A marker is never longer.
pub(super) const LONGEST: usize = 4_096;

/// What a marker says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) id: String,
    pub(super) at: Timestamp,
}

/// Returns what is wrong with an id that cannot be written down.
pub(super) fn trouble_with(id: &str) -> Option<&'static str> {
    // What some languages take for the end of a line, besides control characters.
    let ends_line = |each: char| each.is_control() || matches!(each, '\u{2028}' | '\u{2029}');
    match id {
        "" => Some("it is empty"),
        id if id.contains(ends_line) => Some("it has a line break or another control character"),
        id if id.trim() != id => Some("it begins or ends with a blank"),
        // The time below it needs room as well.
        id if id.len() > LONGEST - 64 => Some("it is too long"),
        _ => None,
    }
}

/// Returns the lines of a marker. The time is the local one without offset, as Python's `datetime.now().isoformat()` has it: the
/// scripts that read it subtract it from another such time.
pub(super) fn write(id: &str, at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    let micros = if local.subsec_nanosecond() / 1_000 == 0 { "" } else { ".%6f" };
    format!("{id}\n{}\n", local.strftime(&format!("%Y-%m-%dT%H:%M:%S{micros}")))
}

/// Reads the lines of a marker; none where they are anything else.
pub(super) fn read(bytes: &[u8], zone: &TimeZone) -> Option<Content> {
    let text = str::from_utf8(bytes).ok()?;
    let (id, time) = text.strip_suffix('\n').unwrap_or(text).split_once('\n')?;
    let at = time.parse().ok().or_else(|| zone.to_timestamp(time.parse::<DateTime>().ok()?).ok())?;
    trouble_with(id).is_none().then(|| Content { id: id.to_owned(), at })
}

impl Content {
    /// Reports whether the marker is too old, or from so far in the future that a clock must have jumped.
    pub(super) fn is_stale(&self, now: Timestamp, ttl: Duration) -> bool {
        let ttl = SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX);
        let age = now.duration_since(self.at);
        age >= ttl || age < -ttl
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn zone() -> TimeZone {
        TimeZone::fixed(Offset::from_seconds(3_600).unwrap())
    }

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    #[test]
    fn the_time_is_local_and_as_python_writes_it() {
        assert_eq!(write("abc", at("2026-02-16T16:30:03.123456Z"), &zone()), "abc\n2026-02-16T17:30:03.123456\n");
        assert_eq!(write("abc", at("2026-02-16T16:30:03.000001Z"), &zone()), "abc\n2026-02-16T17:30:03.000001\n");
        assert_eq!(write("abc", at("2026-02-16T16:30:03Z"), &zone()), "abc\n2026-02-16T17:30:03\n");
    }

    #[test]
    fn times_without_offset_are_local_and_others_are_what_they_say() {
        for (time, instant) in [
            ("2026-02-16T17:30:03.123456", "2026-02-16T16:30:03.123456Z"),
            ("2026-02-16T17:30:03", "2026-02-16T16:30:03Z"),
            ("2026-02-16 17:30:03", "2026-02-16T16:30:03Z"),
            ("2026-02-16T17:30:03Z", "2026-02-16T17:30:03Z"),
            ("2026-02-16T17:30:03.5+05:30", "2026-02-16T12:00:03.5Z"),
        ] {
            let expected = Content { id: "abc".into(), at: at(instant) };
            assert_eq!(read(format!("abc\n{time}\n").as_bytes(), &zone()), Some(expected.clone()), "{time}");
            assert_eq!(read(format!("abc\n{time}").as_bytes(), &zone()), Some(expected), "{time}, without the last line feed");
        }
    }

    #[test]
    fn everything_else_is_corrupt() {
        let time = "2026-02-16T17:30:03";
        for text in ["", "\n", "abc", "abc\n", "abc\nnever\n", "abc\n2026-02-30T00:00:00\n", "abc\n99999999999\n"] {
            assert_eq!(read(text.as_bytes(), &zone()), None, "{text:?}");
        }
        for text in [format!("\n{time}\n"), format!("a\u{1b}\n{time}\n"), format!("abc\n{time}\nmore\n"), format!(" abc\n{time}\n")] {
            assert_eq!(read(text.as_bytes(), &zone()), None, "{text:?}");
        }
        assert_eq!(read(b"\xff\xfe\n2026-02-16T17:30:03\n", &zone()), None);
    }

    #[test]
    fn a_marker_is_stale_from_its_ttl_on_in_either_direction() {
        let is_stale = |instant: &str| Content { id: "abc".into(), at: at(instant) }.is_stale(at("2026-02-16T16:30:03Z"), DAY);
        assert!(is_stale("2026-02-15T16:30:03Z") && !is_stale("2026-02-15T16:30:03.000001Z"));
        assert!(!is_stale("2026-02-17T16:30:03Z") && is_stale("2026-02-17T16:30:03.000001Z"));
    }

    #[test]
    fn ids_that_would_tear_a_marker_are_refused() {
        assert_eq!(trouble_with("01234567-89ab-4cde-8f01-23456789abcd"), None);
        assert_eq!(trouble_with("unknown"), None);
        for id in ["", " ", " a", "a\n", "a\nb", "a\rb", "a\0b", "a\u{1b}[31m", "a\u{85}b", "a\u{2028}b", &"x".repeat(4_097)] {
            assert!(trouble_with(id).is_some(), "{id:?}");
        }
        let longest = "x".repeat(LONGEST - 64);
        assert_eq!(trouble_with(&longest), None);
        assert!(write(&longest, at("2026-02-16T16:30:03.123456Z"), &zone()).len() <= LONGEST);
    }
}
