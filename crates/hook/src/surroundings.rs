//! Variables, homes, the program beside this one. The environment holds the agent's secrets: only these names are ever read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use agents::claude_code;
use inbox::Wishes;

/// The variables that a hook reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    rutter_home: Option<OsString>,
    data_home: Option<OsString>,
    user_home: Option<OsString>,
    zone: Option<OsString>,
    debug: Option<OsString>,
    owner: Option<OsString>,
    claude_pid: Option<OsString>,
    prompts: Option<OsString>,
    exclude: Option<OsString>,
    conversation: Option<OsString>,
    project: Option<OsString>,
}

#[expect(clippy::disallowed_methods, reason = "the hook links no configuration, and these are all the variables it reads")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

impl Surroundings {
    pub(crate) fn of_process() -> Self {
        Self {
            rutter_home: variable("RUTTER_HOME"),
            data_home: variable("XDG_DATA_HOME"),
            user_home: variable("HOME"),
            zone: variable("TZ"),
            debug: variable("HOOK_DEBUG"),
            owner: variable("RUTTER_OWNER"),
            claude_pid: variable("CLAUDE_PID"),
            prompts: variable("RUTTER_RECORD_PROMPTS"),
            exclude: variable("RUTTER_RECORD_EXCLUDE"),
            conversation: variable(claude_code::CONVERSATION_VARIABLE),
            project: variable("CLAUDE_PROJECT_DIR"),
        }
    }

    pub(crate) fn is_debug(&self) -> bool {
        self.debug.as_ref().is_some_and(|value| value == "true" || value == "1")
    }

    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_ref()?.to_str()
    }

    pub(crate) fn owner(&self) -> Option<String> {
        self.owner.as_ref().map(|owner| owner.to_string_lossy().into_owned())
    }

    /// Returns what is to be heeded: what the tracker left, and what this agent's own variables say. These may be a project's: they can
    /// have less recorded, and never more.
    pub(crate) fn wishes(&self, home: &Path) -> Wishes {
        let found = Wishes::read(home);
        // What is there and does not read may have said that prompts are private.
        let is_broken = found.is_none() && Wishes::path(home).exists();
        let mut wishes = found.unwrap_or(Wishes { prompts: !is_broken, ..Wishes::default() });
        wishes.prompts &= !self.prompts.as_ref().is_some_and(|prompts| ["false", "0", "off"].iter().any(|off| prompts == off));
        let exclude = self.exclude.as_ref().map(|exclude| exclude.to_string_lossy().into_owned()).unwrap_or_default();
        wishes.exclude.extend(exclude.split(':').filter(|each| !each.is_empty()).map(str::to_owned));
        wishes
    }

    /// Returns the directory in which the agent was started.
    pub(crate) fn project(&self) -> Option<String> {
        self.project.as_ref().map(|project| project.to_string_lossy().into_owned())
    }

    /// Returns the agent's own id of the conversation, as it tells the programs that it starts.
    pub(crate) fn conversation(&self) -> Option<String> {
        self.conversation.as_ref()?.to_str().map(str::to_owned)
    }

    /// Returns the number of the agent's process: as the agent says, else whoever called.
    pub(crate) fn agent_pid(&self) -> Option<u32> {
        let said = self.claude_pid.as_ref().and_then(|pid| pid.to_str()?.parse().ok());
        said.or_else(|| rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs()))
    }
}

/// Returns where the store is: as the hook was registered, else `RUTTER_HOME`, else the usual place. A project's settings reach the
/// environment of hooks, and must not move the store.
pub(crate) fn home(surroundings: &Surroundings, registered: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |value: &Option<OsString>| value.as_ref().map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || {
        let data = absolute(&surroundings.data_home);
        data.or_else(|| absolute(&surroundings.user_home).map(|home| home.join(".local/share"))).map(|data| data.join("rutter"))
    };
    registered.or_else(|| absolute(&surroundings.rutter_home)).or_else(usual)
}

/// Returns the program of this name beside the one that runs.
pub fn beside(name: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    own.parent().map(|directory: &Path| directory.join(name)).filter(|program| program.is_file())
}
