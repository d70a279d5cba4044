//! `rutter check`

use clap::Args;
use tracker::{GateMode, Objection};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, counted, plain};

/// Hold commits against the rules of the gate: the one that would be made now, or a range
///
/// Exits 1 where a rule is broken and the mode is strict; in the mode advise it says so and exits 0.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter check                          Would a commit pass now?\n  rutter check main..HEAD --mode strict   In CI: every commit of a branch\n  rutter check HEAD~5.. --json | jq .rule"
)]
pub(crate) struct CheckArgs {
    /// Commits, as git understands them: main..HEAD
    #[arg(value_name = "RANGE", value_parser = lossy(), allow_hyphen_values = false)]
    range: Option<String>,
    /// How strict to be, whatever is configured
    #[arg(long, value_enum, value_name = "MODE")]
    mode: Option<ModeArg>,
}

/// How strict to be.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ModeArg {
    /// Say nothing
    Off,
    /// Say what is missing
    Advise,
    /// Refuse
    Strict,
}

impl From<ModeArg> for GateMode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Off => Self::Off,
            ModeArg::Advise => Self::Advise,
            ModeArg::Strict => Self::Strict,
        }
    }
}

pub(super) fn check(context: &Context, args: &CheckArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let mode = args.mode.map_or_else(|| tracker.gate_mode(), GateMode::from);
        if mode == GateMode::Off {
            return Ok(());
        }
        let (objections, looked_at) = match &args.range {
            Some(range) => {
                let checked = tracker.check_range(range)?;
                let passed = if checked.passed_over > 0 { format!(", {} not asked", checked.passed_over) } else { String::new() };
                (checked.objections, format!("{}{passed}", counted(checked.commits, "commit")))
            }
            None => (tracker.check_now()?, "a commit made now".to_owned()),
        };
        context.ui.list(&objections, || page(&objections))?;
        if objections.is_empty() {
            context.ui.note(&format!("{looked_at}: nothing is missing."));
            return Ok(());
        }
        let words = format!("{looked_at}: {}", counted(objections.len() as u64, "objection"));
        if mode == GateMode::Strict {
            return Err(Failure::no(words));
        }
        context.ui.note(&format!("{words}; the mode is advise, so nothing is refused"));
        Ok(())
    })
}

fn page(objections: &[Objection]) -> Page {
    let mut page = Page::default();
    for objection in objections {
        let commit = objection.commit.as_deref().map_or_else(String::new, |commit| format!(" {}", commit.get(..10).unwrap_or(commit)));
        let subject = objection.subject.as_deref().map_or_else(String::new, |subject| format!(" {}", brief(subject)));
        page.line([
            Span::Text(Role::Bad, objection.rule.as_str().to_owned()),
            plain(format!("{commit}{subject}: {}", brief(&objection.reason))),
        ]);
        page.text(format!("  do: {}", objection.command));
    }
    page
}
