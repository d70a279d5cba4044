//! `rutter head`

use clap::Args;
use serde_json::json;
use tracker::HeadView;

use crate::arguments::{lossy, operand, session_operand};
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief};

/// Print the agent session to resume in this project
///
/// The one that was moved to last, whether or not a process runs it: at the first prompt after it began, whenever it was taken up again
/// (resumed, compacted, forked), or when a worker reported it. Later prompts move nothing. Exits 1 when there is none.
#[derive(Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  claude --resume \"$(rutter head)\"        Go on by hand; `rutter resume` does it for you\n  HEAD=$(rutter head --version v2)        What a worker on v2 has to continue"
)]
pub(crate) struct HeadArgs {
    /// The head of this version of the project
    #[arg(long, value_name = "VERSION", value_parser = lossy())]
    version: Option<String>,
}

pub(super) fn head(context: &Context, args: &HeadArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let view = context.read(|tracker| Ok(tracker.head(args.version.as_deref())?))?;
    let Some(id) = &view.head else { return none(context, args, &view) };
    context.ui.data(&json!(view), || bare(id))?;
    if let Some(reason) = view.reason.as_deref() {
        let hint = match view.machine.as_deref().filter(|_| view.is_elsewhere) {
            Some(machine) => format!("; run `rutter resume {}` on {}", session_operand(id), brief(machine)),
            None if view.fresh => format!("; run `rutter recover {}`", operand(id)),
            None => String::new(),
        };
        context.ui.warn(&format!("{id} cannot be resumed here: {reason}{hint}"));
    }
    Ok(())
}

fn none(context: &Context, args: &HeadArgs, view: &HeadView) -> Result<(), Failure> {
    if context.global.json {
        context.ui.data(&json!(view), Page::default)?;
    }
    let of = match (&args.version, &view.project) {
        (Some(version), _) => format!("version {version}"),
        (None, Some(project)) => project.clone(),
        (None, None) => "this directory".to_owned(),
    };
    let reason = view.reason.as_deref().unwrap_or("nothing was recorded");
    Err(Failure::no(format!("{of} has no head: {reason}")).hint("start an agent here, or run `rutter chain --all-projects`"))
}

/// Returns an agent session's id on a line of its own.
pub(super) fn bare(id: &str) -> Page {
    let mut page = Page::default();
    page.line([Span::Text(Role::Id, id.to_owned())]);
    page
}
