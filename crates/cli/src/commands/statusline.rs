//! `rutter statusline`

use std::io::Read;

use clap::Args;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, plain};

/// Print one line for an agent's status line: session, model, cost, context
///
/// Reads what the agent says on stdin. In Claude Code's settings:
/// "statusLine": {"type": "command", "command": "rutter statusline"}
#[derive(Args)]
pub(crate) struct StatuslineArgs {}

/// More than this is no status line's input.
const LONGEST: u64 = 1 << 20;

pub(super) fn statusline(context: &Context, _args: &StatuslineArgs) -> Result<(), Failure> {
    let mut told = Vec::new();
    std::io::stdin().lock().take(LONGEST).read_to_end(&mut told)?;
    context.read(|tracker| {
        let line = tracker.status_line(&told)?;
        let number = line.number.map(|number| format!("#{number:05}"));
        let cost = line.cost_usd.map(|cost| format!("${cost:.2}"));
        let used = line.context_percent.map(|percent| format!("{percent:.0}% context"));
        let parts = [line.session.clone(), number, line.model.clone(), cost, used].into_iter().flatten();
        let words: Vec<_> = parts.map(|part| brief(&part)).collect();
        let mut page = Page::default();
        let mut spans = Vec::new();
        for (at, word) in words.into_iter().enumerate() {
            let is_id = at == 0 && line.session.is_some();
            spans.extend((at > 0).then(|| plain(" · ")));
            spans.push(if is_id { Span::Text(Role::Id, word) } else { plain(word) });
        }
        page.line(spans);
        context.ui.data(
            &serde_json::json!({"session": line.session, "number": line.number, "model": line.model, "cost_usd": line.cost_usd, "context_percent": line.context_percent}),
            || page,
        )
    })
}
