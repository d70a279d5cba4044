//! One answer against the other, figure by figure.

use std::fmt;

use serde_json::Value;

/// What came of comparing.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) equal: usize,
    pub(super) differences: Vec<Difference>,
}

/// A figure about which the two do not agree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) key: String,
    pub(super) truth: Value,
    pub(super) rutter: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, truth, rutter } = self;
        write!(to, "{key}: truth {truth}, rutter {rutter}")
    }
}

impl Verdict {
    /// Compares all figures of a value. What only one of the two tells is `null` for the other.
    pub(super) fn compare(&mut self, key: &str, truth: &Value, rutter: &Value) {
        match (truth, rutter) {
            (Value::Object(truth), Value::Object(rutter)) if !(truth.is_empty() && rutter.is_empty()) => {
                let only_there = rutter.keys().filter(|name| !truth.contains_key(*name));
                for name in truth.keys().chain(only_there) {
                    let of = |side: &serde_json::Map<_, _>| side.get(name).cloned().unwrap_or_default();
                    self.compare(&format!("{key}.{name}"), &of(truth), &of(rutter));
                }
            }
            (Value::Array(one), Value::Array(other)) if is_same_set(one, other) => self.equal += 1,
            _ if truth == rutter => self.equal += 1,
            _ => self.differences.push(Difference { key: key.to_owned(), truth: truth.clone(), rutter: rutter.clone() }),
        }
    }
}

/// Which of several names comes first is for nobody to say.
fn is_same_set(one: &[Value], other: &[Value]) -> bool {
    let sorted = |side: &[Value]| {
        let mut names: Vec<_> = side.iter().map(Value::to_string).collect();
        names.sort();
        names
    };
    sorted(one) == sorted(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(truth: Value, rutter: Value, equal: usize, differences: &[&str]) {
        let mut verdict = Verdict::default();
        verdict.compare("key", &truth, &rutter);
        assert_eq!(verdict.differences.iter().map(Difference::to_string).collect::<Vec<_>>(), differences);
        assert_eq!(verdict.equal, equal);
    }

    #[test]
    fn every_figure_is_compared() {
        check(json!(1), json!(1), 1, &[]);
        check(json!(1), json!("1"), 0, &[r#"key: truth 1, rutter "1""#]);
        check(json!({"Read": 1, "Edit": 2}), json!({"Edit": 3, "Read": 1}), 1, &["key.Edit: truth 2, rutter 3"]);
        check(json!({}), json!({}), 1, &[]);
    }

    #[test]
    fn what_only_one_tells_is_a_difference() {
        check(json!({"a": 1}), json!({"b": 2}), 0, &["key.a: truth 1, rutter null", "key.b: truth null, rutter 2"]);
        check(json!({}), json!({"b": 2}), 0, &["key.b: truth null, rutter 2"]);
        check(json!({"a": {"x": 1}}), json!({"a": {}}), 0, &["key.a.x: truth 1, rutter null"]);
    }

    #[test]
    fn names_are_compared_in_whatever_order_they_come() {
        check(json!(["a", "b"]), json!(["b", "a"]), 1, &[]);
        check(json!(["a", "b"]), json!(["a"]), 0, &[r#"key: truth ["a","b"], rutter ["a"]"#]);
        check(json!(["a", "a"]), json!(["a", "b"]), 0, &[r#"key: truth ["a","a"], rutter ["a","b"]"#]);
    }
}
