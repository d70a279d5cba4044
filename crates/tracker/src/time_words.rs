//! Times as people write them: `13:45`, `2026-02-16T13:45`, `10 minutes ago`, `7d`.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, Zoned};
use session::{Moment, Reading};

use crate::Clock;

/// Why a text is no time that something can have happened at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is no time at all.
    #[error("`{text}` is not a time; try `13:45`, `2026-02-16`, `2026-02-16T13:45` or `10 minutes ago`")]
    NoTime {
        /// What was written.
        text: String,
    },
    /// It is no length of time.
    #[error("`{text}` is not a length of time; try `24h`, `90m` or `7d`")]
    NoLength {
        /// What was written.
        text: String,
    },
    /// It is no time zone.
    #[error("`{text}` is no time zone; try `Europe/Berlin`, `UTC` or `+02:00`")]
    NoZone {
        /// What was written.
        text: String,
    },
    /// It has not come yet.
    #[error("`{text}` lies in the future")]
    Future {
        /// What was written.
        text: String,
    },
    /// It has passed.
    #[error("`{text}` has passed already")]
    Past {
        /// What was written.
        text: String,
    },
}

/// Reads when something happened. A time of day is the latest one that is not in the future.
///
/// # Errors
/// When the text is no time, or one that has not come yet.
pub fn parse_moment(text: &str, clock: &dyn Clock) -> Result<Reading, TimeError> {
    let now = now_in_zone(clock);
    let at = parse(text.trim(), &now).ok_or_else(|| TimeError::NoTime { text: text.to_owned() })?;
    if at > now {
        return Err(TimeError::Future { text: text.to_owned() });
    }
    Ok(Reading { moment: Moment::new(at.timestamp(), at.offset()), boot: None })
}

/// Reads when something is to end. A time of day is the next one.
///
/// # Errors
/// When the text is no time, or one that has passed.
pub fn parse_until(text: &str, clock: &dyn Clock) -> Result<Reading, TimeError> {
    let now = now_in_zone(clock);
    let at = parse(text.trim(), &now).ok_or_else(|| TimeError::NoTime { text: text.to_owned() })?;
    // Read as the latest one that has passed, a time of day comes again tomorrow.
    let is_of_day = !text.contains('-') && text.contains(':');
    let at = if is_of_day && at <= now { at.tomorrow().unwrap_or(at) } else { at };
    if at <= now {
        return Err(TimeError::Past { text: text.to_owned() });
    }
    Ok(Reading { moment: Moment::new(at.timestamp(), at.offset()), boot: None })
}

/// Reads how long something is to last, `30m`, `2 hours`, and returns when it is over.
///
/// # Errors
/// When the text is no length of time.
pub fn parse_length(text: &str, clock: &dyn Clock) -> Result<Reading, TimeError> {
    let no_time = || TimeError::NoTime { text: text.to_owned() };
    let span: Span = text.trim().parse().map_err(|_| no_time())?;
    let at = now_in_zone(clock).checked_add(span.abs()).map_err(|_| no_time())?;
    Ok(Reading { moment: Moment::new(at.timestamp(), at.offset()), boot: None })
}

/// Reads a length of time, `24h`, `90m`, `7d`. A day has 24 hours; nothing lasts no time.
///
/// # Errors
/// When the text is no length of time.
pub fn parse_duration(text: &str) -> Result<Duration, TimeError> {
    let no_length = || TimeError::NoLength { text: text.to_owned() };
    let span: Span = text.trim().parse().map_err(|_| no_length())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| no_length())?;
    Duration::try_from(length).ok().filter(|length| !length.is_zero()).ok_or_else(no_length)
}

/// Reads the beginning of a period and returns microseconds since 1970; `7d` is seven days ago, a date its midnight.
///
/// # Errors
/// When the text is no time.
pub fn parse_since(text: &str, clock: &dyn Clock) -> Result<i64, TimeError> {
    parse_moment(text, clock).map(|reading| reading.moment.micros())
}

