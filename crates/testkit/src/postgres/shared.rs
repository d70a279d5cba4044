//! The server that all tests of a build share, from whichever process they run in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use postgres::{Client, NoTls};

use crate::postgres::programs::Programs;
use crate::postgres::server::{free_port, make, open_to_all, random, start, stop, url as url_at};

/// Names the server to test with.
const NAMED: &str = "RUTTER_TEST_DATABASE_URL";

/// The usual server of a machine.
const USUAL: [&str; 2] = ["postgresql://postgres@127.0.0.1:5432/postgres", "postgresql://root@127.0.0.1:5432/postgres"];

/// Stops the server when nobody has used it for ten minutes. Whoever begins to use it holds `lock` meanwhile, and `used` as long as it lives.
const WATCH: &str = r#"
cd / ; idle=0
while sleep 20; do
  [ -e "$1/data/postmaster.pid" ] || exit 0
  if flock -n -x "$1/used" true; then idle=$((idle + 1)); else idle=0; fi
  [ "$idle" -ge 30 ] && flock -x "$1/lock" flock -n -x "$1/used" sh -c 'kill -INT $(head -n 1 "$1/data/postmaster.pid")' sh "$1"
done
"#;

fn find() -> Result<String, String> {
    if let Some(named) = named() {
        return Ok(named);
    }
    let missing = match Programs::find() {
        Ok(programs) => return started(&programs),
        Err(missing) => missing,
    };
    let usual = USUAL.into_iter().find(|url| Client::connect(url, NoTls).is_ok());
    usual.map(str::to_owned).ok_or_else(|| format!("{missing}; none lets us in at 127.0.0.1:5432; and {NAMED} is not set"))
}

/// Returns the URL of the shared server.
pub(crate) fn url() -> Result<String, String> {
    static SHARED: OnceLock<Result<String, String>> = OnceLock::new();
    SHARED.get_or_init(find).clone()
}

#[expect(clippy::disallowed_methods, reason = "which server to test with is said by whoever runs the tests")]
fn named() -> Option<String> {
    std::env::var(NAMED).ok().filter(|url| !url.is_empty())
}

/// Returns the URL of the server of this build, started if it does not run.
fn started(programs: &Programs) -> Result<String, String> {
    let directory = directory()?;
    let told = |error: std::io::Error| format!("cannot use `{}`: {error}", directory.display());
    let lock = File::create(directory.join("lock")).map_err(told)?;
    lock.lock().map_err(told)?;
    let used = File::create(directory.join("used")).map_err(told)?;
    used.lock_shared().map_err(told)?;
    // Held until this process ends.
    std::mem::forget(used);
    let address = directory.join("url");
    if let Ok(url) = fs::read_to_string(&address)
        && Client::connect(&url, NoTls).is_ok()
    {
        return Ok(url);
    }
    let data = directory.join("data");
    // One that was killed, or stopped because nobody used it: what it held was tests'.
    drop(stop(programs, &data, "immediate"));
    drop(fs::remove_dir_all(&data));
    let (port, password) = (free_port(), random());
    make(programs, &data, port, &password, &[])?;
    start(programs, &data)?;
    let url = url_at(port, &password);
    write_closed(&address, &url).map_err(told)?;
    watch(&directory);
    Ok(url)
}

/// Returns the directory of this build's server: short, and where another user may reach it.
fn directory() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    // `target/debug/deps/rules-0123`
    let target = program.ancestors().nth(3).unwrap_or(&program);
    let uid = rustix::process::geteuid().as_raw();
    let name = format!("rutter-postgres-{uid}-{:016x}", hash(target));
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).map_err(|error| format!("cannot make `{}`: {error}", directory.display()))?;
    open_to_all(&directory);
    Ok(directory)
}

fn hash(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

fn write_closed(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    drop(fs::remove_file(path));
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

fn watch(directory: &Path) {
    let mut watcher = Command::new("setsid");
    watcher.args(["-f", "sh", "-c", WATCH, "sh"]).arg(directory);
    // Where it cannot be watched it runs until the machine stops.
    drop(watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status());
}
