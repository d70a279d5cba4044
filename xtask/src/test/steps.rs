//! The steps of `cargo xtask test`, as data: a name to choose them by, a line that says what they do, and the doing.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::beside::beside;
use super::client::client;
use super::tools::{DENY, NEXTEST};
use crate::{run, tidy};

/// How a step ended that did not fail.
pub(crate) enum Outcome {
    /// Everything it looks at is fine.
    Passed,
    /// It could not look, for this reason, and that is nobody's fault.
    Skipped(&'static str),
}

/// One thing that CI runs.
pub(crate) struct Step {
    /// The name for `--only`.
    pub(crate) name: &'static str,
    /// What it checks, for the heading.
    pub(crate) what: &'static str,
    /// Runs it.
    pub(crate) run: fn() -> Result<Outcome>,
}

/// Every step, in the order in which they run.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "tools", what: "what the tests use is on this machine", run: tools },
    Step { name: "fmt", what: "the code is formatted", run: fmt },
    Step { name: "clippy", what: "no lint complains", run: clippy },
    Step { name: "tidy", what: "the house rules are kept", run: tidy },
    Step { name: "client", what: "the pinned agents are here for the end-to-end tests", run: client },
    Step { name: "beside", what: "the pinned managers of git hooks are here for the tests of the gate", run: beside },
    Step { name: "nextest", what: "the tests pass", run: nextest },
    Step { name: "doctest", what: "the examples in doc comments work", run: doctest },
    Step { name: "deny", what: "bans, licences and sources of dependencies", run: deny },
    Step { name: "advisories", what: "no dependency has a known hole", run: advisories },
];

/// Programs that single tests need, and what else they need to be able to do. Without one its tests say `SKIPPED` and pass.
const USED: &[(&str, &[&str])] = &[
    ("git", &["--version"]),
    ("jq", &["--version"]),
    ("sqlite3", &["--version"]),
    ("bash", &["--version"]),
    ("redis-server", &["--version"]),
    ("strace", &["-V"]),
    ("time", &["--version"]),
    ("unshare", &["--mount", "--map-root-user", "true"]),
    ("openssl", &["version"]),
];

/// Names what is missing, so that nobody takes a test for shown that could not run.
fn tools() -> Result<Outcome> {
    let works = |(program, args): &&(&str, &[&str])| {
        let output = Command::new(program).args(*args).stdin(Stdio::null()).output();
        output.is_ok_and(|output| output.status.success())
    };
    let missing: Vec<_> = USED.iter().filter(|used| !works(used)).map(|(program, args)| format!("{program} {}", args.join(" "))).collect();
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    println!("These do not work here, and the tests that need them are skipped: {}", missing.join("; "));
    Ok(Outcome::Skipped("a program is missing; its tests are skipped"))
}

fn fmt() -> Result<Outcome> {
    cargo(&["fmt", "--all", "--check"])
}

fn clippy() -> Result<Outcome> {
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--features", "store/postgres", "--", "-D", "warnings"])
}

fn tidy() -> Result<Outcome> {
    tidy::tidy().map(|()| Outcome::Passed)
}

fn nextest() -> Result<Outcome> {
    NEXTEST.provide()?;
    cargo(&["nextest", "run", "--workspace", "--locked", "--features", "store/postgres"])
}

fn doctest() -> Result<Outcome> {
    cargo(&["test", "--doc", "--workspace", "--locked"])
}

fn deny() -> Result<Outcome> {
    DENY.provide()?;
    cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"])
}

/// Fetches the advisories first, by themselves: that way a missing network is not mistaken for a hole, nor the reverse.
fn advisories() -> Result<Outcome> {
    DENY.provide()?;
    if !fetched()? {
        println!("The advisory database could not be fetched: advisories were NOT checked.");
        return Ok(Outcome::Skipped("the advisory database could not be fetched"));
    }
    cargo(&["deny", "--locked", "check", "advisories"])
}

/// Says whether the advisory database could be had. A connection that stalls counts as none, and nobody is asked for a password.
fn fetched() -> Result<bool> {
    let mut fetch = run::cargo(&["deny", "--locked", "fetch", "db"]);
    fetch.env("GIT_TERMINAL_PROMPT", "0").env("GIT_HTTP_LOW_SPEED_LIMIT", "1000").env("GIT_HTTP_LOW_SPEED_TIME", "30");
    let output = fetch.output().context("cannot start `cargo deny`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    if !output.status.success() && !is_about_fetching(&said) {
        bail!("`cargo deny fetch db` failed ({})", output.status);
    }
    Ok(output.status.success())
}

/// Tells a network that is away from a configuration that is wrong: cargo-deny has one exit code for both.
fn is_about_fetching(said: &str) -> bool {
    said.contains("failed to fetch")
}

fn cargo(args: &[&str]) -> Result<Outcome> {
    run::succeed(&mut run::cargo(args)).map(|()| Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_fetch_is_about_fetching() {
        assert!(is_about_fetching("[ERROR] failed to fetch database: failed to clone\n"));
        assert!(!is_about_fetching("[ERROR] failed to validate configuration file deny.toml\n"));
    }
}
