//! The agent that the end-to-end tests drive: one pinned version, installed below `target` where it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::steps::Outcome;
use crate::run;

/// The version, in a file that the tests read as well: they and this program know nothing of each other.
const VERSION: &str = include_str!("../../../crates/testkit/claude-code.version");

/// The package that holds the program itself, so that nothing of it has to be run to install it.
const PACKAGE: &str = "@anthropic-ai/claude-code-linux-x64";

/// Without a network this is over in seconds.
const QUIETLY: [&str; 6] = [
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
];

/// Installs the agent unless it is here. Where it cannot be had, its tests say `SKIPPED` and pass.
pub(crate) fn client() -> Result<Outcome> {
    if program().is_file() {
        return Ok(Outcome::Passed);
    }
    println!("{} is not installed; running `npm {}`", program().display(), arguments().join(" "));
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) && is_installed_by(&mut npm()) {
        return Ok(Outcome::Passed);
    }
    println!("Claude Code {} could not be installed: the end-to-end tests with the real agent do NOT run.", VERSION.trim_end());
    Ok(Outcome::Skipped("the agent is not here; the end-to-end tests with it are skipped"))
}

/// What npm says goes where our words go; whether it is right about its success is looked up.
fn is_installed_by(npm: &mut Command) -> bool {
    npm.status().is_ok_and(|status| status.success()) && program().is_file()
}

fn npm() -> Command {
    run::program("npm", &arguments().iter().map(String::as_str).collect::<Vec<_>>())
}

fn arguments() -> Vec<String> {
    let fixed = ["install".to_owned(), "--ignore-scripts".to_owned(), "--prefix".to_owned()];
    let what = [directory().display().to_string(), format!("{PACKAGE}@{}", VERSION.trim_end())];
    fixed.into_iter().chain(what).chain(QUIETLY.map(str::to_owned)).collect()
}

fn directory() -> PathBuf {
    run::root().join("target/claude-code").join(VERSION.trim_end())
}

fn program() -> PathBuf {
    directory().join(Path::new("node_modules").join(PACKAGE).join("claude"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_of_one_package_is_installed_and_none_of_its_scripts_run() {
        let typed = arguments().join(" ");
        assert!(typed.starts_with("install --ignore-scripts --prefix "), "{typed}");
        assert!(typed.contains(&format!(" {PACKAGE}@{} ", VERSION.trim_end())), "{typed}");
    }

    #[test]
    fn an_installer_that_is_not_there_installs_nothing() {
        assert!(!is_installed_by(&mut Command::new("no-such-program")));
    }
}
