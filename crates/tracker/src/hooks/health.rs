//! What `doctor` says of hooks: what is registered where, whether it fires, what it costs, what was lost and why.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use inbox::Losses;
use store::StoreError;

use crate::doctor::{Finding, Severity};
use crate::install::{self, FoundHooks};
use crate::note::counted;
use crate::{AGENTS, Tracker};

/// How often the hook is called to find out what a call costs.
const CALLS: usize = 9;

impl Tracker {
    /// Looks at everything about hooks.
    pub(crate) fn look_at_hooks(&self) -> Result<Vec<Finding>, StoreError> {
        let hooks = self.find_hooks();
        let mut findings = vec![self.look_at_registration(&hooks)];
        findings.extend(self.look_at_firing(&hooks)?);
        findings.extend(look_at_cost(&hooks));
        findings.extend(self.look_at_pause());
        findings.push(self.look_at_inbox()?);
        findings.push(self.look_at_losses()?);
        Ok(findings)
    }

    fn look_at_registration(&self, hooks: &[FoundHooks]) -> Finding {
        let agent = AGENTS[0];
        let mut places = Vec::new();
        for hooks in hooks {
            let settings = hooks.settings.display();
            match &hooks.found {
                Err(error) => return Finding::new("hooks", Severity::Warning, error.clone()),
                Ok(found) if found.handlers.is_empty() => {}
                Ok(found) => {
                    if let Some(trouble) = install::trouble(found) {
                        return Finding::new("hooks", Severity::Problem, format!("{settings}: {trouble}"))
                            .hint(format!("rutter install {agent}"));
                    }
                    let events: usize = found.handlers.iter().map(|handler| handler.events.len()).sum();
                    places.push(format!("{agent}: {events} events in {settings}"));
                    if let Some(missing) = found.missing.first() {
                        let found = format!("{settings} has no hook for {missing} and {} more", found.missing.len() - 1);
                        return Finding::new("hooks", Severity::Warning, found).hint(format!("rutter install {agent}"));
                    }
                }
            }
        }
        if !places.is_empty() {
            return Finding::ok("hooks", places.join("; "));
        }
        if let Some(plugin) = self.plugin() {
            let found = format!("{agent}: written as a plugin in {}; `claude plugin list` says whether it was taken in", plugin.display());
            return Finding::ok("hooks", found);
        }
        if self.is_agent_here(agent) {
            return Finding::new("hooks", Severity::Warning, format!("{agent} is used here, and none are installed"))
                .hint(format!("rutter install {agent}"));
        }
        Finding::ok("hooks", "none are installed, and no agent was found")
    }

    fn look_at_firing(&self, hooks: &[FoundHooks]) -> Result<Option<Finding>, StoreError> {
        let are_installed = hooks.iter().any(|hooks| hooks.found.as_ref().is_ok_and(|found| !found.handlers.is_empty()));
        let newest = self.store.reads().log_of_conversations_before(i64::MAX, 1)?.pop();
        Ok(match newest {
            Some(recorded) => Some(Finding::ok("hook events", format!("the last one came at {}", recorded.event.at.moment))),
            None if are_installed => Some(
                Finding::new("hook events", Severity::Warning, "hooks are installed, and none has fired yet")
                    .hint("use the agent once; if nothing comes, look whether its hooks are switched off"),
            ),
            None => None,
        })
    }

    fn look_at_pause(&self) -> Option<Finding> {
        let until = self.paused_until()?;
        let until = session::Moment::from_micros(until, 0).map_or_else(|_| "somebody ends it".to_owned(), |until| until.to_string());
        Some(Finding::new("pause", Severity::Warning, format!("hooks record nothing until {until}")).hint("rutter pause --end"))
    }

    fn look_at_inbox(&self) -> Result<Finding, StoreError> {
        let (waiting, positions) = (self.waiting()?, self.store.reads().inbox_positions()?);
        let sum = |number: fn(&store::InboxPosition) -> u64| positions.iter().map(|(_, position)| number(position)).sum::<u64>();
        let words = format!(
            "{} taken in, {} waiting, {} said twice",
            counted(sum(|position| position.events), "event"),
            counted(waiting.bytes, "byte"),
            sum(|position| position.repeated)
        );
        Ok(Finding::ok("inbox", words))
    }

    fn look_at_losses(&self) -> Result<Finding, StoreError> {
        let Losses(losses) = self.inbox().losses();
        let positions = self.store.reads().inbox_positions()?;
        let sum = |number: fn(&store::InboxPosition) -> u64| positions.iter().map(|(_, position)| number(position)).sum::<u64>();
        let (torn, strange) = (sum(|position| position.torn), sum(|position| position.strange));
        let unknown = self.store.reads().count_events("unknown")?;
        let mut words: Vec<_> =
            losses.iter().map(|(loss, count)| format!("{}, because {}", counted(*count, "event"), loss.in_words())).collect();
        words.extend((torn > 0).then(|| format!("{} torn", counted(torn, "record"))));
        words.extend((strange > 0).then(|| format!("{} that no agent known here wrote", counted(strange, "record"))));
        let kept =
            if unknown > 0 { format!("; {} of a kind that is not known here, kept", counted(unknown, "event")) } else { String::new() };
        let is_full = losses.iter().any(|(loss, _)| matches!(loss, inbox::Loss::Full | inbox::Loss::Refused));
        let hint = if is_full {
            "make room, or let it be written; what was lost is in the agent's transcript"
        } else {
            "nothing to do: what was lost is in the agent's transcript"
        };
        Ok(if words.is_empty() {
            Finding::ok("losses", format!("nothing that a hook reported was lost{kept}"))
        } else {
            Finding::new("losses", Severity::Warning, format!("lost: {}{kept}", words.join("; "))).hint(hint)
        })
    }
}

/// Calls our own hook a few times with a payload that it does not record, and says what a call costs. Only the program beside this one:
/// what a project's settings name may be anybody's.
fn look_at_cost(hooks: &[FoundHooks]) -> Option<Finding> {
    let own = std::env::current_exe().ok()?.with_file_name("rutter-hook");
    let handlers = hooks.iter().filter_map(|hooks| hooks.found.as_ref().ok()).flat_map(|found| &found.handlers);
    let is_ours = |command: &str| std::fs::canonicalize(command).ok() == std::fs::canonicalize(&own).ok();
    let found = handlers.into_iter().find(|found| own.is_file() && is_ours(&found.handler.command))?;
    let mut costs: Vec<Duration> = (0..CALLS).filter_map(|_| cost_of_call(&own, &found.handler.args)).collect();
    costs.sort();
    let (median, worst) = (costs.get(costs.len() / 2)?, costs.last()?);
    let words = format!("{:.1} ms a call (median of {}, worst {:.1} ms)", millis(*median), costs.len(), millis(*worst));
    Some(if *median > Duration::from_millis(25) {
        Finding::new("hook cost", Severity::Warning, words)
    } else {
        Finding::ok("hook cost", words)
    })
}

/// An empty stdin is recorded nowhere.
fn cost_of_call(program: &Path, arguments: &[String]) -> Option<Duration> {
    let began = Instant::now();
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.ok().filter(std::process::ExitStatus::success).map(|_| began.elapsed())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
