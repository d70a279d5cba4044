//! What its tools do, as far as anybody has to know.

/// Reports whether a tool runs a command in a shell.
pub fn is_shell(tool: &str) -> bool {
    tool == "Bash"
}
