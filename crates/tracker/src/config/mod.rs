//! Every setting: its value, and where it came from. Variables win over the file, the file over the default.
//!
//! The only place that reads the environment. `keys` says what there is to set.

mod keys;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agents::claude_code;
use agents::claude_code::locations::Locations;
use agents::transcripts::{Agent, ROOT_VARIABLES};
use store::BoxError;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::usage::PRICE_TABLES;
use crate::{GateMode, Prices, TicketRule, UsageError, parse_duration};
use keys::{MARKERS, OFF, REDIS_PASSWORD_FILE, REDIS_URL, check_value, default, stops_everything};

pub(crate) use keys::HANDOFF_LIMIT;
pub use keys::{KEYS, Key};

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File,
    /// A variable.
    Variable,
    /// A flag.
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Variable => "variable",
            Self::CommandLine => "command line",
        })
    }
}

/// A key, its value, and where that came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: Key,
    /// The value in force; none where nothing is set and there is no default.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Setting").field("key", &self.key.name).field("value", &self.shown()).field("origin", &self.origin).finish()
    }
}

impl Setting {
    /// Returns the value as it may be shown to anybody: without a password.
    pub fn shown(&self) -> Option<String> {
        self.value.as_deref().map(|value| keys::shown(self.key, value))
    }
}

/// Why the configuration could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Nobody says where the home directory is.
    #[error("neither `HOME` nor `RUTTER_HOME` is set")]
    NoHome,
    /// The file is there and cannot be read or written.
    #[error("cannot use the configuration at `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BoxError,
    },
    /// There is no such key.
    #[error("`{name}` is not a setting")]
    UnknownKey {
        /// What was asked for.
        name: String,
    },
    /// The value does not fit the key.
    #[error("`{value}` is not a value for `{name}`: it is {wanted}")]
    BadValue {
        /// The key.
        name: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// The variables of a process, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Reads this process's variables.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Takes the variables from pairs.
    pub fn of<K: Into<OsString>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// Returns the variables without those of ours that the agent itself was not started with: a project's settings may have added them.
    #[must_use]
    pub fn as_started(mut self, agent: Option<u32>) -> Self {
        let names: Vec<_> = KEYS.iter().map(|key| key.variable).collect();
        let started = agent.map(|pid| machine::variables_of(pid, &names)).unwrap_or_default();
        let is_its = |name: &str, value: &OsString| started.iter().any(|(held, text)| held == name && OsString::from(text) == *value);
        self.0.retain(|name, value| name.to_str().is_none_or(|name| !names.contains(&name) || is_its(name, value)));
        self
    }

    /// Returns the variables with the home of the store in it.
    #[must_use]
    pub fn with_home(mut self, home: Option<PathBuf>) -> Self {
        if let Some(home) = home {
            self.0.insert("RUTTER_HOME".into(), home.into());
        }
        self
    }

    /// Returns a variable's value; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&OsString> {
        self.0.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }

    /// Returns a variable's value as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string_lossy().into_owned())
    }
}

/// The configuration of one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file, whether it is there or not.
    pub file: PathBuf,
    settings: Vec<Setting>,
    filed: BTreeMap<&'static str, Option<String>>,
    /// Names in the file that are no settings.
    pub unknown: Vec<String>,
    /// The prices in the file, as they stand there: read only where they are needed, so that a slip in one stops nothing else.
    prices: String,
    /// The user's home directory.
    pub user_home: Option<PathBuf>,
    /// Where agents were told to have their files, by the variables that say so.
    agent_directories: BTreeMap<&'static str, PathBuf>,
    /// The variables that name a session, in the order in which they are asked.
    pub session_variables: Vec<(&'static str, String)>,
    /// The conversation that an agent told its shell it is.
    pub agent_session: Option<String>,
    /// Where other programs are looked for, as a `PATH`.
    pub(crate) programs: OsString,
}

/// Returns the absolute entries of a `PATH`; any other, `.` for one, is a place in whatever repository somebody stands in. An empty
/// `PATH` would mean that place, too.
fn programs(path: Option<&OsString>) -> OsString {
    let entries = path.into_iter().flat_map(std::env::split_paths).filter(|entry| entry.is_absolute());
    let absolute = std::env::join_paths(entries).unwrap_or_default();
    if absolute.is_empty() { "/usr/local/bin:/usr/bin:/bin".into() } else { absolute }
}

