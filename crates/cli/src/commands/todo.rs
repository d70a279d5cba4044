//! `rutter todo`

use clap::Args;
use tracker::NewWritten;
use tracker::session::EntryKind;

use crate::arguments::{Written, lossy};
use crate::commands::{Context, settle, write_down};
use crate::failure::Failure;

/// Leave something for the next session, or say that it is done
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter todo \"Write the migration guide\"\n  rutter todo --done TODO-20260216-173105-K2N4\n  rutter entries --open                    What still stands"
)]
pub(crate) struct TodoArgs {
    #[command(flatten)]
    written: Written,
    /// Say that this is done; the text says how
    #[arg(long, value_name = "ENTRY", conflicts_with = "replaces", value_parser = lossy())]
    done: Option<String>,
    /// Take one up again that was settled; the text says why
    #[arg(long, value_name = "ENTRY", conflicts_with_all = ["replaces", "done"], value_parser = lossy())]
    reopen: Option<String>,
}

pub(super) fn todo(context: &Context, args: &TodoArgs) -> Result<(), Failure> {
    match (&args.done, &args.reopen) {
        (Some(entry), _) => settle(context, &args.written, EntryKind::Todo, entry, false),
        (None, Some(entry)) => settle(context, &args.written, EntryKind::Todo, entry, true),
        (None, None) => write_down(context, &args.written, NewWritten::Todo),
    }
}
