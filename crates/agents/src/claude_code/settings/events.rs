//! Which events we want to hear of, and how a handler of ours looks. One list, for settings and plugin alike.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::claude_code::NAME;

/// A hook event of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// As it is spelled under `hooks`.
    pub name: &'static str,
    /// After how long the client goes on without us, in seconds.
    pub timeout_seconds: u64,
}

/// Every event that is registered, in the order in which it is written.
///
/// Not `WorktreeCreate`: whoever registers it has to make the worktree in git's place. Not `MessageDisplay`: each piece of
/// text would wait for us before it is shown, and the transcript has it anyway. Not `FileChanged`: it needs the names of files
/// to watch, and hears of nothing else. No timeout is left to the client: its own for `SessionEnd` is 1.5 seconds.
pub const EVENTS: &[Event] = &[
    of("SessionStart"),
    of("SessionEnd"),
    of("Setup"),
    of("InstructionsLoaded"),
    of("UserPromptSubmit"),
    of("UserPromptExpansion"),
    of("PreToolUse"),
    of("PermissionRequest"),
    of("PermissionDenied"),
    of("PostToolUse"),
    of("PostToolUseFailure"),
    of("PostToolBatch"),
    of("SubagentStart"),
    of("SubagentStop"),
    of("Stop"),
    of("StopFailure"),
    of("PreCompact"),
    of("PostCompact"),
    of("Notification"),
    of("PreModelSwitch"),
    of("PostModelSwitch"),
    of("TaskCreated"),
    of("TaskCompleted"),
    of("Elicitation"),
    of("ElicitationResult"),
    of("ConfigChange"),
    of("CwdChanged"),
    of("DirectoryAdded"),
    of("WorktreeRemove"),
    of("TeammateIdle"),
];

const fn of(name: &'static str) -> Event {
    Event { name, timeout_seconds: 5 }
}

/// Why a program cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// The client runs hooks in whatever directory it is in.
    #[error("the path of the hook program is not absolute: `{path}`")]
    Relative {
        /// The path.
        path: PathBuf,
    },
    /// We would not find it again to take it out.
    #[error("neither `rutter-hook` nor `rutter`: `{path}`")]
    Unknown {
        /// The path.
        path: PathBuf,
    },
    /// JSON holds only Unicode.
    #[error("the path is not Unicode: `{path}`")]
    NotUnicode {
        /// The path.
        path: PathBuf,
    },
}

/// What is written as our handler: a program and its arguments, run without a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    handler: Handler,
}

impl Registration {
    /// Describes how `program` (`rutter-hook`, or `rutter` where there is only one file) is called; `home` where its store is
    /// not in the usual place.
    pub fn new(program: &Path, home: Option<&Path>) -> Result<Self, RegistrationError> {
        if !program.is_absolute() {
            return Err(RegistrationError::Relative { path: program.to_owned() });
        }
        let leading: &[&str] = match program.file_name().and_then(|name| name.to_str()) {
            Some("rutter-hook") => &[NAME],
            Some("rutter") => &["hook", NAME],
            _ => return Err(RegistrationError::Unknown { path: program.to_owned() }),
        };
        let mut args: Vec<_> = leading.iter().map(|&arg| arg.to_owned()).collect();
        if let Some(home) = home {
            args.extend(["--home".to_owned(), unicode(home)?]);
        }
        Ok(Self { handler: Handler { command: unicode(program)?, args } })
    }

    /// Returns the handler without its timeout, which differs from event to event.
    pub fn handler(&self) -> &Handler {
        &self.handler
    }

    /// Returns everything that stands under `hooks`.
    pub(crate) fn hooks(&self) -> Value {
        EVENTS.iter().map(|event| (event.name.to_owned(), json!([self.group(event)]))).collect::<Map<_, _>>().into()
    }

    /// Returns what stands in the array of an event: no matcher, so that everything matches.
    pub(super) fn group(&self, event: &Event) -> Value {
        json!({ "hooks": [self.handler_of(event)] })
    }

    pub(super) fn handler_of(&self, event: &Event) -> Value {
        let Handler { command, args } = &self.handler;
        json!({ "type": "command", "command": command, "args": args, "timeout": event.timeout_seconds })
    }
}

fn unicode(path: &Path) -> Result<String, RegistrationError> {
    path.to_str().map(str::to_owned).ok_or_else(|| RegistrationError::NotUnicode { path: path.to_owned() })
}

/// A handler of type `command`, anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The program; without `args`, a line for the shell.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
}

impl Handler {
    /// Returns whether it is ours, wherever it was installed.
    pub fn is_ours(&self) -> bool {
        match Path::new(&self.command).file_name().and_then(|name| name.to_str()) {
            Some("rutter-hook") => true,
            Some("rutter") => self.args.first().is_some_and(|first| first == "hook"),
            _ => false,
        }
    }

    /// Reads a handler; one that is no command, or none that the client would run, gives nothing.
    pub(super) fn read(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        if value.get("type")? != "command" {
            return None;
        }
        let args = value.get("args").and_then(Value::as_array).into_iter().flatten();
        let args = args.map(|arg| arg.as_str().map(str::to_owned)).collect::<Option<_>>()?;
        Some(Self { command: value.get("command")?.as_str()?.to_owned(), args })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_hold_up_or_replace_the_clients_work_is_not_registered() {
        for name in ["WorktreeCreate", "MessageDisplay", "FileChanged"] {
            assert!(!EVENTS.iter().any(|event| event.name == name), "{name}");
        }
        assert_eq!(EVENTS.len(), 30);
    }

    #[test]
    fn ours_is_known_by_its_name_wherever_it_lies() {
        let check = |command: &str, args: &[&str], is_ours| {
            let handler = Handler { command: command.to_owned(), args: args.iter().map(|&arg| arg.to_owned()).collect() };
            assert_eq!(handler.is_ours(), is_ours, "{handler:?}");
        };
        check("/opt/a b/rutter-hook", &["claude-code"], true);
        check("rutter-hook", &[], true);
        check("/usr/bin/rutter", &["hook", "claude-code"], true);
        check("/usr/bin/rutter", &["list"], false);
        check("/usr/bin/rutter", &[], false);
        check("/opt/rutter-hook/other", &["claude-code"], false);
        check("/opt/my-rutter-hook", &[], false);
        check("", &[], false);
    }

    #[test]
    fn a_program_we_would_not_find_again_is_not_registered() {
        let path = |path: &str| Registration::new(Path::new(path), None).map(drop);
        assert_eq!(path("/opt/rutter-hook"), Ok(()));
        assert!(matches!(path("rutter-hook"), Err(RegistrationError::Relative { .. })));
        assert!(matches!(path("/opt/hook"), Err(RegistrationError::Unknown { .. })));
    }

    #[test]
    fn the_one_file_installation_and_another_home_are_in_the_arguments() {
        let registration = Registration::new(Path::new("/opt/rutter"), Some(Path::new("/srv/book"))).unwrap();
        assert_eq!(registration.handler().args, ["hook", "claude-code", "--home", "/srv/book"]);
        assert!(registration.handler().is_ours());
    }
}
