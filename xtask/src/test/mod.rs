//! `cargo xtask test`: everything a change has to pass, in an order that finds the cheap mistakes first.
//!
//! | file | holds |
//! |---|---|
//! | `steps` | what is run |
//! | `client` | the agents that the end-to-end tests drive |
//! | `beside` | the managers of git hooks that the gate is tested beside |
//! | `tools` | the cargo subcommands it needs, and how they get here |
//! | `summary` | what is said at the end |

mod beside;
mod client;
mod steps;
mod summary;
mod tools;

use std::time::Instant;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;

use steps::{STEPS, Step};
use summary::Line;

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct TestArgs {
    /// Run only this step (can be repeated)
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.iter().map(|step| step.name)))]
    only: Vec<String>,
}

pub(crate) fn test(args: &TestArgs) -> Result<()> {
    let mut lines = Vec::new();
    let failure = chosen(&args.only).find_map(|step| timed(step, &mut lines).err());
    print!("\n{}", summary::table(&lines));
    failure.map_or(Ok(()), Err)
}

fn chosen(only: &[String]) -> impl Iterator<Item = &'static Step> {
    STEPS.iter().filter(move |step| only.is_empty() || only.iter().any(|name| name == step.name))
}

/// Runs one step and writes its line down, also when it fails.
fn timed(step: &Step, lines: &mut Vec<Line>) -> Result<()> {
    println!("\n=== {}: {}", step.name, step.what);
    let start = Instant::now();
    let outcome = (step.run)();
    let line = Line { step: step.name, took: start.elapsed(), verdict: summary::verdict(&outcome) };
    println!("=== {}", line.closing());
    lines.push(line);
    outcome.map(drop).with_context(|| format!("step `{0}` failed; repeat it alone with `cargo xtask test --only {0}`", step.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use steps::Outcome;

    #[test]
    fn without_a_choice_every_step_runs() {
        assert_eq!(chosen(&[]).count(), STEPS.len());
    }

    #[test]
    fn chosen_steps_keep_the_order_of_the_list() {
        let only = ["tidy".to_owned(), "fmt".to_owned()];
        let names: Vec<_> = chosen(&only).map(|step| step.name).collect();
        assert_eq!(names, ["fmt", "tidy"]);
    }

    #[test]
    fn a_failing_step_says_how_to_repeat_it_and_still_has_its_line() {
        let step = Step { name: "broken", what: "always", run: || anyhow::bail!("no luck") };
        let mut lines = Vec::new();
        let error = timed(&step, &mut lines).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `broken` failed; repeat it alone with `cargo xtask test --only broken`: no luck");
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_skipped_step_is_no_failure() {
        let step = Step { name: "shy", what: "never", run: || Ok(Outcome::Skipped("no network")) };
        assert!(timed(&step, &mut Vec::new()).is_ok());
    }
}