impl Config {
    /// Reads the file and the variables.
    ///
    /// # Errors
    /// When the file is no TOML, or a directory cannot be determined.
    pub fn load(environment: &Environment) -> Result<Self, ConfigError> {
        let home = environment.get("HOME").map(PathBuf::from);
        let file = config_home(environment, home.as_deref())?.join("rutter/config.toml");
        let document = read(&file)?;
        let mut settings = Vec::new();
        for &key in KEYS {
            settings.push(resolve(key, environment, &document, home.as_deref(), &file)?);
        }
        // Hooks read the variables of their own agents; a variable of this shell is not for them.
        let filed = KEYS.iter().map(|key| (key.name, in_file(&document, key.name).and_then(plain))).collect();
        let variables = agents::SESSION_VARIABLES.into_iter();
        let session_variables = variables.filter_map(|name| environment.text(name).map(|value| (name, value))).collect();
        let unknown = unknown_names(&document);
        let prices = prices_in(&document);
        let named = |name: &&'static str| Some((*name, environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute())?));
        let agent_directories = ROOT_VARIABLES.iter().filter_map(named).collect();
        let agent_session = environment.text(claude_code::CONVERSATION_VARIABLE);
        let programs = programs(environment.get("PATH"));
        Ok(Self { file, settings, filed, unknown, prices, user_home: home, agent_directories, session_variables, agent_session, programs })
    }

    /// Returns the configuration with a project named on the command line.
    #[must_use]
    pub fn with_project(mut self, project: Option<String>) -> Self {
        if let Some(project) = project {
            let setting = self.settings.iter_mut().filter(|setting| setting.key.name == "session.project");
            setting.for_each(|setting| (setting.value, setting.origin) = (Some(project.clone()), Origin::CommandLine));
        }
        self
    }

    /// Returns where Claude Code has its files.
    pub(crate) fn locations(&self) -> Result<Locations, ConfigError> {
        let home = self.user_home.as_deref().ok_or(ConfigError::NoHome)?;
        Ok(Locations::new(home, self.agent_directories.get("CLAUDE_CONFIG_DIR").map(PathBuf::as_path)))
    }

    /// Returns the directories that agents' transcripts are in, whether they are there or not.
    pub(crate) fn transcript_roots(&self) -> Result<Vec<(Agent, PathBuf)>, ConfigError> {
        let home = self.user_home.as_deref().ok_or(ConfigError::NoHome)?;
        let variable = |name: &str| self.agent_directories.get(name).map(|path| path.clone().into_os_string());
        let of = |agent: Agent| agent.roots(home, &variable).into_iter().map(move |root| (agent, root));
        Ok(Agent::ALL.into_iter().flat_map(of).collect())
    }

