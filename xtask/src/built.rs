//! Programs of this workspace, built as they are shipped.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run;

/// Builds the program `rutter` and returns where it is.
pub(crate) fn rutter() -> Result<PathBuf> {
    let build = ["build", "--release", "--locked", "-p", "rutter", "--message-format=json-render-diagnostics"];
    executable(&run::stdout(&mut run::cargo(&build))?, "rutter").context("cargo built no program `rutter`")
}

/// Finds a program in cargo's messages: only cargo knows which target directory is in force.
pub(crate) fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut named = artifacts.filter(|message| message["target"]["name"] == name);
    named.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"testkit\"},\"executable\":null}\n",
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"fill\"},\"executable\":\"/t/release/fill\"}\n",
        );
        assert_eq!(executable(messages, "fill"), Some(PathBuf::from("/t/release/fill")));
        assert_eq!(executable(messages, "testkit"), None);
    }
}
