//! Telling hooks what to heed: what the configuration says, and whether somebody paused recording.

use std::path::{Path, PathBuf};

use inbox::Wishes;
use session::Reading;

use crate::{Config, Tracker};

/// Why recording could not be paused or taken up again.
#[derive(Debug, thiserror::Error)]
#[error("cannot tell the hooks: `{path}` cannot be written")]
pub struct PauseError {
    /// The file that tells them.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

impl Tracker {
    /// Tells hooks to record nothing until then; none for "until somebody says otherwise".
    ///
    /// # Errors
    /// When the file that tells them cannot be written.
    pub fn pause(&self, until: Option<Reading>) -> Result<(), PauseError> {
        let until = until.map_or(i64::MAX, |until| until.moment.micros());
        self.tell(Wishes { paused_until: Some(until), ..self.wishes() })
    }

    /// Tells hooks to record again, and reports whether they were paused.
    ///
    /// # Errors
    /// When the file that tells them cannot be written.
    pub fn unpause(&self) -> Result<bool, PauseError> {
        let was_paused = self.paused_until().is_some();
        self.tell(Wishes { paused_until: None, ..self.wishes() })?;
        Ok(was_paused)
    }

    /// Returns until when recording is paused, in microseconds since 1970; `i64::MAX` for no end.
    pub fn paused_until(&self) -> Option<i64> {
        Wishes::read(&self.home).and_then(|held| held.paused_until).filter(|&until| until > self.now().moment.micros())
    }

    /// Tells hooks what the configuration says, where that changed. A store that cannot be written has no news for them.
    pub(crate) fn tell_hooks(&self) {
        let wishes = self.wishes();
        if Wishes::read(&self.home).as_ref() != Some(&wishes) {
            drop(self.tell(wishes));
        }
    }

    fn wishes(&self) -> Wishes {
        wishes(&self.config, self.paused_until())
    }

    fn tell(&self, wishes: Wishes) -> Result<(), PauseError> {
        tell(&self.home, &wishes)
    }
}

impl Config {
    /// Tells hooks what was just set: what must not be recorded is not to wait for the next command. Without a store nobody listens.
    ///
    /// # Errors
    /// When the file that tells them cannot be written.
    pub fn tell_hooks(&self) -> Result<(), PauseError> {
        let Some(home) = self.home().ok().filter(|home| home.is_dir()) else { return Ok(()) };
        let paused_until = Wishes::read(&home).and_then(|held| held.paused_until);
        tell(&home, &wishes(self, paused_until))
    }
}

fn wishes(config: &Config, paused_until: Option<i64>) -> Wishes {
    Wishes {
        paused_until,
        exclude: config.excluded_everywhere().into_iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        prompts: config.is_on_in_file("record.prompts"),
        answer: ["hook.banner", "hook.context", "hook.environment"].into_iter().any(|name| config.is_on_in_file(name)),
    }
}

fn tell(home: &Path, wishes: &Wishes) -> Result<(), PauseError> {
    wishes.write(home).map_err(|source| PauseError { path: Wishes::path(home), source })
}
