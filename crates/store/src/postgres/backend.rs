//! The store for teams: one database, one line of writers, as many readers as like.
//!
//! A turn holds one lock from its beginning to its commit. So a place in the log is given only when all before it are committed, whoever
//! follows the log misses none, and what a turn has read (a head, the last number of a project) is still true when it writes.

use std::sync::Arc;
use std::time::Duration;

use session::EventId;

use crate::postgres::PostgresOptions;
use crate::postgres::connection::{Asks, Connection};
use crate::postgres::failure::Remedy;
use crate::postgres::pool::{Lent, Pool};
use crate::postgres::turn::PostgresTurn;
use crate::postgres::values::Value;
use crate::postgres::{migrate, rebuild};
use crate::store::{Durability, Look, Progress, Reads, Rebuilt, Seq, SetAside, Store, Verdict, Work};
use crate::{Access, StoreError};

/// How long the first pause between two tries is; each is twice as long as the one before, up to 2.56 s. All together last as long as a command
/// waits for others: a server that starts again is back by then.
const PAUSE: Duration = Duration::from_millis(20);

/// How many events are looked at together when all of them are.
const CHUNK: usize = 4_096;

/// A store in a PostgreSQL database. Clones share their connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Arc<Pool>,
}

/// What is done in one transaction, and whether it is kept; called again from the start when the transaction must be repeated.
type InTurn<'w, T> = dyn FnMut(&mut PostgresTurn<'_>) -> Result<(Verdict, T), StoreError> + 'w;

/// What became of one try.
enum Tried<T> {
    Done(T),
    /// It may be tried again: nothing was recorded, or nobody knows.
    Failed(StoreError),
    Refused(StoreError),
}

/// A commit that was asked for and not answered: the events it would have recorded, and what the turn came to.
struct Unanswered<T> {
    events: Vec<EventId>,
    value: T,
}

impl Postgres {
    /// Opens the store at a URL, `postgresql://user@host:port/database`, with the options libpq knows for encryption. Opened to be written, a
    /// missing store is made in a database that is there; opened to be read, it reads as an empty one.
    ///
    /// # Errors
    /// When the server cannot be reached or lets nobody in, the schema holds another program's tables, or the store is newer (to be written).
    /// No error holds the password.
    pub fn open(url: &str, options: &PostgresOptions, access: Access) -> Result<Self, StoreError> {
        Ok(Self { pool: Arc::new(Pool::open(url, options, access)?) })
    }

    /// Names host, port, database and user.
    pub fn place(&self) -> &str {
        &self.pool.place
    }

    /// Does the work alone, in one transaction, again from the start where the server was lost or somebody was in the way.
    fn alone<T>(&self, durability: Durability, work: &mut InTurn<'_, T>) -> Result<T, StoreError> {
        if self.pool.access == Access::Read {
            return Err(StoreError::ReadOnly { path: self.place().into(), source: "it was opened to be read".into() });
        }
        let mut unanswered = None;
        let (mut tries, mut waited) = (0, Duration::ZERO);
        loop {
            let lent = if tries == 0 { self.pool.lend() } else { self.pool.lend_fresh() };
            let tried = match lent {
                Ok(lent) => try_once(lent, durability, &mut unanswered, work),
                Err(error @ StoreError::Unreachable { .. }) if tries > 0 => Tried::Failed(error),
                Err(error) => Tried::Refused(error),
            };
            let error = match tried {
                Tried::Done(value) => return Ok(value),
                Tried::Failed(_) if waited < self.pool.patience => {
                    let pause = PAUSE * (1 << tries.min(7));
                    std::thread::sleep(pause);
                    waited += pause;
                    tries += 1;
                    continue;
                }
                Tried::Failed(error) | Tried::Refused(error) => error,
            };
            return Err(match unanswered {
                Some(_) => StoreError::Unsure { path: self.place().into(), source: error.into() },
                None => error,
            });
        }
    }
}

fn try_once<T>(lent: Lent<'_>, durability: Durability, unanswered: &mut Option<Unanswered<T>>, work: &mut InTurn<'_, T>) -> Tried<T> {
    let tried = in_transaction(&lent, durability, unanswered, work);
    let met = lent.take_met();
    match (tried, met) {
        (Ok(value), _) => Tried::Done(value),
        (Err(error), Some((Remedy::Reconnect | Remedy::Repeat, _))) => Tried::Failed(error),
        (Err(error), Some((Remedy::None, _)) | None) => Tried::Refused(error),
    }
    // What is still in a transaction goes with its connection.
}

