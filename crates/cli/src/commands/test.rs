//! `rutter test`

use std::io::{IsTerminal, Read};

use clap::Args;
use tracker::{NewTest, NewWritten, TestRun, read_test_run};

use crate::arguments::{Written, lossy};
use crate::commands::{Context, write_down, write_down_as};
use crate::failure::Failure;

/// Write down what came of tests
#[derive(Args)]
#[command(
    after_help = "Examples:\n  cargo test 2>&1 | rutter test \"Unit tests\" --command \"cargo test\"   Read what the runner prints\n  rutter test \"Integration\" < junit.xml\n  rutter test \"By hand\" --passed 41 --failed 1                        Say the numbers\n\nRead are cargo test, nextest, pytest, jest, vitest, mocha, go test, TAP and JUnit XML. The output is passed on, so that it is seen as well."
)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    written: Written,
    /// How many passed
    #[arg(long, value_name = "N")]
    passed: Option<u32>,
    /// How many failed
    #[arg(long, value_name = "N")]
    failed: Option<u32>,
    /// How many were not run
    #[arg(long, value_name = "N")]
    skipped: Option<u32>,
    /// The command that ran them; the next session can run it again
    #[arg(long, value_name = "COMMAND", value_parser = lossy())]
    command: Option<String>,
    /// A test that failed (can be repeated)
    #[arg(long = "failure", value_name = "NAME", value_parser = lossy())]
    failures: Vec<String>,
}

/// More than this is read for its end, where runners sum up.
const LARGEST: u64 = 256 << 20;

pub(super) fn test(context: &Context, args: &TestArgs) -> Result<(), Failure> {
    if args.passed.is_none() && args.failed.is_none() {
        return of_runner(context, args);
    }
    let test = NewTest {
        passed: args.passed.unwrap_or(0),
        failed: args.failed.unwrap_or(0),
        skipped: args.skipped.unwrap_or(0),
        failures: args.failures.clone(),
        command: args.command.clone(),
        runner: None,
    };
    write_down(context, &args.written, NewWritten::Test(test))
}

/// Reads the output of a runner on stdin, passes it on to stderr, and writes down what came of it.
fn of_runner(context: &Context, args: &TestArgs) -> Result<(), Failure> {
    const HINT: &str = "pipe a runner's output in, as in `cargo test 2>&1 | rutter test \"unit tests\"`, or say `--passed 41 --failed 1`";
    if std::io::stdin().is_terminal() {
        return Err(Failure::wrong("nobody says how many tests passed or failed").hint(HINT));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes)?;
    let output = String::from_utf8_lossy(&bytes);
    context.ui.pass_on(&output);
    let run = read_test_run(&output).ok_or_else(|| Failure::wrong("no test runner that is known here printed this").hint(HINT))?;
    let TestRun { runner, passed, failed, skipped, failures } = run;
    let test = NewTest {
        passed,
        failed,
        skipped: args.skipped.unwrap_or(skipped),
        failures: failures.into_iter().chain(args.failures.iter().cloned()).collect(),
        command: args.command.clone(),
        runner: Some(runner),
    };
    let text = if args.written.is_stdin() { None } else { args.written.text()? };
    write_down_as(context, &args.written, text.unwrap_or_else(|| runner.to_owned()), NewWritten::Test(test))
}
