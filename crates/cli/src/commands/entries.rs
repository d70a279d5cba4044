//! `rutter entries`

use clap::Args;
use tracker::WantedEntries;
use tracker::session::EntryKind;

use crate::arguments::{self, lossy};
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout;

/// List what was written down in a session
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter entries                   Of the current session, in the order in which they were written\n  rutter entries 3 --kind decision Decisions of session 00003\n  rutter entries --open            Blockers and open points that still stand"
)]
pub(crate) struct EntriesArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// Only this kind: log, decision, test, blocker or todo (can be repeated)
    #[arg(long = "kind", value_name = "KIND", value_parser = arguments::entry_kind)]
    kinds: Vec<EntryKind>,
    /// Only blockers and open points that still stand
    #[arg(long)]
    open: bool,
}

pub(super) fn entries(context: &Context, args: &EntriesArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let wanted = WantedEntries { kinds: args.kinds.clone(), open: args.open };
        let (session, views) = tracker.entries(context.named(&args.named), &wanted)?;
        if views.is_empty() {
            context.ui.note(&format!("Nothing of the kind was written down in {}.", session.id));
            return Ok(());
        }
        context.ui.list(&views, || layout::entries(&session, &views))
    })
}
