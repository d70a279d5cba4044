//! Checkpoints: restorable states of running builds, which expire. In Redis, where other programs read and write them too, else in a file
//! of their own beside the store.
//!
//! | file | holds |
//! |---|---|
//! | `build` | [`BuildId`]: what can be a part of a key |
//! | `checkpoint` | [`Checkpoint`], and how it is written: JSON, the same everywhere |
//! | `embedded` | the file `checkpoints.db` |
//! | `address` | the address of a Redis, and what of it may be shown |
//! | `redis` | the key `claude:session:BUILD_ID` |
//!
//! No events, and no rows of any: what is saved again replaces what was there, whole.

#[cfg(feature = "redis")]
mod address;
mod build;
mod checkpoint;
mod embedded;
#[cfg(feature = "redis")]
mod redis;

use std::path::PathBuf;
use std::time::Duration;

use session::Moment;

#[cfg(feature = "redis")]
pub use self::address::{RedisAddress, RedisAddressError};
#[cfg(feature = "redis")]
pub use self::redis::RedisCheckpoints;
pub use build::{BadBuildId, BuildId};
pub use checkpoint::Checkpoint;
pub use embedded::EmbeddedCheckpoints;

use crate::{BoxError, StoreError};

/// A value that is longer is no checkpoint, and not read.
pub const LONGEST_CHECKPOINT: usize = 16 << 20;

/// Why checkpoints could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// Nobody answers there.
    #[error("cannot reach Redis at `{place}`")]
    Unreachable {
        /// Host and port, or the socket.
        place: String,
        /// What the system said.
        source: BoxError,
    },
    /// Redis wants to know who we are, or does not know us.
    #[error("Redis at `{place}` does not let us in: {said}")]
    NotLetIn {
        /// Host and port, or the socket.
        place: String,
        /// What it said.
        said: String,
    },
    /// Redis does not do what it was asked for.
    #[error("Redis at `{place}` refuses: {said}")]
    Refused {
        /// Host and port, or the socket.
        place: String,
        /// What it said.
        said: String,
    },
    /// The answer to a change did not come.
    #[error("Redis at `{place}` did not say whether it has done that; it may have or not")]
    Unsure {
        /// Host and port, or the socket.
        place: String,
        /// What the system said.
        source: BoxError,
    },
    /// There is something under the key, and it is no checkpoint.
    #[error("what is kept for build `{build}` at `{place}` is no checkpoint: {why}")]
    Unreadable {
        /// The build.
        build: BuildId,
        /// Where it is kept.
        place: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file beside the store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was found of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The checkpoint, unless there is none, or none any more.
    pub checkpoint: Option<Checkpoint>,
    /// The damaged file that was set aside to answer, where there was one.
    pub set_aside: Option<PathBuf>,
}

/// Where checkpoints are kept.
pub enum Checkpoints {
    /// In a file beside the store.
    Embedded(EmbeddedCheckpoints),
    /// In Redis.
    #[cfg(feature = "redis")]
    Redis(RedisCheckpoints),
}

impl Checkpoints {
    /// Saves a checkpoint, in the place of one that was there; returns the damaged file that was set aside for it, where there was one.
    ///
    /// # Errors
    /// When it is not saved. Only [`CheckpointsError::Unsure`] leaves that open.
    pub fn save(&self, checkpoint: &Checkpoint, now: Moment, ttl: Duration) -> Result<Option<PathBuf>, CheckpointsError> {
        match self {
            Self::Embedded(kept) => kept.save(checkpoint, now, ttl),
            #[cfg(feature = "redis")]
            Self::Redis(kept) => kept.save(checkpoint, ttl).map(|()| None),
        }
    }

    /// Returns the checkpoint of a build, unless there is none, or none any more.
    ///
    /// # Errors
    /// When that cannot be known, or what is there does not read.
    pub fn load(&self, build: &BuildId, now: Moment) -> Result<Loaded, CheckpointsError> {
        match self {
            Self::Embedded(kept) => kept.load(build, now),
            #[cfg(feature = "redis")]
            Self::Redis(kept) => kept.load(build, now).map(|checkpoint| Loaded { checkpoint, set_aside: None }),
        }
    }

    /// Drops the checkpoint of a build, and reports whether there was one.
    ///
    /// # Errors
    /// When it is not dropped. Only [`CheckpointsError::Unsure`] leaves that open.
    pub fn drop(&self, build: &BuildId, now: Moment) -> Result<bool, CheckpointsError> {
        match self {
            Self::Embedded(kept) => kept.drop(build, now),
            #[cfg(feature = "redis")]
            Self::Redis(kept) => kept.drop(build),
        }
    }
}
