//! `rutter cleanup-ids`

use clap::Args;
use serde_json::json;
use tracker::parse_duration;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Remove markers of all projects that are too old or do not read
///
/// Prints how many. Only files of your own are removed that are called claude_session_*, or .rutter-marker-* where a command was killed
/// while it wrote one: no link, nothing of another user. Commands that write do this by themselves once in a while.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter cleanup-ids             What is older than the setting marker.ttl says (a day)\n  rutter cleanup-ids --ttl 1h    What is older than an hour\n\nSee also: store-id, get-id"
)]
pub(crate) struct CleanupIdsArgs {
    /// How old is too old: 24h, 90m, 7d (default: the setting marker.ttl)
    #[arg(long, value_name = "TIME", value_parser = lossy())]
    ttl: Option<String>,
}

pub(super) fn cleanup_ids(context: &Context, args: &CleanupIdsArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let markers = match &args.ttl {
        Some(ttl) => context.markers().with_ttl(parse_duration(ttl)?),
        None => context.markers(),
    };
    let cleaned = markers.clean()?;
    context.ui.notes(&markers.take_notes());
    context.ui.data(&json!({ "cleaned": cleaned }), || {
        let mut page = Page::default();
        page.text(cleaned.to_string());
        page
    })
}
