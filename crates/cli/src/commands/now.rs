//! `rutter now`

use clap::Args;
use tracker::AgentView;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, plain};

/// Show every running agent: its session, what it does, whether it waits for you
#[derive(Args)]
pub(crate) struct NowArgs {}

pub(super) fn now(context: &Context, _args: &NowArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    context.read(|tracker| {
        let views = tracker.running_agents()?;
        if views.is_empty() {
            context.ui.note("No agent is running.");
            return Ok(());
        }
        context.ui.list(&views, || page(&views))
    })
}

fn page(views: &[AgentView]) -> Page {
    let mut page = Page::default();
    for view in views {
        let (icon, role) = match view.state {
            "working" => (Span::Icon("🔄", "[~]"), Role::Running),
            "waiting" => (Span::Icon("✋", "[?]"), Role::Bad),
            "done" => (Span::Icon("✅", "[x]"), Role::Good),
            _ => (Span::Icon("💤", "[-]"), Role::Dim),
        };
        let session = view.session.clone().unwrap_or_else(|| "(no session)".to_owned());
        let number = view.number.map_or_else(String::new, |number| format!(" #{number:05}"));
        page.line([icon, Span::Text(Role::Id, session), plain(format!("{number}  ")), Span::Text(role, view.state.to_owned())]);
        if let Some(what) = &view.what {
            page.text(format!("   {}", brief(what.lines().next().unwrap_or_default())));
        }
        if let Some(description) = &view.description {
            page.text(format!("   Session: {}", brief(description)));
        }
        let cwd = view.cwd.as_deref().map_or_else(String::new, |cwd| format!(" in {}", brief(cwd)));
        page.text(format!("   {} {}{cwd}", view.agent, view.pid));
    }
    page
}
