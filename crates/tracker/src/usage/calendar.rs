//! Days, weeks and months in a time zone, and five-hour blocks: to which one a moment belongs.
//!
//! A zone is asked once for each day, week or month, not for each response.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// How long a block is.
const BLOCK_HOURS: i64 = 5;

const HOUR_MS: i64 = 3_600_000;

/// Which pieces time is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Day,
    Week,
    Month,
}

/// The days, weeks or months that were asked for so far, by their first millisecond.
pub(super) struct Calendar {
    zone: TimeZone,
    period: Period,
    known: BTreeMap<i64, (i64, u32)>,
}

impl Calendar {
    pub(super) fn new(zone: TimeZone, period: Period) -> Self {
        Self { zone, period, known: BTreeMap::new() }
    }

    /// Returns the number of the piece of time that a moment belongs to, as `number` gives it for the name of a new one; none for moments
    /// that no calendar has.
    pub(super) fn place(&mut self, at: i64, number: impl FnOnce(String) -> u32) -> Option<u32> {
        if let Some((_, &(end, place))) = self.known.range(..=at).next_back()
            && at < end
        {
            return Some(place);
        }
        let moment = Timestamp::from_millisecond(at).ok()?.to_zoned(self.zone.clone());
        let first = first_day(self.period, moment.date())?;
        let next = next_first_day(self.period, first)?;
        let [start, end] = [start_of(first, &self.zone)?, start_of(next, &self.zone)?];
        let place = number(name_of(self.period, first));
        self.known.insert(start, (end, place));
        Some(place)
    }
}

fn first_day(period: Period, day: Date) -> Option<Date> {
    match period {
        Period::Day => Some(day),
        Period::Week => day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok(),
        Period::Month => Some(day.first_of_month()),
    }
}

fn next_first_day(period: Period, first: Date) -> Option<Date> {
    match period {
        Period::Day => first.tomorrow().ok(),
        Period::Week => first.checked_add(7.days()).ok(),
        Period::Month => first.checked_add(1.month()).ok(),
    }
}

/// A day need not begin at midnight, and is 23 or 25 hours long when the clocks change.
fn start_of(day: Date, zone: &TimeZone) -> Option<i64> {
    day.to_zoned(zone.clone()).and_then(|midnight| midnight.start_of_day()).ok().map(|start| start.timestamp().as_millisecond())
}

fn name_of(period: Period, first: Date) -> String {
    match period {
        Period::Day => first.to_string(),
        Period::Week => {
            let week = first.iso_week_date();
            format!("{}-W{:02}", week.year(), week.week())
        }
        Period::Month => first.strftime("%Y-%m").to_string(),
    }
}

/// The blocks in which use is counted by who sells it: five hours, from the full hour of the first response on.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// By their first hours since 1970, the numbers that were given to them.
    known: BTreeMap<i64, Option<u32>>,
}

impl Blocks {
    /// Cuts time into blocks by when there were responses.
    pub(super) fn of(moments: impl IntoIterator<Item = i64>) -> Self {
        let mut hours: Vec<i64> = moments.into_iter().map(|at| at.div_euclid(HOUR_MS)).collect();
        hours.sort_unstable();
        hours.dedup();
        let mut known = BTreeMap::new();
        let mut free_from = i64::MIN;
        for hour in hours {
            if hour >= free_from {
                known.insert(hour, None);
                free_from = hour.saturating_add(BLOCK_HOURS);
            }
        }
        Self { known }
    }

    /// Returns the number of the block of a moment, as `number` gives it for the beginning and the end of a new one.
    pub(super) fn place(&mut self, at: i64, number: impl FnOnce((i64, i64)) -> u32) -> Option<u32> {
        let (start, held) = self.known.range_mut(..=at.div_euclid(HOUR_MS)).next_back()?;
        let end = start.saturating_add(BLOCK_HOURS).saturating_mul(HOUR_MS);
        (at < end).then(|| *held.get_or_insert_with(|| number((start.saturating_mul(HOUR_MS), end))))
    }
}

