//! `rutter current`

use clap::Args;
use serde_json::json;
use tracker::Purpose;

use crate::commands::Context;
use crate::failure::Failure;
use crate::layout::{Banner, banner};
use crate::page::{Page, Role, Span, plain};

/// Show which session is current
///
/// On a terminal with its banner; captured, the bare id. Exits 1 when there is none. The current session is the one named with -s,
/// else by RUTTER_SESSION or CURRENT_SESSION, else that of the agent from whose shell this is called, else the one that runs in this
/// worktree, else the one started last. An agent is never given one in which another agent is at work.
#[derive(Args)]
pub(crate) struct CurrentArgs {
    /// Show where it was looked for and what was found there
    #[arg(long)]
    why: bool,
}

pub(super) fn current(context: &Context, args: &CurrentArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let trace = tracker.search(context.global.session.as_deref(), Purpose::Reading);
        if args.why {
            let steps: Vec<_> = trace.steps.iter().map(|step| json!({"looked": step.looked.to_string(), "found": step.found})).collect();
            let id = trace.answer.as_ref().ok().map(|session| session.id.to_string());
            let mut page = Page::default();
            for step in &trace.steps {
                page.text(format!("{}: {}", step.looked, step.found));
            }
            page.text(format!("So: {}", id.as_deref().unwrap_or("none")));
            context.ui.data(&json!({"id": id, "steps": steps}), || page)?;
            return trace.answer.map(drop).map_err(Failure::from);
        }
        let session = trace.answer?;
        context.ui.id(session.id.as_str(), &json!(tracker.view(&session)?), || {
            let mut page = Page::default();
            page.line([plain("Current Session: "), Span::Text(Role::Id, session.id.to_string())]).page(banner(&session, Banner::Full));
            page
        })
    })
}
