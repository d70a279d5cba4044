//! `2026-03-01T12:34:56.789Z` to milliseconds since 1970. Read once for each record: a library that knows zones and calendars takes longer than
//! all the rest of the line.

/// Returns the moment that a timestamp names; none where it is no timestamp.
pub(crate) fn millis(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let [b'T' | b't' | b' ', rest @ ..] = rest else { return None };
    let (time, rest) = rest.split_at_checked(8)?;
    let (fraction, zone) = split_fraction(rest);
    let days = days(number(&date[0..4])?, date[4..].strip_prefix(b"-")?)?;
    let [hour, minute, second] = [number(&time[0..2])?, number(&time[3..5])?, number(&time[6..8])?];
    if time[2] != b':' || time[5] != b':' || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000 + fraction)
}

fn split_fraction(text: &[u8]) -> (i64, &[u8]) {
    let [b'.' | b',', digits @ ..] = text else { return (0, text) };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    let place = |index: usize| digits[..end].get(index).map_or(0, |digit| i64::from(digit - b'0'));
    (place(0) * 100 + place(1) * 10 + place(2), &digits[end..])
}

/// Returns the days since 1970 of a year and `03-01`, by the Gregorian calendar.
fn days(year: i64, rest: &[u8]) -> Option<i64> {
    let (month, day) = (number(rest.get(0..2)?)?, number(rest.get(3..5)?)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if rest[2] != b'-' || !(1..=longest).contains(&day) {
        return None;
    }
    // Years that begin in March end with their leap day.
    let (shifted, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(365 * shifted + shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400) + of_year - 719_468)
}

/// Returns the seconds by which a zone is ahead.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, rest) = match zone {
        b"Z" | b"z" | b"" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let minutes = match rest.get(2..)? {
        b"" => 0,
        [b':', minutes @ ..] => number(minutes)?,
        minutes => number(minutes)?,
    };
    Some(sign * (number(rest.get(0..2)?)? * 3_600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.len() <= 4 && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::millis;

    #[test]
    fn moments_are_told_by_their_zone() {
        for (text, wanted) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-02-16T17:30:03.5Z", Some(1_771_263_003_500)),
            ("2026-02-16T17:30:03.123456+01:00", Some(1_771_259_403_123)),
            ("2026-02-16 17:30:03-0530", Some(1_771_282_803_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
            ("2023-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01", None),
            ("", None),
            ("yesterday at noon, or so", None),
        ] {
            assert_eq!(millis(text.as_bytes()), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_no_reason_to_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            millis(&text);
        }

        #[test]
        fn a_day_later_is_a_day_later(year in 1_i64..9_999, month in 1_i64..13, day in 1_i64..28) {
            let at = |day: i64| millis(format!("{year:04}-{month:02}-{day:02}T00:00:00Z").as_bytes()).unwrap();
            prop_assert_eq!(at(day + 1) - at(day), 86_400_000);
        }
    }
}
