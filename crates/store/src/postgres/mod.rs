//! The backend for teams: a schema of a PostgreSQL database.
//!
//! | file | holds |
//! |---|---|
//! | `backend` | [`Postgres`], the trait's implementation: transactions, and when they are tried again |
//! | `url` | where a database is, and a name for it without its password |
//! | `tls` | encryption as libpq means it |
//! | `pool` | a few connections |
//! | `connection` | one connection, and what failed on it |
//! | `failure` | PostgreSQL's codes in our words |
//! | `migrate` | numbered migrations |
//! | `values`, `text` | what a statement binds, and text with every character |
//! | `pieces` | statements put together from parts |
//! | `reads`, `filter` | everything that is asked |
//! | `turn` | appending within a transaction |
//! | `fetch`, `desk` | rows that were fetched and rows to be written, a round trip each |
//! | `events`, `columns`, `positions` | events, rows and positions to columns and back |
//! | `rebuild` | deriving all rows again |

mod backend;
mod columns;
mod connection;
mod desk;
mod events;
mod failure;
mod fetch;
mod filter;
mod migrate;
mod pieces;
mod pool;
mod positions;
mod reads;
mod rebuild;
mod text;
mod tls;
mod turn;
mod url;
mod values;

use std::time::Duration;

pub use backend::Postgres;

/// How a store in PostgreSQL is opened.
#[derive(Clone)]
pub struct PostgresOptions {
    /// The password, where the URL holds none; it goes before the URL's.
    pub password: Option<String>,
    /// The schema in which the tables lie; otherwise the URL's search path, or `rutter`.
    pub schema: Option<String>,
    /// How long a command waits for a connection, and for others who write.
    pub patience: Duration,
    /// How many connections are open at most. Whoever looks at one moment and asks beside it needs two.
    pub connections: usize,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { password: None, schema: None, patience: Duration::from_secs(10), connections: 8 }
    }
}
