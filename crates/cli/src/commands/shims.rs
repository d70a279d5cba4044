//! `rutter shims`

use clap::{Args, Subcommand};
use tracker::ShimView;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Put scripts in place for who already calls session-id-generator, session-start or session-tracker
///
/// Each keeps its name, verbs and flags, and is done by rutter. A script that is there is kept beside ours and comes back when ours goes; a
/// session-start.sh of your own is left alone.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter shims install\n  bash ~/.claude/memory/session-id-generator.sh create --description \"Bug fix\"\n  python3 shared/tools/session-tracker.py init --session 00003\n  rutter shims uninstall"
)]
pub(crate) struct ShimsArgs {
    #[command(subcommand)]
    command: ShimsCommand,
}

#[derive(Subcommand)]
enum ShimsCommand {
    /// Put the scripts in place: beside the session files, and in this repository
    Install {
        /// Also where there is no git repository
        #[arg(long)]
        everywhere: bool,
    },
    /// Remove them again
    Uninstall,
}

pub(super) fn shims(context: &Context, args: &ShimsArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let views = match args.command {
            ShimsCommand::Install { everywhere } => tracker.install_shims(&std::env::current_exe()?, everywhere)?,
            ShimsCommand::Uninstall => tracker.uninstall_shims()?,
        };
        context.ui.list(&views, || page(&views))
    })
}

fn page(views: &[ShimView]) -> Page {
    let mut page = Page::default();
    for view in views {
        let kept = view.kept.as_ref().map_or_else(String::new, |kept| format!("; what was there is kept as {}", kept.display()));
        page.text(format!("{}: {}{kept}", view.file.display(), view.outcome));
    }
    page
}
