//! Scripts that stand where other people's scripts stood, for who already calls those: each does what its name promised, by `rutter`.
//!
//! | script | where | which tool it stands in for |
//! |---|---|---|
//! | `session-id-generator.sh`, `.py` | beside the files of the mirror | ids for sessions and work items |
//! | `session-start.sh` | there, where nobody has one | the last step of a start |
//! | `shared/tools/session-tracker.py` | in the worktree | the record of work |
//! | `utils/session_helpers.py` | in the worktree | markers for hooks |
//!
//! A script that was there is kept beside ours, and comes back when ours goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use session::quoted;

use crate::Tracker;
use crate::foreign_place::ForeignPlace;

/// What every script of ours has near its beginning.
const MARK: &str = "# rutter:shim";

/// What the name of a script that was there ends with meanwhile.
const KEPT: &str = ".before-rutter";

/// A script.
struct Shim {
    /// Where it lies, below its root.
    path: &'static str,
    /// Whether its root is the worktree; else it is the mirror's.
    is_of_worktree: bool,
    /// Whether one that is there may be put aside: it does nothing but what ours does.
    stands_in: bool,
    text: &'static str,
}

const SHIMS: [Shim; 5] = [
    Shim { path: "session-id-generator.sh", is_of_worktree: false, stands_in: true, text: include_str!("session-id-generator.sh") },
    Shim { path: "session-id-generator.py", is_of_worktree: false, stands_in: true, text: include_str!("session-id-generator.py") },
    Shim { path: "session-start.sh", is_of_worktree: false, stands_in: false, text: include_str!("session-start.sh") },
    Shim { path: "shared/tools/session-tracker.py", is_of_worktree: true, stands_in: true, text: include_str!("session-tracker.py") },
    Shim { path: "utils/session_helpers.py", is_of_worktree: true, stands_in: true, text: include_str!("session_helpers.py") },
];

/// What became of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShimView {
    /// Its file.
    pub file: PathBuf,
    /// `installed`, `already installed`, `left alone`, `removed`, `restored`, `nothing there`.
    pub outcome: &'static str,
    /// Where the script is kept that was there before.
    pub kept: Option<PathBuf>,
}

/// Why a script could not be put in place or removed.
#[derive(Debug, thiserror::Error)]
#[error("cannot use `{path}`")]
pub struct ShimError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Tracker {
    /// Puts scripts where other people's scripts were, each calling `program`. Those of the worktree only where there is a repository, or
    /// `everywhere`.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn install_shims(&self, program: &Path, everywhere: bool) -> Result<Vec<ShimView>, ShimError> {
        let places = self.places().into_iter().filter(|(shim, _)| everywhere || !shim.is_of_worktree || self.place.git_dir.is_some());
        places.map(|(shim, root)| install(shim, &root, program)).collect()
    }

    /// Removes our scripts; what was there before comes back.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn uninstall_shims(&self) -> Result<Vec<ShimView>, ShimError> {
        self.places().into_iter().map(|(shim, root)| uninstall(&root.join(shim.path))).collect()
    }

    /// Returns each script with its root. Where the mirror is off, its scripts have no place.
    fn places(&self) -> Vec<(&'static Shim, PathBuf)> {
        let mirror = self.config.mirror_root();
        let root = |shim: &Shim| if shim.is_of_worktree { Some(self.place.worktree.clone()) } else { mirror.clone() };
        SHIMS.iter().filter_map(|shim| Some((shim, root(shim)?))).collect()
    }
}

fn install(shim: &Shim, root: &Path, program: &Path) -> Result<ShimView, ShimError> {
    let file = &*root.join(shim.path);
    let failed = |source| ShimError { path: file.to_owned(), source };
    let program = program.to_string_lossy();
    // A string of JSON is one of Python.
    let name = if shim.path.ends_with(".py") { serde_json::Value::from(program.as_ref()).to_string() } else { quoted(&program) };
    let text = shim.text.replace("@RUTTER@", &name);
    let held = read(file).map_err(failed)?;
    let mut view = ShimView { file: file.to_owned(), outcome: "installed", kept: None };
    match held {
        Some(held) if held == text.as_bytes() => return Ok(ShimView { outcome: "already installed", ..view }),
        Some(held) if !is_ours(&held) && !shim.stands_in => return Ok(ShimView { outcome: "left alone", ..view }),
        Some(held) if !is_ours(&held) => {
            fs::rename(file, kept(file)).map_err(failed)?;
            view.kept = Some(kept(file));
        }
        _ => {}
    }
    write(root, shim.path, text.as_bytes()).map_err(failed)?;
    Ok(view)
}

fn uninstall(file: &Path) -> Result<ShimView, ShimError> {
    let failed = |source| ShimError { path: file.to_owned(), source };
    let view = |outcome| ShimView { file: file.to_owned(), outcome, kept: None };
    if !read(file).map_err(failed)?.is_some_and(|held| is_ours(&held)) {
        return Ok(view("nothing there"));
    }
    if kept(file).exists() {
        fs::rename(kept(file), file).map_err(failed)?;
        return Ok(view("restored"));
    }
    fs::remove_file(file).map_err(failed)?;
    // Directories that are empty now were made for it, or are missed by nobody.
    for directory in file.ancestors().skip(1).take(2) {
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(view("removed"))
}

fn kept(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(KEPT);
    name.into()
}

fn is_ours(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    head.lines().take(3).any(|line| line.starts_with(MARK))
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(file) {
        Ok(found) if found.is_file() => fs::read(file).map(Some),
        // A link or a directory is somebody's own arrangement: not ours, and put aside as it is.
        Ok(_) => Ok(Some(Vec::new())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(root: &Path, below: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(root)?;
    let name = below.rsplit('/').next().unwrap_or(below);
    ForeignPlace::make_parent_of(root, Path::new(below))?.replace(name, bytes, Some(0o755))
}
