//! The programs of an installed PostgreSQL, and who may run them: the server refuses to run as root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where packages put the programs: each version has a directory of its own.
const VERSIONS: [&str; 2] = ["/usr/lib/postgresql", "/usr/pgsql"];

/// Users that a server may run as where we are root.
const OTHERS: [&str; 2] = ["postgres", "nobody"];

/// The programs of one version.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    bin: PathBuf,
    /// Who runs them, where that is not ourselves.
    user: Option<&'static str>,
}

impl Programs {
    /// Finds the newest that are installed.
    pub(crate) fn find() -> Result<Self, String> {
        let versions = VERSIONS.iter().flat_map(|directory| fs::read_dir(directory).into_iter().flatten().flatten());
        let mut versions: Vec<_> = versions.map(|version| version.path()).filter(|path| path.join("bin/initdb").exists()).collect();
        versions.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
        let anywhere = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from);
        let anywhere = anywhere.into_iter().find(|bin| bin.join("initdb").exists() && bin.join("pg_ctl").exists());
        let bin = versions.pop().map(|path| path.join("bin")).or(anywhere);
        let bin = bin.ok_or("no PostgreSQL server is installed (`initdb` and `pg_ctl` in /usr/lib/postgresql/*/bin)")?;
        let is_root = rustix::process::geteuid().is_root();
        let user = if is_root { Some(other_user()?) } else { None };
        Ok(Self { bin, user })
    }

    /// Makes a directory that only the server's user may enter.
    pub(crate) fn make_directory(&self, path: &Path) -> Result<(), String> {
        let mut command = Command::new("install");
        command.args(["-d", "-m", "700"]);
        if let Some(user) = self.user {
            command.args(["-o", user]);
        }
        run(command.arg(path)).map(drop)
    }

    /// Returns a command that runs as the server's user.
    pub(crate) fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let Some(user) = self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={user}")).arg("--regid").arg(group_of(user)).args(["--clear-groups", "--"]).arg(program);
        command
    }
}

fn other_user() -> Result<&'static str, String> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_there = |user: &&&str| users.lines().any(|line| line.split(':').next() == Some(**user));
    OTHERS
        .iter()
        .find(is_there)
        .copied()
        .ok_or_else(|| "a server cannot run as root, and there is no user `postgres` or `nobody`".to_owned())
}

fn group_of(user: &str) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.split(':').next() == Some(user));
    line.and_then(|line| line.split(':').nth(3)).unwrap_or("65534").to_owned()
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<Output, String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => {
            Err(format!("{command:?} failed: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
        }
        Err(error) => Err(format!("{command:?} cannot be started: {error}")),
    }
}
