//! `rutter agents info`

use clap::Args;
use tracker::AgentSessionView;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// Show what is known of a conversation that an agent has on the disk
#[derive(Args)]
pub(crate) struct InfoArgs {
    /// The agent session
    #[arg(value_name = "ID", value_parser = lossy())]
    id: String,
}

pub(super) fn info(context: &Context, args: &InfoArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let view = tracker.agent_session(&args.id)?;
        context.ui.data(&view, || page(&view))
    })
}

fn page(view: &AgentSessionView) -> Page {
    let mut page = Page::default();
    let unknown = || "unknown".to_owned();
    page.text(format!("Agent session: {} ({})", view.id, view.agent));
    page.text(format!("Session:       {}", view.session.clone().unwrap_or_else(|| "none".to_owned())));
    page.text(format!("Owner:         {}", view.owner.clone().unwrap_or_else(unknown)));
    page.text(format!("Directory:     {}", view.cwd.clone().unwrap_or_else(unknown)));
    page.text(format!("Created:       {}", view.created_at.clone().unwrap_or_else(unknown)));
    page.text(format!("Modified:      {}", view.modified_at.clone().unwrap_or_else(unknown)));
    page.text(format!("Size:          {} in {}", megabytes(view.size_bytes), counted(view.files, "file")));
    page.text(format!("Turns:         {}", view.turns.map_or_else(unknown, |turns| turns.to_string())));
    page.text(format!("Models:        {}", if view.models.is_empty() { unknown() } else { view.models.join(", ") }));
    page.text(format!("Location:      {}", view.transcript.display()));
    if let Some(active) = view.active {
        page.text(format!("In use:        {active}"));
    }
    page
}
