//! What a scripted answer is made of.

use serde_json::{Value, json};

/// One thing that a model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Something to read.
    Words(String),
    /// A command for the shell.
    Shell(String),
    /// A patch of files.
    Patch(String),
}

/// Returns something to read.
pub fn words(text: &str) -> Said {
    Said::Words(text.to_owned())
}

/// Returns a command for the shell.
pub fn shell(command: &str) -> Said {
    Said::Shell(command.to_owned())
}

/// Returns a patch that adds a file of one line.
pub fn patch(file: &str, line: &str) -> Said {
    Said::Patch(format!("*** Begin Patch\n*** Add File: {file}\n+{line}\n*** End Patch"))
}

impl Said {
    /// Returns the item as the API sends it; calls are known by the number.
    pub(super) fn item(&self, number: usize) -> Value {
        match self {
            Self::Words(text) => json!({
                "type": "message", "id": format!("msg_{number}"), "role": "assistant", "content": [{ "type": "output_text", "text": text }],
            }),
            Self::Shell(command) => json!({
                "type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"), "name": "exec_command",
                "arguments": json!({ "cmd": command }).to_string(),
            }),
            Self::Patch(patch) => json!({
                "type": "custom_tool_call", "id": format!("ctc_{number}"), "call_id": format!("call_{number}"), "name": "apply_patch",
                "input": patch, "status": "completed",
            }),
        }
    }
}
