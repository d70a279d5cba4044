//! `rutter transition`

use clap::Args;
use serde_json::json;
use tracker::session::quoted;
use tracker::{NewTransition, Outcome, Said};

use crate::arguments;
use crate::commands::Context;
use crate::commands::head::bare;
use crate::failure::Failure;
use crate::page::Page;

/// Record that an agent session follows another, and print the head
///
/// For workers that start agents themselves; what hooks report is recorded without it. The head moves only if it is the one that the
/// worker saw: OLD, or HEAD where that is another. Who saw none says so with an empty one; without either, nothing is compared. Who comes
/// too late is recorded as a side branch, and it exits 1. Said twice is done.
#[derive(Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  rutter transition abc123 --source build\n  rutter transition def456 --source metadata_generation --old abc123\n  rutter transition ghi789 --source compact --old def456 --version v2"
)]
pub(crate) struct TransitionArgs {
    /// The agent session that followed
    #[arg(value_name = "NEW")]
    new: String,
    /// What led to it: build, metadata_generation, compact, update or another word
    #[arg(long, value_name = "SOURCE", required = true)]
    source: String,
    /// The agent session that it continues; empty for none, a fresh one (default: none, and nothing is compared)
    #[arg(long, value_name = "OLD")]
    old: Option<String>,
    /// Of which version of the project it is; the head of the project moves along
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The head that was seen; empty for none (default: OLD, also an empty one; or none where there is none yet)
    #[arg(long, value_name = "HEAD")]
    expect: Option<String>,
    /// The agent (default: claude-code)
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// When it happened: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(super) fn transition(context: &Context, args: &TransitionArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    context.write(|tracker| {
        let new = NewTransition {
            agent: args.agent.clone(),
            new: args.new.clone(),
            old: args.old.clone(),
            expect: args.expect.clone(),
            source: args.source.clone(),
            version: args.version.clone(),
            at: arguments::at(args.at.as_deref(), tracker.clock())?,
        };
        let said = tracker.report_transition(&new)?;
        let view = json!({"outcome": word(said.outcome), "head": said.head, "transition": said.transition});
        context.ui.data(&view, || said.head.as_deref().map_or_else(Page::default, bare))?;
        match said.outcome {
            Outcome::Moved => Ok(()),
            Outcome::Known => {
                let head = said.head.as_deref().unwrap_or("none");
                context.ui.note(&format!("note: {} was reported already; the head is {head}", said.transition.new));
                Ok(())
            }
            Outcome::Lost => Err(lost(&said)),
        }
    })
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Moved => "moved",
        Outcome::Known => "known",
        Outcome::Lost => "lost",
    }
}

fn lost(said: &Said) -> Failure {
    let new = &said.transition.new;
    match &said.head {
        Some(head) => Failure::no(format!("somebody else had moved the head first: {new} is a side branch, the head is {head}"))
            .hint(format!("go on from the head, or move it all the same with `--expect {}`", quoted(head))),
        None => Failure::no(format!("there is no head, and one was expected: {new} is a side branch"))
            .hint("make it the head all the same with `--expect ''`"),
    }
}
