//! `rutter events`

use std::time::Duration;

use clap::Args;
use tracker::{EventView, WantedEvents, parse_since};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, plain};

/// Show what agents' hooks reported, event by event
///
/// Without a session, the events of this project. The newest ones are shown, oldest first.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter events --follow                    What happens, as it happens\n  rutter events 3 --json | jq .tool_name    The tools of session 3\n  rutter events --since 1h --all-projects   The last hour, everywhere"
)]
pub(crate) struct EventsArgs {
    /// The session (default: all of this project)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// Go on with what happens, until interrupted
    #[arg(short, long)]
    follow: bool,
    /// Also those of other projects
    #[arg(long)]
    all_projects: bool,
    /// Only those since then: 7d, 10 minutes ago, 2026-02-16
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show at most this many (default: 50, with --since or --json all)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// How long nothing is looked at while nothing happens.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn events(context: &Context, args: &EventsArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let since_micros = args.since.as_deref().map(|since| parse_since(since, tracker.clock())).transpose()?;
        let usual = if since_micros.is_some() || context.global.json { None } else { Some(50) };
        let session = context.named(&args.named).map(str::to_owned);
        let wanted = WantedEvents { session, all_projects: args.all_projects, since_micros, limit: args.limit.or(usual) };
        let (views, mut follower) = tracker.events(&wanted)?;
        if views.is_empty() && !args.follow {
            context.ui.note("No events here yet; `--all-projects` looks everywhere, `rutter doctor` whether hooks are installed.");
        }
        context.ui.list(&views, || page(&views))?;
        if !args.follow {
            return Ok(());
        }
        let mut said = Vec::new();
        loop {
            let views = tracker.more_events(&mut follower)?;
            let notes = tracker.take_notes();
            if !notes.is_empty() && notes != said {
                context.ui.notes(&notes);
                said = notes;
            }
            if views.is_empty() {
                std::thread::sleep(PAUSE);
            } else if !context.ui.list_while_read(&views, || page(&views))? {
                return Ok(());
            }
        }
    })
}

fn page(views: &[EventView]) -> Page {
    let mut page = Page::default();
    for view in views {
        // `2026-02-16T17:30:03.123456+01:00`: the time of day is what differs.
        let time = view.timestamp.get(11..19).unwrap_or(&view.timestamp);
        let session = view.session.as_deref().unwrap_or("unknown");
        page.line([
            Span::Text(Role::Dim, format!("{time} ")),
            Span::Text(Role::Id, session.to_owned()),
            plain(format!(" {:<18} {:<8} ", view.kind, view.tool_name.as_deref().unwrap_or(""))),
            plain(brief(view.about.as_deref().and_then(|about| about.lines().next()).unwrap_or_default())),
        ]);
    }
    page
}
