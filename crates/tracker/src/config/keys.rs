//! Every setting there is: its name, its variable, its default, and what it may say.

use std::path::{Path, PathBuf};

use store::RedisAddress;

use super::{ConfigError, Environment};
use crate::{TicketRule, parse_duration};

/// One thing that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file, `mirror.root`.
    pub name: &'static str,
    /// The variable that overrides it.
    pub variable: &'static str,
    /// What it is for.
    pub about: &'static str,
}

const fn key(name: &'static str, variable: &'static str, about: &'static str) -> Key {
    Key { name, variable, about }
}

/// Everything that can be set.
pub const KEYS: &[Key] = &[
    key("store.home", "RUTTER_HOME", "the directory of the store"),
    key("store.wait_seconds", "RUTTER_STORE_WAIT_SECONDS", "how long a command waits for other writers"),
    key("session.owner", "RUTTER_OWNER", "whose sessions these are (default: the OS user)"),
    key("session.project", "RUTTER_PROJECT", "the project, by name or path, instead of the one of the directory"),
    key("record.prompts", "RUTTER_RECORD_PROMPTS", "whether the text of prompts is recorded"),
    key("record.exclude", "RUTTER_RECORD_EXCLUDE", "directories in which agents are not recorded, separated by `:`"),
    key("hook.banner", "RUTTER_HOOK_BANNER", "whether an agent shows the banner when a session starts"),
    key("hook.context", "RUTTER_HOOK_CONTEXT", "whether an agent is told which session it is in and how to record"),
    key("hook.environment", "RUTTER_HOOK_ENVIRONMENT", "whether an agent's shell gets RUTTER_SESSION and CURRENT_SESSION"),
    key("mirror.root", "RUTTER_MIRROR", "the directory of the JSON files and the session log, or `off`"),
    key("marker.directory", "RUTTER_MARKER_DIR", "the directory of the markers that other scripts read"),
    key("marker.ttl", "RUTTER_MARKER_TTL", "how long a marker is fresh"),
    key("marker.clean_interval", "RUTTER_MARKER_CLEAN_INTERVAL", "how often stale markers are cleaned"),
    key("marker.refresh", "RUTTER_MARKER_REFRESH", "whether markers are written as agents are taken in, and cleaned"),
    key("documents.mode", "RUTTER_DOCUMENTS", "`auto`: documents of sessions in which something was written down; `on`: of all; `off`"),
    key("gate.mode", "RUTTER_GATE", "what becomes of a commit that breaks a rule: `off`, `advise` or `strict`"),
    key("handoff.deliver", "RUTTER_HANDOFF", "whether an agent that starts is told of the sessions before it"),
    key("handoff.limit", "RUTTER_HANDOFF_LIMIT", "how many characters it is told at most"),
    key(
        "index.transcript_text",
        "RUTTER_INDEX_TRANSCRIPT_TEXT",
        "whether the text of transcripts is kept, redacted, so that `rutter search` finds it",
    ),
    key("vault.enabled", "RUTTER_VAULT", "whether exact copies of transcripts are kept, from before the agents delete them"),
    key("vault.max_bytes", "RUTTER_VAULT_MAX_BYTES", "how much room these copies may take: a number of bytes, `2GB`, `500MB`, or `none`"),
    key("agents.roots", "RUTTER_AGENTS_ROOTS", "more directories with a directory for each conversation of agents, separated by `:`"),
    key(
        "groups.tickets",
        "RUTTER_GROUPS_TICKETS",
        "which tickets sessions are grouped by: `any`, or names of trackers and `#`, separated by `,`",
    ),
    key(
        REDIS_URL,
        "RUTTER_REDIS_URL",
        "the Redis for checkpoints of builds, `redis://HOST:PORT/DB`, `rediss://` or `unix:///` (default: kept beside the store)",
    ),
    key(REDIS_PASSWORD_FILE, "RUTTER_REDIS_PASSWORD_FILE", "a file whose first line is the password of that Redis"),
    key("trash.keep_days", "RUTTER_TRASH_KEEP_DAYS", "for how many days what was deleted of agents' files can be put back"),
    key("ui.ascii", "RUTTER_ASCII", "`1`: no emoji; `0`: emoji even if the terminal may not support them"),
];

/// The Redis for checkpoints. Its value may have a password in it.
pub(super) const REDIS_URL: &str = "redis.url";
pub(super) const REDIS_PASSWORD_FILE: &str = "redis.password_file";

/// Returns whether a setting that does not fit stops every command. Redis is for checkpoints, and stops nothing else.
pub(super) fn stops_everything(key: Key) -> bool {
    !matches!(key.name, REDIS_URL | REDIS_PASSWORD_FILE)
}

/// Returns a value as it may be shown: of an address, nothing but where it leads to.
pub(super) fn shown(key: Key, value: &str) -> String {
    match (key.name, RedisAddress::read(value)) {
        (REDIS_URL, Ok(address)) => {
            let scheme = value.split_once(':').map_or("redis", |(scheme, _)| scheme);
            format!("{scheme}://{}", address.place())
        }
        (REDIS_URL, Err(_)) => "(no address)".to_owned(),
        _ => value.to_owned(),
    }
}

