//! `rutter agents list`

use clap::Args;
use tracker::{AgentSessionView, ago};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// List the conversations that agents have on the disk, what was used last first
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents list\n  rutter agents list --owner ada      What was recorded as hers\n  rutter agents list --json           All of them, each with everything that is known"
)]
pub(crate) struct ListArgs {
    /// Only what was recorded as this owner's
    #[arg(long, value_name = "OWNER", value_parser = lossy())]
    owner: Option<String>,
    /// At most so many (default: 50, and all with --json)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// So many are shown to people who did not say how many.
const SHOWN: usize = 50;

pub(super) fn list(context: &Context, args: &ListArgs) -> Result<(), Failure> {
    let limit = args.limit.or((!context.global.json).then_some(SHOWN));
    context.read(|tracker| {
        let (views, all, troubles) = tracker.agent_sessions(args.owner.as_deref(), limit)?;
        context.ui.list(&views, || {
            let mut page = table(&views, |at| ago(at, tracker.clock()));
            if views.len() < all {
                page.text(format!("{} of {all}; `--limit N` shows more", views.len()));
            }
            page
        })?;
        troubles.iter().for_each(|trouble| context.ui.warn(&format!("could not look into {trouble}")));
        Ok(())
    })
}

fn table(views: &[AgentSessionView], ago: impl Fn(&str) -> String) -> Page {
    let mut page = Page::default();
    if views.is_empty() {
        page.text("No conversations of agents here");
        return page;
    }
    let heading = ["Agent session", "Used", "Size", "Turns", "Session", ""].map(str::to_owned).to_vec();
    let row = |view: &AgentSessionView| {
        vec![
            view.id.clone(),
            view.modified_at.as_deref().map_or_else(String::new, &ago),
            megabytes(view.size_bytes),
            view.turns.map_or_else(|| "?".to_owned(), |turns| turns.to_string()),
            view.session.clone().unwrap_or_default(),
            view.active.unwrap_or_default().to_owned(),
        ]
    };
    page.text(counted(views.len() as u64, "conversation"));
    page.table(&std::iter::once(heading).chain(views.iter().map(row)).collect::<Vec<_>>());
    page
}
