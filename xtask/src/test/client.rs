//! The agent that the end-to-end tests drive: one pinned version, installed below `target` where it is missing.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::steps::Outcome;
use crate::{npm, run};

/// The version, in a file that the tests read as well: they and this program know nothing of each other.
const VERSION: &str = include_str!("../../../crates/testkit/claude-code.version");

/// The package that holds the program itself, so that nothing of it has to be run to install it.
const PACKAGE: &str = "@anthropic-ai/claude-code-linux-x64";

/// Installs the agent unless it is here. Where it cannot be had, its tests say `SKIPPED` and pass.
pub(crate) fn client() -> Result<Outcome> {
    let can_run = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    if program().is_file() || can_run && npm::provide(&program(), &directory(), PACKAGE, VERSION.trim_end()) {
        return Ok(Outcome::Passed);
    }
    println!("Claude Code {} could not be installed: the end-to-end tests with the real agent do NOT run.", VERSION.trim_end());
    Ok(Outcome::Skipped("the agent is not here; the end-to-end tests with it are skipped"))
}

fn directory() -> PathBuf {
    run::root().join("target/claude-code").join(VERSION.trim_end())
}

fn program() -> PathBuf {
    directory().join(Path::new("node_modules").join(PACKAGE).join("claude"))
}
