//! The hooks of a repository: where they are, ours in, ours out.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{GateError, script};
use crate::Tracker;
use crate::foreign_place::ForeignPlace;

/// The hooks that we have lines in.
const HOOKS: [&str; 2] = ["prepare-commit-msg", "commit-msg"];

/// What a hook that is no shell script is called while ours stands in front of it.
const KEPT: &str = "rutter-kept";

/// What managers of hooks call a hook that was there before theirs. The first of them goes on running it, the second keeps it.
const MOVED: [&str; 2] = ["legacy", "old"];

/// Larger files are no scripts.
const LARGEST: u64 = 1 << 20;

/// What became of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HookOutcome {
    /// There was none: it is ours alone.
    Made,
    /// Our lines are in a script that was there.
    Joined,
    /// The hook that was there is kept beside ours, and called by it.
    Wrapped,
    /// It was as it is to be.
    Already,
    /// It is as it was before us.
    Restored,
    /// There was nothing of ours.
    Nothing,
}

impl HookOutcome {
    /// Returns the words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Joined => "joined to the script that was there",
            Self::Wrapped => "put in front of the hook that was there",
            Self::Already => "there already",
            Self::Restored => "taken out",
            Self::Nothing => "nothing there",
        }
    }
}

/// One hook of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HookView {
    /// Its name.
    pub hook: &'static str,
    /// Its file.
    pub file: PathBuf,
    /// What became of it.
    pub outcome: HookOutcome,
}

impl Tracker {
    /// Puts our lines into the repository's hooks, beside whatever is there. `program` is the one that they call.
    ///
    /// # Errors
    /// When there is no repository, or a file cannot be read or written; each hook is then as it was, or done.
    pub fn install_git_hooks(&self, program: &Path) -> Result<Vec<HookView>, GateError> {
        let directory = self.hooks_directory()?;
        fs::create_dir_all(&directory).map_err(at(&directory))?;
        let program = program.to_string_lossy();
        let install = |hook| Ok(HookView { hook, file: directory.join(hook), outcome: install(&directory, hook, &program)? });
        HOOKS.into_iter().map(install).collect()
    }

    /// Reports whether there is a repository here, in whose hooks our lines are not.
    pub fn could_have_git_hooks(&self) -> bool {
        self.hooks_directory().is_ok() && self.program_of_git_hooks().is_none()
    }

    /// Takes our lines out of the repository's hooks; what was there before us is there again, to the byte.
    ///
    /// # Errors
    /// When there is no repository, or a file cannot be read or written.
    pub fn uninstall_git_hooks(&self) -> Result<Vec<HookView>, GateError> {
        let directory = self.hooks_directory()?;
        let uninstall = |hook| Ok(HookView { hook, file: directory.join(hook), outcome: uninstall(&directory, hook)? });
        HOOKS.into_iter().map(uninstall).collect()
    }

    /// Returns the program that our lines in the repository's hooks call; none where a hook is without them.
    pub(crate) fn program_of_git_hooks(&self) -> Option<PathBuf> {
        let directory = self.hooks_directory().ok()?;
        let programs = HOOKS.iter().map(|hook| {
            let text = [(*hook).to_owned(), format!("{hook}.{}", MOVED[0])].into_iter().find_map(|name| ours(&directory.join(name)))?;
            script::program(&text).map(PathBuf::from)
        });
        programs.collect::<Option<Vec<_>>>()?.pop()
    }

    /// Reports whether any of our lines are left in the repository's hooks.
    pub(crate) fn has_some_git_hook(&self) -> bool {
        let has_one = |directory: PathBuf| HOOKS.iter().flat_map(|hook| places(&directory, hook)).any(|file| ours(&file).is_some());
        self.hooks_directory().is_ok_and(has_one)
    }

    /// Returns where git looks for hooks: where `core.hooksPath` says, which is where managers of hooks have theirs, else in the common
    /// directory.
    fn hooks_directory(&self) -> Result<PathBuf, GateError> {
        let no_repository = || GateError::NoRepository { place: self.place.directory.clone() };
        let common = self.place.common.as_ref().ok_or_else(no_repository)?;
        let answer = self.git_here().ask(&["config", "--type=path", "--null", "--get-all", "core.hooksPath"], &[]).unwrap_or_default();
        let text = String::from_utf8_lossy(&answer).into_owned();
        // The last one is what we tell git ourselves, so that it runs none while it is asked.
        let configured = text.split_terminator('\0').rev().nth(1).filter(|path| !path.is_empty());
        Ok(configured.map_or_else(|| common.join("hooks"), |path| self.place.worktree.join(path)))
    }
}

