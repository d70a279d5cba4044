//! What its tools do, as far as anybody has to know.

use crate::FileUse;

/// Reports whether a tool runs a command in a shell.
pub fn is_shell(tool: &str) -> bool {
    tool == "bash"
}

/// Returns what a tool does to the file that its call is about; none where it is about no file.
pub fn file_use(tool: &str) -> Option<FileUse> {
    match tool {
        "read" => Some(FileUse::Read),
        "edit" | "multiedit" => Some(FileUse::Edit),
        "write" => Some(FileUse::Write),
        _ => None,
    }
}
