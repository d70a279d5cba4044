//! `rutter test`

use clap::Args;
use tracker::{NewTest, NewWritten};

use crate::arguments::{Written, lossy};
use crate::commands::{Context, write_down};
use crate::failure::Failure;

/// Write down what came of tests
#[derive(Args)]
#[command(after_help = "Examples:\n  rutter test \"Unit tests of the connector\" --passed 41 --failed 1")]
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

pub(super) fn test(context: &Context, args: &TestArgs) -> Result<(), Failure> {
    if args.passed.is_none() && args.failed.is_none() {
        return Err(Failure::wrong("nobody says how many tests passed or failed")
            .hint("say it, as in `rutter test \"unit tests\" --passed 41 --failed 1`"));
    }
    let named = u32::try_from(args.failures.len()).unwrap_or(u32::MAX);
    let test = NewTest {
        passed: args.passed.unwrap_or(0),
        failed: args.failed.unwrap_or(0).max(named),
        skipped: args.skipped.unwrap_or(0),
        failures: args.failures.clone(),
        command: args.command.clone(),
        runner: None,
    };
    write_down(context, &args.written, NewWritten::Test(test))
}
