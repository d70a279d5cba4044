//! `rutter work`

use clap::{Args, Subcommand};
use serde_json::json;
use tracker::WorkItemView;
use tracker::session::{Prefix, WorkItem, WorkStatus};

use crate::arguments::{self, lossy};
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout;
use crate::page::{Page, Role, Span, plain};

/// Add, complete and list work items
#[derive(Args)]
#[command(
    after_help = "Examples:\n  WORK=$(rutter work add IMPL \"Check the token\")   Add one and keep its id\n  rutter work done $WORK                           Complete it\n  rutter work list                                 Those of the current session"
)]
pub(crate) struct WorkArgs {
    #[command(subcommand)]
    command: WorkCommand,
}

#[derive(Subcommand)]
enum WorkCommand {
    Add(AddArgs),
    Done(DoneArgs),
    List(ListArgs),
}

/// Add a work item and print its id
#[derive(Args)]
struct AddArgs {
    /// Its type: IMPL, TEST, FIX or any other
    #[arg(value_name = "TYPE", value_parser = arguments::prefix)]
    prefix: Prefix,
    /// What is to be done; `-` reads stdin
    #[arg(value_name = "TEXT", value_parser = lossy())]
    text: String,
    /// A name and a value to keep with it (can be repeated)
    #[arg(long = "meta", value_name = "K=V", value_parser = lossy())]
    metadata: Vec<String>,
    /// When it began: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Complete a work item, or give it another status
#[derive(Args)]
struct DoneArgs {
    /// The work item
    #[arg(value_name = "WORK_ID", value_parser = lossy())]
    work: String,
    /// Where it stands now: COMPLETED, FAILED, IN_PROGRESS or another word
    #[arg(long, value_name = "STATUS", default_value = "COMPLETED", value_parser = arguments::work_status)]
    status: WorkStatus,
    /// When it came to stand there: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// List a session's work items in the order in which they were added
#[derive(Args)]
struct ListArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
}

pub(super) fn work(context: &Context, args: &WorkArgs) -> Result<(), Failure> {
    match &args.command {
        WorkCommand::Add(args) => add(context, args),
        WorkCommand::Done(args) => done(context, args),
        WorkCommand::List(args) => list(context, args),
    }
}

fn add(context: &Context, args: &AddArgs) -> Result<(), Failure> {
    let text = arguments::text_or_stdin(&args.text)?;
    let metadata = arguments::pairs(&args.metadata)?;
    context.write(|tracker| {
        let at = arguments::at(args.at.as_deref(), tracker.clock())?;
        let item = tracker.add_work(context.global.session.as_deref(), &args.prefix, &text, &metadata, at)?;
        let view = tracker.work_view(&item)?;
        context.ui.data(&json!(view), || bare(&item))
    })
}

fn done(context: &Context, args: &DoneArgs) -> Result<(), Failure> {
    context.write(|tracker| {
        let at = arguments::at(args.at.as_deref(), tracker.clock())?;
        let item = tracker.mark_work(context.global.session.as_deref(), &args.work, &args.status, at)?;
        let view = tracker.work_view(&item)?;
        context.ui.data(&json!(view), || {
            let mut page = Page::default();
            page.line([Span::Text(Role::Id, view.id.clone()), plain(format!(" {}", view.status))]);
            page
        })
    })
}

fn list(context: &Context, args: &ListArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let (session, items) = tracker.list_work(context.named(&args.named))?;
        if items.is_empty() {
            context.ui.note(&format!("No work items in {} yet.", session.id));
            return Ok(());
        }
        let views: Vec<_> = items.iter().map(|item| WorkItemView::of(item, &session)).collect();
        context.ui.list(&views, || layout::work_items(&session, &items))
    })
}

fn bare(item: &WorkItem) -> Page {
    let mut page = Page::default();
    page.line([Span::Text(Role::Id, item.id.to_string())]);
    page
}
