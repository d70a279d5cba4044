//! `rutter agents restore`

use clap::{Args, ValueEnum};
use tracker::{RestoreFrom, RestoredView, Restoring, parse_moment};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted};

/// Put a conversation back where its agent had it, from the trash or from the vault
///
/// With all its files, their bytes, and the time at which they were last written to; so the agent can resume it. A file that is there is never
/// written over. Everything is compared with what was put away; where anything is damaged, nothing is put back. Where the vault has several that
/// have the id and are not the same, `--entry` says which one is meant.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents restore 0b1c2d3e-…             From the trash, else from the vault\n  rutter agents restore 0b1c2d3e-… --touch     And keep the agent from deleting it as too old\n  rutter agents restore 0b1c2d3e-… --as-of 2026-03-01"
)]
pub(crate) struct RestoreArgs {
    /// The agent session
    #[arg(value_name = "ID", value_parser = lossy())]
    id: String,
    /// Take it from there, and from nowhere else
    #[arg(long, value_enum)]
    from: Option<Source>,
    /// From the vault, as it was copied at that time or before
    #[arg(long, value_name = "TIME", value_parser = lossy(), conflicts_with = "from")]
    as_of: Option<String>,
    /// Which one, where several have the id: from the trash what was deleted then, as `rutter agents trash` lists it, or the name of its directory;
    /// from the vault the name of what it keeps. Else what was deleted last
    #[arg(long, value_name = "TIME-OR-NAME", value_parser = lossy())]
    entry: Option<String>,
    /// As if it had been written to just now, and not when it was
    #[arg(long)]
    touch: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Source {
    /// What was deleted with rutter
    Trash,
    /// What was copied
    Vault,
}

/// So many files are named.
const SHOWN: usize = 10;

pub(super) fn restore(context: &Context, args: &RestoreArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let as_of = args.as_of.as_deref().map(|text| parse_moment(text, tracker.clock())).transpose()?;
        let from = args.from.map(|from| match from {
            Source::Trash => RestoreFrom::Trash,
            Source::Vault => RestoreFrom::Vault,
        });
        let how = Restoring { from, as_of: as_of.map(|at| at.moment.micros()), entry: args.entry.clone(), touch: args.touch };
        let view = tracker.restore(&args.id, &how)?;
        context.ui.data(&view, || page(&view))?;
        let (differing, left) = (view.differing.len() as u64, view.left.len() as u64);
        let failure = match (differing, left, &view.entry) {
            (0, 0, None) => return Ok(()),
            (0, 0, Some(_)) => Failure::no("something that is no file is in the trash still"),
            (0, left, _) => Failure::no(format!("{} not put back", counted(left, "file"))),
            (differing, ..) => Failure::no(format!("{} left alone: something else is there", counted(differing, "file"))),
        };
        Err(failure.hint(again(&view)))
    })
}

/// Says how to put back what was left alone, and not what was deleted after it.
fn again(view: &RestoredView) -> String {
    let id = &view.id;
    match &view.entry {
        Some(entry) => format!("move what is there away, and run `rutter agents restore {id} --entry {entry}`"),
        None => format!(
            "move what is there away, or delete it with `rutter agents delete {id}`, and run `rutter agents restore {id} --from vault`"
        ),
    }
}

fn page(view: &RestoredView) -> Page {
    let mut page = Page::default();
    let from = match view.from {
        RestoreFrom::Trash => "from the trash",
        RestoreFrom::Vault => "from the vault",
    };
    match view.restored.len() as u64 {
        0 => page.text(format!("Nothing to put back: {} of it there already", counted(view.there.len() as u64, "file"))),
        restored => page.text(format!("Put back {} {from}", counted(restored, "file"))),
    };
    page.texts(view.restored.iter().take(SHOWN).map(|path| format!("  {}", path.display())));
    if view.restored.len() > SHOWN {
        page.text(format!("  and {} more", view.restored.len() - SHOWN));
    }
    page.texts(view.differing.iter().map(|path| format!("Left alone {}", path.display())));
    page.texts(view.left.iter().map(|left| format!("Not put back {left}")));
    page
}
