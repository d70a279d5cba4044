//! Where events are kept, and the rows that are derived from them in the same transaction.
//!
//! | file | holds |
//! |---|---|
//! | `store` | the traits: [`Reads`], [`Turn`], [`Store`], and what they take and give |
//! | `error` | why a store could not answer |
//! | `cache` | files beside the store that are no part of it |
//! | `checkpoints/` | restorable states of running builds, which expire: in Redis, else in a file beside the store |
//! | `index/` | what was read from transcripts, and how far: a cache beside the store |
//! | `search/` | what can be searched: a cache beside the store, too |
//! | `loaded/` | what one turn has loaded of all rows, whatever they are kept in |
//! | `sqlite/` | the embedded backend; its migrations lie in `migrations/sqlite/` |
//! | `postgres/` | the backend for teams (feature `postgres`); its migrations lie in `migrations/postgres/` |
//!
//! Only this room knows SQL of ours. The rules every backend keeps are tests in `tests/rules.rs`.

mod cache;
mod checkpoints;
mod error;
mod index;
mod loaded;
#[cfg(feature = "postgres")]
mod postgres;
mod search;
mod sqlite;
mod store;

pub use checkpoints::{BadBuildId, BuildId, Checkpoint, Checkpoints, CheckpointsError, EmbeddedCheckpoints, LONGEST_CHECKPOINT, Loaded};
#[cfg(feature = "redis")]
pub use checkpoints::{RedisAddress, RedisAddressError, RedisCheckpoints};
pub use error::{BoxError, StoreError};
pub use index::{AllUsage, EncodedFacts, FileId, Index, IndexTurn, IndexedFile, KeptPart, PartId, ReadFile, ToLay};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresOptions};
pub use search::{
    Document, Lot, Packed, Query, QueryError, Scope, Search, SearchIn, SearchTurn, Sought, Stays, Term, TextFile, TextFileId,
};
pub use sqlite::{
    Access, LineError, Place, SqliteStore, is_local_file_system, make_private_directories, sqlite_version, wait_in_line, write_private,
};
pub use store::{
    Appended, Durability, GroupBy, InboxPosition, Look, MirrorName, MirrorPosition, Part, Progress, Reads, Rebuilt, Recorded, Seq,
    SetAside, Store, Tally, Turn, Verdict, Wanted, Work, write,
};
