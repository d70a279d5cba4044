//! `rutter import`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tracker::session::SessionId;

use crate::arguments;
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::page::{Page, counted};

/// Take in sessions that were exported elsewhere
///
/// Importing twice changes nothing. Numbers that are taken here are given anew.
#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` reads stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn import(context: &Context, args: &ImportArgs) -> Result<(), Failure> {
    let text = if args.file.as_os_str() == "-" {
        arguments::text_or_stdin("-")?
    } else {
        std::fs::read_to_string(&args.file).map_err(|error| {
            let mut failure = Failure::surroundings(error);
            failure.lines.insert(0, format!("cannot read `{}`", args.file.display()));
            failure
        })?
    };
    context.write(|tracker| {
        let imported = tracker.import(&text)?;
        let ids = |ids: &[SessionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let view = json!({
            "new": ids(&imported.new), "known": ids(&imported.known), "refused": ids(&imported.refused), "events": imported.events,
        });
        context.ui.data(&view, || {
            let mut page = Page::default();
            let (new, events) = (counted(imported.new.len() as u64, "new session"), counted(imported.events as u64, "new event"));
            page.text(format!("{new}, {} known, {events}", imported.known.len()));
            page
        })?;
        if imported.refused.is_empty() {
            return Ok(());
        }
        let words = format!("another session or work item has the id here: {}", ids(&imported.refused).join(", "));
        Err(Failure { exit: Exit::No, lines: vec![words], hints: Vec::new() })
    })
}
