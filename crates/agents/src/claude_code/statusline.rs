//! What the client tells its status line after each change: the only place that says how full the context is.

use std::path::PathBuf;

use serde_json::Value;

/// What the status line is told; everything but the conversation may be absent.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusLine {
    /// The conversation.
    pub session_id: String,
    /// The model, as it is shown: `Opus 5.5`.
    pub model: Option<String>,
    /// The client's own estimate for the whole conversation.
    pub cost_usd: Option<f64>,
    /// How much of the context is used; none before the first response.
    pub context_used_percent: Option<f64>,
    /// How many tokens fit into the context.
    pub context_size: Option<u64>,
    /// How many tokens went in.
    pub input_tokens: Option<u64>,
    /// How many tokens came out.
    pub output_tokens: Option<u64>,
    /// Where it works now.
    pub cwd: Option<PathBuf>,
    /// The worktree it works in, by name.
    pub worktree: Option<String>,
}

/// Reads what came on stdin; what names no conversation is nothing.
pub fn parse(json: &[u8]) -> Option<StatusLine> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let at = |pointer: &str| value.pointer(pointer);
    let text = |pointer: &str| at(pointer).and_then(Value::as_str).map(str::to_owned);
    let count = |pointer: &str| at(pointer).and_then(Value::as_u64);
    let amount = |pointer: &str| at(pointer).and_then(Value::as_f64);
    Some(StatusLine {
        session_id: text("/session_id")?,
        model: text("/model/display_name").or_else(|| text("/model/id")),
        cost_usd: amount("/cost/total_cost_usd"),
        context_used_percent: amount("/context_window/used_percentage"),
        context_size: count("/context_window/context_window_size"),
        input_tokens: count("/context_window/total_input_tokens"),
        output_tokens: count("/context_window/total_output_tokens"),
        cwd: text("/workspace/current_dir").or_else(|| text("/cwd")).map(PathBuf::from),
        worktree: text("/worktree/name").or_else(|| text("/worktree")),
    })
}
