//! `rutter git-hook`, which the git hooks of a repository call.
//!
//! Not a command like others: whatever goes wrong, the commit goes on. Over within a second and a half, or silent. That a commit is refused
//! is said in words on stdout, because an exit code could come from anything that is broken.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use tracker::session::harmless;
use tracker::{Access, Config, Environment, GateMode, HookCall, Objection, REFUSED, SystemClock, SystemDice, Tracker};

use crate::ui::Ui;

/// How long a commit waits at most.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Does what a git hook asks for, if that is what these words say.
pub(crate) fn for_git(words: &[OsString]) -> bool {
    let Some((command, rest)) = words.split_first() else { return false };
    if command != "git-hook" || rest.is_empty() {
        return false;
    }
    let rest = rest.to_vec();
    let (sender, receiver) = mpsc::channel();
    let worker = std::thread::Builder::new().spawn(move || drop(sender.send(checked(&rest))));
    let answer = worker.ok().and_then(|_| receiver.recv_timeout(PATIENCE).ok()).flatten();
    if let Some((mode, objections)) = answer.filter(|(_, objections)| !objections.is_empty()) {
        Ui::for_git(&words_for(mode, &objections), (mode == GateMode::Strict).then_some(REFUSED));
    }
    true
}

/// Asks the tracker; none where anything goes wrong.
fn checked(words: &[OsString]) -> Option<(GateMode, Vec<Objection>)> {
    let (hook, file) = (words.first()?.to_str()?, PathBuf::from(words.get(1)?));
    let environment = Environment::of_process();
    let config = Config::load(&environment).ok()?;
    let directory = std::env::current_dir().ok()?;
    let clock = Box::new(SystemClock::new(&environment));
    let mut tracker = Tracker::open(config, &directory, Access::Read, clock, Box::new(SystemDice)).ok()?;
    let source = words.get(2).and_then(|word| word.to_str()).unwrap_or("");
    let call = match hook {
        "prepare-commit-msg" => HookCall::Prepare { file: &file, source },
        "commit-msg" => HookCall::Written { file: &file },
        _ => return None,
    };
    let text = |name| environment.text(name).unwrap_or_default();
    let author = (text("GIT_AUTHOR_NAME"), text("GIT_AUTHOR_EMAIL"));
    let objections = tracker.on_commit(&call, (&author.0, &author.1)).ok()?;
    Some((tracker.gate_mode(), objections))
}

/// Says which rules are broken, why, and what to type.
fn words_for(mode: GateMode, objections: &[Objection]) -> String {
    let mut text = match mode {
        GateMode::Strict => "rutter refuses this commit:\n".to_owned(),
        _ => "rutter advises:\n".to_owned(),
    };
    for objection in objections {
        text.push_str(&format!("  {}: {}\n", objection.rule.as_str(), harmless(&objection.reason)));
        text.push_str(&format!("    do: {}\n", harmless(&objection.command)));
    }
    if mode == GateMode::Strict {
        text.push_str("  this once without: RUTTER_GATE=off git commit ...\n");
    }
    text
}
