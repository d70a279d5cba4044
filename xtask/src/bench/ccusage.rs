//! The peer that reports tokens fastest: one pinned version, its native program, run without a network.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::corpus::Tokens;
use crate::npm;

const VERSION: &str = "20.0.24";

/// The package that holds the program itself.
const PACKAGE: &str = "@ccusage/ccusage-linux-x64";

/// What it is asked: tokens of each day, prices as they came with it.
pub(super) const WORDS: [&str; 4] = ["claude", "daily", "--offline", "--json"];

/// Returns the program, installed now unless it is there; nothing where it cannot be had.
pub(super) fn provide(directory: &Path) -> Result<Option<PathBuf>> {
    let directory = directory.join("ccusage").join(VERSION);
    let program = directory.join("node_modules").join(PACKAGE).join("bin/ccusage");
    let can_run = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let is_here = program.is_file() || can_run && npm::provide(&program, &directory, PACKAGE, VERSION);
    if !is_here {
        println!("ccusage {VERSION} could not be installed: nothing is compared with it.");
        return Ok(None);
    }
    make_executable(&program)?;
    Ok(Some(program))
}

/// Reads the total of what it printed.
pub(super) fn total(printed: &[u8]) -> Result<Tokens> {
    let report: Value = serde_json::from_slice(printed).context("ccusage printed something else than JSON")?;
    let names = ["inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens"];
    Tokens::named(&report["totals"], names).context("ccusage printed no totals")
}

/// The package does not say that its program can be run.
#[cfg(unix)]
fn make_executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let failed = || format!("cannot make `{}` executable", program.display());
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).with_context(failed)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_totals_are_found() {
        let printed =
            br#"{"daily":[],"totals":{"inputTokens":1,"outputTokens":2,"cacheCreationTokens":3,"cacheReadTokens":4,"totalCost":0.5}}"#;
        assert_eq!(total(printed).unwrap(), Tokens { input: 1, output: 2, cache_write: 3, cache_read: 4 });
        assert!(total(b"{}").is_err() && total(b"no").is_err());
    }
}
