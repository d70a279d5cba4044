//! `rutter uninstall`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tracker::HooksView;

use crate::commands::Context;
use crate::commands::install::ScopeArg;
use crate::failure::Failure;
use crate::page::Page;

/// Take the hooks out of an agent's settings again
///
/// Where nothing else changed since, the settings are what they were before, to the byte. Records stay.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter uninstall claude-code    Out of your settings\n  rutter uninstall --everything   Every trace of rutter but its records"
)]
pub(crate) struct UninstallArgs {
    /// The agent: claude-code
    #[arg(value_name = "AGENT", required_unless_present = "everything")]
    agent: Option<String>,
    /// Whose settings
    #[arg(long, value_enum, default_value_t, value_name = "SCOPE")]
    scope: ScopeArg,
    /// Take our block out of the project's CLAUDE.md and AGENTS.md instead
    #[arg(long, conflicts_with = "scope")]
    instructions: bool,
    /// Remove every trace of rutter from this machine but the records: hooks wherever they were put, configuration, programs
    #[arg(long, conflicts_with_all = ["agent", "scope", "instructions"])]
    everything: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn uninstall(context: &Context, args: &UninstallArgs) -> Result<(), Failure> {
    if args.everything {
        return everything(context, args.yes);
    }
    let agent = args.agent.as_deref().unwrap_or_default();
    // Undoing must work with a store that cannot be written.
    context.read(|tracker| {
        if args.instructions {
            let files = tracker.take_instructions_out()?;
            return context.ui.data(&json!({"agent": agent, "instructions": files}), || {
                let mut page = Page::default();
                page.texts(files.iter().map(|file| format!("{agent}: removed from {}", file.display())));
                page
            });
        }
        let view = tracker.uninstall_hooks(agent, args.scope.into())?;
        context.ui.data(&view, || line(&view))
    })
}

fn line(view: &HooksView) -> Page {
    let mut page = Page::default();
    page.text(format!("{}: {} in {}", view.agent, view.outcome, view.settings.display()));
    page
}

fn everything(context: &Context, is_sure: bool) -> Result<(), Failure> {
    let programs: Vec<PathBuf> = ["rutter-hook", "rutter"].into_iter().filter_map(hook::beside).collect();
    if !is_sure && !context.ui.ask("Remove rutter from this machine, and keep its records?", false) {
        return Err(Failure::wrong("nothing was removed").hint("run `rutter uninstall --everything --yes` to do so without being asked"));
    }
    context.read(|tracker| {
        let mut removed = Vec::new();
        let mut failed = Vec::new();
        for outcome in tracker.uninstall_all_hooks() {
            match outcome {
                Ok(view) if view.outcome == "removed" => removed.push(view.settings),
                Ok(_) => {}
                Err(error) => failed.push(error),
            }
        }
        if let Some(error) = failed.pop() {
            return Err(error.into());
        }
        let had_plugin = tracker.plugin().is_some();
        removed.extend(tracker.remove_traces());
        for program in &programs {
            if std::fs::remove_file(program).is_ok() {
                removed.push(program.clone());
            }
        }
        let kept: Vec<_> = [Some(tracker.config().home()?), tracker.config().mirror_root()].into_iter().flatten().collect();
        context.ui.data(&json!({"removed": removed, "kept": kept}), || {
            let mut page = Page::default();
            removed.iter().for_each(|path| {
                page.text(format!("Removed {}", path.display()));
            });
            kept.iter().for_each(|path| {
                page.text(format!("Kept    {}", path.display()));
            });
            if had_plugin {
                page.text("If the agent took the plugin in, let it forget: claude plugin uninstall rutter@rutter");
            }
            page
        })
    })
}
