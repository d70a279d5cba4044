//! `rutter reopen`

use clap::Args;
use serde_json::json;

use crate::arguments::{self, lossy};
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout::{Banner, banner};

/// Let an ended session go on and make it current
#[derive(Args)]
pub(crate) struct ReopenArgs {
    /// The session; it can be named with -s as well
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// When it went on: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(super) fn reopen(context: &Context, args: &ReopenArgs) -> Result<(), Failure> {
    context.write(|tracker| {
        let at = arguments::at(args.at.as_deref(), tracker.clock())?;
        let named =
            context.named(&args.named).ok_or_else(|| Failure::wrong("no session was named").hint("run `rutter list` to see the ids"))?;
        let session = tracker.reopen(named, at)?;
        context.ui.id(session.id.as_str(), &json!(tracker.view(&session)?), || banner(&session, Banner::Full))
    })
}
