//! What the client tells its status line after each change: the only place that says how full the context is.

use serde_json::Value;

use crate::lenient;

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
}

/// Reads what came on stdin; what names no conversation is nothing.
pub fn parse(json: &[u8]) -> Option<StatusLine> {
    let value: Value = lenient::parse(json).ok()?;
    let at = |pointer: &str| value.pointer(pointer);
    let text = |pointer: &str| at(pointer).and_then(Value::as_str).map(str::to_owned);
    let amount = |pointer: &str| at(pointer).and_then(Value::as_f64);
    Some(StatusLine {
        session_id: text("/session_id")?,
        model: text("/model/display_name").or_else(|| text("/model/id")),
        cost_usd: amount("/cost/total_cost_usd"),
        context_used_percent: amount("/context_window/used_percentage"),
    })
}
