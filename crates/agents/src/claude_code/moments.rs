//! The events of Claude Code's hooks, as version 2.1.328 sends them.

/// Reports whether a process takes up a conversation with this event; the only one that is answered.
pub fn is_start(event: &str) -> bool {
    event == "SessionStart"
}

/// Reports whether this event is to be on disk before the hook returns: starts and ends of conversations, prompts and turns.
pub fn is_boundary(event: &str) -> bool {
    matches!(event, "SessionStart" | "SessionEnd" | "UserPromptSubmit" | "Stop" | "StopFailure" | "PreCompact" | "PostCompact")
}
