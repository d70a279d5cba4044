//! `rutter sync-status`

use clap::Args;
use serde_json::{Value, json};
use tracker::SyncStatus;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, plain};

/// Show whether all heads of this project are in step
///
/// Compares the heads of the project, its versions and its worktrees with what was recorded. A head is in step if it is what the recorded
/// transitions lead to, and the project's head was moved with it. All are, unless somebody changed the store past `rutter`; then it exits 1.
#[derive(Args)]
pub(crate) struct SyncStatusArgs {
    /// If anything is out of step, derive all rows again, of all projects, from what was recorded
    #[arg(long)]
    repair: bool,
}

pub(super) fn sync_status(context: &Context, args: &SyncStatusArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let status = if args.repair {
        context.write(|tracker| {
            let was_synced = is_synced(&tracker.sync_status()?);
            let status = tracker.repair_sync()?;
            context.ui.note(match (was_synced, is_synced(&status)) {
                (true, _) => "note: nothing was out of step",
                (false, true) => "note: derived again from what was recorded",
                (false, false) => "note: derived again from what was recorded, and still out of step",
            });
            Ok(status)
        })?
    } else {
        context.read(|tracker| Ok(tracker.sync_status()?))?
    };
    show(context, &status)?;
    match (is_synced(&status), args.repair) {
        (true, _) => Ok(()),
        (false, false) => Err(Failure::no("heads or transitions are not what was recorded").hint("run `rutter sync-status --repair`")),
        (false, true) => Err(Failure::no("heads or transitions are still not what was recorded").hint("run `rutter doctor`")),
    }
}

fn is_synced(status: &SyncStatus) -> bool {
    status.rate >= 1.0 && status.is_chain_intact
}

fn word(is_synced: bool) -> &'static str {
    if is_synced { "SYNCED" } else { "OUT_OF_SYNC" }
}

fn show(context: &Context, status: &SyncStatus) -> Result<(), Failure> {
    if context.global.json {
        let last = json!({"rate": status.rate, "chain": word(status.is_chain_intact)});
        let lines: Vec<Value> = status.rows.iter().map(|row| json!(row)).chain([last]).collect();
        return context.ui.list(&lines, Page::default);
    }
    if status.rows.is_empty() && is_synced(status) {
        context.ui.note("No heads here yet.");
        return Ok(());
    }
    context.ui.data(&(), || page(status))
}

fn page(status: &SyncStatus) -> Page {
    let mut page = Page::default();
    let cell = |id: &Option<String>| id.as_deref().map_or_else(|| "-".to_owned(), brief);
    let head = ["", "head of the project", "this head", "status"].map(str::to_owned).to_vec();
    let row = |row: &tracker::SyncRow| {
        let of = match (&row.version, &row.worktree) {
            (Some(version), _) => format!("version {}", brief(version)),
            (None, Some(worktree)) => format!("worktree {}", brief(worktree)),
            (None, None) => format!("project {}", brief(row.project.as_deref().unwrap_or_default())),
        };
        vec![of, cell(&row.project_session), cell(&row.version_session), row.status.to_owned()]
    };
    let rows: Vec<_> = std::iter::once(head).chain(status.rows.iter().map(row)).collect();
    page.table(&rows).gap();
    let role = if is_synced(status) { Role::Good } else { Role::Bad };
    page.line([plain("Rate: "), Span::Text(role, format!("{:.0}%", (status.rate * 100.0).floor()))]);
    let role = if status.is_chain_intact { Role::Good } else { Role::Bad };
    page.line([plain("Chain: "), Span::Text(role, word(status.is_chain_intact).to_owned())]);
    page
}
