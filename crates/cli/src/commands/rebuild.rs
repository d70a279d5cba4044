//! `rutter rebuild`

use clap::Args;
use serde_json::json;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Derive every row again from the events, and the files from the rows
///
/// Safe at any time. A damaged store is set aside, never deleted, and what can be read of it is taken over.
#[derive(Args)]
pub(crate) struct RebuildArgs {}

pub(super) fn rebuild(context: &Context, _args: &RebuildArgs) -> Result<(), Failure> {
    context.write(|tracker| {
        let report = tracker.rebuild()?;
        let rows = report.rows;
        let view = json!({
            "events": rows.events, "sessions": rows.sessions, "work_items": rows.work_items,
            "unreadable_events": rows.unreadable, "identical": rows.identical, "mirror": report.mirror,
        });
        context.ui.data(&view, || {
            let mut page = Page::default();
            let outcome = if rows.identical { "as they were" } else { "not as they were before" };
            page.text(format!("{} events make {} sessions and {} work items, {outcome}", rows.events, rows.sessions, rows.work_items));
            if rows.unreadable > 0 {
                page.text(format!("{} events do not read and were passed over; `rutter doctor` names them", rows.unreadable));
            }
            page.text(if report.mirror { "The files are written again" } else { "No files were written" });
            page
        })
    })
}
