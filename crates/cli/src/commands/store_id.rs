//! `rutter store-id`

use clap::Args;
use tracker::MarkerView;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Write down which agent session a project has, for other scripts
///
/// The id goes into a marker, a file of two lines that scripts look for: /tmp/claude_session_PROJECT. Hooks do this by themselves; this is
/// for scripts that know better. A marker is a hint. rutter itself asks one last, and only for an event that names no agent session.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter store-id \"$CLAUDE_CODE_SESSION_ID\"         For the project of this directory\n  rutter store-id 5f0c9d1e --project shop          For another one\n\nSee also: get-id, cleanup-ids, and `rutter config marker.directory`"
)]
pub(crate) struct StoreIdArgs {
    /// The agent's own id of its session
    #[arg(value_name = "ID")]
    id: String,
}

pub(super) fn store_id(context: &Context, args: &StoreIdArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let (markers, project) = (context.markers(), context.marker_project()?);
    let marker = markers.store(&args.id, &project)?;
    context.ui.data(&MarkerView::of(&project, Some(&marker)), || {
        let mut page = Page::default();
        page.text(marker.file.display().to_string());
        page
    })
}
