//! `rutter get-id`

use clap::Args;
use tracker::{Found, MarkerView};

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Print which agent session a project has, as its marker says
///
/// Prints `unknown`, and exits 0, where no marker says so, or only one that is too old, does not read or is somebody else's. Stale and corrupt
/// markers of your own are removed. To know which session a conversation belongs to, ask `rutter current`: it needs no marker.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter get-id                        For the project of this directory\n  SESSION_ID=$(rutter get-id --quiet)  In a script, without notes\n\nSee also: store-id, cleanup-ids, and `rutter config marker.ttl`"
)]
pub(crate) struct GetIdArgs {}

pub(super) fn get_id(context: &Context, _args: &GetIdArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let (markers, project) = (context.markers(), context.marker_project()?);
    // Who has no answer is told why; the answer is `unknown` all the same.
    let found = markers.read(&project).inspect_err(|error| context.ui.note(&format!("note: {}", error.with_cause())));
    context.ui.notes(&markers.take_notes());
    let marker = if let Ok(Found::Marker(marker)) = found { Some(marker) } else { None };
    let view = MarkerView::of(&project, marker.as_ref());
    context.ui.data(&view, || {
        let mut page = Page::default();
        page.text(view.session_id.as_str());
        page
    })
}