fn in_transaction<T>(
    connection: &Connection,
    durability: Durability,
    unanswered: &mut Option<Unanswered<T>>,
    work: &mut InTurn<'_, T>,
) -> Result<T, StoreError> {
    let last = begin(connection, durability)?;
    // Whoever has the lock knows: the transaction that was not answered has ended, one way or the other.
    if let Some(asked) = unanswered.as_ref() {
        let is_recorded = is_recorded(connection, &asked.events)?;
        if let Some(done) = unanswered.take().filter(|_| is_recorded) {
            end(connection, "ROLLBACK")?;
            return Ok(done.value);
        }
    }
    let mut turn = PostgresTurn::behind(last, connection);
    let (verdict, value) = work(&mut turn)?;
    // Whoever works may have taken an error for its own; the transaction has failed all the same.
    connection.refuse_what_was_met(verdict == Verdict::Keep)?;
    if verdict == Verdict::Drop {
        end(connection, "ROLLBACK")?;
        return Ok(value);
    }
    turn.flush()?;
    let events = std::mem::take(&mut turn.appended);
    match end(connection, "COMMIT") {
        Ok(()) => Ok(value),
        Err(error) => {
            // Without events there is nothing to double: it is done again.
            *unanswered = (!events.is_empty()).then_some(Unanswered { events, value });
            Err(error)
        }
    }
}

/// Begins a transaction, waits until it is alone, and returns the place of the last event.
fn begin(connection: &Connection, durability: Durability) -> Result<Seq, StoreError> {
    let synchronous = match durability {
        Durability::Full => "on",
        Durability::Normal | Durability::Bulk => "off",
    };
    connection.is_busy.set(true);
    let said = connection.batch(&format!(
        "BEGIN; SET LOCAL synchronous_commit = {synchronous}; SET LOCAL lock_timeout = {}; SELECT pg_advisory_xact_lock({});
         SELECT max(version) FROM migrations; SELECT coalesce(max(seq), 0) FROM events",
        connection.patience_millis(),
        connection.lock
    ))?;
    let number = |at: usize| said.get(at).and_then(Option::as_deref).and_then(|number: &str| number.parse::<i64>().ok());
    let (Some(schema), Some(last)) = (number(1), number(2)) else {
        return Err(connection.unreadable("it does not say which schema it has".into()));
    };
    match u32::try_from(schema) {
        Ok(found) if found <= migrate::KNOWN => Ok(last),
        found => Err(StoreError::TooNew { path: connection.place().into(), found: found.unwrap_or(u32::MAX), known: migrate::KNOWN }),
    }
}

fn end(connection: &Connection, how: &str) -> Result<(), StoreError> {
    connection.batch(how)?;
    connection.is_busy.set(false);
    Ok(())
}

fn is_recorded(connection: &Connection, events: &[EventId]) -> Result<bool, StoreError> {
    let ids = Value::keys(events.iter().map(|id| id.uuid()));
    let found = connection.rows("SELECT count(*) FROM events WHERE id = ANY ($1)", &[ids])?;
    Ok(found.first().is_some_and(|row| row.get::<_, i64>(0) == events.len() as i64))
}

impl Store for Postgres {
    fn reads(&self) -> &dyn Reads {
        &*self.pool
    }

    fn look(&self, work: &mut Look<'_>) -> Result<(), StoreError> {
        // The first statement takes the moment.
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = '10min'; SELECT 1";
        let mut lent = self.pool.lend()?;
        lent.is_busy.set(true);
        let begun = lent.batch(begin);
        if let Some((Remedy::Reconnect, _)) = lent.take_met() {
            lent.discard();
            lent = self.pool.lend_fresh()?;
            lent.is_busy.set(true);
            lent.batch(begin)?;
        } else {
            begun?;
        }
        work(&*lent)?;
        // There is nothing to commit, and nothing to lose any more.
        drop(end(&lent, "ROLLBACK"));
        Ok(())
    }

    fn turn(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<(), StoreError> {
        self.alone(durability, &mut |turn| work(turn).map(|verdict| (verdict, ())))
    }

    fn rebuild(&mut self, progress: &mut Progress<'_>) -> Result<Rebuilt, StoreError> {
        self.alone(Durability::Full, &mut |turn| rebuild::rebuild(turn, progress).map(|rebuilt| (Verdict::Keep, rebuilt)))
    }

    fn set_aside(&self) -> Option<&SetAside> {
        None
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut wrong = migrate::check(&*self.pool)?;
        let (reads, mut after) = (self.reads(), 0);
        loop {
            let part = reads.log(after, CHUNK)?;
            wrong.extend(part.unreadable.iter().map(|seq| format!("event {seq} does not read")));
            match part.end {
                Some(end) => after = end,
                None => return Ok(wrong),
            }
        }
    }
}
