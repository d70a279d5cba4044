//! Variables, homes, the program beside this one. The environment holds the agent's secrets: only these names are ever read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

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

    /// Returns the number of the agent's process: as the agent says, else whoever called.
    pub(crate) fn agent_pid(&self) -> Option<u32> {
        let said = self.claude_pid.as_ref().and_then(|pid| pid.to_str()?.parse().ok());
        said.or_else(|| rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs()))
    }
}

/// Returns where the store is: `RUTTER_HOME`, else what the agent was registered with, else the usual place.
pub(crate) fn home(surroundings: &Surroundings, registered: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |value: &Option<OsString>| value.as_ref().map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || {
        let data = absolute(&surroundings.data_home);
        data.or_else(|| absolute(&surroundings.user_home).map(|home| home.join(".local/share"))).map(|data| data.join("rutter"))
    };
    absolute(&surroundings.rutter_home).or(registered).or_else(usual)
}

/// Returns where a hook that is called like this process would record.
pub fn inbox_home() -> Option<PathBuf> {
    home(&Surroundings::of_process(), None)
}

/// Returns the program of this name beside the one that runs.
pub fn beside(name: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    own.parent().map(|directory: &Path| directory.join(name)).filter(|program| program.is_file())
}
