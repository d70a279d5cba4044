//! Percentiles, and how the durations behind them are known.

use serde::{Serialize, Serializer};

use super::Took;

/// How durations are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// The agent measured all of them.
    Measured,
    /// All of them lie between two records, the time in which a person was asked among it.
    Between,
    /// Some are measured, some lie between.
    Mixed,
}

/// How long calls took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// In microseconds, the shortest first.
    sorted: Vec<u64>,
    measured: usize,
}

impl Durations {
    /// Returns those of some calls.
    pub(super) fn of(took: impl IntoIterator<Item = Took>) -> Self {
        let mut durations = Self::default();
        for each in took {
            durations.sorted.push(each.micros);
            durations.measured += usize::from(each.is_measured);
        }
        durations.sorted.sort_unstable();
        durations
    }

    /// Returns how many there are.
    pub fn count(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// Returns the duration, in seconds, that so many percent of the calls do not exceed: the nearest rank, so always that of one call.
    pub fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (percent * self.sorted.len()).div_ceil(100).max(1);
        self.sorted.get(rank - 1).map(|&micros| seconds(micros))
    }

    /// Returns the longest one, in seconds.
    pub fn longest(&self) -> Option<f64> {
        self.percentile(100)
    }

    /// Returns how they are known; none where there are none.
    pub fn known(&self) -> Option<Known> {
        match (self.measured, self.sorted.len()) {
            (_, 0) => None,
            (0, _) => Some(Known::Between),
            (measured, all) if measured == all => Some(Known::Measured),
            _ => Some(Known::Mixed),
        }
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

impl Serialize for Durations {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct View {
            timed: u64,
            p50_seconds: Option<f64>,
            p95_seconds: Option<f64>,
            longest_seconds: Option<f64>,
            durations: Option<Known>,
        }
        let view = View {
            timed: self.count(),
            p50_seconds: self.percentile(50),
            p95_seconds: self.percentile(95),
            longest_seconds: self.longest(),
            durations: self.known(),
        };
        view.serialize(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: impl IntoIterator<Item = u64>) -> Durations {
        Durations::of(seconds.into_iter().map(|each| Took { is_measured: true, micros: each * 1_000_000 }))
    }

    fn check(seconds: impl IntoIterator<Item = u64>, percent: usize, expected: Option<f64>) {
        assert_eq!(of(seconds).percentile(percent), expected);
    }

    #[test]
    fn a_percentile_is_the_duration_of_the_nearest_rank() {
        check([], 50, None);
        check([7], 50, Some(7.0));
        check([7], 95, Some(7.0));
        check([4, 1, 3, 2], 50, Some(2.0));
        check([5, 4, 1, 3, 2], 50, Some(3.0));
        check(1..=100, 50, Some(50.0));
        check(1..=100, 95, Some(95.0));
        check(1..=20, 95, Some(19.0));
        check(1..=19, 95, Some(19.0));
        check(1..=100, 100, Some(100.0));
    }

    #[test]
    fn how_durations_are_known_is_said_of_all_of_them() {
        let known = |measured: &[bool]| Durations::of(measured.iter().map(|&is_measured| Took { is_measured, micros: 1 })).known();
        assert_eq!(known(&[]), None);
        assert_eq!(known(&[true, true]), Some(Known::Measured));
        assert_eq!(known(&[false]), Some(Known::Between));
        assert_eq!(known(&[true, false]), Some(Known::Mixed));
    }
}
