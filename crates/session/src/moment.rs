//! Time as it was seen: an instant, the UTC offset it was seen under, and the machine's boot clock.
//!
//! The wall clock may jump and zones may change; what is shown must not. So every instant keeps its offset, and
//! durations on one machine come from the clock that only goes forward.

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An instant, to the microsecond, with the UTC offset it was seen under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Moment {
    at: Timestamp,
    offset: Offset,
}

impl Moment {
    /// Joins an instant and an offset; what is finer than a microsecond is dropped.
    pub fn new(at: Timestamp, offset: Offset) -> Self {
        // In the calendar's last second microseconds are out of range; there the second will do.
        let whole = || Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self { at: Timestamp::from_microsecond(at.as_microsecond()).unwrap_or_else(|_| whole()), offset }
    }

    /// Joins microseconds since 1970 and an offset in seconds east of UTC.
    ///
    /// # Errors
    /// When either is out of the calendar's range.
    pub fn from_micros(micros: i64, offset_seconds: i32) -> Result<Self, jiff::Error> {
        Ok(Self { at: Timestamp::from_microsecond(micros)?, offset: Offset::from_seconds(offset_seconds)? })
    }

    /// Returns the instant.
    pub fn timestamp(self) -> Timestamp {
        self.at
    }

    /// Returns the offset from UTC under which the instant was seen.
    pub fn offset(self) -> Offset {
        self.offset
    }

    /// Returns microseconds since 1970 in UTC.
    pub fn micros(self) -> i64 {
        self.at.as_microsecond()
    }

    /// Returns what a clock on the wall showed.
    pub fn local(self) -> DateTime {
        self.offset.to_datetime(self.at)
    }
}

impl std::fmt::Display for Moment {
    /// Writes RFC 3339 with offset, `2026-02-16T17:30:03.123456+01:00`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.offset.seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        write!(out, "{}{sign}{:02}:{:02}", self.local().strftime("%Y-%m-%dT%H:%M:%S.%6f"), minutes / 60, minutes % 60)
    }
}

#[derive(Serialize, Deserialize)]
struct Raw(i64, i32);

impl From<Moment> for Raw {
    fn from(moment: Moment) -> Self {
        Self(moment.at.as_microsecond(), moment.offset.seconds())
    }
}

impl TryFrom<Raw> for Moment {
    type Error = jiff::Error;

    fn try_from(Raw(micros, seconds): Raw) -> Result<Self, jiff::Error> {
        Self::from_micros(micros, seconds)
    }
}

/// One boot of one machine, and how long it had been up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Boot {
    /// The boot's own id (Linux: `/proc/sys/kernel/random/boot_id`).
    pub id: Uuid,
    /// Microseconds since that boot, suspended time included.
    pub micros: u64,
}

/// What all clocks said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reading {
    /// The wall clock.
    pub moment: Moment,
    /// The boot clock, where there is one and the moment was seen by it; none for what was dated by hand.
    pub boot: Option<Boot>,
}

/// Returns the microseconds from one reading to a later one, never less than 0.
///
/// Two readings of one boot are compared by the boot clock, so a wall clock that jumps changes nothing.
pub fn elapsed_micros(from: &Reading, to: &Reading) -> u64 {
    match (from.boot, to.boot) {
        (Some(from), Some(to)) if from.id == to.id => to.micros.saturating_sub(from.micros),
        _ => u64::try_from(to.moment.micros().saturating_sub(from.moment.micros())).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(micros: i64, boot: Option<(u128, u64)>) -> Reading {
        let at = Timestamp::from_microsecond(micros).unwrap();
        Reading { moment: Moment::new(at, Offset::UTC), boot: boot.map(|(id, micros)| Boot { id: Uuid::from_u128(id), micros }) }
    }

    #[test]
    fn a_moment_shows_the_time_of_its_own_zone() {
        let at: Timestamp = "2026-02-16T16:30:03.123456789Z".parse().unwrap();
        let moment = Moment::new(at, Offset::from_seconds(3600).unwrap());
        assert_eq!(moment.to_string(), "2026-02-16T17:30:03.123456+01:00");
        let west = Moment::new(at, Offset::from_seconds(-12_600).unwrap());
        assert_eq!(west.to_string(), "2026-02-16T13:00:03.123456-03:30");
    }

    #[test]
    fn the_calendar_s_ends_are_moments_too() {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            let moment = Moment::new(at, Offset::MAX);
            assert_eq!(Moment::from_micros(moment.micros(), Offset::MAX.seconds()).unwrap(), moment);
        }
    }

    #[test]
    fn d7_a_clock_that_jumps_back_makes_no_negative_duration() {
        assert_eq!(elapsed_micros(&reading(5_000, None), &reading(2_000, None)), 0);
        assert_eq!(elapsed_micros(&reading(5_000, Some((1, 10))), &reading(2_000, Some((1, 25)))), 15);
        assert_eq!(elapsed_micros(&reading(5_000, Some((1, 10))), &reading(9_000, Some((2, 3)))), 4_000);
    }
}
