//! `rutter extract`

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tracker::{Extracted, extract as read};

use crate::commands::Context;
use crate::commands::head::bare;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::page::{Page, brief, counted};

/// Print the agent session id that an agent's output tells
///
/// Reads what `claude -p` prints with --output-format stream-json or json: lines, an array or one object. An id may stand at the top of an
/// object, in its `message` or in its `metadata`, as `session_id`. Where ids differ the last one is right: with --continue the output begins
/// with one that nobody can resume. Lines that are no JSON are passed over. Where nothing tells an id, the newest transcript of this
/// directory does, which is a guess, and a warning says so. No id: exit 1.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ID=$(claude -p --output-format stream-json --verbose \"Fix it\" | rutter extract)\n  ID=$(rutter extract --no-guess run.jsonl) || echo \"no session\"\n  rutter extract run.jsonl --json | jq -r .place\n\nSee also: recover, transition"
)]
pub(crate) struct ExtractArgs {
    /// The output, if it is in a file; `-`, or none, reads stdin
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Do not look at the file system where the output tells no id
    #[arg(long)]
    no_guess: bool,
}

pub(super) fn extract(context: &Context, args: &ExtractArgs) -> Result<(), Failure> {
    let mut found = read_output(context, args.file.as_deref())?;
    if found.is_early {
        context.ui.warn("the output ends before the agent session begins: with --continue, this id may be one that nobody can resume");
    }
    let is_guess = found.id.is_none() && !args.no_guess;
    if is_guess {
        found = guessed(context, found)?;
    }
    if let Some(id) = &found.id {
        return context.ui.data(&found, || bare(id));
    }
    if context.global.json {
        context.ui.data(&json!(found), Page::default)?;
    }
    Err(nothing(&found, is_guess))
}

fn read_output(context: &Context, file: Option<&Path>) -> Result<Extracted, Failure> {
    match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => File::open(file).and_then(read).map_err(|error| unreadable(&file.display().to_string(), error)),
        None if file.is_none() && context.ui.is_typed_to() => Err(Failure::wrong("nothing is piped in, and no file is named").hint(
            "run `claude -p --output-format stream-json --verbose \"PROMPT\" | rutter extract`, or `rutter extract FILE`; `-` reads what you type",
        )),
        None => read(std::io::stdin().lock()).map_err(|error| unreadable("stdin", error)),
    }
}

fn unreadable(what: &str, error: std::io::Error) -> Failure {
    let mut failure = Failure::surroundings(error);
    failure.lines.insert(0, format!("cannot read `{what}`"));
    failure
}

fn guessed(context: &Context, found: Extracted) -> Result<Extracted, Failure> {
    let directory = context.directory()?;
    match context.config.newest_agent_session(&directory) {
        Ok(Some(newest)) => {
            let of = brief(&newest.directory.to_string_lossy());
            context.ui.warn(&format!("the output tells no id: guessed from the newest transcript of {of}, which may be another run's"));
            Ok(found.guessed(&newest))
        }
        Ok(None) => Ok(found),
        Err(error) => {
            context.ui.warn(&format!("nobody can look for transcripts: {error}"));
            Ok(found)
        }
    }
}

fn nothing(found: &Extracted, is_guess: bool) -> Failure {
    let skipped = if found.skipped > 0 { format!(", {} of them no JSON", found.skipped) } else { String::new() };
    let read = if found.lines == 0 {
        "the output is empty".to_owned()
    } else {
        format!("no agent session id in {}{skipped}", counted(found.lines, "line"))
    };
    let guess = if is_guess { ", and there is no transcript of this directory" } else { "" };
    let failure = Failure { exit: Exit::No, lines: vec![format!("{read}{guess}")], hints: Vec::new() };
    failure.hint("let the agent print JSON, as in `claude -p --output-format stream-json --verbose \"PROMPT\" | rutter extract`")
}
