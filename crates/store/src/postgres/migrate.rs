//! Numbered migrations, forward only. A store made by any release opens for ever.

use crate::StoreError;
use crate::postgres::connection::{Asks, Connection};
use crate::postgres::rebuild;
use crate::postgres::turn::PostgresTurn;

const MIGRATIONS: &[&str] = &[include_str!("../../migrations/postgres/0001_events_and_rows.sql")];

/// The newest schema this build knows.
pub(crate) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// The upper half of our advisory locks' keys: `rutr`. The lower half of a store's is the number of its table of events.
const LOCKS: i64 = 0x7275_7472;

/// What lies in a schema.
pub(crate) enum Found {
    /// No store of ours.
    Nothing,
    /// A store.
    Store {
        /// Its schema.
        schema: u32,
        /// The key of the lock that its writers hold.
        lock: i64,
    },
}

/// Sets a new connection up and looks what is there.
pub(crate) fn look(connection: &Connection, schema: Option<&str>) -> Result<Found, StoreError> {
    let path = schema.map(|schema| format!("SET search_path = {};", quoted(schema))).unwrap_or_default();
    // A writer that was stopped in mid-turn would keep all others waiting.
    let settings = "SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation = 'read committed';";
    let tables = "SELECT to_regclass('migrations') IS NOT NULL AND to_regclass('events') IS NOT NULL";
    let said = connection.batch(&format!("{path}{settings}{tables}"))?;
    if said.last().and_then(Option::as_deref) != Some("t") {
        return Ok(Found::Nothing);
    }
    let lock = format!("SELECT ({LOCKS}::int8 << 32) | 'events'::regclass::oid::int8");
    let said = connection.batch(&format!("{lock}; SELECT coalesce(max(version), 0) FROM migrations"))?;
    let mut numbers = said.into_iter().flatten().filter_map(|number| number.parse::<i64>().ok());
    let (Some(lock), Some(schema)) = (numbers.next(), numbers.next()) else {
        return Err(connection.unreadable("its table of migrations has no versions".into()));
    };
    Ok(Found::Store { schema: u32::try_from(schema).unwrap_or(u32::MAX), lock })
}

/// Brings the store to the newest schema this build knows, one transaction for all steps, and returns the key of its writers' lock.
///
/// Where it fails, the connection is of no use any more, and is dropped. Rows are derived again: what they look like belongs to a build, and only events are for ever.
pub(crate) fn migrate(connection: &Connection, schema: Option<&str>) -> Result<i64, StoreError> {
    let patience = connection.patience_millis();
    let lock = format!("{LOCKS}::int8 << 32");
    // One at a time in the whole database: it is rare, and the store that will be locked may not be there yet. Locked before the transaction
    // begins, because a transaction does not see every name that others make after it has begun; statements sent together are one.
    connection.batch(&format!("SET lock_timeout = {patience}; SELECT pg_advisory_lock({lock})"))?;
    connection.batch("BEGIN")?;
    let migrated = step(connection, schema)?;
    connection.batch("COMMIT")?;
    connection.batch(&format!("SELECT pg_advisory_unlock({lock}); RESET lock_timeout"))?;
    Ok(migrated)
}

fn step(connection: &Connection, schema: Option<&str>) -> Result<i64, StoreError> {
    // Somebody may have been here first, and with a newer build.
    let found = match look(connection, schema)? {
        Found::Store { schema, lock } if schema >= KNOWN => return Ok(lock),
        Found::Store { schema, lock } => {
            connection.batch(&format!("SELECT pg_advisory_xact_lock({lock})"))?;
            schema
        }
        Found::Nothing => {
            refuse_others_tables(connection, schema)?;
            schema.map_or(Ok(Vec::new()), |schema| connection.batch(&format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema))))?;
            0
        }
    };
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found as usize) {
        connection.batch(migration)?;
        let digest = format!("INSERT INTO migrations (version, digest) VALUES ({version}, md5($1))");
        connection.rows(&digest, &[(*migration).into()])?;
    }
    if found > 0 {
        rebuild::rebuild(&mut PostgresTurn::behind(0, connection), &mut |_, _| {})?;
    }
    match look(connection, schema)? {
        Found::Store { lock, .. } => Ok(lock),
        Found::Nothing => Err(connection.unreadable("the tables that were made cannot be found".into())),
    }
}

/// Refuses to make tables among those of another program.
fn refuse_others_tables(connection: &Connection, schema: Option<&str>) -> Result<(), StoreError> {
    let names = "'migrations', 'events', 'sessions', 'projects', 'entries', 'conversations', 'turns', 'heads', 'inbox', 'transcripts'";
    let place = schema.map_or("current_schema()".to_owned(), literal);
    let said = connection.batch(&format!(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident({place})) AND relname IN ({names}) LIMIT 1"
    ))?;
    if said.is_empty() { Ok(()) } else { Err(StoreError::NotOurs { path: connection.place().into() }) }
}

/// Returns in words which migrations are not those of this build.
pub(crate) fn check(asked: &impl Asks) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    for (version, migration) in (1_i64..).zip(MIGRATIONS) {
        let same =
            asked.rows("SELECT 1 FROM migrations WHERE version = $1 AND digest = md5($2)", &[version.into(), (*migration).into()])?;
        if same.is_empty() {
            wrong.push(format!("migration {version} is not the one this build knows"));
        }
    }
    Ok(wrong)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
