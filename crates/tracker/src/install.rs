//! Putting our hooks into an agent's settings and taking them out again; remembering where, so that everything can be undone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use agents::claude_code::install::{self, InstallError, Installed, Program, Uninstalled};
use agents::claude_code::locations::{Locations, local_settings, project_settings};
use agents::claude_code::plugin;
use agents::claude_code::settings::{Registration, RegistrationError};
use serde::Serialize;

use crate::marker_file::CLEANED;
use crate::{ConfigError, Origin, Tracker};

/// Whose settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The user's, for every project.
    #[default]
    User,
    /// The project's, which are shared with everybody who works in it.
    Project,
    /// The project's on this machine alone.
    Local,
}

/// Why hooks could not be put in or taken out.
#[derive(Debug, thiserror::Error)]
pub enum HooksError {
    /// There is no such agent here.
    #[error("`{name}` is no agent that can be watched; there is `{}`", agents::claude_code::NAME)]
    UnknownAgent {
        /// What was asked for.
        name: String,
    },
    /// Nobody says where the agent's settings are.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The hook program cannot be registered.
    #[error(transparent)]
    Program(#[from] RegistrationError),
    /// The settings cannot be changed.
    #[error(transparent)]
    Settings(#[from] InstallError),
    /// A file of ours cannot be written.
    #[error("cannot write `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What became of one settings file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HooksView {
    /// The agent.
    pub agent: &'static str,
    /// The settings.
    pub settings: PathBuf,
    /// `installed`, `already installed`, `removed`, `nothing there`.
    pub outcome: &'static str,
}

/// Our hooks in one settings file, as they are found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundHooks {
    pub(crate) settings: PathBuf,
    pub(crate) found: Result<install::InstalledHooks, String>,
}

/// The agents that can be watched.
pub const AGENTS: [&str; 1] = [agents::claude_code::NAME];

impl Tracker {
    /// Puts our hooks into an agent's settings. `program` is the hook's, beside the running one.
    ///
    /// # Errors
    /// When the agent is unknown, or its settings cannot be changed; they are as they were then.
    pub fn install_hooks(&self, agent: &str, scope: Scope, program: &Path) -> Result<HooksView, HooksError> {
        known(agent)?;
        let settings = self.settings_of(scope)?;
        let installed = install::install(&settings, &self.registration(program, scope)?, &self.keep())?;
        self.remember(&settings)?;
        let outcome = match installed {
            Installed::Already => "already installed",
            _ => "installed",
        };
        Ok(HooksView { agent: agents::claude_code::NAME, settings, outcome })
    }

    /// Takes our hooks out of an agent's settings; where nothing else changed, the file is what it was, to the byte.
    ///
    /// # Errors
    /// When the agent is unknown, or its settings cannot be changed; they are as they were then.
    pub fn uninstall_hooks(&self, agent: &str, scope: Scope) -> Result<HooksView, HooksError> {
        known(agent)?;
        self.take_out(self.settings_of(scope)?)
    }

    /// Takes our hooks out of all settings they were ever put into.
    pub fn uninstall_all_hooks(&self) -> Vec<Result<HooksView, HooksError>> {
        let usual = [Scope::User, Scope::Project, Scope::Local].into_iter().filter_map(|scope| self.settings_of(scope).ok());
        let everywhere: BTreeSet<PathBuf> = usual.chain(self.remembered()).collect();
        everywhere.into_iter().map(|settings| self.take_out(settings)).collect()
    }

    fn take_out(&self, settings: PathBuf) -> Result<HooksView, HooksError> {
        let outcome = match install::uninstall(&settings, &self.keep())? {
            Uninstalled::Nothing => "nothing there",
            _ => "removed",
        };
        Ok(HooksView { agent: agents::claude_code::NAME, settings, outcome })
    }

    /// Writes our hooks as a plugin of the agent and returns its folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_plugin(&self, agent: &str, program: &Path) -> Result<PathBuf, HooksError> {
        known(agent)?;
        let folder = self.home.join("plugin");
        for file in plugin::files(&self.registration(program, Scope::User)?, env!("CARGO_PKG_VERSION")) {
            let path = folder.join(file.path);
            store::write_private(&path, file.content.as_bytes()).map_err(|source| HooksError::File { path: path.clone(), source })?;
        }
        Ok(folder)
    }

