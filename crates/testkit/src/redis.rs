//! A Redis of a test's own on loopback, and the protocol in its raw form, as another program would speak it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::wait_for;

/// Ends the server when its own stdin is closed: whatever becomes of the test, the system closes that.
const GUARD: &str = r#""$@" >/dev/null 2>&1 & server=$!; echo "$server"; cat >/dev/null; kill -9 "$server"; wait "$server" 2>/dev/null"#;

/// How long a server may take to start, and to answer.
const LONG: Duration = Duration::from_secs(20);

/// A Redis.
#[derive(Debug)]
pub struct Redis {
    address: String,
    password: Option<String>,
    database: String,
    server: Option<Server>,
    directory: TempDir,
}

#[derive(Debug)]
struct Server {
    guard: Child,
    stdin: Option<ChildStdin>,
    pid: Pid,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.guard.wait());
    }
}

/// What a Redis answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisReply {
    /// `+OK`, or a text.
    Text(String),
    /// A number.
    Number(i64),
    /// There is nothing.
    Nothing,
    /// Many answers.
    Many(Vec<Self>),
    /// No.
    Error(String),
}

impl Redis {
    /// Starts a server that nobody else uses and that keeps nothing. Returns nothing where there is no `redis-server`.
    pub fn private() -> Option<Self> {
        Self::start_with(None)
    }

    /// The same, behind a password.
    pub fn with_password(password: &str) -> Option<Self> {
        Self::start_with(Some(password))
    }

    /// Returns the server of `RUTTER_TEST_REDIS_URL`, `redis://[:PASSWORD@]HOST:PORT[/DB]`, where it is set, else a private one. Others may use
    /// it: for tests that touch nothing but keys of their own.
    #[expect(clippy::disallowed_methods, reason = "says to tests, and to nothing else, which server is there")]
    pub fn any() -> Option<Self> {
        let Ok(url) = std::env::var("RUTTER_TEST_REDIS_URL") else { return Self::private() };
        let rest = url.strip_prefix("redis://").unwrap();
        let (password, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (user.strip_prefix(':'), rest));
        let (address, database) = rest.split_once('/').unwrap_or((rest, "0"));
        let directory = tempfile::tempdir().unwrap();
        let (address, database) = (address.to_owned(), database.to_owned());
        Some(Self { address, password: password.map(str::to_owned), database, server: None, directory })
    }

    /// Starts one that also listens behind TLS, as `localhost`, and returns it with that port and the certificate that vouches for it. Returns
    /// nothing where there is no `redis-server` or no `openssl`.
    pub fn behind_tls() -> Option<(Self, u16, PathBuf)> {
        let redis = Self::private()?;
        let path = |name: &str| redis.directory.path().join(name);
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=rutter test"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]);
        openssl.arg(path("key")).arg("-out").arg(path("certificate")).stdout(Stdio::null()).stderr(Stdio::null());
        if !openssl.status().is_ok_and(|status| status.success()) {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (certificate, key) = (path("certificate"), path("key"));
        let (text, port_text) = (|path: &PathBuf| path.to_string_lossy().into_owned(), port.to_string());
        let (of_certificate, of_key) = (text(&certificate), text(&key));
        let set = ["CONFIG", "SET", "tls-cert-file", &of_certificate, "tls-key-file", &of_key, "tls-ca-cert-file", &of_certificate];
        let set = [&set[..], &["tls-auth-clients", "no", "tls-port", &port_text]].concat();
        (redis.call(&set) == RedisReply::Text("OK".to_owned())).then_some((redis, port, certificate))
    }

    fn start_with(password: Option<&str>) -> Option<Self> {
        let is_here = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        if !is_here {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let of = |address| Self { address, password: password.map(str::to_owned), database: "0".to_owned(), server: None, directory };
        let mut redis = of(free());
        // Somebody else may take the port before the server does.
        while !redis.start() {
            redis.address = free();
        }
        Some(redis)
    }

    /// Starts it again where it was, empty, and reports whether it is the one that answers there.
    pub fn start(&mut self) -> bool {
        let port = self.address.rsplit_once(':').unwrap().1;
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard", "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"]);
        guard.arg("--dir").arg(self.directory.path());
        if let Some(password) = &self.password {
            guard.args(["--requirepass", password]);
        }
        let mut guard = guard.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
        let stdin = guard.stdin.take();
        self.server = Some(Server { guard, stdin, pid });
        let ours = format!("process_id:{}\r\n", pid.as_raw_nonzero());
        wait_for("a Redis that answers", LONG, || match self.try_call(&["INFO", "server"]) {
            Some(RedisReply::Text(told)) => Some(told.contains(&ours)),
            _ if rustix::process::test_kill_process(pid).is_err() => Some(false),
            _ => None,
        })
    }

    /// Kills it, with everything that it has.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Holds it in the middle of whatever it does, or lets it go on.
    pub fn hold(&self, is_held: bool) {
        let signal = if is_held { Signal::STOP } else { Signal::CONT };
        kill_process(self.server.as_ref().unwrap().pid, signal).unwrap();
    }

    /// Returns host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the address with everything that lets a program in.
    pub fn url(&self) -> String {
        let password = self.password.as_ref().map_or_else(String::new, |password| format!(":{password}@"));
        format!("redis://{password}{}/{}", self.address, self.database)
    }

    /// Asks it, as another program would.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn call(&self, words: &[&str]) -> RedisReply {
        self.try_call(words).unwrap()
    }

    /// Asks it, if it is there.
    pub fn try_call(&self, words: &[&str]) -> Option<RedisReply> {
        let stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(LONG)).ok()?;
        let mut stream = BufReader::new(stream);
        if let Some(password) = &self.password {
            ask(&mut stream, &["AUTH", password])?;
        }
        ask(&mut stream, &["SELECT", &self.database])?;
        ask(&mut stream, words)
    }
}

fn ask(stream: &mut BufReader<TcpStream>, words: &[&str]) -> Option<RedisReply> {
    let words: String =
        std::iter::once(format!("*{}\r\n", words.len())).chain(words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()))).collect();
    stream.get_mut().write_all(words.as_bytes()).ok()?;
    answer(stream)
}

fn answer(stream: &mut BufReader<TcpStream>) -> Option<RedisReply> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let line = line.strip_suffix("\r\n")?;
    let (kind, rest) = line.split_at_checked(1)?;
    Some(match kind {
        "+" => RedisReply::Text(rest.to_owned()),
        "-" => RedisReply::Error(rest.to_owned()),
        ":" => RedisReply::Number(rest.parse().ok()?),
        "*" => RedisReply::Many((0..rest.parse::<usize>().ok()?).map(|_| answer(stream)).collect::<Option<_>>()?),
        _ if rest == "-1" => RedisReply::Nothing,
        _ => {
            let mut bytes = vec![0; rest.parse::<usize>().ok()? + 2];
            stream.read_exact(&mut bytes).ok()?;
            bytes.truncate(bytes.len() - 2);
            RedisReply::Text(String::from_utf8_lossy(&bytes).into_owned())
        }
    })
}
