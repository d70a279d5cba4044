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

/// Says in a line what was used; a part that is a lower bound is said to be one.
fn used(usage: &serde_json::Value) -> String {
    let tokens = |class: &str| usage[class].as_u64().unwrap_or(0);
    let words = [("input", "input"), ("output", "output"), ("cache_write", "cache write"), ("cache_read", "cache read")];
    let parts: Vec<String> = words.iter().map(|(class, word)| format!("{} {word}", tokens(class))).collect();
    let cost = usage["cost_usd"].as_f64().map(|dollars| format!(", ${dollars:.2}")).unwrap_or_default();
    let at_least = if usage["at_least"] == true { "at least " } else { "" };
    format!("{at_least}{} tokens{cost}, {}", parts.join(", "), counted(tokens("responses"), "response"))
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
    if let Some(usage) = &view.usage {
        page.text(format!("Used:          {}", used(usage)));
    }
    page.text(format!("Models:        {}", if view.models.is_empty() { unknown() } else { view.models.join(", ") }));
    page.text(format!("Location:      {}", view.transcript.display()));
    if view.files == 0 {
        page.text("               in a database, with others: `vault` does not copy it, and only its agent deletes it");
    }
    if let Some(active) = view.active {
        page.text(format!("In use:        {active}"));
    }
    page
}
