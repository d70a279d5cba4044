//! Money, exactly: what is added up a hundred thousand times must not drift.

use std::iter::Sum;
use std::ops::Add;

/// An amount of money in 10⁻¹⁸ US dollars. A price for a million tokens has six digits, a multiplier six more, so no product is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u128);

/// Millionths: what prices and multipliers are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Millionths(pub(super) u64);

impl Cost {
    /// Returns dollars, for people and programs to read; never to be added up.
    #[expect(clippy::cast_precision_loss, reason = "fifteen digits of a sum of money are enough to read")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e18
    }

    /// Returns cents, rounded.
    pub fn cents(self) -> u128 {
        (self.0 + 5_000_000_000_000_000) / 10_000_000_000_000_000
    }

    /// Returns the amount of millionths of a dollar.
    pub fn from_micros(micros: u64) -> Self {
        Self(u128::from(micros) * 1_000_000_000_000)
    }

    /// Returns what tokens cost at a price for a million of them.
    pub(super) fn of_tokens(tokens: u64, for_a_million: Millionths) -> Self {
        Self(u128::from(tokens).saturating_mul(u128::from(for_a_million.0)).saturating_mul(1_000_000))
    }

    /// Returns what pieces cost at a price for a thousand of them.
    pub(super) fn of_pieces(pieces: u64, for_a_thousand: Millionths) -> Self {
        Self(u128::from(pieces).saturating_mul(u128::from(for_a_thousand.0)).saturating_mul(1_000_000_000))
    }

    /// Returns so many times what tokens cost. They are counted in 10⁻¹² dollars, so the last six digits are free for the product.
    pub(super) fn times(self, by: Millionths) -> Self {
        Self((self.0 / 1_000_000).saturating_mul(u128::from(by.0)))
    }

    /// Returns how much more this is than another amount, in dollars; less than nothing where it is less.
    pub fn dollars_above(self, other: Self) -> f64 {
        if self >= other { Self(self.0 - other.0).dollars() } else { -Self(other.0 - self.0).dollars() }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Self::add)
    }
}

impl Millionths {
    pub(super) const ONE: Self = Self(1_000_000);

    /// Reads a decimal number with at most six digits behind the point.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.replace('_', "");
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 6 || !is_digits(whole) || !is_digits(part) {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let part: u64 = format!("{part:0<6}").parse().ok()?;
        whole.checked_mul(1_000_000)?.checked_add(part).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_to_the_last_digit() {
        let read = |text| Millionths::read(text).map(|read| read.0);
        for (text, expected) in
            [("3", Some(3_000_000)), ("0.03", Some(30_000)), ("18.75", Some(18_750_000)), ("0.0000001", None), ("-1", None), ("1e3", None)]
        {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_tenth_of_a_cent_ten_thousand_times_is_ten_dollars() {
        let once = Cost::of_tokens(1_000, Millionths(1_000_000));
        assert_eq!(std::iter::repeat_n(once, 10_000).sum::<Cost>(), Cost::from_micros(10_000_000));
        assert_eq!(once.times(Millionths(500_000)).dollars(), 0.0005);
        assert_eq!(Cost::of_pieces(7, Millionths(10_000_000)), Cost::from_micros(70_000));
    }
}
