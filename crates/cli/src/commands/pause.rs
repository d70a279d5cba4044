//! `rutter pause`

use clap::Args;
use serde_json::json;
use tracker::{parse_length, parse_until};

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Let hooks record nothing for a while
///
/// What agents do meanwhile is not recorded and cannot be taken in later. Commands that you type go on recording.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter pause              Until you say otherwise\n  rutter pause --for 30m    For half an hour\n  rutter pause --end        Record again"
)]
pub(crate) struct PauseArgs {
    /// For how long: 30m, 2h, 1d
    #[arg(long = "for", value_name = "TIME", conflicts_with_all = ["until", "end"])]
    length: Option<String>,
    /// Until when: 17:30, 2026-02-16T09:00
    #[arg(long, value_name = "TIME", conflicts_with = "end")]
    until: Option<String>,
    /// Record again
    #[arg(long)]
    end: bool,
}

pub(super) fn pause(context: &Context, args: &PauseArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        if args.end {
            let was_paused = tracker.unpause().map_err(Failure::surroundings)?;
            let words = if was_paused { "Recording again." } else { "Nothing was paused." };
            return context.ui.data(&json!({"paused": false, "until": null}), || one_line(words));
        }
        let until = match (&args.length, &args.until) {
            (Some(length), _) => Some(parse_length(length, tracker.clock())?),
            (None, Some(until)) => Some(parse_until(until, tracker.clock())?),
            (None, None) => None,
        };
        tracker.pause(until).map_err(Failure::surroundings)?;
        let until = until.map(|until| until.moment.to_string());
        let words = match &until {
            Some(until) => format!("Hooks record nothing until {until}. To record again: rutter pause --end"),
            None => "Hooks record nothing from now on. To record again: rutter pause --end".to_owned(),
        };
        context.ui.data(&json!({"paused": true, "until": until}), || one_line(&words))
    })
}

fn one_line(words: &str) -> Page {
    let mut page = Page::default();
    page.text(words);
    page
}
