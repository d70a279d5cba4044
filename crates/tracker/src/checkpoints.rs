//! Checkpoints of running builds, for the workers that drive agents: saved by one, taken up by another after the first was killed.
//!
//! Opens no store of ours: a worker's checkpoint waits for nobody who writes there, and what becomes of a Redis concerns nothing else.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use session::Moment;
use store::{
    BadBuildId, BoxError, BuildId, Checkpoint, CheckpointsError, EmbeddedCheckpoints, LONGEST_CHECKPOINT, RedisAddress, RedisAddressError,
    RedisCheckpoints,
};

use crate::doctor::{Finding, Severity};
use crate::{Clock, Config, ConfigError, Note, Tracker};

/// How long a path may be, in bytes: Linux opens no longer one.
const LONGEST_PATH: usize = 4_096;

/// How long an agent session's id may be, in bytes.
const LONGEST_SESSION: usize = 255;

/// How long a checkpoint may last: a build that takes longer saves again.
const LONGEST_TTL: Duration = Duration::from_secs(366 * 86_400);

/// A password is not longer.
const LONGEST_PASSWORD: u64 = 4_096;

/// Why a checkpoint was not saved, loaded or dropped.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It is no id of a build.
    #[error(transparent)]
    BadBuildId(#[from] BadBuildId),
    /// Something else of it cannot be kept.
    #[error("{what}")]
    BadValue {
        /// What is wrong.
        what: String,
    },
    /// It would have to be masked, and then nobody could go on with it.
    #[error("{what} has the looks of a secret, and masked it could not be restored")]
    Secret {
        /// Which part of it.
        what: &'static str,
    },
    /// There is none, or none any more.
    #[error("build `{build}` has no checkpoint, or it has expired")]
    None {
        /// The build.
        build: String,
    },
    /// The setting is no address.
    #[error("RUTTER_REDIS_URL (`redis.url`) is no address of a Redis")]
    Address(#[source] RedisAddressError),
    /// The password's file cannot be read.
    #[error("cannot read the password of Redis in `{path}`")]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BoxError,
    },
    /// Where checkpoints are kept could not answer.
    #[error(transparent)]
    Kept(#[from] CheckpointsError),
    /// The configuration does not say enough.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// What is to be saved.
#[derive(Clone, Debug)]
pub struct NewCheckpoint {
    /// The id of the build.
    pub build: String,
    /// The agent session to go on with.
    pub session: String,
    /// Where the project is; from the directory one stands in, where it is relative.
    pub path: String,
    /// Files made so far, as the worker calls them.
    pub files: Vec<String>,
    /// How long it lasts.
    pub ttl: Duration,
}

/// A checkpoint for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckpointView {
    /// The build.
    pub build_id: String,
    /// The agent session to go on with.
    pub session_id: String,
    /// Where the project is; other programs may leave it away.
    pub project_path: Option<String>,
    /// Files made so far.
    pub files_created: Vec<String>,
    /// When it was saved; other programs do not say.
    pub saved_at: Option<String>,
    /// When it expires; none where another program keeps it for good.
    pub expires_at: Option<String>,
}

/// The checkpoints of running builds.
pub struct Checkpoints<'c> {
    kept: store::Checkpoints,
    clock: &'c dyn Clock,
    notes: RefCell<Vec<Note>>,
}

impl Config {
    /// Returns the checkpoints of running builds: those in Redis where one is set, else those beside the store.
    ///
    /// # Errors
    /// When what is set does not read, or nobody says where the store is.
    pub fn checkpoints<'c>(&self, clock: &'c dyn Clock) -> Result<Checkpoints<'c>, CheckpointError> {
        let kept = match self.redis()? {
            Some(address) => store::Checkpoints::Redis(RedisCheckpoints::new(address)),
            None => store::Checkpoints::Embedded(EmbeddedCheckpoints::new(self.home()?, self.patience())),
        };
        Ok(Checkpoints { kept, clock, notes: RefCell::default() })
    }

    /// Returns the Redis that is set, if one is.
    fn redis(&self) -> Result<Option<RedisAddress>, CheckpointError> {
        let Some(url) = self.redis_url() else { return Ok(None) };
        let address = RedisAddress::read(url).map_err(CheckpointError::Address)?;
        let Some(path) = self.redis_password_file() else { return Ok(Some(address)) };
        let password = read_password(path).map_err(|source| CheckpointError::PasswordFile { path: path.to_owned(), source })?;
        Ok(Some(address.with_password(&password)))
    }
}

impl Checkpoints<'_> {
    /// Saves a checkpoint, in the place of one that was there.
    ///
    /// # Errors
    /// When it cannot be kept, or is not.
    pub fn save(&self, new: &NewCheckpoint, directory: &Path) -> Result<CheckpointView, CheckpointError> {
        let now = in_milliseconds(self.clock.now().moment);
        let checkpoint = read(new, directory, now)?;
        let set_aside = self.kept.save(&checkpoint, now, new.ttl)?;
        self.say_aside(set_aside);
        Ok(view(checkpoint))
    }

    /// Returns the checkpoint of a build.
    ///
    /// # Errors
    /// When there is none, or none any more, or that cannot be known.
    pub fn load(&self, build: &str) -> Result<CheckpointView, CheckpointError> {
        let build = BuildId::read(build)?;
        let loaded = self.kept.load(&build, self.clock.now().moment)?;
        self.say_aside(loaded.set_aside);
        loaded.checkpoint.map(view).ok_or_else(|| CheckpointError::None { build: build.to_string() })
    }

    /// Drops the checkpoint of a build, and reports whether there was one.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn drop(&self, build: &str) -> Result<bool, CheckpointError> {
        Ok(self.kept.drop(&BuildId::read(build)?, self.clock.now().moment)?)
    }

    /// Returns what should be said beside the answers so far.
    pub fn take_notes(&self) -> Vec<Note> {
        self.notes.take()
    }

    fn say_aside(&self, path: Option<PathBuf>) {
        self.notes.borrow_mut().extend(path.map(|path| Note::CheckpointsSetAside { path }));
    }
}