/// Reads the beginning of a period in a time zone and returns milliseconds since 1970; a date is its midnight there.
///
/// # Errors
/// When the text is no time.
pub fn parse_from(text: &str, clock: &dyn Clock, zone: &TimeZone) -> Result<i64, TimeError> {
    let now = clock.now().moment.timestamp().to_zoned(zone.clone());
    let at = parse(text.trim(), &now).ok_or_else(|| TimeError::NoTime { text: text.to_owned() })?;
    if at > now {
        return Err(TimeError::Future { text: text.to_owned() });
    }
    Ok(at.timestamp().as_millisecond())
}

/// Reads the end of a period in a time zone and returns milliseconds since 1970. A date is meant to its end.
///
/// # Errors
/// When the text is no time.
pub fn parse_through(text: &str, clock: &dyn Clock, zone: &TimeZone) -> Result<i64, TimeError> {
    let text = text.trim();
    let no_time = || TimeError::NoTime { text: text.to_owned() };
    let now = clock.now().moment.timestamp().to_zoned(zone.clone());
    let at = parse(text, &now).ok_or_else(no_time)?;
    let is_day = text.parse::<Date>().is_ok() && text.len() <= "2026-02-16".len() || matches!(text, "today" | "yesterday");
    let end = if is_day { at.tomorrow().and_then(|next| next.start_of_day()).map_err(|_| no_time())? } else { at };
    Ok(end.timestamp().as_millisecond())
}

/// Returns how long ago something was that happened at an RFC 3339 time, in one unit: `3 minutes ago`. What is no time stays as it is.
pub fn ago(at: &str, clock: &dyn Clock) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let Ok(at) = at.parse::<Timestamp>().map(Timestamp::as_second) else { return at.to_owned() };
    let seconds = clock.now().moment.timestamp().as_second() - at;
    match UNITS.into_iter().find(|(length, _)| seconds >= *length) {
        Some((length, unit)) => {
            let number = seconds / length;
            format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
        }
        None => "now".to_owned(),
    }
}

fn now_in_zone(clock: &dyn Clock) -> Zoned {
    clock.now().moment.timestamp().to_zoned(clock.zone())
}

fn parse(text: &str, now: &Zoned) -> Option<Zoned> {
    let zone = now.time_zone();
    match text {
        "now" => return Some(now.clone()),
        "today" => return now.start_of_day().ok(),
        "yesterday" => return now.yesterday().ok()?.start_of_day().ok(),
        _ => {}
    }
    let has_letters = text.contains(|each: char| each.is_ascii_alphabetic() && !matches!(each, 'T' | 'Z'));
    if !has_letters {
        return parse_digits(text, now);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(zone.clone()));
    }
    let is_ahead = text.starts_with('+');
    let span: Span = text.parse().ok()?;
    // `10 minutes` and `10 minutes ago` both lie in the past; `+10 minutes` does not.
    now.checked_add(if span.is_negative() || is_ahead { span } else { span.negate() }).ok()
}

fn parse_digits(text: &str, now: &Zoned) -> Option<Zoned> {
    let zone = now.time_zone();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(zone.clone()));
    }
    if text.contains('-') {
        let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from)).ok()?;
        return civil.to_zoned(zone.clone()).ok();
    }
    if !text.contains(':') {
        return None;
    }
    let today = now.date().to_datetime(text.parse::<Time>().ok()?).to_zoned(zone.clone()).ok()?;
    if today <= *now { Some(today) } else { today.yesterday().ok() }
}

