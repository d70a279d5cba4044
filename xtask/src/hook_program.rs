//! Building the program `rutter-hook` as it is shipped: alone, static, nothing to relocate. Linking decides more about its cost than code.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run;

/// What rustc is told: nothing to link at the start, nothing to relocate.
pub(crate) const STATIC: &str = "-C target-feature=+crt-static -C relocation-model=static";

/// Builds it and returns the program.
pub(crate) fn build() -> Result<PathBuf> {
    let target = target()?;
    let words =
        ["build", "--profile", "hook", "--locked", "-p", "hook", "--bin", "rutter-hook", "--message-format=json-render-diagnostics"];
    let mut command = run::cargo(&words);
    // With a target of its own the flags do not reach build scripts, and nothing built here is taken for anything else.
    command.args(["--target", &target]).env("RUSTFLAGS", if target.contains("linux") { STATIC } else { "" });
    let messages = run::stdout(&mut command)?;
    executable(&messages).context("cargo built no program `rutter-hook`")
}

/// Returns the target to build for: musl where it is installed, else the one of this machine.
fn target() -> Result<String> {
    let said = run::stdout(&mut run::program("rustc", &["-vV"]))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say what machine this is")?.to_owned();
    let musl = host.replace("-gnu", "-musl");
    let root = run::stdout(&mut run::program("rustc", &["--print", "sysroot"]))?;
    let has_musl = PathBuf::from(root.trim()).join("lib/rustlib").join(&musl).is_dir();
    Ok(if has_musl { musl } else { host })
}

fn executable(messages: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut named = artifacts.filter(|message| message["target"]["name"] == "rutter-hook");
    named.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The program is started at every tool call: what it links is its cost.
    const MOST_PACKAGES: usize = 40;

    #[test]
    fn the_hook_stays_small() {
        let tree = run::stdout(&mut run::cargo(&["tree", "--locked", "-p", "hook", "-e", "normal", "--prefix", "none", "--format", "{p}"]))
            .unwrap();
        let packages: BTreeSet<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert!(packages.len() <= MOST_PACKAGES, "{} packages: {packages:?}", packages.len());
        for heavy in ["tokio", "clap", "rusqlite", "tracing", "regex", "toml_edit"] {
            assert!(!packages.contains(heavy), "{heavy}");
        }
    }

    #[test]
    fn the_program_is_found_in_cargos_messages() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"rutter-hook"},"executable":"/t/hook/rutter-hook"}"#;
        assert_eq!(executable(message), Some(PathBuf::from("/t/hook/rutter-hook")));
    }
}
