//! `rutter recover`

use clap::Args;
use serde_json::json;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::head::bare;
use crate::failure::Failure;
use crate::page::Page;

/// Print the agent session to resume instead of one that may be out of date
///
/// Itself where it can be resumed, here or on the machine that has its transcript, else the newest that continues it, else the newest of the
/// project. Which and why is said on stderr. Where nothing can be resumed, nothing is printed, and it exits 1.
#[derive(Args)]
#[command(after_help = "Examples:\n  ID=$(rutter recover \"$ID\") || ID=      What to resume; empty: begin afresh")]
pub(crate) struct RecoverArgs {
    /// The agent session
    #[arg(value_name = "AGENT_SESSION", value_parser = lossy())]
    id: String,
}

pub(super) fn recover(context: &Context, args: &RecoverArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let recovery = context.read(|tracker| Ok(tracker.recover(&args.id)?))?;
    let verdict = json!(recovery.verdict);
    let said = format!("{}: {}", verdict.as_str().unwrap_or_default(), recovery.reason);
    match &recovery.id {
        Some(id) => {
            context.ui.data(&json!(recovery), || bare(id))?;
            context.ui.note(&said);
            Ok(())
        }
        None => {
            if context.global.json {
                context.ui.data(&json!(recovery), Page::default)?;
            }
            Err(Failure::no(said))
        }
    }
}
