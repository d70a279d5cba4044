//! What its tools do, as far as anybody has to know. What a shell does to files nobody can tell from its command.

use crate::FileUse;

/// Reports whether a tool runs a command in a shell.
pub fn is_shell(tool: &str) -> bool {
    tool == "Bash"
}

/// Returns what a tool does to the file that its call is about; none where it is about no file.
pub fn file_use(tool: &str) -> Option<FileUse> {
    match tool {
        "Read" => Some(FileUse::Read),
        "Edit" | "MultiEdit" | "NotebookEdit" => Some(FileUse::Edit),
        "Write" => Some(FileUse::Write),
        _ => None,
    }
}
