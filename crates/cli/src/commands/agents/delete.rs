//! `rutter agents delete`

use clap::Args;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::agents::{all_deleted, deleted};
use crate::failure::Failure;

/// Move conversations into the trash, with all their files
///
/// Refuses one in which an agent runs, and one that its agent has in a database with others. Where one of several cannot be moved for such a reason,
/// none is.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents delete 0b1c2d3e-… --dry-run\n  rutter agents restore 0b1c2d3e-…            Puts it back"
)]
pub(crate) struct DeleteArgs {
    /// The agent sessions
    #[arg(value_name = "ID", required = true, value_parser = lossy())]
    ids: Vec<String>,
    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn delete(context: &Context, args: &DeleteArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let views = tracker.delete_agent_sessions(&args.ids, args.dry_run)?;
        context.ui.list(&views, || deleted(&views, args.dry_run, "Nothing to delete"))?;
        all_deleted(&views)
    })
}
