//! `rutter git`

use clap::{Args, Subcommand};
use tracker::HookView;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Put rutter's lines into the repository's git hooks, or take them out again
///
/// Each commit then gets a trailer `Session: ID`, and is held against the rules of the gate: it names its session, something was written
/// down since the last commit, decisions have reasons, no blocker is open. Hooks that are there go on running, also those of husky,
/// lefthook and pre-commit.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter git install                 Into the hooks of this repository\n  rutter config gate.mode strict     Refuse commits that break a rule (default: advise)\n  RUTTER_GATE=off git commit ...     One commit, unasked\n  rutter git uninstall               What was there before us is there again, to the byte"
)]
pub(crate) struct GitArgs {
    #[command(subcommand)]
    command: GitCommand,
}

#[derive(Subcommand)]
enum GitCommand {
    /// Put our lines into the hooks `prepare-commit-msg` and `commit-msg`
    Install,
    /// Take them out again
    Uninstall,
}

pub(super) fn git(context: &Context, args: &GitArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let views = match args.command {
            GitCommand::Install => tracker.install_git_hooks(&std::env::current_exe()?)?,
            GitCommand::Uninstall => tracker.uninstall_git_hooks()?,
        };
        context.ui.list(&views, || page(&views))
    })
}

fn page(views: &[HookView]) -> Page {
    let mut page = Page::default();
    page.texts(views.iter().map(|view| format!("{}: {} ({})", view.hook, view.outcome.as_str(), view.file.display())));
    page
}
