//! One connection: statements are prepared when they come a second time, and what fails is remembered.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use postgres::{Client, Row, SimpleQueryMessage, Statement};

use crate::StoreError;
use crate::postgres::failure::{self, Remedy};
use crate::postgres::values::Value;

/// Somebody who can be asked: a connection, or a number of them.
pub(crate) trait Asks {
    /// Runs a statement and returns its rows.
    fn rows(&self, query: &str, values: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Says that a row does not read.
    fn unreadable(&self, error: crate::BoxError) -> StoreError;
}

/// What a connection knows of a statement.
enum Known {
    /// It came once.
    Once,
    /// It came again, and is planned.
    Prepared(Statement),
}

/// A connection in or outside a transaction.
pub(crate) struct Connection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Known>>,
    place: Arc<str>,
    patience: Duration,
    /// What can be done about the worst that was met, and what was said; whoever called may have taken the error for its own and said nothing.
    met: RefCell<Option<(Remedy, String)>>,
    /// Whether a transaction has begun and not ended.
    pub(crate) is_busy: Cell<bool>,
    /// Whether there is no store yet: it reads as an empty one.
    pub(crate) is_missing: bool,
    /// The key of the lock that writers hold; known with the store.
    pub(crate) lock: i64,
}

impl Connection {
    pub(crate) fn new(client: Client, place: Arc<str>, patience: Duration) -> Self {
        let (client, statements) = (RefCell::new(client), RefCell::default());
        Self { client, statements, place, patience, met: RefCell::default(), is_busy: Cell::new(false), is_missing: false, lock: 0 }
    }

    /// Runs statements that bind nothing, in one round trip, and returns the first column of each row.
    pub(crate) fn batch(&self, statements: &str) -> Result<Vec<Option<String>>, StoreError> {
        let said = self.client.borrow_mut().simple_query(statements).map_err(|error| self.note(&error))?;
        let firsts = said.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        });
        Ok(firsts.collect())
    }

    fn ask(&self, query: &str, values: &[Value]) -> Result<Vec<Row>, postgres::Error> {
        let mut client = self.client.borrow_mut();
        let mut statements = self.statements.borrow_mut();
        match statements.get_mut(query) {
            Some(Known::Prepared(statement)) => client.query(&*statement, &bound(values)),
            // Preparing is a round trip of its own: a command that asks once goes without.
            None => {
                statements.insert(query.to_owned(), Known::Once);
                let typed: Vec<_> = values.iter().map(|value| (value.as_sql(), value.kind())).collect();
                client.query_typed(query, &typed)
            }
            Some(known) => {
                let types: Vec<_> = values.iter().map(Value::kind).collect();
                let statement = client.prepare_typed(query, &types)?;
                let rows = client.query(&statement, &bound(values));
                *known = Known::Prepared(statement);
                rows
            }
        }
    }

    fn note(&self, error: &postgres::Error) -> StoreError {
        let remedy = failure::remedy(error);
        let mut met = self.met.borrow_mut();
        // A later complaint about a transaction that has failed says nothing new.
        if met.is_none() || remedy == Remedy::Reconnect {
            *met = Some((remedy, failure::words(error).to_string()));
        }
        failure::translate(&self.place, self.patience, error)
    }

    /// Returns what can be done about the worst that was met since it was last asked, and what was said.
    pub(crate) fn take_met(&self) -> Option<(Remedy, String)> {
        self.met.take()
    }

    /// Refuses to go on where something was met that the work may have passed over in silence: where it `wants` to be kept, everything; else only
    /// what is to be repeated, because then it did not see what it should have.
    pub(crate) fn refuse_what_was_met(&self, wants: bool) -> Result<(), StoreError> {
        match &*self.met.borrow() {
            Some((Remedy::Reconnect | Remedy::Repeat, said)) => {
                Err(StoreError::Unreachable { place: self.place.to_string(), source: said.as_str().into() })
            }
            Some((Remedy::None, said)) if wants => Err(StoreError::Refused { path: (*self.place).into(), source: said.as_str().into() }),
            _ => Ok(()),
        }
    }

    /// Reports whether the server is known to be gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.borrow().is_closed()
    }

    /// Returns how long it waits for others, as PostgreSQL wants to hear it: 0 would be for ever.
    pub(crate) fn patience_millis(&self) -> u128 {
        self.patience.as_millis().clamp(1, 1 << 30)
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }
}

impl Asks for Connection {
    fn rows(&self, query: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        if self.is_missing {
            return Ok(Vec::new());
        }
        self.ask(query, values).map_err(|error| self.note(&error))
    }

    fn unreadable(&self, source: crate::BoxError) -> StoreError {
        StoreError::Unreadable { path: (*self.place).into(), source }
    }
}

fn bound(values: &[Value]) -> Vec<&(dyn postgres::types::ToSql + Sync)> {
    values.iter().map(Value::as_sql).collect()
}
