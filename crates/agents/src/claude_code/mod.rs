//! Claude Code: payloads of its hooks, its settings, its registry of running sessions.

/// How this agent is spelled everywhere.
pub const NAME: &str = "claude-code";
