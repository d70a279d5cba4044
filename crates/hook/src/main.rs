//! The program `rutter-hook`: `rutter-hook AGENT` reads one payload on stdin and leaves it in the inbox.
//!
//! Exits 0 and prints nothing, whatever happens. A start of a conversation is answered by the program `rutter` beside this one, into
//! which this one turns.

use std::os::unix::process::CommandExt;
use std::process::Command;

fn main() {
    // A panic is our bug, and must not become the agent's trouble.
    std::panic::set_hook(Box::new(|_| give_up()));
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(start) = hook::run(&arguments, give_up)
        && let Some(rutter) = hook::beside("rutter")
    {
        // Where the other program cannot be started, there is no answer.
        drop(Command::new(rutter).arg("answer").args(start.arguments()).exec());
    }
}

/// Ends the process as if nothing were wrong: nothing is, for the agent.
#[expect(clippy::exit, reason = "an agent waits, and what it waits for may never come back")]
fn give_up() {
    std::process::exit(0);
}
