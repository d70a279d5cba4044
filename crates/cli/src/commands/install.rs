//! `rutter install`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tracker::Scope;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Put the hooks into an agent's settings, so that it is recorded by itself
///
/// What is in the settings stays as it is; `rutter uninstall` gives the bytes back. Running agents notice within a second.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter install claude-code                   For all your projects\n  rutter install claude-code --scope project   For everybody in this project\n  rutter install claude-code --plugin          As a plugin, settings untouched\n  rutter install claude-code --instructions    A block in CLAUDE.md: when and how to record"
)]
pub(crate) struct InstallArgs {
    /// The agent: claude-code
    #[arg(value_name = "AGENT")]
    agent: String,
    /// Whose settings
    #[arg(long, value_enum, default_value_t, value_name = "SCOPE")]
    scope: ScopeArg,
    /// Write a plugin instead, with a skill and slash commands for recording, and say how the agent takes it in
    #[arg(long)]
    plugin: bool,
    /// Put a block into the project's CLAUDE.md or AGENTS.md that tells agents when and how to record; nothing else is changed
    #[arg(long, conflicts_with_all = ["plugin", "scope"])]
    instructions: bool,
}

/// Whose settings.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum ScopeArg {
    /// Yours, for every project
    #[default]
    User,
    /// The project's, shared with everybody who works in it
    Project,
    /// The project's on this machine alone
    Local,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::User => Self::User,
            ScopeArg::Project => Self::Project,
            ScopeArg::Local => Self::Local,
        }
    }
}

fn instructions(context: &Context, agent: &str) -> Result<(), Failure> {
    if !tracker::AGENTS.contains(&agent) {
        return Err(tracker::HooksError::UnknownAgent { name: agent.to_owned() }.into());
    }
    context.read(|tracker| {
        let file = tracker.put_instructions()?;
        context.ui.data(&json!({"agent": agent, "instructions": file}), || {
            let mut page = Page::default();
            page.text(format!("{agent}: told how to record in {}", file.display()));
            page.text(format!("To undo: rutter uninstall {agent} --instructions"));
            page
        })
    })
}

/// Returns the program that agents call: the small one beside this one, else this one.
pub(super) fn hook_program() -> Result<PathBuf, Failure> {
    hook::beside("rutter-hook").map_or_else(|| Ok(std::env::current_exe()?), Ok)
}

pub(super) fn install(context: &Context, args: &InstallArgs) -> Result<(), Failure> {
    let program = hook_program()?;
    if args.instructions {
        return instructions(context, &args.agent);
    }
    context.write(|tracker| {
        if args.plugin {
            let folder = tracker.write_plugin(&args.agent, &program)?;
            return context.ui.data(&json!({"agent": args.agent, "plugin": folder}), || {
                let mut page = Page::default();
                page.text(format!("The plugin is in {}. Let the agent take it in:", folder.display()));
                page.text(format!("  claude plugin marketplace add '{}'", folder.display()));
                page.text("  claude plugin install rutter@rutter");
                page
            });
        }
        let view = tracker.install_hooks(&args.agent, args.scope.into(), &program)?;
        context.ui.data(&view, || {
            let mut page = Page::default();
            page.text(format!("{}: {} in {}", view.agent, view.outcome, view.settings.display()));
            let scope = match args.scope {
                ScopeArg::User => "",
                ScopeArg::Project => " --scope project",
                ScopeArg::Local => " --scope local",
            };
            page.text(format!("To undo: rutter uninstall {}{scope}", view.agent));
            if matches!(args.scope, ScopeArg::Project) {
                page.text(format!(
                    "These settings are shared: others need {} at the same place. `--scope local` keeps them here.",
                    program.display()
                ));
            }
            page
        })
    })
}
