//! `rutter end`

use clap::Args;
use serde_json::json;
use tracker::StatsView;
use tracker::session::Status;

use crate::arguments::{self, lossy};
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout;

/// End a session, show its numbers and its summary, and write its documents
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter end                      The current session, as intended\n  rutter end 3 --status FAILED    Session 00003 of this project"
)]
pub(crate) struct EndArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// How it ended: COMPLETED, FAILED or ABANDONED
    #[arg(long, value_name = "STATUS", default_value = "COMPLETED", value_parser = arguments::ended_status)]
    status: Status,
    /// When it ended: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(super) fn end(context: &Context, args: &EndArgs) -> Result<(), Failure> {
    context.write(|tracker| {
        let at = arguments::at(args.at.as_deref(), tracker.clock())?;
        let session = tracker.end(context.named(&args.named), args.status, at)?;
        let view = StatsView::of(tracker.whole_view(&session)?);
        let summary = tracker.summary(Some(session.id.as_str()))?;
        context.ui.data(&json!(view), || {
            let mut page = layout::stats(&view);
            page.page(layout::summed_up(&summary));
            page
        })
    })
}
