//! A few connections, made when they are needed and kept for the next who asks.
//!
//! No library: those there are connect in threads of their own, so that a wrong password is a time-out and a short command starts threads it
//! never needs.

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres::Row;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::postgres::connection::{Asks, Connection};
use crate::postgres::failure::{self, Remedy};
use crate::postgres::migrate::{self, Found};
use crate::postgres::url::Address;
use crate::postgres::values::Value;
use crate::postgres::{PostgresOptions, tls};
use crate::{Access, StoreError};

/// Connections to one store.
pub(crate) struct Pool {
    address: Address,
    tls: MakeRustlsConnect,
    pub(crate) place: Arc<str>,
    pub(crate) patience: Duration,
    pub(crate) access: Access,
    /// Whether there was no store when it was opened to be read.
    is_missing: bool,
    most: usize,
    kept: Mutex<Kept>,
    returned: Condvar,
}

#[derive(Default)]
struct Kept {
    idle: Vec<Connection>,
    lent: usize,
}

impl Pool {
    /// Finds the store, or makes it where it is opened to be written.
    pub(crate) fn open(url: &str, options: &PostgresOptions, access: Access) -> Result<Self, StoreError> {
        let address = Address::of(url, options)?;
        let place: Arc<str> = address.place.as_str().into();
        let tls = tls::connector(&address).map_err(|source| StoreError::Unreachable { place: place.to_string(), source })?;
        let (patience, most) = (options.patience, options.connections.max(1));
        let mut pool =
            Self { address, tls, place, patience, access, is_missing: false, most, kept: Mutex::default(), returned: Condvar::new() };
        let connection = pool.connect()?;
        pool.is_missing = connection.is_missing;
        pool.kept.get_mut().unwrap_or_else(PoisonError::into_inner).idle.push(connection);
        Ok(pool)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let client = self.address.config.connect(self.tls.clone());
        let client = client.map_err(|error| match failure::translate(&self.place, self.patience, &error) {
            // Nobody refuses a statement here: whatever it was, there is no way in.
            StoreError::Refused { source, .. } => StoreError::Unreachable { place: self.place.to_string(), source },
            other => other,
        })?;
        let mut connection = Connection::new(client, self.place.clone(), self.patience);
        let schema = self.address.schema.as_deref();
        match migrate::look(&connection, schema)? {
            Found::Store { schema: found, .. } if found > migrate::KNOWN && self.access == Access::Write => {
                return Err(StoreError::TooNew { path: (*self.place).into(), found, known: migrate::KNOWN });
            }
            Found::Store { schema: found, lock } if found >= migrate::KNOWN => connection.lock = lock,
            Found::Nothing if self.access == Access::Read => connection.is_missing = true,
            Found::Store { .. } | Found::Nothing => connection.lock = migrate::migrate(&connection, schema)?,
        }
        connection.is_missing |= self.is_missing;
        Ok(connection)
    }

    /// Lends a connection: one that waits, a new one, or the next that comes back.
    pub(crate) fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let until = Instant::now() + self.patience;
        let mut kept = self.kept();
        loop {
            kept.idle.retain(|connection| !connection.is_closed());
            if let Some(connection) = kept.idle.pop() {
                kept.lent += 1;
                drop(connection.take_met());
                return Ok(Lent { pool: self, connection: Some(connection) });
            }
            if kept.lent < self.most {
                kept.lent += 1;
                drop(kept);
                // Counted before it is there; given back where it does not come.
                let mut lent = Lent { pool: self, connection: None };
                lent.connection = Some(self.connect()?);
                return Ok(lent);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StoreError::Busy { path: (*self.place).into(), waited: self.patience });
            }
            kept = self.returned.wait_timeout(kept, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asks for Pool {
    /// Asks once more where the connection had been lost while nobody looked.
    fn rows(&self, query: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let lent = self.lend()?;
        let said = lent.rows(query, values);
        match lent.take_met() {
            Some((Remedy::Reconnect, _)) => {
                lent.discard();
                self.lend_fresh()?.rows(query, values)
            }
            Some((Remedy::Repeat, _)) => lent.rows(query, values),
            Some((Remedy::None, _)) | None => said,
        }
    }

    fn unreadable(&self, source: crate::BoxError) -> StoreError {
        StoreError::Unreadable { path: (*self.place).into(), source }
    }
}

impl Pool {
    /// Lends a new connection: where one was lost, those that waited beside it are as well.
    pub(crate) fn lend_fresh(&self) -> Result<Lent<'_>, StoreError> {
        self.kept().idle.clear();
        self.lend()
    }
}

/// A connection that goes back when it is dropped.
pub(crate) struct Lent<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
}

impl Lent<'_> {
    /// Gives up a connection that is of no use any more, and with it the transaction it was in.
    pub(crate) fn discard(mut self) {
        self.connection = None;
    }
}

impl Deref for Lent<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a connection is lent until it is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut kept = self.pool.kept();
        kept.lent -= 1;
        // One in the middle of a transaction takes it along: nothing of it is kept.
        kept.idle.extend(self.connection.take().filter(|connection| !connection.is_closed() && !connection.is_busy.get()));
        drop(kept);
        self.pool.returned.notify_one();
    }
}
