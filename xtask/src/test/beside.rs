//! The managers of git hooks that the gate is tested beside: pinned versions, installed below `target` where they are missing.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::steps::Outcome;
use crate::run;

/// Each with the file that is there once it is installed. The second is the program of lefthook itself, so that nothing has to be run.
const FROM_NPM: [(&str, &str); 2] =
    [("husky@9.1.7", "node_modules/husky/bin.js"), ("lefthook-linux-x64@1.11.13", "node_modules/lefthook-linux-x64/bin/lefthook")];
const FROM_PIP: (&str, &str) = ("pre-commit==4.2.0", "python/pre_commit/__main__.py");

/// Installs the managers unless they are here. Where they cannot be had, their tests say `SKIPPED` and pass.
pub(crate) fn beside() -> Result<Outcome> {
    let directory = run::root().join("target/hook-managers");
    let is_there = |(_, file): &(&str, &str)| directory.join(file).is_file();
    if !FROM_NPM.iter().all(is_there) {
        let mut words = vec!["install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefix"];
        words.push(directory.to_str().unwrap_or_default());
        words.extend(FROM_NPM.iter().map(|(package, _)| *package));
        run::program("npm", &words).status().ok();
    }
    if !is_there(&FROM_PIP) {
        let target: PathBuf = directory.join(Path::new("python"));
        let words = ["-m", "pip", "install", "--quiet", "--retries=1", "--target", target.to_str().unwrap_or_default(), FROM_PIP.0];
        run::program("python3", &words).status().ok();
    }
    if FROM_NPM.iter().chain([&FROM_PIP]).all(is_there) {
        return Ok(Outcome::Passed);
    }
    Ok(Outcome::Skipped("husky, lefthook or pre-commit is not here; the tests beside it are skipped"))
}
