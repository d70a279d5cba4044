//! `rutter agents list`

use clap::Args;
use tracker::{AgentSessionView, Choice, Listed, ago};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// List the conversations that agents have on the disk, what was used last first
///
/// Of all projects, unless `--project` names one: what was recorded in it, and what was not recorded and worked in its directory or its worktrees.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents list\n  rutter agents list --owner ada      What was recorded as hers\n  rutter agents list --agent codex\n  rutter agents list --json           All of them, each with everything that is known"
)]
pub(crate) struct ListArgs {
    /// Only what was recorded as this owner's
    #[arg(long, value_name = "OWNER", value_parser = lossy())]
    owner: Option<String>,
    /// Only this agent's: claude-code, codex, gemini, opencode, copilot
    #[arg(long, value_name = "AGENT", value_parser = lossy())]
    agent: Option<String>,
    /// At most so many (default: 50, and all with --json)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// So many are shown to people who did not say how many.
const SHOWN: usize = 50;

pub(super) fn list(context: &Context, args: &ListArgs) -> Result<(), Failure> {
    let limit = args.limit.or((!context.global.json).then_some(SHOWN));
    let choice = Choice { owner: args.owner.clone(), agent: args.agent.clone(), of_project: context.global.project.is_some(), limit };
    context.read(|tracker| {
        let Listed { views, all, size_bytes, troubles } = tracker.agent_sessions(&choice)?;
        context.ui.list(&views, || {
            let mut page = table(&views, all, size_bytes, |at| ago(at, tracker.clock()));
            if views.len() < all {
                page.text(format!("{} of {all}; `--limit N` shows more", views.len()));
            }
            page
        })?;
        troubles.iter().for_each(|trouble| context.ui.warn(&format!("could not look into {trouble}")));
        Ok(())
    })
}

fn table(views: &[AgentSessionView], all: usize, size: u64, ago: impl Fn(&str) -> String) -> Page {
    let mut page = Page::default();
    if views.is_empty() {
        page.text("No conversations of agents here");
        return page;
    }
    let heading = ["Agent session", "Agent", "Used", "Size", "Turns", "Session", ""].map(str::to_owned).to_vec();
    let row = |view: &AgentSessionView| {
        vec![
            view.id.clone(),
            view.agent.to_owned(),
            view.modified_at.as_deref().map_or_else(String::new, &ago),
            megabytes(view.size_bytes),
            view.turns.map_or_else(|| "?".to_owned(), |turns| turns.to_string()),
            view.session.clone().unwrap_or_default(),
            view.active.unwrap_or_default().to_owned(),
        ]
    };
    page.text(format!("{}, {}", counted(all as u64, "conversation"), megabytes(size)));
    page.table(&std::iter::once(heading).chain(views.iter().map(row)).collect::<Vec<_>>());
    page
}
