//! `rutter agents clean`

use clap::Args;
use tracker::{Cleaning, parse_duration};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::agents::{all_deleted, before, deleted};
use crate::failure::Failure;

/// Move the conversations into the trash that nobody used for long
///
/// What is in use stays: the head of a project, a version or a worktree, what runs, what was written to in the last ten minutes. So does what its
/// agent has in a database: `opencode session delete ID` deletes that. Of all projects, unless `--project` names one.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter agents clean --dry-run\n  rutter agents clean --older-than 90d --owner ada\n  rutter agents clean --project demo --dry-run"
)]
pub(crate) struct CleanArgs {
    /// For how long nobody used it: 30d, 12h
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = lossy())]
    older_than: String,
    /// Only what was recorded as this owner's
    #[arg(long, value_name = "OWNER", value_parser = lossy())]
    owner: Option<String>,
    /// Only this agent's: claude-code, codex, gemini, opencode, copilot
    #[arg(long, value_name = "AGENT", value_parser = lossy())]
    agent: Option<String>,
    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn clean(context: &Context, args: &CleanArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let cleaning = Cleaning {
            before: before(tracker, parse_duration(&args.older_than)?),
            owner: args.owner.clone(),
            agent: args.agent.clone(),
            of_project: context.global.project.is_some(),
        };
        let views = tracker.clean_agent_sessions(&cleaning, args.dry_run)?;
        context.ui.list(&views, || deleted(&views, args.dry_run, "Nothing to clean up: all of it is recent or in use"))?;
        all_deleted(&views)
    })
}
