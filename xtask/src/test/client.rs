//! The agents that the end-to-end tests drive: one pinned version of each, installed below `target` where it is missing.

use std::path::PathBuf;

use anyhow::Result;

use super::steps::Outcome;
use crate::{npm, run};

/// An agent, as npm has it: the package that holds the program itself, so that nothing of it has to be run to install it.
struct Agent {
    name: &'static str,
    /// Version, and integrity where that is pinned, in a file that the tests read as well: they and this program know nothing of each other.
    pinned: &'static str,
    /// Its directory below `target`.
    below: &'static str,
    package: &'static str,
    /// What npm calls the build for this machine behind the version.
    build: &'static str,
    /// The program within its package.
    program: &'static str,
}

const AGENTS: [Agent; 2] = [
    Agent {
        name: "Claude Code",
        pinned: include_str!("../../../crates/testkit/claude-code.version"),
        below: "claude-code",
        package: "@anthropic-ai/claude-code-linux-x64",
        build: "",
        program: "claude",
    },
    Agent {
        name: "Codex",
        pinned: include_str!("../../../crates/testkit/codex.version"),
        below: "codex",
        package: "@openai/codex",
        build: "-linux-x64",
        program: "vendor/x86_64-unknown-linux-musl/bin/codex",
    },
];

/// Installs the agents unless they are here. Where one cannot be had, its tests say `SKIPPED` and pass.
pub(crate) fn client() -> Result<Outcome> {
    let can_run = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let missing: Vec<_> = AGENTS.iter().filter(|agent| !(agent.is_there() || can_run && agent.provide())).collect();
    for Agent { name, pinned, .. } in &missing {
        let version = pinned.split_whitespace().next().unwrap_or_default();
        println!("{name} {version} could not be installed: the end-to-end tests with the real agent do NOT run.");
    }
    Ok(if missing.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Skipped("an agent is not here; the end-to-end tests with it are skipped")
    })
}

impl Agent {
    fn version(&self) -> &str {
        self.pinned.split_whitespace().next().unwrap_or_default()
    }

    fn directory(&self) -> PathBuf {
        run::root().join("target").join(self.below).join(self.version())
    }

    fn program(&self) -> PathBuf {
        self.directory().join("node_modules").join(self.package).join(self.program)
    }

    fn is_there(&self) -> bool {
        self.program().is_file()
    }

    /// Installs the agent; what is not what was pinned is thrown away again.
    fn provide(&self) -> bool {
        let directory = self.directory();
        if !npm::provide(&self.program(), &directory, self.package, &format!("{}{}", self.version(), self.build)) {
            return false;
        }
        let pinned = self.pinned.split_whitespace().nth(1);
        let is_it = pinned.is_none_or(|pinned| npm::integrity(&directory, self.package).as_deref() == Some(pinned));
        if !is_it {
            println!("{} is not what was pinned; it is removed", self.package);
            std::fs::remove_dir_all(&directory).ok();
        }
        is_it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_has_a_version() {
        for agent in AGENTS {
            assert!(agent.version().split('.').count() == 3 && agent.directory().ends_with(agent.version()), "{}", agent.name);
        }
    }
}
