//! `rutter handoff`

use clap::Args;
use serde_json::json;
use tracker::HandoffView;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, plain};

/// Show what the next session must know, each claim held against what is there now
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter handoff               What the next session of this project is told\n  rutter handoff 3             Of session 00003\n  rutter handoff --write       Write archive/sessions/SESSION-00003-HANDOFF.md and the other documents\n  rutter handoff --received    What the agents of the current session were told, word for word\n\nAn agent that starts in the project is given this text; after a compaction it is given its own, after a clear only the name.\n`rutter config handoff.deliver false` stops that."
)]
pub(crate) struct HandoffArgs {
    /// The session (default: the current one, else the last one that ended here)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// Look at the worktree again, and write the session's documents
    #[arg(long, conflicts_with = "received")]
    write: bool,
    /// Show what the session's own agents were told of sessions before it
    #[arg(long)]
    received: bool,
}

pub(super) fn handoff(context: &Context, args: &HandoffArgs) -> Result<(), Failure> {
    let named = context.named(&args.named);
    if args.received {
        return received(context, named);
    }
    if args.write {
        return context.write(|tracker| {
            let (session, files) = tracker.write_handoff(named)?;
            if files.is_empty() {
                return Err(Failure::no(format!("no document of {} was written", session.id))
                    .hint("the note says why; `rutter config documents.mode` says whether any are to be"));
            }
            let files: Vec<_> = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
            context.ui.data(&json!({"session": session.id.to_string(), "files": files}), || {
                let mut page = Page::default();
                page.texts(files);
                page
            })
        });
    }
    context.read(|tracker| {
        let view = tracker.handoff(named)?;
        if !view.received.is_empty() {
            context.ui.note("note: this session was told of sessions before it; `--received` shows what");
        }
        context.ui.data(&json!(view), || page(&view))
    })
}

fn received(context: &Context, named: Option<&str>) -> Result<(), Failure> {
    context.read(|tracker| {
        let (session, received) = tracker.received(named)?;
        if received.is_empty() {
            context.ui.note(&format!("The agents of {} were told nothing of sessions before it.", session.id));
            return Ok(());
        }
        context.ui.list(&received, || {
            let mut page = Page::default();
            for each in &received {
                page.line([Span::Text(Role::Dim, format!("{}, to {}", each.at, each.agent_session))]);
                page.texts(each.text.lines());
            }
            page
        })
    })
}

/// Shows the words as they are told, checks in colours.
fn page(view: &HandoffView) -> Page {
    let mut page = Page::default();
    for line in view.text.lines() {
        match line.rsplit_once(" [") {
            Some((claim, check)) if line.starts_with("- ") => {
                let role = match check {
                    check if check.starts_with("verified") => Role::Good,
                    check if check.starts_with("CONTRADICTED") => Role::Bad,
                    _ => Role::Dim,
                };
                page.line([plain(format!("{claim} ")), Span::Text(role, format!("[{check}"))]);
            }
            _ => {
                let role = if line.starts_with("## ") { Role::Heading } else { Role::Plain };
                page.line([Span::Text(role, line.to_owned())]);
            }
        }
    }
    page
}
