//! Times as transcripts have them, counted in seconds from the day on which the corpus begins.

/// Seconds from 1970 to 2026-03-01.
const BEGINNING: f64 = 1_772_323_200.0;

const SECONDS_A_DAY: u64 = 86_400;

/// Returns a moment in UTC with milliseconds.
pub(super) fn timestamp(seconds: f64) -> String {
    let millis = ((BEGINNING + seconds) * 1e3) as u64;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (year, month, day) = date(seconds / SECONDS_A_DAY);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Returns the date so many days after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    // Counted from a first of March, so that the day that is not always there comes last.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_follow_one_another() {
        assert_eq!(timestamp(0.0), "2026-03-01T00:00:00.000Z");
        assert_eq!(timestamp(31.0 * 86_400.0 + 3_661.25), "2026-04-01T01:01:01.250Z");
        assert_eq!((date(0), date(59), date(789)), ((1970, 1, 1), (1970, 3, 1), (1972, 2, 29)));
    }
}
