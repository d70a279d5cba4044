//! One line of the results, and the bars it has to take.

use serde_json::{Value, json};

use super::samples::Samples;

/// What was measured, and against what.
pub(super) struct Row {
    pub(super) what: String,
    pub(super) samples: Samples,
    /// The median of a process that does nothing, for what is a process.
    noop: Option<f64>,
    /// What else is worth saying.
    pub(super) remark: String,
    pub(super) bars: Vec<Bar>,
}

/// A limit, and what was found.
pub(super) struct Bar {
    pub(super) what: &'static str,
    pub(super) found: f64,
    pub(super) limit: f64,
}

impl Bar {
    pub(super) fn is_met(&self) -> bool {
        self.found <= self.limit
    }

    fn json(&self) -> Value {
        json!({ "what": self.what, "found": self.found, "limit": self.limit, "is_met": self.is_met() })
    }
}

impl Row {
    pub(super) fn new(what: impl Into<String>, samples: Samples) -> Self {
        Self { what: what.into(), samples, noop: None, remark: String::new(), bars: Vec::new() }
    }

    /// Compares it with the median of a process that does nothing.
    pub(super) fn against(mut self, noop: f64) -> Self {
        self.noop = Some(noop);
        self
    }

    pub(super) fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = remark.into();
        self
    }

    pub(super) fn bar(mut self, what: &'static str, found: f64, limit: f64) -> Self {
        self.bars.push(Bar { what, found, limit });
        self
    }

    pub(super) fn times_noop(&self) -> Option<f64> {
        self.noop.map(|noop| self.samples.median() / noop)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "what": self.what,
            "rounds": self.samples.count(),
            "p50_us": self.samples.median(),
            "p99_us": self.samples.p99(),
            "times_noop": self.times_noop(),
            "remark": self.remark,
            "bars": self.bars.iter().map(Bar::json).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_up_to_its_limit() {
        let bar = |found| Bar { what: "ms", found, limit: 5.0 }.is_met();
        assert!(bar(5.0) && !bar(5.01) && !bar(f64::NAN));
    }

    #[test]
    fn medians_are_compared() {
        let of = |micros| Samples::of_micros(vec![micros]);
        assert_eq!(Row::new("x", of(30.0)).times_noop(), None);
        assert_eq!(Row::new("x", of(30.0)).against(10.0).times_noop(), Some(3.0));
    }
}
