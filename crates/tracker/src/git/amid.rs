//! What git is in the middle of, and where it keeps the commits that cannot be reached meanwhile; read from files.

use std::path::Path;

use super::branch_tip;
use super::commits::is_id;
use crate::place::read_short;

/// Returns what git is in the middle of, in a word.
pub(crate) fn amid(git_dir: &Path) -> Option<&'static str> {
    const MARKS: [(&str, &str); 7] = [
        ("rebase-merge", "rebase"),
        ("rebase-apply/applying", "am"),
        ("rebase-apply", "rebase"),
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("BISECT_LOG", "bisect"),
    ];
    MARKS.into_iter().find(|(file, _)| git_dir.join(file).exists()).map(|(_, word)| word)
}

/// Returns from where commits are reached that `HEAD` was moved away from: by a rebase that goes on, by a search for a fault.
pub(crate) fn hidden_tips(git_dir: &Path, common: &Path) -> Vec<String> {
    let files = ["rebase-merge/orig-head", "rebase-apply/orig-head", "BISECT_START"];
    let names = files.into_iter().filter_map(|file| read_short(&git_dir.join(file))).map(|text| text.trim().to_owned());
    names.filter_map(|name| if is_id(name.as_bytes()) { Some(name) } else { branch_tip(common, &name) }).collect()
}
