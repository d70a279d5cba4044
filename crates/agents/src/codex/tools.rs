//! What its tools do, as far as anybody has to know. What a patch does to files the files that it names say.

/// Reports whether a tool runs a command in a shell.
pub fn is_shell(tool: &str) -> bool {
    matches!(tool, "shell" | "shell_command" | "local_shell" | "exec_command")
}
