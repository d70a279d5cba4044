//! `rutter log`

use clap::Args;
use tracker::NewWritten;
use tracker::session::Category;

use crate::arguments::{self, Written};
use crate::commands::{Context, write_down};
use crate::failure::Failure;

/// Write down what was done
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter log \"Implemented Level 3 discovery\" -c implementation\n  rutter log \"Created connector.py\" -c implementation --at 13:45\n  rutter log - -c bugfix < notes.txt           The text from stdin"
)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    written: Written,
    /// What sort of work it was: implementation, testing, planning, bugfix, refactor or documentation
    #[arg(short, long, value_name = "CATEGORY", value_parser = arguments::category)]
    category: Option<Category>,
}

pub(super) fn log(context: &Context, args: &LogArgs) -> Result<(), Failure> {
    write_down(context, &args.written, NewWritten::Log { category: args.category })
}
