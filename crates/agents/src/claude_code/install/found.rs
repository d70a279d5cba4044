//! What of ours is registered in a file, and whether it would run. Changes nothing.

use std::path::Path;

use rustix::fs::{Access, access};

use super::InstallError;
use super::replace::{read, resolve};
use crate::claude_code::settings::{EVENTS, Handler, are_hooks_disabled, registered};

/// Whether the program of a handler would run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// It is there and may be executed.
    Runs,
    /// There is no such file.
    Missing,
    /// It is there, and may not be executed or is no file.
    NotExecutable,
}

/// One program of ours, as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundHandler {
    /// What is run.
    pub handler: Handler,
    /// The events it hears of, in the order of the file.
    pub events: Vec<String>,
    /// Whether it would run.
    pub program: Program,
}

/// What of ours is registered in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledHooks {
    /// Each program with its events; usually one, or none.
    pub handlers: Vec<FoundHandler>,
    /// Which events nothing of ours hears of. With no handlers, all of them.
    pub missing: Vec<&'static str>,
    /// Whether the file switches all hooks off, ours among them.
    pub are_all_disabled: bool,
}

/// Returns what of ours is registered in a file; in a missing one, nothing.
pub fn find(settings: &Path) -> Result<InstalledHooks, InstallError> {
    let target = resolve(settings)?;
    let found = read(&target)?;
    let text = found.as_ref().map_or(Ok(""), |found| found.text(&target))?;
    let registered = registered(text).map_err(InstallError::settings(&target))?;
    let missing = EVENTS.iter().map(|event| event.name).filter(|&name| registered.iter().all(|found| found.event != name)).collect();
    let mut handlers: Vec<FoundHandler> = Vec::new();
    for found in registered {
        match handlers.iter_mut().find(|known| known.handler == found.handler) {
            Some(known) => known.events.push(found.event),
            None => {
                let program = program(Path::new(&found.handler.command));
                handlers.push(FoundHandler { handler: found.handler, events: vec![found.event], program });
            }
        }
    }
    Ok(InstalledHooks { handlers, missing, are_all_disabled: are_hooks_disabled(text) })
}

fn program(path: &Path) -> Program {
    match std::fs::metadata(path) {
        Err(_) => Program::Missing,
        Ok(found) if found.is_file() && access(path, Access::EXEC_OK).is_ok() => Program::Runs,
        Ok(_) => Program::NotExecutable,
    }
}
