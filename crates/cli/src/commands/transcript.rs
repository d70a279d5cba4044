//! `rutter transcript`

use std::path::PathBuf;

use clap::Args;
use tracker::TranscriptView;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, number};

/// Read an agent's transcript and say what is in it, without storing anything
///
/// A file that is named by itself is counted by itself: what it repeats of other files is counted here, and once in `rutter usage`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter transcript ~/.claude/projects/-home-ada-site/0b1c….jsonl\n  rutter transcript --json *.jsonl | jq -s 'map(.tokens_total.output) | add'"
)]
pub(crate) struct TranscriptArgs {
    /// The transcripts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// So many agent sessions of one file are named.
const SHOWN: usize = 20;

pub(super) fn transcript(context: &Context, args: &TranscriptArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    let mut views = Vec::new();
    for file in &args.files {
        views.push(TranscriptView::read(file)?);
    }
    context.ui.list(&views, || {
        let mut page = Page::default();
        for (place, view) in views.iter().enumerate() {
            if place > 0 {
                page.gap();
            }
            page.page(one(view));
        }
        page
    })
}

fn one(view: &TranscriptView) -> Page {
    let mut page = Page::default();
    page.text(view.file.clone());
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    page.text(format!("  Agent: {}", view.agent));
    if view.session_ids.len() > 1 {
        page.text(format!("  Agent sessions: {}, together here", view.session_ids.len()));
        page.texts(view.session_ids.iter().take(SHOWN).map(|id| format!("    {id}")));
        if view.session_ids.len() > SHOWN {
            page.text(format!("    and {} more", view.session_ids.len() - SHOWN));
        }
        page.text("    `rutter agents info ID` tells of one that its agent has here");
    } else {
        page.text(format!("  Agent session: {}", or_none(&view.session_id)));
    }
    page.text(format!("  From: {} to {}", or_none(&view.first), or_none(&view.last)));
    page.text(format!(
        "  Did: {}, {}, {}, {}",
        counted(view.turns, "turn"),
        counted(view.tool_calls_total, "tool call"),
        counted(view.assistant_messages, "response"),
        counted(view.compactions, "compaction")
    ));
    page.text(format!("  Edited: {}", counted(view.files_edited_ok.len() as u64, "file")));
    let at_least = if view.responses_without_stop_reason > 0 { "at least " } else { "" };
    let tokens = &view.tokens_with_embedded;
    page.text(format!(
        "  Tokens: {} in, {at_least}{} out, {} to and {} from caches",
        number(tokens.input),
        number(tokens.output),
        number(tokens.cache_creation),
        number(tokens.cache_read)
    ));
    if view.parse_errors + view.too_long_lines > 0 {
        page.text(format!("  Passed over: {} that could not be read", counted(view.parse_errors + view.too_long_lines, "line")));
    }
    page
}
