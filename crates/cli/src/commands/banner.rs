//! `rutter banner`

use clap::Args;
use serde_json::json;
use tracker::Purpose;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout::{self, Banner};

/// Show a session's banner
#[derive(Args)]
pub(crate) struct BannerArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// Leave description and work items out
    #[arg(long)]
    short: bool,
}

pub(super) fn banner(context: &Context, args: &BannerArgs) -> Result<(), Failure> {
    let kind = if args.short { Banner::Short } else { Banner::Full };
    context.read(|tracker| {
        let session = tracker.resolve(context.named(&args.named), Purpose::Reading)?;
        context.ui.data(&json!(tracker.view(&session)?), || layout::banner(&session, kind))
    })
}
