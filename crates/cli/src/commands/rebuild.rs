//! `rutter rebuild`

use clap::Args;
use serde_json::json;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted};

/// Derive every row again from the events, and the files from the rows
///
/// Safe at any time. A damaged store is set aside, never deleted, and what can be read of it is taken over.
#[derive(Args)]
pub(crate) struct RebuildArgs {}

pub(super) fn rebuild(context: &Context, _args: &RebuildArgs) -> Result<(), Failure> {
    context.write(|tracker| {
        let report = tracker.rebuild(&mut context.ui.progress("Rebuilding"))?;
        let rows = report.rows;
        let view = json!({
            "events": rows.events, "sessions": rows.sessions, "work_items": rows.work_items,
            "unreadable_events": rows.unreadable, "identical": rows.identical, "mirror": report.mirror,
        });
        context.ui.data(&view, || {
            let mut page = Page::default();
            let outcome = if rows.identical { "as they were" } else { "not as they were before" };
            let (sessions, work) = (counted(rows.sessions, "session"), counted(rows.work_items, "work item"));
            page.text(format!("{}: {sessions} and {work}, {outcome}", counted(rows.events, "event")));
            if rows.unreadable > 0 {
                page.text(format!("Passed over: {} not readable; `rutter doctor` says more", counted(rows.unreadable, "event")));
            }
            page.text(if report.mirror { "The files are written again" } else { "No files were written" });
            page
        })
    })
}
