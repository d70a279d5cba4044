//! What the agent is told about recording: a skill, slash commands, and a block for a project's own instructions.

/// When and how to write down what must not be lost.
pub const DUTIES: &str = include_str!("words/duties.md");

const SKILL: &str = include_str!("words/skill.md");

/// Returns the skill: what it is for, and the duties.
pub(super) fn skill() -> String {
    format!("{}\n{DUTIES}", SKILL.trim_end())
}

/// The slash commands: where each lies in a plugin, and its text.
pub(super) const COMMANDS: [(&str, &str); 6] = [
    ("commands/log.md", include_str!("words/command-log.md")),
    ("commands/decision.md", include_str!("words/command-decision.md")),
    ("commands/test.md", include_str!("words/command-test.md")),
    ("commands/blocker.md", include_str!("words/command-blocker.md")),
    ("commands/todo.md", include_str!("words/command-todo.md")),
    ("commands/handoff.md", include_str!("words/command-handoff.md")),
];
