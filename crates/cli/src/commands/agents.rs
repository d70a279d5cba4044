//! `rutter agents`

mod clean;
mod delete;
mod info;
mod list;
mod restore;
mod trash;

use std::time::Duration;

use clap::{Args, Subcommand};
use tracker::{DeletedView, Tracker};

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// Look after the conversations that agents keep on the disk
///
/// What is deleted here goes into a trash, and can be put back byte for byte. Nothing of an agent's files is deleted by any other command.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents list                     What is there, what was used last first\n  rutter agents delete ID                One, into the trash\n  rutter agents clean --older-than 90d   What nobody used for 90 days\n  rutter agents restore ID               And back, from the trash or the vault"
)]
pub(crate) struct AgentsArgs {
    #[command(subcommand)]
    command: AgentsCommand,
}

#[derive(Subcommand)]
enum AgentsCommand {
    List(list::ListArgs),
    Info(info::InfoArgs),
    Delete(delete::DeleteArgs),
    Clean(clean::CleanArgs),
    Restore(restore::RestoreArgs),
    Trash(trash::TrashArgs),
}

pub(super) fn agents(context: &Context, args: &AgentsArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    if !matches!(args.command, AgentsCommand::List(_) | AgentsCommand::Clean(_)) {
        context.refuse_project()?;
    }
    match &args.command {
        AgentsCommand::List(args) => list::list(context, args),
        AgentsCommand::Info(args) => info::info(context, args),
        AgentsCommand::Delete(args) => delete::delete(context, args),
        AgentsCommand::Clean(args) => clean::clean(context, args),
        AgentsCommand::Restore(args) => restore::restore(context, args),
        AgentsCommand::Trash(args) => trash::trash(context, args),
    }
}

/// Returns what time it was so long ago, in microseconds since 1970.
fn before(tracker: &Tracker, age: Duration) -> i64 {
    tracker.now().moment.micros().saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX))
}

/// Says what was deleted, or would be.
fn deleted(views: &[DeletedView], is_dry: bool, nothing: &str) -> Page {
    let mut page = Page::default();
    if views.is_empty() {
        return page.text(nothing).clone();
    }
    let (left, gone): (Vec<_>, Vec<_>) = views.iter().partition(|view| view.trouble.is_some());
    let bytes = megabytes(gone.iter().map(|view| view.size_bytes).sum());
    let what = format!("{}, {bytes}", counted(gone.len() as u64, "conversation"));
    page.text(if is_dry { format!("Would delete {what}") } else { format!("Deleted {what}; `rutter agents restore ID` puts one back") });
    page.texts(gone.iter().map(|view| format!("  {}  {}  {}", view.id, megabytes(view.size_bytes), view.directory.display())));
    page.texts(left.iter().map(|view| format!("Not deleted {}: {}", view.id, view.trouble.as_deref().unwrap_or_default())));
    page
}

/// Fails where something was not deleted.
fn all_deleted(views: &[DeletedView]) -> Result<(), Failure> {
    match views.iter().filter(|view| view.trouble.is_some()).count() as u64 {
        0 => Ok(()),
        left => Err(Failure::no(format!("{} not deleted", counted(left, "conversation")))
            .hint("put that right and try again; `rutter agents trash` shows what can be put back")),
    }
}