    /// Returns where a program is, if it can be started: in an absolute entry of `PATH`, never in the directory one stands in.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let is_program = |path: &PathBuf| {
            std::fs::metadata(path).is_ok_and(|file| file.is_file()) && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
        };
        std::env::split_paths(&self.programs).map(|directory| directory.join(name)).find(is_program)
    }

    /// Returns all settings.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Returns one setting.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn setting(&self, name: &str) -> Result<&Setting, ConfigError> {
        self.settings.iter().find(|setting| setting.key.name == name).ok_or_else(|| ConfigError::UnknownKey { name: name.to_owned() })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|setting| setting.key.name == name).and_then(|setting| setting.value.as_deref())
    }

    /// Returns the directory of the store.
    ///
    /// # Errors
    /// When neither a variable, the file nor `HOME` says where it is.
    pub fn home(&self) -> Result<PathBuf, ConfigError> {
        self.text("store.home").map(PathBuf::from).ok_or(ConfigError::NoHome)
    }

    /// Returns how long a command waits for other writers.
    pub fn patience(&self) -> Duration {
        let seconds = self.text("store.wait_seconds").and_then(|seconds| seconds.parse::<f64>().ok());
        Duration::try_from_secs_f64(seconds.unwrap_or(10.0)).unwrap_or(Duration::from_secs(10))
    }

    /// Returns whose sessions these are.
    pub fn owner(&self) -> &str {
        self.text("session.owner").unwrap_or("unknown")
    }

    /// Returns the project by name or path, where the directory's own is not wanted.
    pub fn project(&self) -> Option<&str> {
        self.text("session.project")
    }

    /// Returns the root of the mirror, unless it is off.
    pub fn mirror_root(&self) -> Option<PathBuf> {
        self.text("mirror.root").filter(|root| *root != "off").map(PathBuf::from)
    }

    /// Returns which sessions get documents: `auto`, `on` or `off`.
    pub(crate) fn documents(&self) -> &str {
        self.text("documents.mode").unwrap_or("auto")
    }

    /// Returns how strictly commits are held against the rules.
    pub fn gate_mode(&self) -> GateMode {
        match self.text("gate.mode") {
            Some("off") => GateMode::Off,
            Some("strict") => GateMode::Strict,
            _ => GateMode::Advise,
        }
    }

    /// Returns how many characters an agent is told of earlier sessions at most.
    pub(crate) fn handoff_limit(&self) -> usize {
        self.text("handoff.limit").and_then(|text| text.parse().ok()).unwrap_or(HANDOFF_LIMIT)
    }

    /// Returns the directory of the markers.
    pub(crate) fn marker_directory(&self) -> PathBuf {
        PathBuf::from(self.text("marker.directory").unwrap_or(MARKERS))
    }

    /// Returns how long a marker is fresh.
    pub fn marker_ttl(&self) -> Duration {
        self.length("marker.ttl")
    }

    /// Returns how often stale markers are cleaned.
    pub(crate) fn marker_clean_interval(&self) -> Duration {
        self.length("marker.clean_interval")
    }

    /// Returns a length of time; a day where there is none.
    fn length(&self, name: &str) -> Duration {
        self.text(name).and_then(|text| parse_duration(text).ok()).unwrap_or(Duration::from_secs(86_400))
    }

    /// Returns what models cost: what the file says, and what comes along.
    ///
    /// # Errors
    /// When a price in the file does not read.
    pub fn prices(&self) -> Result<Prices, UsageError> {
        Prices::with_own(&self.prices).map_err(|source| UsageError::Prices { path: self.file.clone(), source })
    }

    /// Returns which tickets sessions are grouped by.
    pub(crate) fn ticket_rule(&self) -> TicketRule {
        self.text("groups.tickets").and_then(TicketRule::read).unwrap_or_default()
    }

    /// Reports whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name).is_none_or(|value| !OFF.contains(&value))
    }

    /// Reports whether the file leaves a switch on, whatever the variables of this process say.
    pub(crate) fn is_on_in_file(&self, name: &str) -> bool {
        self.filed.get(name).and_then(Option::as_deref).is_none_or(|value| !OFF.contains(&value))
    }

    /// Reports whether the file puts a switch on that is off otherwise, whatever the variables of this process say.
    pub(crate) fn is_put_on_in_file(&self, name: &str) -> bool {
        self.filed.get(name).and_then(Option::as_deref).is_some_and(|value| !OFF.contains(&value))
    }

    /// Returns the directories in which agents are not recorded, as they are named and with all links followed: an agent says where it works
    /// without them, a person may have named one.
    pub(crate) fn excluded_everywhere(&self) -> Vec<PathBuf> {
        let named = self.excluded_directories();
        let followed = named.iter().filter_map(|directory| std::fs::canonicalize(directory).ok());
        let mut all: Vec<PathBuf> = followed.chain(named.iter().map(PathBuf::from)).collect();
        let leads_nowhere = |path: &Path| std::fs::read_link(path).is_ok() && std::fs::metadata(path).is_err();
        let is_away = named.iter().any(|directory| Path::new(directory).ancestors().any(leads_nowhere));
        // Where a link leads that leads nowhere now, because a disk is away, is what hooks were told when it was there.
        let told = self.home().ok().filter(|_| is_away).and_then(|home| inbox::Wishes::read(&home));
        all.extend(told.into_iter().flat_map(|told| told.exclude).map(PathBuf::from));
        all.sort();
        all.dedup();
        all
    }

    /// Returns the directories in which agents are not recorded, as the file says.
    pub(crate) fn excluded_directories(&self) -> Vec<String> {
        let listed = self.filed.get("record.exclude").and_then(Option::as_deref).unwrap_or_default();
        listed.split(':').filter(|each| !each.is_empty()).map(str::to_owned).collect()
    }

    /// Reports whether transcripts are copied by themselves.
    pub fn is_vault_on(&self) -> bool {
        self.is_on("vault.enabled")
    }

    /// Returns how much room the copies may take, in bytes, if anybody says.
    pub(crate) fn vault_limit(&self) -> Option<u64> {
        self.text("vault.max_bytes").and_then(keys::parse_size)
    }

    /// Returns the address of the Redis for checkpoints, if one is set. There may be a password in it.
    pub(crate) fn redis_url(&self) -> Option<&str> {
        self.text(REDIS_URL)
    }

    /// Returns the file with the password of that Redis, if there is one.
    pub(crate) fn redis_password_file(&self) -> Option<&Path> {
        self.text(REDIS_PASSWORD_FILE).map(Path::new)
    }

    /// Returns whether emoji are forbidden (`true`), forced (`false`), or up to the terminal.
    pub fn ascii(&self) -> Option<bool> {
        self.text("ui.ascii").map(|ascii| ascii != "0" && ascii != "false")
    }

    /// Returns more directories in which agents' conversations are.
    pub(crate) fn agent_roots(&self) -> Vec<PathBuf> {
        let listed = self.text("agents.roots").unwrap_or_default();
        listed.split(':').filter(|each| !each.is_empty()).map(PathBuf::from).collect()
    }

    /// Returns for how many days what was deleted of agents' files can be put back.
    pub(crate) fn trash_days(&self) -> u64 {
        self.text("trash.keep_days").and_then(|days| days.parse().ok()).unwrap_or(30)
    }

    /// Has transcripts copied by themselves from now on, or no more, and returns the file that says so. A variable still says otherwise.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn switch_vault(&mut self, is_on: bool) -> Result<PathBuf, ConfigError> {
        let word = if is_on { "true" } else { "false" };
        let file = self.set("vault.enabled", word)?.to_owned();
        let of_file = |setting: &&mut Setting| setting.key.name == "vault.enabled" && setting.origin != Origin::Variable;
        self.settings
            .iter_mut()
            .filter(of_file)
            .for_each(|setting| (setting.value, setting.origin) = (Some(word.to_owned()), Origin::File));
        Ok(file)
    }

    /// Writes a value into the file, keeping its comments and order, and returns the file.
    ///
    /// # Errors
    /// When there is no such key, the value does not fit, or the file cannot be written.
    pub fn set(&self, name: &str, text: &str) -> Result<&Path, ConfigError> {
        let key = self.setting(name)?.key;
        check_value(key, text)?;
        let mut document = read(&self.file)?;
        let (section, field) = key.name.split_once('.').unwrap_or(("", key.name));
        let no_table = || ConfigError::File { path: self.file.clone(), source: format!("`{section}` is no table").into() };
        let table = document.entry(section).or_insert(Item::Table(Table::new())).as_table_like_mut().ok_or_else(no_table)?;
        table.insert(field, value(text));
        replace(&self.file, &document.to_string()).map_err(|error| ConfigError::File { path: self.file.clone(), source: error.into() })?;
        Ok(&self.file)
    }
}

