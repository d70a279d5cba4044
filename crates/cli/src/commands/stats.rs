//! `rutter stats`

use clap::Args;
use serde_json::json;
use tracker::{OverviewView, StatsView};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::list::{FILTERS, FilterArgs};
use crate::failure::Failure;
use crate::layout;

/// Show the numbers of a session, or of many
///
/// Of the current session where none is named; with a filter or --all-projects, of all sessions that fit, by type, project and day.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter stats 3                         Session 00003 of this project\n  rutter stats --all-projects --since 7d  The last week, everywhere"
)]
pub(crate) struct StatsArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy(), conflicts_with_all = FILTERS)]
    named: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

pub(super) fn stats(context: &Context, args: &StatsArgs) -> Result<(), Failure> {
    let is_of_many = args.filter.is_narrow() || args.filter.all_projects;
    context.read(|tracker| {
        if is_of_many {
            context.refuse_named()?;
            let view = OverviewView::of(&tracker.overview(&args.filter.listing(tracker, None)?)?);
            return context.ui.data(&json!(view), || layout::overview(&view));
        }
        let session = tracker.stats(context.named(&args.named))?;
        let view = StatsView::of(tracker.whole_view(&session)?);
        context.ui.data(&json!(view), || layout::stats(&view))
    })
}
