//! The program in an empty home, which goes when nobody looks any more.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A program, and a home in which it finds nothing.
pub(crate) struct Quarters {
    program: PathBuf,
    home: PathBuf,
}

impl Quarters {
    pub(crate) fn new(program: PathBuf) -> Result<Self> {
        let home = std::env::temp_dir().join(format!("xtask-corpus-{}", std::process::id()));
        fs::create_dir_all(&home).with_context(|| format!("cannot create `{}`", home.display()))?;
        Ok(Self { program, home })
    }

    /// Runs the program and returns the JSON objects that it prints, one a line.
    pub(crate) fn ask(&self, words: &[&str], transcripts: &Path) -> Result<Vec<Value>> {
        let mut command = Command::new(&self.program);
        settle(&mut command, &self.home, &self.home.join("rutter"), transcripts);
        let output = command.args(words).stderr(Stdio::piped()).output();
        let output = output.with_context(|| format!("cannot start `{}`", self.program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`rutter {}` failed ({}): {}", words.join(" "), output.status, said.trim());
        }
        objects(&output.stdout).with_context(|| format!("`rutter {}` printed something else than JSON", words.join(" ")))
    }
}

impl Drop for Quarters {
    fn drop(&mut self) {
        // What is left there is nobody's.
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// Leaves a command nothing of our environment but where its home is, its store, and the transcripts.
pub(crate) fn settle(command: &mut Command, home: &Path, store: &Path, transcripts: &Path) {
    command.env_clear().env("HOME", home).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.env("RUTTER_HOME", store).env("CLAUDE_CONFIG_DIR", transcripts).current_dir(home).stdin(Stdio::null());
}

/// Reads JSON objects, one a line.
pub(crate) fn objects(printed: &[u8]) -> Result<Vec<Value>> {
    let lines = printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}