/// Replaces the file in one step, closed to others.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    store::make_private_directories(directory)?;
    let temporary = file.with_extension("toml.tmp");
    let write = || {
        let mut open = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        std::fs::rename(&temporary, file)
    };
    write().inspect_err(|_| drop(std::fs::remove_file(&temporary)))
}

fn config_home(environment: &Environment, home: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let absolute = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match (absolute("XDG_CONFIG_HOME"), home, absolute("RUTTER_HOME")) {
        (Some(directory), ..) => Ok(directory),
        (None, Some(home), _) => Ok(home.join(".config")),
        (None, None, Some(ours)) => Ok(ours.join("config")),
        (None, None, None) => Err(ConfigError::NoHome),
    }
}

fn read(file: &Path) -> Result<DocumentMut, ConfigError> {
    let broken = |source: BoxError| ConfigError::File { path: file.to_owned(), source };
    if std::fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return Err(broken("it is not a file".into()));
    }
    match std::fs::read_to_string(file) {
        Ok(text) => text.parse().map_err(|error: toml_edit::TomlError| broken(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(DocumentMut::new()),
        Err(error) => Err(broken(error.into())),
    }
}

fn resolve(key: Key, environment: &Environment, document: &DocumentMut, home: Option<&Path>, file: &Path) -> Result<Setting, ConfigError> {
    let (value, origin) = if let Some(value) = environment.text(key.variable) {
        (Some(value), Origin::Variable)
    } else if let Some(item) = in_file(document, key.name) {
        let not_plain =
            || ConfigError::File { path: file.to_owned(), source: format!("`{}` is no text, number or boolean", key.name).into() };
        (Some(plain(item).ok_or_else(not_plain)?), Origin::File)
    } else {
        (default(key.name, environment, home), Origin::Default)
    };
    if let Some(text) = value.as_ref().filter(|_| stops_everything(key)) {
        check_value(key, text)?;
    }
    Ok(Setting { key, value, origin })
}

fn in_file<'d>(document: &'d DocumentMut, name: &str) -> Option<&'d Item> {
    let (section, field) = name.split_once('.')?;
    document.get(section)?.get(field)
}

fn unknown_names(document: &DocumentMut) -> Vec<String> {
    let sections = document.iter().filter(|(section, _)| *section != PRICE_TABLES).flat_map(|(section, item)| {
        let fields = item.as_table_like().map(|table| table.iter().map(|(field, _)| format!("{section}.{field}")).collect());
        fields.unwrap_or_else(|| vec![section.to_owned()])
    });
    sections.filter(|name| KEYS.iter().all(|key| key.name != name)).collect()
}

/// Returns the prices of a file as a file of their own.
fn prices_in(document: &DocumentMut) -> String {
    let mut alone = DocumentMut::new();
    document.get(PRICE_TABLES).into_iter().for_each(|prices| drop(alone.insert(PRICE_TABLES, prices.clone())));
    alone.to_string()
}

fn plain(item: &Item) -> Option<String> {
    let text = item.as_str().map(str::to_owned);
    text.or_else(|| item.as_integer().map(|number| number.to_string()))
        .or_else(|| item.as_float().map(|number| number.to_string()))
        .or_else(|| item.as_bool().map(|flag| flag.to_string()))
}
