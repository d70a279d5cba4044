//! Medians and percentiles. No means: one slow round must not colour all the others.

use std::time::Duration;

/// How long each round took, in microseconds, sorted.
pub(super) struct Samples(Vec<f64>);

impl Samples {
    /// Takes microseconds in any order.
    pub(super) fn of_micros(mut micros: Vec<f64>) -> Self {
        micros.sort_by(f64::total_cmp);
        Self(micros)
    }

    pub(super) fn of(rounds: &[Duration]) -> Self {
        Self::of_micros(rounds.iter().map(|round| round.as_secs_f64() * 1e6).collect())
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the middle, of an even number the mean of the two in the middle.
    pub(super) fn median(&self) -> f64 {
        match (self.0.len() / 2, self.0.len() % 2) {
            (0, 0) => f64::NAN,
            (half, 0) => f64::midpoint(self.0[half - 1], self.0[half]),
            (half, _) => self.0[half],
        }
    }

    /// Returns the least sample that 99 of 100 do not exceed; of fewer than a hundred, the greatest.
    pub(super) fn p99(&self) -> f64 {
        self.percentile(99)
    }

    /// Returns what 95 of 100 stay below.
    pub(super) fn p95(&self) -> f64 {
        self.percentile(95)
    }

    fn percentile(&self, of_hundred: usize) -> f64 {
        let rank = (self.0.len() * of_hundred).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(micros: Vec<f64>, median: f64, p99: f64) {
        let samples = Samples::of_micros(micros);
        assert_eq!((samples.median(), samples.p99()), (median, p99));
    }

    #[test]
    fn the_median_is_the_middle_in_whatever_order_they_came() {
        check(vec![3.0, 1.0, 2.0], 2.0, 3.0);
        check(vec![4.0, 1.0, 3.0, 2.0], 2.5, 4.0);
        check(vec![7.0], 7.0, 7.0);
    }

    #[test]
    fn one_in_a_hundred_is_above_p99() {
        check((1..=100).map(f64::from).collect(), 50.5, 99.0);
        check((1..=200).rev().map(f64::from).collect(), 100.5, 198.0);
        check((1..=99).map(f64::from).collect(), 50.0, 99.0);
    }

    #[test]
    fn nothing_has_no_median() {
        assert!(Samples::of(&[]).median().is_nan() && Samples::of(&[]).p99().is_nan());
    }

    #[test]
    fn durations_become_microseconds() {
        let samples = Samples::of(&[Duration::from_millis(2), Duration::from_nanos(1_500)]);
        assert_eq!((samples.median(), samples.count()), (1_000.75, 2));
    }
}