/// Reads a time zone: a name such as `Europe/Berlin`, or an offset such as `+02:00`.
///
/// # Errors
/// When there is no such zone.
pub fn read_zone(text: &str) -> Result<TimeZone, TimeError> {
    let unknown = || TimeError::NoZone { text: text.to_owned() };
    match text.trim() {
        "UTC" | "utc" | "Z" | "z" => Ok(TimeZone::UTC),
        "" => Err(unknown()),
        text => jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(text).map_err(|_| unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    struct Still;

    impl Clock for Still {
        fn fate(&self, _: &session::Process) -> crate::Fate {
            crate::Fate::Unknown
        }

        fn ancestors(&self) -> Vec<session::Process> {
            Vec::new()
        }

        fn now(&self) -> Reading {
            let at: Timestamp = "2026-02-16T16:30:03Z".parse().unwrap();
            Reading { moment: Moment::new(at, Offset::from_seconds(3600).unwrap()), boot: None }
        }

        fn zone(&self) -> TimeZone {
            TimeZone::fixed(Offset::from_seconds(3600).unwrap())
        }
    }

    fn check(text: &str, expected: &str) {
        let read = parse_moment(text, &Still).map(|reading| reading.moment.to_string());
        assert_eq!(read.as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        check("13:45", "2026-02-16T13:45:00.000000+01:00");
        check("23:10", "2026-02-15T23:10:00.000000+01:00");
        check("2026-02-16T13:45", "2026-02-16T13:45:00.000000+01:00");
        check("2026-02-16 13:45:10.5", "2026-02-16T13:45:10.500000+01:00");
        check("2026-02-10", "2026-02-10T00:00:00.000000+01:00");
        check("2026-02-16T13:45:00Z", "2026-02-16T14:45:00.000000+01:00");
        check("2026-02-16T13:45:00-02:00", "2026-02-16T16:45:00.000000+01:00");
        check("10 minutes ago", "2026-02-16T17:20:03.000000+01:00");
        check("2h", "2026-02-16T15:30:03.000000+01:00");
        check("7d", "2026-02-09T17:30:03.000000+01:00");
        check("yesterday", "2026-02-15T00:00:00.000000+01:00");
    }

    #[test]
    fn a_period_ends_with_the_end_of_its_last_day() {
        let zone = TimeZone::fixed(Offset::from_seconds(-3600).unwrap());
        let through = |text| parse_through(text, &Still, &zone).map(|at| Timestamp::from_millisecond(at).unwrap().to_string());
        for (text, expected) in [
            ("2026-02-10", "2026-02-11T01:00:00Z"),
            ("today", "2026-02-17T01:00:00Z"),
            ("yesterday", "2026-02-16T01:00:00Z"),
            ("2026-02-10T00:00", "2026-02-10T01:00:00Z"),
            ("2099-12-31", "2100-01-01T01:00:00Z"),
            ("7d", "2026-02-09T16:30:03Z"),
        ] {
            assert_eq!(through(text).as_deref(), Ok(expected), "{text}");
        }
        let from = |text| parse_from(text, &Still, &zone).map(|at| Timestamp::from_millisecond(at).unwrap().to_string());
        assert_eq!(from("2026-02-10").as_deref(), Ok("2026-02-10T01:00:00Z"));
        assert!(from("2099-12-31").is_err() && through("soon").is_err());
    }

    #[test]
    fn how_long_ago_is_said_in_one_unit() {
        for (at, expected) in [
            ("2026-02-16T17:30:03+01:00", "now"),
            ("2026-02-16T17:30:04+01:00", "now"),
            ("2026-02-16T16:30:02Z", "1 second ago"),
            ("2026-02-16T17:00:00+01:00", "30 minutes ago"),
            ("2026-02-16T14:00:00.5+01:00", "3 hours ago"),
            ("2025-02-16T17:30:03+01:00", "365 days ago"),
            ("soon", "soon"),
        ] {
            assert_eq!(ago(at, &Still), expected, "{at}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "soon", "25:00", "2026-13-01", "10", "-", "99999999999d", "+1 day", "2099-01-01", "2026-02-16T17:30:04+01:00"] {
            assert!(parse_moment(text, &Still).is_err(), "{text}");
        }
    }
    #[test]
    fn lengths_are_read_in_one_or_more_units() {
        let hours = |text| parse_duration(text).map(|length| length.as_secs_f64() / 3600.0);
        for (text, expected) in [("24h", 24.0), ("7d", 168.0), ("90m", 1.5), ("1 day 12 hours", 36.0), (" 1w ", 168.0)] {
            assert_eq!(hours(text), Ok(expected), "{text}");
        }
        for text in ["", "0h", "-1h", "soon", "24", "1 month", "99999999999d"] {
            assert!(hours(text).is_err(), "{text}");
        }
    }
}
