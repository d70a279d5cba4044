//! The program `rutter`: reads the command line, opens the tracker, prints. Decides nothing.
//!
//! | file | holds |
//! |---|---|
//! | `commands/` | one file for each command |
//! | `arguments` | reading what was typed |
//! | `layout`, `page` | what people see, before it is known where it goes |
//! | `descent` | a chain as a tree |
//! | `ui` | the only place that prints |
//! | `failure` | errors in words for people |
//! | `exit` | exit codes |

mod arguments;
mod commands;
mod descent;
mod exit;
mod failure;
mod group_page;
mod layout;
mod page;
mod ui;
mod usage_table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use commands::Context;
use exit::Exit;
use ui::Ui;

fn main() -> ExitCode {
    // An agent waits: before anything else is set up, and without a word if it goes wrong.
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if matches!(words.first().and_then(|word| word.to_str()), Some("hook" | "answer")) {
        std::panic::set_hook(Box::new(|_| ()));
        if catch_unwind(|| commands::for_agent(&words, give_up)).unwrap_or(true) {
            return Exit::Done.into();
        }
    }
    // A commit waits: whatever goes wrong, it goes on.
    if matches!(words.first().and_then(|word| word.to_str()), Some("git-hook")) {
        std::panic::set_hook(Box::new(|_| ()));
        if catch_unwind(|| commands::for_git(&words)).unwrap_or(true) {
            return Exit::Done.into();
        }
    }
    std::panic::set_hook(Box::new(|panic| Ui::bug(&panic.to_string())));
    guarded(run).into()
}

/// Ends the process as if nothing were wrong: nothing is, for an agent that waits.
#[expect(clippy::exit, reason = "an agent waits, and what it waits for may never come back")]
fn give_up() {
    std::process::exit(0);
}

/// Makes a panic an exit like any other; the hook has said what happened and where.
fn guarded(run: impl FnOnce() -> Exit) -> Exit {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Exit::Bug)
}

fn run() -> Exit {
    let line = match commands::parse(std::env::args_os()) {
        Ok(line) => line,
        Err(error) => {
            Ui::clap(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let (ui, done) = match Context::new(line.global) {
        Ok(context) => {
            let done = line.command.run(&context);
            (context.ui, done)
        }
        Err((ui, failure)) => (ui, Err(failure)),
    };
    match done {
        Ok(()) => Exit::Done,
        Err(failure) => {
            ui.failure(&failure);
            failure.exit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_our_bug_and_exits_with_70() {
        assert_eq!(guarded(|| panic!("on purpose")), Exit::Bug);
        assert_eq!(format!("{:?}", ExitCode::from(Exit::Bug)), format!("{:?}", ExitCode::from(70)));
    }
}
