//! One snapshot for each captured output. A new version of a runner gets files of its own beside the old ones.

use tracker::read_test_run;

/// What is read, as lines.
fn read(output: &str) -> String {
    let Some(run) = read_test_run(output) else {
        return "no run".to_owned();
    };
    let summary = format!("{}: {} passed, {} failed, {} skipped", run.runner, run.passed, run.failed, run.skipped);
    run.failures.iter().fold(summary, |lines, name| format!("{lines}\n- {name}"))
}

/// Reads a captured output, also with the line ends of another system.
macro_rules! captured {
    ($file:literal) => {{
        let output = include_str!(concat!("fixtures/", $file));
        assert_eq!(read(&output.replace('\n', "\r\n")), read(output));
        read(output)
    }};
}

#[test]
fn cargo_test_is_read() {
    insta::assert_snapshot!(captured!("cargo-test-1.95-colour.txt"), @"cargo test: 1 passed, 0 failed, 0 skipped");
    insta::assert_snapshot!(captured!("cargo-test-1.95-not-built.txt"), @"no run");
    insta::assert_snapshot!(captured!("cargo-test-1.95-quiet.txt"), @"
    cargo test: 5 passed, 4 failed, 1 skipped
    - tests::deep::wrong_sum
    - tests::prints_and_fails
    - sometimes
    - src/lib.rs - add (line 7)
    ");
    insta::assert_snapshot!(captured!("cargo-test-1.95.txt"), @"
    cargo test: 5 passed, 4 failed, 1 skipped
    - tests::deep::wrong_sum
    - tests::prints_and_fails
    - sometimes
    - src/lib.rs - add (line 7)
    ");
}

#[test]
fn go_is_read() {
    insta::assert_snapshot!(captured!("go-1.19-cached.txt"), @"go test: 1 passed, 0 failed, 0 skipped");
    insta::assert_snapshot!(captured!("go-1.19-json.txt"), @"
    go test: 4 passed, 6 failed, 1 skipped
    - example.com/shop/broken
    - TestWrongSum
    - TestTable/two
    - TestTable
    - ExampleAdd
    - example.com/shop/panics
    ");
    insta::assert_snapshot!(captured!("go-1.19-verbose.txt"), @"
    go test: 4 passed, 6 failed, 1 skipped
    - example.com/shop/broken
    - TestWrongSum
    - TestTable
    - TestTable/two
    - ExampleAdd
    - example.com/shop/panics
    ");
    insta::assert_snapshot!(captured!("go-1.19.txt"), @"
    go test: 1 passed, 3 failed, 0 skipped
    - example.com/shop/broken
    - TestWrongSum
    - TestTable
    - TestTable/two
    - ExampleAdd
    - example.com/shop/panics
    ");
}

#[test]
fn jest_is_read() {
    insta::assert_snapshot!(captured!("jest-30.5.2-colour.txt"), @"
    jest: 1 passed, 2 failed, 2 skipped
    - cart › deep › nested › wrong sum
    - top level
    ");
    insta::assert_snapshot!(captured!("jest-30.5.2.txt"), @"
    jest: 1 passed, 3 failed, 2 skipped
    - cart › deep › nested › wrong sum
    - top level
    - j/broken.test.js
    ");
}

#[test]
fn reports_in_xml_are_read() {
    insta::assert_snapshot!(captured!("junit-node-20.20.2.xml"), @"
    JUnit XML: 2 passed, 2 failed, 2 skipped
    - test fails # hash
    - test inner bad
    ");
    insta::assert_snapshot!(captured!("junit-pytest-9.2.0.xml"), @r#"
    JUnit XML: 3 passed, 8 failed, 2 skipped
    - test_shop test_wrong_sum
    - test_shop test_words[two words]
    - test_shop test_words[a - b]
    - test_shop test_words[x]y]
    - test_shop test_words[\xfc]
    - test_shop test_with_broken
    - test_shop.TestCart test_empty
    - test_shop.TestCart test_sub
    "#);
    insta::assert_snapshot!(captured!("junit-vitest-4.1.12.xml"), @"
    JUnit XML: 2 passed, 3 failed, 2 skipped
    - broken.test.js
    - cart.test.js cart > deep > wrong > sum
    - cart.test.js top level
    ");
}

#[test]
fn mocha_is_read() {
    insta::assert_snapshot!(captured!("mocha-12.0.3.txt"), @"
    mocha: 1 passed, 2 failed, 2 skipped
    - top level
    - cart deep wrong > sum
    ");
}

#[test]
fn nextest_is_read() {
    insta::assert_snapshot!(captured!("nextest-0.9.143-colour.txt"), @"
    cargo nextest: 1 passed, 1 failed, 6 skipped
    - shop tests::deep::wrong_sum
    ");
    insta::assert_snapshot!(captured!("nextest-0.9.143-fail-fast.txt"), @"
    cargo nextest: 1 passed, 1 failed, 1 skipped
    - shop tests::deep::wrong_sum
    ");
    insta::assert_snapshot!(captured!("nextest-0.9.143-none.txt"), @"cargo nextest: 0 passed, 0 failed, 8 skipped");
    insta::assert_snapshot!(captured!("nextest-0.9.143-retries.txt"), @"
    cargo nextest: 4 passed, 3 failed, 1 skipped
    - shop tests::deep::wrong_sum
    - shop tests::prints_and_fails
    - shop::whole hangs
    ");
}

#[test]
fn pytest_is_read() {
    insta::assert_snapshot!(captured!("pytest-9.2.0-colour.txt"), @r#"
    pytest: 4 passed, 8 failed, 2 skipped
    - test_shop.py::test_wrong_sum
    - test_shop.py::test_words[two words]
    - test_shop.py::test_words[a - b]
    - test_shop.py::test_words[x]y]
    - test_shop.py::test_words[\xfc]
    - test_shop.py::TestCart::test_empty
    - test_shop.py::TestCart::test_sub
    - test_shop.py::test_with_broken
    "#);
    insta::assert_snapshot!(captured!("pytest-9.2.0-deselected.txt"), @"pytest: 0 passed, 0 failed, 0 skipped");
    insta::assert_snapshot!(captured!("pytest-9.2.0-not-collected.txt"), @"
    pytest: 0 passed, 1 failed, 0 skipped
    - test_broken.py
    ");
    insta::assert_snapshot!(captured!("pytest-9.2.0-quiet-all.txt"), @r#"
    pytest: 4 passed, 8 failed, 2 skipped
    - test_shop.py::test_with_broken
    - test_shop.py::test_wrong_sum
    - test_shop.py::test_words[two words]
    - test_shop.py::test_words[a - b]
    - test_shop.py::test_words[x]y]
    - test_shop.py::test_words[\xfc]
    - test_shop.py::TestCart::test_empty
    - test_shop.py::TestCart::test_sub
    "#);
    insta::assert_snapshot!(captured!("pytest-9.2.0-quiet.txt"), @"pytest: 1 passed, 0 failed, 0 skipped");
    insta::assert_snapshot!(captured!("pytest-9.2.0.txt"), @r#"
    pytest: 4 passed, 8 failed, 2 skipped
    - test_shop.py::test_wrong_sum
    - test_shop.py::test_words[two words]
    - test_shop.py::test_words[a - b]
    - test_shop.py::test_words[x]y]
    - test_shop.py::test_words[\xfc]
    - test_shop.py::TestCart::test_empty
    - test_shop.py::TestCart::test_sub
    - test_shop.py::test_with_broken
    "#);
}

#[test]
fn tap_is_read() {
    insta::assert_snapshot!(captured!("tap-mocha-12.0.3.txt"), @"
    TAP: 1 passed, 2 failed, 2 skipped
    - top level
    - cart deep wrong > sum
    ");
    insta::assert_snapshot!(captured!("tap-node-20.20.2.txt"), @r#"
    TAP: 2 passed, 2 failed, 2 skipped
    - fails \# hash
    - inner bad
    "#);
    insta::assert_snapshot!(captured!("tap-vitest-4.1.12.txt"), @"
    TAP: 2 passed, 3 failed, 2 skipped
    - broken.test.js
    - wrong > sum
    - top level
    ");
}

#[test]
fn vitest_is_read() {
    insta::assert_snapshot!(captured!("vitest-4.1.12-colour.txt"), @"
    vitest: 1 passed, 2 failed, 2 skipped
    - cart.test.js > cart > deep > wrong > sum
    - cart.test.js > top level
    ");
    insta::assert_snapshot!(captured!("vitest-4.1.12.txt"), @"
    vitest: 2 passed, 3 failed, 2 skipped
    - broken.test.js
    - cart.test.js > cart > deep > wrong > sum
    - cart.test.js > top level
    ");
}
