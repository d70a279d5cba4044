//! `rutter blocker`

use clap::Args;
use tracker::NewWritten;
use tracker::session::EntryKind;

use crate::arguments::{Written, lossy};
use crate::commands::{Context, settle, write_down};
use crate::failure::Failure;

/// Write down what is in the way, or that it no longer is
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter blocker \"No credentials for the staging database\"\n  rutter blocker --resolve BLOCKER-20260216-173105-K2N4 \"Ops sent them\"\n  rutter entries --open                    What still stands"
)]
pub(crate) struct BlockerArgs {
    #[command(flatten)]
    written: Written,
    /// Say that this blocker is out of the way; the text says how
    #[arg(long, value_name = "ENTRY", conflicts_with = "replaces", value_parser = lossy())]
    resolve: Option<String>,
    /// Take one up again that was settled; the text says why
    #[arg(long, value_name = "ENTRY", conflicts_with_all = ["replaces", "resolve"], value_parser = lossy())]
    reopen: Option<String>,
}

pub(super) fn blocker(context: &Context, args: &BlockerArgs) -> Result<(), Failure> {
    match (&args.resolve, &args.reopen) {
        (Some(entry), _) => settle(context, &args.written, EntryKind::Blocker, entry, false),
        (None, Some(entry)) => settle(context, &args.written, EntryKind::Blocker, entry, true),
        (None, None) => write_down(context, &args.written, NewWritten::Blocker),
    }
}
