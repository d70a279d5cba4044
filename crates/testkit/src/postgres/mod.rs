//! PostgreSQL servers for tests: one for all tests of a build, and private ones for tests that kill theirs.
//!
//! The shared one is what `RUTTER_TEST_DATABASE_URL` names; else one started from the binaries that are installed, by whoever comes first, and
//! stopped when nobody has used it for a while; else the usual one on loopback, if it lets us in. Each test makes a schema of its own.

mod programs;
mod server;
mod shared;

use postgres::{Client, NoTls};

pub use server::PostgresServer;

/// A schema of one test's own, dropped with it.
pub struct Schema {
    url: String,
    name: String,
}

impl Schema {
    /// Names a schema nobody else has on the shared server; what makes the tables makes it.
    ///
    /// # Errors
    /// In words, what is missing on this machine.
    pub fn new() -> Result<Self, String> {
        Ok(Self::on(shared::url()?))
    }

    /// Names a schema nobody else has on a server.
    pub fn on(url: impl Into<String>) -> Self {
        let mut name = [0; 8];
        getrandom::fill(&mut name).unwrap();
        Self { url: url.into(), name: format!("test_{:016x}", u64::from_be_bytes(name)) }
    }

    /// Returns the URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns a connection that sees the schema, beside the store that is tested.
    pub fn client(&self) -> Client {
        let mut client = Client::connect(&self.url, NoTls).unwrap();
        client.batch_execute(&format!("SET search_path = {}", self.name)).unwrap();
        client
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // A server that was killed on purpose took it along.
        if let Ok(mut client) = Client::connect(&self.url, NoTls) {
            let dropped = client.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {} CASCADE", self.name));
            drop(dropped);
        }
    }
}
