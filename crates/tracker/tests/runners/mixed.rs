//! Outputs of several programs, outputs that are cut, and what tests print themselves.

use tracker::{SEVERAL, TestRun, read_test_run};

const CARGO: &str = include_str!("fixtures/cargo-test-1.95.txt");
const NEXTEST: &str = include_str!("fixtures/nextest-0.9.143-retries.txt");
const PYTEST: &str = include_str!("fixtures/pytest-9.2.0.txt");
const PYTEST_XML: &str = include_str!("fixtures/junit-pytest-9.2.0.xml");
const VITEST_XML: &str = include_str!("fixtures/junit-vitest-4.1.12.xml");

fn numbers(output: &str) -> Option<(&'static str, u32, u32, u32)> {
    read_test_run(output).map(|TestRun { runner, passed, failed, skipped, .. }| (runner, passed, failed, skipped))
}

fn check(output: &str, expected: (&'static str, u32, u32, u32)) {
    assert_eq!(numbers(output), Some(expected), "{output}");
}

#[test]
fn what_was_announced_and_never_told_did_not_pass() {
    check("1..5\nok 1 a\n", ("TAP", 1, 4, 0));
    check("1..5\nok 1 a\nBail out! db gone\n", ("TAP", 1, 1, 0));
    check("Test Suites: 1 failed, 1 passed, 2 total\nTests:       5 passed, 5 total\n", ("jest", 5, 1, 0));
}

#[test]
fn what_no_runner_printed_is_no_run() {
    let outputs = [
        "",
        "\n\n",
        "ok\n",
        "ok 1 - without a plan\n",
        "I have 3 failed attempts and 5 passed ones in mind\n",
        "3 failed in the end\n",
        "Tests: all of them, in total\n",
        "Tests  are good (5)\n",
        "FAIL\n",
        "--- FAIL: \n",
        "test result: none",
        "<testsuite name=\"broken off\"><testcase name=\"a\"/>",
        "the element <testsuite> is described below",
        "{\"Action\":\"pass\"}",
        "1 passing thought\n",
        "error: could not compile `shop` (lib) due to 1 previous error\n",
    ];
    for output in outputs {
        assert_eq!(numbers(output), None, "{output}");
    }
}

#[test]
fn runs_of_several_runners_are_added() {
    let run = read_test_run(&format!("{CARGO}\n$ pytest\n{PYTEST}")).unwrap();
    assert_eq!((run.runner, run.passed, run.failed, run.skipped), (SEVERAL, 9, 12, 3));
    assert_eq!(run.failures.first().unwrap(), "tests::deep::wrong_sum");
    assert_eq!(run.failures.last().unwrap(), "test_shop.py::test_with_broken");
}

#[test]
fn runs_of_one_runner_are_added() {
    check("3 passed in 0.10s\n= 1 failed, 2 passed in 0.20s =\n", ("pytest", 5, 1, 0));
    check("Tests: 1 passed, 1 total\nTests: 1 failed, 2 passed, 3 total\n", ("jest", 3, 1, 0));
}

#[test]
fn a_report_of_the_same_run_is_counted_once() {
    // A test whose sub-test fails passed for pytest and failed for its report.
    let printed = PYTEST.replace("3 passed", "2 passed");
    check(&format!("{printed}\n{PYTEST_XML}"), ("pytest", 3, 8, 2));
    check(&format!("{PYTEST}\n{VITEST_XML}"), (SEVERAL, 6, 11, 4));
}

#[test]
fn a_test_cannot_lie_about_its_own_run() {
    let lie = "test result: ok. 99 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
    assert!(CARGO.contains(lie));
    check(CARGO, ("cargo test", 5, 4, 1));
    assert!(NEXTEST.contains(lie));
    check(NEXTEST, ("cargo nextest", 4, 3, 1));
    let within = CARGO.replace(
        lie,
        "===== 99 passed in 1.00s =====\nTests: 7 passed, 7 total\nrunning 4 tests\n     1 passing (2ms)\nfailures:\n    none",
    );
    check(&within, ("cargo test", 5, 4, 1));
}

#[test]
fn doc_tests_after_nextest_are_runs_of_both() {
    check(
        &format!(
            "{NEXTEST}\n   Doc-tests shop\n\nrunning 1 test\n.\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s\n"
        ),
        (SEVERAL, 5, 3, 1),
    );
}

#[test]
fn the_end_of_an_output_is_enough() {
    for (output, lines, expected) in
        [(CARGO, 8, ("cargo test", 1, 1, 0)), (NEXTEST, 6, ("cargo nextest", 4, 3, 1)), (PYTEST, 1, ("pytest", 4, 8, 2))]
    {
        let all: Vec<&str> = output.lines().collect();
        check(&all[all.len() - lines..].join("\n"), expected);
    }
    check("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s", ("cargo test", 5, 0, 1));
}

#[test]
fn a_binary_that_died_is_a_failure() {
    check("running 3 tests\ntest a ... ok\nerror: test failed, to rerun pass `--lib`\n", ("cargo test", 1, 1, 0));
    check("running 3 tests\ntest a ... ok\n", ("cargo test", 1, 0, 0));
}

#[test]
fn suites_without_cases_are_believed() {
    check(
        r#"<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/><testsuite tests="2"/></testsuites>"#,
        ("JUnit XML", 4, 2, 1),
    );
    check(r#"<testsuite tests="9" failures="1"><testsuite tests="3"/></testsuite>"#, ("JUnit XML", 8, 1, 0));
    check("<testsuites/>", ("JUnit XML", 0, 0, 0));
}

#[test]
fn cases_are_believed_more_than_suites() {
    let report = r#"before <?xml version="1.0"?>
<!-- <testsuite> --><testsuites tests="99" failures="98">
<testsuite name="outer"><testsuite name="inner"><testcase classname="a.B" name="c &lt;d&gt; &#65; &own;"><failure><![CDATA[</testcase>
test result: ok. 9 passed; 0 failed; 0 ignored
]]></failure></testcase></testsuite><testcase name="e"><system-out>1..1
ok 1</system-out></testcase>
<testcase name="f"><error/></testcase><testcase name="g"><skipped/></testcase></testsuite>
</testsuites> after
"#;
    let run = read_test_run(&report.replace(" <testsuite> ", " ")).unwrap();
    assert_eq!((run.runner, run.passed, run.failed, run.skipped), ("JUnit XML", 1, 2, 1));
    assert_eq!(run.failures, ["a.B c &lt;d&gt; &#65; &own;", "f"]);
}

#[test]
fn names_are_kept_once_cut_and_counted() {
    let long = "ü".repeat(500);
    let mut output = format!("FAILED a.py::{long} - x\nFAILED a.py::b\nFAILED a.py::b\n");
    (0..500).for_each(|n| output.push_str(&format!("FAILED a.py::n{n}\n")));
    let run = read_test_run(&format!("{output}502 failed in 1.00s\n")).unwrap();
    assert_eq!(run.failures.len(), 200);
    assert_eq!(run.failures[0].chars().count(), 300);
    assert_eq!(run.failures[1..3], ["a.py::b", "a.py::n0"]);
}

#[test]
fn numbers_stop_at_the_greatest_there_is() {
    let most = u32::MAX;
    check("99999999999999999999999 failed, 4294967295 passed, 3 xpassed in 1.00s", ("pytest", most, most, 0));
    check("Tests: 4294967295 passed, 3 total\nTests: 1 passed, 3 total", ("jest", most, 0, 0));
}