/// Returns a moment in a zone.
pub(super) fn in_zone(at: i64, zone: &TimeZone) -> Option<Zoned> {
    Timestamp::from_millisecond(at).ok().map(|at| at.to_zoned(zone.clone()))
}

/// Writes a moment with the offset that the zone had then.
pub(super) fn written(at: i64, zone: &TimeZone) -> Option<String> {
    in_zone(at, zone).map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_zone;

    fn millis(at: &str) -> i64 {
        at.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn check(zone: &str, period: Period, at: &str, expected: &str) {
        let mut found = None;
        Calendar::new(read_zone(zone).unwrap(), period).place(millis(at), |name| {
            found = Some(name);
            0
        });
        assert_eq!(found.as_deref(), Some(expected), "{zone} {period:?} {at}");
    }

    #[test]
    fn a_moment_is_of_the_day_that_it_is_there() {
        check("UTC", Period::Day, "2026-03-28T23:30:00Z", "2026-03-28");
        check("Europe/Berlin", Period::Day, "2026-03-28T23:30:00Z", "2026-03-29");
        check("Europe/Berlin", Period::Day, "2026-03-29T21:59:59.999Z", "2026-03-29");
        check("Europe/Berlin", Period::Day, "2026-03-29T22:00:00Z", "2026-03-30");
        check("+05:45", Period::Day, "2026-03-28T18:15:00Z", "2026-03-29");
        check("America/New_York", Period::Month, "2026-03-01T04:59:59Z", "2026-02");
        check("UTC", Period::Week, "2026-01-01T00:00:00Z", "2026-W01");
        check("UTC", Period::Week, "2027-01-03T23:59:59Z", "2026-W53");
        check("UTC", Period::Week, "2027-01-04T00:00:00Z", "2027-W01");
        // Midnight does not come on this day.
        check("America/Santiago", Period::Day, "2026-09-06T04:30:00Z", "2026-09-06");
    }

    #[test]
    fn a_day_on_which_clocks_change_is_one_day() {
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)] {
            let zone = read_zone("Europe/Berlin").unwrap();
            let mut calendar = Calendar::new(zone.clone(), Period::Day);
            let start = start_of(day.parse().unwrap(), &zone).unwrap();
            let mut names = Vec::new();
            for hour in -1..=hours {
                calendar.place(start + hour * HOUR_MS, |name| {
                    names.push(name);
                    0
                });
            }
            assert_eq!(names.len(), 3, "{names:?}");
            assert_eq!(names[1], day);
        }
    }

    #[test]
    fn zones_are_named_or_said_as_offsets() {
        for good in ["Europe/Berlin", "UTC", "Z", "+02:00", "-0330", "America/New_York"] {
            assert!(read_zone(good).is_ok(), "{good}");
        }
        for bad in ["", "Middle/Earth", "soon", "+99:00", "../../etc/passwd", "2026"] {
            assert!(read_zone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_block_begins_with_the_hour_of_its_first_response() {
        let at = ["2026-03-01T10:40:00Z", "2026-03-01T14:59:59Z", "2026-03-01T15:00:00Z", "2026-03-02T09:10:00Z"].map(millis);
        let mut blocks = Blocks::of(at);
        let mut starts = Vec::new();
        let places = at.map(|at| {
            blocks.place(at, |(start, _)| {
                starts.push(written(start, &TimeZone::UTC).unwrap());
                u32::try_from(starts.len()).unwrap()
            })
        });
        assert_eq!(places, [Some(1), Some(1), Some(2), Some(3)]);
        assert_eq!(starts, ["2026-03-01T10:00:00+00:00", "2026-03-01T15:00:00+00:00", "2026-03-02T09:00:00+00:00"]);
        assert_eq!(blocks.place(millis("2026-03-01T20:00:00Z"), |_| 9), None);
    }
}
