//! `rutter stats`

use clap::Args;
use serde_json::json;
use tracker::{OverviewView, StatsView};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::list::{FILTERS, FilterArgs, say_there_is_none};
use crate::failure::Failure;
use crate::group_page::{self, By};
use crate::layout;

/// Show the numbers of a session, or of many
///
/// Of the current session where none is named; with a filter or --all-projects, of all sessions that fit, by type, project and day. With --by, one row for
/// each group of them: work, time, tool calls, tokens and what they cost, as far as that is known.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter stats 3                         Session 00003 of this project\n  rutter stats --all-projects --since 7d  The last week, everywhere\n  rutter stats --by branch               One row for each branch"
)]
pub(crate) struct StatsArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy(), conflicts_with_all = FILTERS, conflicts_with = "by")]
    named: Option<String>,
    /// Count sessions in groups; one that is in several is counted in each, and once in the total
    #[arg(long, value_enum, value_name = "GROUP")]
    by: Option<By>,
    #[command(flatten)]
    filter: FilterArgs,
}

pub(super) fn stats(context: &Context, args: &StatsArgs) -> Result<(), Failure> {
    if let Some(by) = args.by {
        return in_groups(context, args, by);
    }
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

fn in_groups(context: &Context, args: &StatsArgs, by: By) -> Result<(), Failure> {
    context.refuse_named()?;
    context.read(|tracker| {
        let listing = args.filter.listing(tracker, None)?;
        let (rows, grouped) = tracker.group_stats(&listing, by.kind(), &mut context.ui.progress_of_bytes("Reading"))?;
        if grouped.sessions == 0 {
            say_there_is_none(context, &args.filter);
            return Ok(());
        }
        context.ui.list(&rows, || group_page::table(&rows, grouped.by))?;
        group_page::in_several(&grouped).iter().for_each(|words| context.ui.note(words));
        Ok(())
    })
}
