//! Where stores of each backend are opened.

use std::time::Duration;

use store::{Access, SqliteStore, Store};
use tempfile::TempDir;

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What a store is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A place in which stores of one backend are opened.
pub(crate) enum Ground {
    Directory(TempDir),
    #[cfg(feature = "postgres")]
    Schema(testkit::Schema),
}

impl Backend {
    /// Returns a place for stores, or says why there is none here.
    pub(crate) fn ground(self) -> Option<Ground> {
        match self {
            Self::Sqlite => Some(Ground::Directory(tempfile::tempdir().unwrap())),
            #[cfg(feature = "postgres")]
            Self::Postgres => testkit::Schema::new().map(Ground::Schema).map_err(|missing| skip(&missing)).ok(),
            #[cfg(not(feature = "postgres"))]
            Self::Postgres => {
                skip("built without the feature `postgres`");
                None
            }
        }
    }
}

impl Ground {
    pub(crate) fn open(&self, access: Access) -> Box<dyn Store> {
        match self {
            Self::Directory(directory) => Box::new(SqliteStore::open(directory.path(), access, PATIENCE).unwrap()),
            #[cfg(feature = "postgres")]
            Self::Schema(schema) => {
                let options = store::PostgresOptions { schema: Some(schema.name().to_owned()), ..store::PostgresOptions::default() };
                Box::new(store::Postgres::open(schema.url(), &options, access).unwrap())
            }
        }
    }

    pub(crate) fn store(&self) -> Box<dyn Store> {
        self.open(Access::Write)
    }

    /// Reports whether nothing was made.
    pub(crate) fn is_untouched(&self) -> bool {
        match self {
            Self::Directory(directory) => std::fs::read_dir(directory.path()).unwrap().count() == 0,
            #[cfg(feature = "postgres")]
            Self::Schema(schema) => {
                schema.client().query("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&schema.name()]).unwrap().is_empty()
            }
        }
    }
}

/// Says that a test cannot run here, and why.
#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn skip(reason: &str) {
    eprintln!("SKIPPED: {reason}");
}
