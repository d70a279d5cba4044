//! Numbered migrations, forward only. A store made by any release opens for ever.

use rusqlite::Connection;

use crate::StoreError;
use crate::sqlite::failure::{Translate, path_of, translate};
use crate::sqlite::rebuild;

const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_events_and_rows.sql"),
    include_str!("../../migrations/sqlite/0002_conversations.sql"),
    include_str!("../../migrations/sqlite/0003_chain.sql"),
    include_str!("../../migrations/sqlite/0004_record.sql"),
    include_str!("../../migrations/sqlite/0005_transcripts.sql"),
];

/// What `PRAGMA application_id` says of a store of ours: `rutr`.
const APPLICATION: i32 = 0x7275_7472;

/// The newest schema this build knows.
pub(crate) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Returns the schema of the store, 0 for a new file.
///
/// # Errors
/// When the file is another program's database.
pub(crate) fn schema_of(connection: &Connection) -> Result<u32, StoreError> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i32>(0)).of(connection);
    let (schema, application) = (number("PRAGMA user_version")?, number("PRAGMA application_id")?);
    let tables = || connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).of(connection);
    if application == APPLICATION || tables()? == 0 {
        return Ok(schema.unsigned_abs());
    }
    // Somebody may have made it between the two questions; its mark came with its tables.
    match number("PRAGMA application_id")? {
        APPLICATION => number("PRAGMA user_version").map(i32::unsigned_abs),
        _ => Err(StoreError::NotOurs { path: path_of(connection) }),
    }
}

/// Brings the store to the newest schema this build knows; one transaction for all steps. The caller is alone.
///
/// Rows are derived again: what they look like belongs to a build, and only events are for ever.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let path = path_of(connection);
    let refused = |error| translate(&path, error);
    let step = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(refused)?;
    // Somebody may have been here first, and with a newer build.
    let schema: u32 = step.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(refused)?;
    if schema >= KNOWN {
        return Ok(());
    }
    MIGRATIONS.iter().skip(schema as usize).try_for_each(|migration| step.execute_batch(migration)).map_err(refused)?;
    if schema > 0 {
        rebuild::rebuild(&step, &mut |_, _| {})?;
    }
    step.pragma_update(None, "application_id", APPLICATION).map_err(refused)?;
    step.pragma_update(None, "user_version", KNOWN).map_err(refused)?;
    step.commit().map_err(refused)
}
