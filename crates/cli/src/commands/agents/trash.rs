//! `rutter agents trash`

use clap::Args;
use tracker::{TrashedView, parse_duration};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::agents::before;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// Show what is in the trash, or empty it
///
/// What has been there for longer than the setting trash.keep_days says goes for good with the next deletion.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents trash                            What can be put back\n  rutter agents trash --empty                    Delete all of it for good\n  rutter agents trash --empty --older-than 7d"
)]
pub(crate) struct TrashArgs {
    /// Delete for good what is in it
    #[arg(long)]
    empty: bool,
    /// Only what was deleted longer ago than that: 7d, 24h
    #[arg(long, value_name = "TIME", value_parser = lossy(), requires = "empty")]
    older_than: Option<String>,
}

pub(super) fn trash(context: &Context, args: &TrashArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        if args.empty {
            let age = args.older_than.as_deref().map(parse_duration).transpose()?.unwrap_or_default();
            let gone = tracker.empty_trash(before(tracker, age))?;
            return context.ui.list(&gone, || page(&gone, "Nothing was in the trash", "Gone "));
        }
        let trashed = tracker.trashed()?;
        context.ui.list(&trashed, || page(&trashed, "The trash is empty", ""))
    })
}

fn page(views: &[TrashedView], nothing: &str, word: &str) -> Page {
    let mut page = Page::default();
    if views.is_empty() {
        return page.text(nothing).clone();
    }
    let size = megabytes(views.iter().map(|view| view.size_bytes).sum());
    page.text(format!("{}, {size}", counted(views.len() as u64, "conversation")));
    page.texts(views.iter().map(|view| {
        let size = megabytes(view.size_bytes);
        format!("{word}{}  {}  {size}  {}  ({})", view.id, view.deleted_at, view.directory.display(), view.why)
    }));
    page
}
