//! A process in an empty environment, from its start to its end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::turns::Contender;

/// Where a program runs and what it finds there.
pub(super) struct Surroundings<'a> {
    /// The user's home.
    pub(super) home: &'a Path,
    /// The directory of the store.
    pub(super) store: &'a Path,
    /// The directory of the mirror, if it is on.
    pub(super) mirror: Option<&'a Path>,
    /// Where the program is started.
    pub(super) directory: &'a Path,
}

impl Surroundings<'_> {
    /// Prepares a program to run here, its words separated by spaces, and one more word that may have spaces itself.
    pub(super) fn command(&self, program: &Path, words: &str, last: Option<&str>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home).env("USER", "ada").env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("RUTTER_HOME", self.store).env("RUTTER_MIRROR", self.mirror.unwrap_or(Path::new("off")));
        command.env("RUTTER_MARKER_DIR", self.store.join("markers"));
        command.args(words.split(' ').filter(|word| !word.is_empty())).args(last).current_dir(self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Takes the time of a process, starting it included.
pub(super) fn whole(what: impl Into<String>, mut command: Command) -> Contender<'static> {
    Contender::new(what, move || time(&mut command))
}

fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let status = command.status();
    let took = start.elapsed();
    let status = status.with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    if !status.success() {
        bail!("`{}` failed ({status})", command.get_program().display());
    }
    Ok(took)
}

/// Fails unless the command answers with that many lines: who prints nothing is quick.
pub(super) fn expect_lines(command: &mut Command, lines: usize) -> Result<()> {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let output = output.with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    let found = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    if !output.status.success() || found < lines {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("`{}` printed {found} lines instead of {lines} ({}): {said}", command.get_program().display(), output.status);
    }
    Ok(())
}
