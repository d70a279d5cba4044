//! Whatever is printed is data: nothing panics, nothing takes long.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use tracker::read_test_run;

const CAPTURED: [&str; 12] = [
    include_str!("fixtures/cargo-test-1.95.txt"),
    include_str!("fixtures/cargo-test-1.95-colour.txt"),
    include_str!("fixtures/nextest-0.9.143-retries.txt"),
    include_str!("fixtures/nextest-0.9.143-colour.txt"),
    include_str!("fixtures/pytest-9.2.0.txt"),
    include_str!("fixtures/jest-30.5.2.txt"),
    include_str!("fixtures/vitest-4.1.12-colour.txt"),
    include_str!("fixtures/mocha-12.0.3.txt"),
    include_str!("fixtures/go-1.19-verbose.txt"),
    include_str!("fixtures/go-1.19-json.txt"),
    include_str!("fixtures/tap-node-20.20.2.txt"),
    include_str!("fixtures/junit-vitest-4.1.12.xml"),
];

/// Some bytes of a captured output, wherever they begin and end.
fn piece() -> impl Strategy<Value = String> {
    (0..CAPTURED.len(), any::<prop::sample::Index>(), 0..400_usize).prop_map(|(which, start, length)| {
        let output = CAPTURED[which];
        let start = output.floor_char_boundary(start.index(output.len()));
        output[start..output.ceil_char_boundary(start.saturating_add(length))].to_owned()
    })
}

fn check(output: &str) {
    if let Some(run) = read_test_run(output) {
        assert!(run.failures.len() <= 200);
        assert!(run.failures.iter().all(|name| !name.is_empty() && name.chars().count() <= 300));
    }
}

proptest! {
    #[test]
    fn any_text_is_read(output in any::<String>()) {
        check(&output);
    }

    #[test]
    fn any_splice_of_outputs_is_read(pieces in prop::collection::vec(prop_oneof![4 => piece(), 1 => any::<String>()], 0..12)) {
        check(&pieces.concat());
    }
}

/// What makes a reader look far ahead, again and again.
const OPENERS: [&str; 24] = [
    "<testsuite><!--",
    "<testsuite>",
    "<testsuite a='",
    "<testsuite <",
    "<testsuite><![CDATA[",
    "<testsuites></",
    "<testsuite &",
    "\u{1b}]",
    "\u{1b}[",
    "\r",
    "test a ... ",
    "1 failed, ",
    "FAILED a::b[",
    "SUBFAILED( ",
    "  ● x\n",
    "FAILED a::b\n",
    "    ---\n",
    "not ok 1 {\n",
    "--- FAIL: T (",
    "=== RUN   T\n--- FAIL: T (0s)\n",
    "{\"Action\":\"fail\",",
    "running 1 test\nfailures:\n",
    "        FAIL [   0.2s] (2/7) shop a\n  TRY 2 PASS [   0.2s] (2/7) shop a\n",
    "  1 passing (1ms)\n  1 failing\n  1) a\n",
];

#[test]
fn a_megabyte_of_anything_takes_no_longer_than_a_megabyte() {
    for opener in OPENERS {
        let output = opener.repeat((1 << 20) / opener.len());
        let before = Instant::now();
        check(&output);
        check(&output.replace('\n', " "));
        // Generous: a slow machine takes a tenth of it, what looks at every byte for every byte takes minutes.
        assert!(before.elapsed() < Duration::from_secs(20), "{opener:?}");
    }
}

#[test]
fn of_an_output_without_end_the_end_is_read() {
    let mut output = "1 failed in 1.00s\n".to_owned();
    let line = format!("{}\n", "x".repeat(1 << 20));
    (0..65).for_each(|_| output.push_str(&line));
    output.push_str("2 passed in 1.00s\n");
    let run = read_test_run(&output).unwrap();
    assert_eq!((run.passed, run.failed), (2, 0));
}
