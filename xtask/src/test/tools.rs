//! Cargo subcommands that do not come with Rust: which version, and how they get onto a machine that lacks them.

use std::process::Stdio;

use anyhow::{Context, Result};

use crate::run;

/// A cargo subcommand with a package of its own.
pub(crate) struct Tool {
    subcommand: &'static str,
    package: &'static str,
    version: &'static str,
}

/// Runs the tests, each in a process of its own.
pub(crate) const NEXTEST: Tool = Tool { subcommand: "nextest", package: "cargo-nextest", version: "0.9.151" };

/// Looks at what we depend on.
pub(crate) const DENY: Tool = Tool { subcommand: "deny", package: "cargo-deny", version: "0.20.2" };

impl Tool {
    /// Installs the tool unless it is here already, in whatever version.
    pub(crate) fn provide(&self) -> Result<()> {
        if self.is_here()? {
            return Ok(());
        }
        println!("{} is not installed; running `{}`", self.package, self.installing());
        run::succeed(&mut run::cargo(&self.install_args())).with_context(|| {
            format!("{} {} is missing and could not be installed; type `{}`", self.package, self.version, self.installing())
        })
    }

    fn is_here(&self) -> Result<bool> {
        let mut question = run::cargo(&[self.subcommand, "--version"]);
        Ok(run::status(question.stdout(Stdio::null()).stderr(Stdio::null()))?.success())
    }

    fn install_args(&self) -> [&'static str; 5] {
        ["install", "--locked", self.package, "--version", self.version]
    }

    fn installing(&self) -> String {
        format!("cargo {}", self.install_args().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_type_can_be_typed() {
        assert_eq!(DENY.installing(), "cargo install --locked cargo-deny --version 0.20.2");
    }

    #[test]
    fn a_tool_that_cargo_does_not_know_is_not_here() {
        let tool = Tool { subcommand: "no-such-tool", package: "cargo-no-such-tool", version: "0.0.0" };
        assert!(!tool.is_here().unwrap());
    }
}
