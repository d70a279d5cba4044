//! Where refs stand, read from the files of a repository.

use std::path::Path;

use super::commits::is_id;
use crate::place::read_short;

/// More packed refs are not looked through.
const LONGEST_PACK: u64 = 16 * 1024 * 1024;

/// Returns the branch that is checked out; none when detached.
pub(crate) fn branch(git_dir: &Path) -> Option<String> {
    let head = read_short(&git_dir.join("HEAD"))?;
    head.trim().strip_prefix("ref: refs/heads/").map(str::to_owned)
}

/// Returns the commit that is checked out, as far as files say so.
pub(crate) fn head_commit(git_dir: &Path, common: &Path) -> Option<String> {
    let head = read_short(&git_dir.join("HEAD"))?;
    match head.trim().strip_prefix("ref: ") {
        Some(name) => resolve(common, name),
        None => id(&head),
    }
}

/// Returns a branch as git is asked for it, if there is one with this name.
pub(crate) fn branch_tip(common: &Path, name: &str) -> Option<String> {
    let full = format!("refs/heads/{name}");
    resolve(common, &full).map(|_| full)
}

fn resolve(common: &Path, name: &str) -> Option<String> {
    // What is read from a file is no way out of the directory.
    if name.split('/').any(|part| part.is_empty() || part.starts_with('.')) || !name.starts_with("refs/") {
        return None;
    }
    read_short(&common.join(name)).and_then(|text| id(&text)).or_else(|| packed(common, name))
}

fn packed(common: &Path, name: &str) -> Option<String> {
    let file = common.join("packed-refs");
    std::fs::metadata(&file).ok().filter(|found| found.is_file() && found.len() <= LONGEST_PACK)?;
    let text = std::fs::read(file).ok()?;
    let line =
        text.split(|byte| *byte == b'\n').find(|line| line.strip_suffix(name.as_bytes()).is_some_and(|rest| rest.ends_with(b" ")))?;
    id(&String::from_utf8_lossy(line.split(|byte| *byte == b' ').next()?))
}

fn id(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| is_id(text.as_bytes())).map(str::to_owned)
}
