//! `rutter summary`

use clap::Args;
use serde_json::json;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout;

/// Show what was done, decided, tested, blocked, changed and spent in a session
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter summary                     The current session\n  rutter summary 3 --json | jq .files  What session 00003 changed"
)]
pub(crate) struct SummaryArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
}

pub(super) fn summary(context: &Context, args: &SummaryArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let view = tracker.summary(context.named(&args.named))?;
        context.ui.data(&json!(view), || layout::summary(&view))
    })
}