/// What an agent is told of earlier sessions at most, in characters: its own limit for what a hook says is 10,000.
pub(crate) const HANDOFF_LIMIT: usize = 6_000;

/// Where other people's scripts look for markers.
pub(super) const MARKERS: &str = "/tmp";

/// What a switch can say.
pub(super) const ON: [&str; 3] = ["true", "1", "on"];
pub(super) const OFF: [&str; 3] = ["false", "0", "off"];

fn is_switch(name: &str) -> bool {
    matches!(
        name,
        "record.prompts"
            | "hook.banner"
            | "hook.context"
            | "hook.environment"
            | "marker.refresh"
            | "handoff.deliver"
            | "vault.enabled"
            | "index.transcript_text"
    )
}

/// Returns what a key is where nobody sets it.
pub(super) fn default(name: &str, environment: &Environment, home: Option<&Path>) -> Option<String> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    match name {
        "store.home" => {
            let data = environment.get("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
            let data = data.or_else(|| home.map(|home| home.join(".local/share")));
            data.map(|data| text(data.join("rutter")))
        }
        "store.wait_seconds" => Some("10".to_owned()),
        "vault.enabled" | "index.transcript_text" => Some("false".to_owned()),
        name if is_switch(name) => Some("true".to_owned()),
        "session.owner" => environment.text("USER").or_else(|| environment.text("LOGNAME")).or_else(user_of_process),
        "marker.directory" => Some(MARKERS.to_owned()),
        "marker.ttl" | "marker.clean_interval" => Some("24h".to_owned()),
        "documents.mode" => Some("auto".to_owned()),
        "gate.mode" => Some("advise".to_owned()),
        "handoff.limit" => Some(HANDOFF_LIMIT.to_string()),
        "vault.max_bytes" => Some("none".to_owned()),
        "groups.tickets" => Some("any".to_owned()),
        "trash.keep_days" => Some("30".to_owned()),
        "mirror.root" => home.map_or_else(|| Some("off".to_owned()), |home| Some(text(home.join(".claude/memory")))),
        _ => None,
    }
}

/// Returns the user's name from the system's list, else the number.
fn user_of_process() -> Option<String> {
    let id = rustix::process::getuid().as_raw().to_string();
    let listed = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = listed.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    Some(name.unwrap_or(id))
}

/// Reads how much room something may take, in bytes.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at(text.find(|each: char| !each.is_ascii_digit()).unwrap_or(text.len()));
    let times = match unit.trim_start() {
        "" | "B" => 1,
        "KB" | "K" => 1_000,
        "MB" | "M" => 1_000_000,
        "GB" | "G" => 1_000_000_000,
        "TB" | "T" => 1_000_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(times)
}

/// Reports what a value should be, where it does not fit.
pub(super) fn check_value(key: Key, text: &str) -> Result<(), ConfigError> {
    let is_absolute = Path::new(text).is_absolute();
    let (fits, wanted) = match key.name {
        "store.wait_seconds" => {
            (text.parse::<f64>().is_ok_and(|seconds| (0.0..=86_400.0).contains(&seconds)), "a number of seconds up to 86400")
        }
        REDIS_URL => (RedisAddress::read(text).is_ok(), "`redis://HOST:PORT/DB`, `rediss://HOST:PORT/DB` or `unix:///SOCKET`"),
        "store.home" | "marker.directory" | REDIS_PASSWORD_FILE => (is_absolute, "an absolute path"),
        "marker.ttl" | "marker.clean_interval" => (parse_duration(text).is_ok(), "a length of time, such as `24h` or `7d`"),
        name if is_switch(name) => (ON.contains(&text) || OFF.contains(&text), "`true` or `false`"),
        "record.exclude" | "agents.roots" => {
            (text.split(':').all(|each| each.is_empty() || Path::new(each).is_absolute()), "absolute paths, separated by `:`")
        }
        "gate.mode" => (["off", "advise", "strict"].contains(&text), "`off`, `advise` or `strict`"),
        "documents.mode" => (["auto", "on", "off"].contains(&text), "`auto`, `on` or `off`"),
        "handoff.limit" => {
            (text.parse().is_ok_and(|limit: usize| (500..=9_000).contains(&limit)), "a number of characters from 500 to 9000")
        }
        "trash.keep_days" => (text.parse().is_ok_and(|days: u64| (1..=36_500).contains(&days)), "a number of days from 1 to 36500"),
        "vault.max_bytes" => (text == "none" || parse_size(text).is_some(), "a number of bytes, `2GB`, `500MB`, or `none`"),
        "groups.tickets" => (TicketRule::read(text).is_some(), "`any`, or names such as `SHOP,API,#`"),
        "mirror.root" => (text == "off" || is_absolute, "an absolute path, or `off`"),
        _ => (true, ""),
    };
    if fits { Ok(()) } else { Err(ConfigError::BadValue { name: key.name, value: shown(key, text), wanted }) }
}
