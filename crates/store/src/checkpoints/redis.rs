//! Checkpoints in Redis, under the key that other programs use. One value, one command: whoever saves last has saved all of it.

use std::time::Duration;

use redis::{Client, Cmd, Connection, ErrorKind, RedisError, cmd};
use session::Moment;

use super::{BuildId, Checkpoint, CheckpointsError, LONGEST_CHECKPOINT, RedisAddress};

/// How long a Redis has to answer, each time: a build waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Checkpoints in Redis.
pub struct RedisCheckpoints {
    address: RedisAddress,
}

impl RedisCheckpoints {
    /// Returns those of a Redis. It is called when there is something to do.
    pub fn new(address: RedisAddress) -> Self {
        Self { address }
    }

    /// Returns host and port, or the socket.
    pub fn place(&self) -> String {
        self.address.place()
    }

    /// Asks whether it answers, and lets us in.
    ///
    /// # Errors
    /// When it does not.
    pub fn ping(&self) -> Result<(), CheckpointsError> {
        self.ask(&mut cmd("PING"))
    }

    pub(super) fn save(&self, checkpoint: &Checkpoint, ttl: Duration) -> Result<(), CheckpointsError> {
        let (key, ttl) = (key(&checkpoint.build), u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        self.change(cmd("SET").arg(key).arg(checkpoint.written()).arg("PX").arg(ttl))
    }

    pub(super) fn load(&self, build: &BuildId, now: Moment) -> Result<Option<Checkpoint>, CheckpointsError> {
        let key = key(build);
        let unreadable = |why| CheckpointsError::Unreadable { build: build.clone(), place: self.place(), why };
        let asked = value_and_end(&mut self.connect()?, &key);
        let (kept, left) = match asked {
            Err(error) if is_of_another_type(&error) => return Err(unreadable("it is not text")),
            asked => asked.map_err(|error| self.failed(&error))?,
        };
        match left {
            -2 => return Ok(None),
            _ if kept.len() > LONGEST_CHECKPOINT => return Err(unreadable("it is too long")),
            _ => {}
        }
        let checkpoint = Checkpoint::read(build, &kept, now).map_err(unreadable)?;
        let end = (left >= 0).then(|| now.micros().saturating_add(left.saturating_mul(1_000)));
        let expires_at = end.and_then(|end| Moment::from_micros(end, now.offset().seconds()).ok());
        Ok(Some(Checkpoint { expires_at, ..checkpoint }))
    }

    pub(super) fn drop(&self, build: &BuildId) -> Result<bool, CheckpointsError> {
        self.change::<i64>(cmd("DEL").arg(key(build))).map(|dropped| dropped > 0)
    }

    fn connect(&self) -> Result<Connection, CheckpointsError> {
        let open = || -> Result<Connection, RedisError> {
            let connection = Client::open(self.address.info().clone())?.get_connection_with_timeout(PATIENCE)?;
            connection.set_read_timeout(Some(PATIENCE))?;
            connection.set_write_timeout(Some(PATIENCE))?;
            Ok(connection)
        };
        open().map_err(|error| self.failed(&error))
    }

    fn ask<T: redis::FromRedisValue>(&self, command: &mut Cmd) -> Result<T, CheckpointsError> {
        command.query(&mut self.connect()?).map_err(|error| self.failed(&error))
    }

    /// Asks for a change. Once that is on its way, silence leaves open whether it was made; so first it is heard whether anybody answers, who
    /// may have a certificate that nobody vouches for.
    fn change<T: redis::FromRedisValue>(&self, command: &mut Cmd) -> Result<T, CheckpointsError> {
        let mut connection = self.connect()?;
        cmd("PING").exec(&mut connection).map_err(|error| self.failed(&error))?;
        command.query(&mut connection).map_err(|error| match self.failed(&error) {
            CheckpointsError::Unreachable { place, source } => CheckpointsError::Unsure { place, source },
            other => other,
        })
    }

    /// Says in our words what failed.
    fn failed(&self, error: &RedisError) -> CheckpointsError {
        let place = self.place();
        let server = error.clone().into_server_errors().and_then(|errors| errors.first().map(|(_, error)| error.clone()));
        if let Some(server) = server {
            let said = format!("{} {}", server.code(), server.details().unwrap_or_default());
            let said = self.without_password(said.trim_end());
            return match server.code() {
                "NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED" => CheckpointsError::NotLetIn { place, said },
                _ => CheckpointsError::Refused { place, said },
            };
        }
        let source = match error.kind() {
            ErrorKind::AuthenticationFailed => {
                return CheckpointsError::NotLetIn { place, said: "user or password is wrong".to_owned() };
            }
            ErrorKind::Server(_) => {
                let said = error.detail().unwrap_or("it does not say why");
                return CheckpointsError::Refused { place, said: self.without_password(said) };
            }
            _ if error.is_timeout() => format!("no answer within {} s", PATIENCE.as_secs()),
            ErrorKind::Io => self.without_password(&error.to_string()),
            // Nothing else is said: it may be any program, and have repeated what it was sent.
            _ => "what answers there is no Redis that would serve us".to_owned(),
        };
        CheckpointsError::Unreachable { place, source: source.into() }
    }

    /// A server that does not know a command repeats what it was called with.
    fn without_password(&self, said: &str) -> String {
        self.address.password().map_or_else(|| said.to_owned(), |password| said.replace(password, "***"))
    }
}

/// Asks for both in one moment: the value of one checkpoint with the end of another would be a lie. One byte more than there may be is
/// asked for. Command by command: the library's own transactions panic where the first one is refused.
fn value_and_end(connection: &mut Connection, key: &str) -> Result<(Vec<u8>, i64), RedisError> {
    cmd("MULTI").exec(connection)?;
    cmd("GETRANGE").arg(key).arg(0).arg(LONGEST_CHECKPOINT).exec(connection)?;
    cmd("PTTL").arg(key).exec(connection)?;
    cmd("EXEC").query(connection)
}

fn key(build: &BuildId) -> String {
    format!("claude:session:{build}")
}

fn is_of_another_type(error: &RedisError) -> bool {
    error.clone().into_server_errors().is_some_and(|errors| errors.iter().any(|(_, error)| error.code() == "WRONGTYPE"))
}