    /// Removes what rutter left on this machine beside its records: what tells hooks what to heed, the plugin, kept settings, the
    /// configuration. Only files that are ours by name, and directories that are empty then. Returns what was removed.
    pub fn remove_traces(&self) -> Vec<PathBuf> {
        let mut files = vec![inbox::Wishes::path(&self.home), self.home.join(CLEANED), self.list_of_settings(), self.config.file.clone()];
        let plugin = self.home.join("plugin");
        files.extend(
            Registration::new(Path::new("/rutter-hook"), None)
                .into_iter()
                .flat_map(|registration| plugin::files(&registration, "").into_iter().map(|file| plugin.join(file.path))),
        );
        let kept = fs::read_dir(self.keep()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        files.extend(kept.filter(|path| is_kept(path)));
        let removed: Vec<_> = files.iter().filter(|file| fs::remove_file(file).is_ok()).cloned().collect();
        let mut folders: Vec<_> = files.iter().filter_map(|file| file.parent()).filter(|folder| *folder != self.home).collect();
        folders.push(&plugin);
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.as_os_str().len()));
        folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
        removed
    }

    /// Returns the folder of the plugin, if it was written.
    pub fn plugin(&self) -> Option<PathBuf> {
        let folder = self.home.join("plugin");
        folder.join("hooks/hooks.json").is_file().then_some(folder)
    }

    /// Reports whether an agent was ever used on this machine.
    pub fn is_agent_here(&self, agent: &str) -> bool {
        let Ok(places) = self.locations() else { return false };
        // The directory alone says nothing: our own mirror is in it.
        let traces = [places.global().to_owned(), places.settings(), places.projects(), places.sessions()];
        known(agent).is_ok() && traces.iter().any(|trace| trace.exists())
    }

    /// Looks at every settings file that our hooks may be in.
    pub(crate) fn find_hooks(&self) -> Vec<FoundHooks> {
        let usual = [Scope::User, Scope::Project, Scope::Local].into_iter().filter_map(|scope| self.settings_of(scope).ok());
        let everywhere: BTreeSet<PathBuf> = usual.chain(self.remembered()).collect();
        let find = |settings: PathBuf| {
            let found = install::find(&settings).map_err(|error| error.to_string());
            FoundHooks { settings, found }
        };
        everywhere.into_iter().filter(|settings| settings.exists()).map(find).collect()
    }

    pub(crate) fn locations(&self) -> Result<Locations, ConfigError> {
        self.config.locations()
    }

    fn settings_of(&self, scope: Scope) -> Result<PathBuf, ConfigError> {
        Ok(match scope {
            Scope::User => self.locations()?.settings(),
            Scope::Project => project_settings(&self.place.worktree),
            Scope::Local => local_settings(&self.place.worktree),
        })
    }

    /// A hook is told where the store is: what a project's settings put into its environment must not move it. In settings that are
    /// shared with others there is no place of ours, unless the store is in none of the usual ones.
    fn registration(&self, program: &Path, scope: Scope) -> Result<Registration, HooksError> {
        let is_usual = self.config.setting("store.home").is_ok_and(|setting| setting.origin == Origin::Default);
        let is_left_out = scope == Scope::Project && is_usual;
        Ok(Registration::new(program, (!is_left_out).then_some(self.home.as_path()))?)
    }

    /// Where the bytes are kept that were there before us.
    fn keep(&self) -> PathBuf {
        self.home.join("installed")
    }

    fn list_of_settings(&self) -> PathBuf {
        self.home.join("installed.json")
    }

    fn remembered(&self) -> BTreeSet<PathBuf> {
        fs::read(self.list_of_settings()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn remember(&self, settings: &Path) -> Result<(), HooksError> {
        let mut everywhere = self.remembered();
        if !everywhere.insert(settings.to_owned()) {
            return Ok(());
        }
        let failed = |source| HooksError::File { path: self.list_of_settings(), source };
        let bytes = serde_json::to_vec_pretty(&everywhere).map_err(|error| failed(error.into()))?;
        store::write_private(&self.list_of_settings(), &bytes).map_err(failed)
    }
}

/// Reports whether a file is one in which an installation keeps what was there before: a hash, and what it is.
fn is_kept(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.len() >= 16 && stem.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn known(agent: &str) -> Result<(), HooksError> {
    if AGENTS.contains(&agent) { Ok(()) } else { Err(HooksError::UnknownAgent { name: agent.to_owned() }) }
}

/// Returns what is wrong with the programs of hooks, in words.
pub(crate) fn trouble(hooks: &install::InstalledHooks) -> Option<String> {
    if hooks.are_all_disabled {
        return Some("all hooks are switched off there".to_owned());
    }
    let broken = hooks.handlers.iter().find(|found| !matches!(found.program, Program::Runs))?;
    Some(format!("{} cannot be run", broken.handler.command))
}