impl Tracker {
    /// Whether a Redis that is set answers.
    pub(crate) fn look_at_checkpoints(&self) -> Option<Finding> {
        let check = "checkpoints";
        let problem = |found: String| Finding::new(check, Severity::Problem, found).hint("rutter config redis.url");
        let address = match self.config.redis() {
            Ok(address) => address?,
            Err(error) => return Some(problem(with_cause(&error))),
        };
        let redis = RedisCheckpoints::new(address);
        if let Err(error) = redis.ping() {
            return Some(problem(with_cause(&error)));
        }
        let place = redis.place();
        match self.config.redis_password_file().filter(|path| is_open_to_others(path)) {
            Some(path) => Some(
                Finding::new(check, Severity::Warning, format!("Redis at {place} answers; others can read its password"))
                    .hint(format!("chmod go= {}", session::quoted(&path.to_string_lossy()))),
            ),
            None => Some(Finding::ok(check, format!("Redis at {place} answers"))),
        }
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    let mut causes: Vec<_> = causes.collect();
    // One that is passed on as it is says the same as its cause.
    causes.dedup();
    causes.join(": ")
}

fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0)
}

/// Reads the first line. A pipe would never open, and a large file is no password.
fn read_password(path: &Path) -> Result<String, BoxError> {
    let found = std::fs::metadata(path)?;
    if !found.is_file() || found.len() > LONGEST_PASSWORD {
        return Err("it is no file of one line".into());
    }
    let mut text = String::new();
    // What is wrong with its bytes is not said: they are a password.
    File::open(path)?.take(LONGEST_PASSWORD).read_to_string(&mut text).map_err(|_| "it is no text")?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err("its first line is empty".into()),
    }
}

fn read(new: &NewCheckpoint, directory: &Path, now: Moment) -> Result<Checkpoint, CheckpointError> {
    let bad = |what: String| Err(CheckpointError::BadValue { what });
    let build = BuildId::read(&new.build)?;
    if !(1..=LONGEST_SESSION).contains(&new.session.len()) || !session_is_word(&new.session) {
        return bad(format!("an agent session's id is one word of 1 to {LONGEST_SESSION} bytes"));
    }
    if !(Duration::from_secs(1)..=LONGEST_TTL).contains(&new.ttl) {
        return bad("a checkpoint lasts from one second to 366 days".to_owned());
    }
    let is_path = |path: &str| (1..=LONGEST_PATH).contains(&path.len());
    if !is_path(&new.path) || !new.files.iter().all(|file| is_path(file)) {
        return bad(format!("a path has 1 to {LONGEST_PATH} bytes"));
    }
    // Whoever takes it up stands elsewhere. Without dots and doubled slashes, and with links as they are.
    let whole: PathBuf = directory.join(&new.path).components().collect();
    let Some(path) = whole.to_str() else { return bad("the project's path is no text".to_owned()) };
    if new.files.iter().map(String::len).sum::<usize>() > LONGEST_CHECKPOINT / 8 {
        return bad(format!("these are more files than fit into a checkpoint; {} MiB of names do", (LONGEST_CHECKPOINT / 8) >> 20));
    }
    let is_secret = |text: &str| redact::mask(text) != text;
    let parts = [("the build id", build.as_str()), ("the agent session's id", &new.session), ("the project's path", path)];
    let parts = parts.into_iter().chain(new.files.iter().map(|file| ("the name of a file", file.as_str())));
    if let Some((what, _)) = parts.into_iter().find(|(_, text)| is_secret(text)) {
        return Err(CheckpointError::Secret { what });
    }
    let ends_at = now.micros().saturating_add(i64::try_from(new.ttl.as_micros()).unwrap_or(i64::MAX));
    Ok(Checkpoint {
        build,
        session: new.session.clone(),
        project_path: Some(path.to_owned()),
        files_created: new.files.clone(),
        saved_at: Some(now),
        expires_at: Moment::from_micros(ends_at, now.offset().seconds()).ok(),
    })
}

/// An id that is typed again behind `--resume` must be one word that shows all of itself.
fn session_is_word(text: &str) -> bool {
    !text.starts_with('-')
        && !text.contains('\u{fffd}')
        && text.chars().all(|each| !each.is_whitespace() && !session::is_harmful(each) && !session::is_unseen(each))
}

/// Redis counts in milliseconds, and what was saved is to be loaded as it was said.
fn in_milliseconds(moment: Moment) -> Moment {
    Moment::from_micros(moment.micros().div_euclid(1_000) * 1_000, moment.offset().seconds()).unwrap_or(moment)
}

fn view(checkpoint: Checkpoint) -> CheckpointView {
    let words = |moment: Option<Moment>| moment.map(|moment| moment.to_string());
    CheckpointView {
        build_id: checkpoint.build.to_string(),
        session_id: checkpoint.session,
        project_path: checkpoint.project_path,
        files_created: checkpoint.files_created,
        saved_at: words(checkpoint.saved_at),
        expires_at: words(checkpoint.expires_at),
    }
}