fn install(directory: &Path, hook: &str, program: &str) -> Result<HookOutcome, GateError> {
    let (file, kept) = (directory.join(hook), directory.join(format!("{hook}.{KEPT}")));
    let kept_name = format!("{hook}.{KEPT}");
    // Ours is run already by the one that took its place.
    let legacy = directory.join(format!("{hook}.{}", MOVED[0]));
    let file = if ours(&file).is_none() && ours(&legacy).is_some() && is_run(&file) { legacy } else { file };
    let is_link = fs::symlink_metadata(&file).is_ok_and(|found| found.is_symlink());
    let held = read(&file).map_err(at(&file))?;
    // What nobody can run was switched off, and stays so.
    let in_front = || script::in_front(program, hook, &kept_name);
    let wanted = match &held {
        None if !is_link && !file.exists() => (script::alone(program, hook), HookOutcome::Made),
        Some(text) if fs::symlink_metadata(&kept).is_ok() && script::is_in(text) => (in_front(), HookOutcome::Wrapped),
        Some(text) if script::is_alone(text) => (script::alone(program, hook), HookOutcome::Made),
        Some(text)
            if !is_link
                && is_run(&file)
                && let Some(joined) = script::put_in(text, program, hook) =>
        {
            (joined, HookOutcome::Joined)
        }
        _ => {
            // A binary, a script of another language, a link: it stays what it is, under another name.
            fs::rename(&file, &kept).map_err(at(&file))?;
            (in_front(), HookOutcome::Wrapped)
        }
    };
    if held.as_deref() == Some(wanted.0.as_str()) && is_run(&file) {
        return Ok(HookOutcome::Already);
    }
    replace(&file, &wanted.0, 0o755).map_err(at(&file))?;
    Ok(wanted.1)
}

fn uninstall(directory: &Path, hook: &str) -> Result<HookOutcome, GateError> {
    let kept = directory.join(format!("{hook}.{KEPT}"));
    let mut outcome = HookOutcome::Nothing;
    for file in places(directory, hook) {
        let Some(text) = read(&file).map_err(at(&file))?.filter(|text| script::is_in(text)) else { continue };
        if script::is_in_front(&text) && fs::symlink_metadata(&kept).is_ok() {
            fs::rename(&kept, &file).map_err(at(&kept))?;
        } else if script::is_alone(&text) || script::is_in_front(&text) {
            fs::remove_file(&file).map_err(at(&file))?;
        } else {
            replace(&file, &script::take_out(&text), 0o755).map_err(at(&file))?;
        }
        outcome = HookOutcome::Restored;
    }
    Ok(outcome)
}

/// Returns the files that can hold our lines: the hook, and where managers of hooks put the one that was there.
fn places(directory: &Path, hook: &str) -> Vec<PathBuf> {
    let moved = MOVED.iter().map(|moved| directory.join(format!("{hook}.{moved}")));
    std::iter::once(directory.join(hook)).chain(moved).collect()
}

/// Reads a script with our lines in it.
fn ours(file: &Path) -> Option<String> {
    read(file).ok().flatten().filter(|text| script::is_in(text))
}

/// Reports whether git would run a hook.
fn is_run(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Reads a script; none where there is nothing, or something that is no text.
fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::metadata(file) {
        Ok(found) if found.is_file() && found.len() <= LARGEST => Ok(String::from_utf8(fs::read(file)?).ok()),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file in one step; its mode stays, made executable where it is new.
fn replace(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mode = fs::metadata(file).map_or(mode, |found| found.permissions().mode() & 0o7777);
    let (directory, name) = (file.parent().unwrap_or(Path::new("/")), file.file_name().unwrap_or_default());
    ForeignPlace::open(directory)?.replace(&name.to_string_lossy(), text.as_bytes(), Some(mode))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> GateError {
    let path = path.to_owned();
    move |source| GateError::File { path, source }
}
