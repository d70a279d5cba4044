//! A server of our own, on a free port of loopback, with a password.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::postgres::programs::{Programs, run};

/// A server that is started with a test and stopped with it; its data is gone then.
pub struct PostgresServer {
    programs: Programs,
    port: u16,
    password: String,
    // The server's directory lies in one of ours: it may belong to another user.
    directory: TempDir,
}

impl PostgresServer {
    /// Starts a private server with settings of one's own, `name = value` each.
    ///
    /// # Errors
    /// In words, what is missing on this machine.
    pub fn start(settings: &[&str]) -> Result<Self, String> {
        let programs = Programs::find()?;
        let directory = tempfile::Builder::new().prefix("rutter-postgres-").tempdir().map_err(|error| error.to_string())?;
        open_to_all(directory.path());
        let (port, password) = (free_port(), random());
        make(&programs, &directory.path().join("data"), port, &password, settings)?;
        let server = Self { programs, port, password, directory };
        server.start_again()?;
        Ok(server)
    }

    /// Returns the URL of its database.
    pub fn url(&self) -> String {
        url(self.port, &self.password)
    }

    /// Returns its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns where its data lies.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Puts a file that only the server may read beside its data.
    pub fn write_file(&self, name: &str, content: &str) -> PathBuf {
        let (from, path) = (self.directory.path().join(name), self.data().join(name));
        fs::write(&from, content).unwrap();
        let data = fs::metadata(self.data()).unwrap();
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        fs::set_permissions(&from, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&from, Some(data.uid()), Some(data.gid())).unwrap();
        fs::rename(&from, &path).unwrap();
        path
    }

    /// Starts it after it was stopped.
    ///
    /// # Errors
    /// What it said.
    pub fn start_again(&self) -> Result<(), String> {
        start(&self.programs, &self.data())
    }

    /// Stops it as a power cut would: nothing is written, connections are cut.
    pub fn stop_immediately(&self) {
        stop(&self.programs, &self.data(), "immediate").unwrap();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // A test may have stopped it already.
        drop(stop(&self.programs, &self.data(), "immediate"));
    }
}

/// Makes a database cluster that listens on a port of loopback.
pub(crate) fn make(programs: &Programs, data: &Path, port: u16, password: &str, settings: &[&str]) -> Result<(), String> {
    programs.make_directory(data)?;
    let secret = data.with_extension("password");
    fs::write(&secret, password).map_err(|error| error.to_string())?;
    open_to_all(&secret);
    let mut initdb = programs.command("initdb");
    initdb.args(["--username=rutter", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]).arg("-D").arg(data);
    let made = run(initdb.arg(format!("--pwfile={}", secret.display())).current_dir("/"));
    drop(fs::remove_file(&secret));
    made?;
    let own = format!("port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 300\n");
    let conf = data.join("postgresql.conf");
    let written = fs::read_to_string(&conf).and_then(|text| fs::write(&conf, format!("{text}\n{own}{}\n", settings.join("\n"))));
    written.map_err(|error| format!("cannot write `{}`: {error}", conf.display()))
}

pub(crate) fn start(programs: &Programs, data: &Path) -> Result<(), String> {
    let mut command = programs.command("pg_ctl");
    command.args(["start", "-w", "-t", "60", "-s", "-D"]).arg(data).arg("-l").arg(data.join("server.log")).current_dir("/");
    // A pipe would stay open for as long as the server runs.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("the server does not start: {}", fs::read_to_string(data.join("server.log")).unwrap_or_default())),
    }
}

pub(crate) fn stop(programs: &Programs, data: &Path, mode: &str) -> Result<(), String> {
    let mut command = programs.command("pg_ctl");
    run(command.args(["stop", "-w", "-s", "-m", mode, "-D"]).arg(data).current_dir("/")).map(drop)
}

pub(crate) fn url(port: u16, password: &str) -> String {
    format!("postgresql://rutter:{password}@127.0.0.1:{port}/postgres")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets the server's user reach what lies in a directory of ours.
pub(crate) fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
