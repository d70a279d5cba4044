//! Which worktree and which project a directory belongs to, from the file system alone.
//!
//! Asked on every command, so no process is started: a worktree is where `.git` is, and what `.git` says leads to the common
//! directory that all worktrees of a repository share (gitrepository-layout(5)).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where a command stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory the command was given, absolute with links resolved.
    pub directory: PathBuf,
    /// The top of the git worktree, else the directory itself.
    pub worktree: PathBuf,
    /// The git common directory, if the directory is in a repository.
    pub common: Option<PathBuf>,
    /// The directory of this worktree's own `HEAD`.
    pub git_dir: Option<PathBuf>,
}

impl Place {
    /// Finds out where `directory` lies; one that does not exist is taken as it is named.
    pub fn of(directory: &Path) -> Self {
        let as_named = || std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| as_named());
        for top in directory.ancestors() {
            if let Some(git_dir) = git_dir_of(top) {
                let common = common_of(&git_dir);
                return Self { worktree: top.to_owned(), common: Some(common), git_dir: Some(git_dir), directory };
            }
        }
        Self { worktree: directory.clone(), common: None, git_dir: None, directory }
    }

    /// Returns what identifies the project: the common directory, else the directory.
    pub fn project_place(&self) -> &Path {
        self.common.as_deref().unwrap_or(&self.directory)
    }

    /// Returns the name people will call the project by.
    pub fn project_name(&self) -> String {
        let named_after = match &self.common {
            Some(common) if common.file_name().is_some_and(|name| name == ".git") => common.parent().unwrap_or(common),
            Some(common) => common,
            None => &self.directory,
        };
        let name = named_after.file_name().unwrap_or(named_after.as_os_str()).to_string_lossy();
        name.strip_suffix(".git").filter(|name| !name.is_empty()).unwrap_or(&name).to_owned()
    }
}

/// Returns the git directory whose worktree begins at `top`.
fn git_dir_of(top: &Path) -> Option<PathBuf> {
    let dot_git = top.join(".git");
    let found = fs::symlink_metadata(&dot_git).ok()?;
    if found.is_file() {
        let text = read_short(&dot_git)?;
        let target = top.join(text.strip_prefix("gitdir:")?.trim());
        return fs::canonicalize(target).ok();
    }
    let resolved = fs::canonicalize(&dot_git).ok()?;
    resolved.join("HEAD").exists().then_some(resolved)
}

fn common_of(git_dir: &Path) -> PathBuf {
    let shared = read_short(&git_dir.join("commondir")).and_then(|text| fs::canonicalize(git_dir.join(text.trim())).ok());
    shared.unwrap_or_else(|| git_dir.to_owned())
}

/// Reads a file of git's that is one line long; one that is longer is none of git's.
pub(crate) fn read_short(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    (size <= 8_192).then(|| fs::read_to_string(path).ok()).flatten()
}

/// Writes a short note that may be lost: nobody waits for the disk. A link or a pipe in its place is left alone.
pub(crate) fn write_short(path: &Path, text: &str) -> io::Result<()> {
    let wary = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(wary.bits()).unwrap_or(0);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).custom_flags(flags).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_git_the_directory_is_the_project() {
        let place = Place::of(Path::new("/nowhere/at-all"));
        assert_eq!((place.project_place(), place.project_name().as_str()), (Path::new("/nowhere/at-all"), "at-all"));
        assert_eq!(Place::of(Path::new("/")).project_name(), "/");
    }

    #[test]
    fn a_repository_is_named_after_its_directory() {
        let named = |common: &str| {
            Place { directory: "/x".into(), worktree: "/x".into(), common: Some(common.into()), git_dir: None }.project_name()
        };
        assert_eq!(named("/home/me/demo/.git"), "demo");
        assert_eq!(named("/srv/demo.git"), "demo");
    }
}
