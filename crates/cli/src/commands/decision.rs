//! `rutter decision`

use clap::Args;
use tracker::NewWritten;

use crate::arguments::{Written, lossy};
use crate::commands::{Context, write_down};
use crate::failure::Failure;

/// Write down what was decided, and why
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter decision \"Use pathlib over os\" -r \"Better cross-platform support\"\n  rutter decision \"Keep SQLite\" -r \"One file, no server\" --alternative PostgreSQL --alternative \"flat files\""
)]
pub(crate) struct DecisionArgs {
    #[command(flatten)]
    written: Written,
    /// Why: a decision without a reason is refused
    #[arg(short, long, value_name = "WHY", allow_hyphen_values = true, value_parser = lossy())]
    rationale: Option<String>,
    /// What was decided against (can be repeated)
    #[arg(long = "alternative", value_name = "TEXT", allow_hyphen_values = true, value_parser = lossy())]
    alternatives: Vec<String>,
}

pub(super) fn decision(context: &Context, args: &DecisionArgs) -> Result<(), Failure> {
    let rationale = args.rationale.clone().unwrap_or_default();
    write_down(context, &args.written, NewWritten::Decision { rationale, alternatives: args.alternatives.clone() })
}
