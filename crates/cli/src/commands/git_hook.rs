//! `rutter git-hook`, which the git hooks of a repository call.
//!
//! Not a command like others: whatever goes wrong, the commit goes on, and that nobody checked it is said in a line. A commit calls two hooks;
//! each is over within 0.9 seconds. That a commit is refused is said in words on stdout, because an exit code could come from anything that
//! is broken.

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use tracker::session::harmless;
use tracker::{Access, CommitMaking, Config, Environment, GateMode, HookCall, Objection, REFUSED, SystemClock, SystemDice, Tracker};

use crate::ui::Ui;

/// How long a commit waits at most.
const PATIENCE: Duration = Duration::from_millis(900);

/// Does what a git hook asks for, if that is what these words say.
pub(crate) fn for_git(words: &[OsString]) -> bool {
    let Some((command, rest)) = words.split_first() else { return false };
    if command != "git-hook" || rest.is_empty() {
        return false;
    }
    let is_last = rest[0] == "commit-msg";
    let rest = rest.to_vec();
    let (sender, receiver) = mpsc::channel();
    let worker = std::thread::Builder::new().spawn(move || drop(sender.send(checked(&rest))));
    let too_late = || Err("it takes too long".to_owned());
    let answer = worker.ok().and_then(|_| receiver.recv_timeout(PATIENCE).ok());
    match answer.unwrap_or_else(too_late) {
        Ok((mode, objections)) if !objections.is_empty() => {
            Ui::for_git(&words_for(mode, &objections), (mode == GateMode::Strict).then_some(REFUSED));
        }
        // Once for a commit, not once for each hook.
        Err(trouble) if is_last => Ui::for_git(&format!("rutter: the commit was not checked: {}\n", harmless(&trouble)), None),
        _ => {}
    }
    true
}

/// Asks the tracker; in words what went wrong, if anything did.
fn checked(words: &[OsString]) -> Result<(GateMode, Vec<Objection>), String> {
    let unknown = || "git called in an unknown way".to_owned();
    let (hook, file) =
        (words.first().and_then(|word| word.to_str()).ok_or_else(unknown)?, PathBuf::from(words.get(1).ok_or_else(unknown)?));
    let environment = Environment::of_process();
    let config = Config::load(&environment).map_err(|error| in_words(&error))?;
    let directory = std::env::current_dir().map_err(|error| in_words(&error))?;
    let source = words.get(2).and_then(|word| word.to_str()).unwrap_or("");
    let call = match hook {
        "prepare-commit-msg" => HookCall::Prepare { file: &file, source },
        "commit-msg" => HookCall::Written { file: &file },
        _ => return Err(unknown()),
    };
    if config.gate_mode() == GateMode::Off {
        return Ok((GateMode::Off, Vec::new()));
    }
    let clock = Box::new(SystemClock::new(&environment));
    let mut tracker = Tracker::open(config, &directory, Access::Read, clock, Box::new(SystemDice)).map_err(|error| in_words(&error))?;
    let objections = tracker.on_commit(&call, &making(&environment)).map_err(|error| in_words(&error))?;
    Ok((tracker.gate_mode(), objections))
}

/// Returns what git tells its hooks of a commit.
fn making(environment: &Environment) -> CommitMaking {
    let text = |name| environment.text(name).unwrap_or_default();
    CommitMaking {
        name: text("GIT_AUTHOR_NAME"),
        email: text("GIT_AUTHOR_EMAIL"),
        date: text("GIT_AUTHOR_DATE"),
        // So git says that it opens none.
        is_edited: text("GIT_EDITOR") != ":",
    }
}

/// Returns an error and what is behind it.
fn in_words(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", in_words(cause)),
        None => error.to_string(),
    }
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
