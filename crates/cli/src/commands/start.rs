//! `rutter start`

use clap::Args;
use serde_json::json;
use tracker::Start;
use tracker::session::Prefix;

use crate::arguments::{self, lossy};
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout::{Banner, banner};

/// Start a session and make it current
///
/// On a terminal the full banner is shown. Captured, stdout is the bare id, and the banner goes to stderr:
/// ID=$(rutter start -d "Fix the login")
#[derive(Args)]
pub(crate) struct StartArgs {
    /// What the session is about; `-` reads stdin (default: branch, last commit and time)
    #[arg(short, long, value_name = "TEXT", value_parser = lossy())]
    description: Option<String>,
    /// The type its id begins with (default: SESSION)
    #[arg(long = "type", value_name = "TYPE", value_parser = arguments::prefix)]
    prefix: Option<Prefix>,
    /// The number it is to have in its project (default: the next one)
    #[arg(long, value_name = "N")]
    number: Option<u32>,
    /// A tag (can be repeated)
    #[arg(long = "tag", value_name = "TAG", value_parser = lossy())]
    tags: Vec<String>,
    /// A name and a value to keep with it (can be repeated)
    #[arg(long = "meta", value_name = "K=V", value_parser = lossy())]
    metadata: Vec<String>,
    /// What it begins with, see `rutter templates`; what is said here goes before what that says
    #[arg(long, value_name = "NAME", value_parser = lossy())]
    template: Option<String>,
    /// When it began: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(super) fn start(context: &Context, args: &StartArgs) -> Result<(), Failure> {
    let description = args.description.as_deref().map(arguments::text_or_stdin).transpose()?;
    let metadata = arguments::pairs(&args.metadata)?;
    context.write(|tracker| {
        let start = Start {
            description,
            prefix: args.prefix.clone(),
            number: args.number,
            tags: args.tags.clone(),
            metadata,
            at: arguments::at(args.at.as_deref(), tracker.clock())?,
            template: args.template.clone(),
        };
        let session = tracker.start(&start)?;
        if !context.ui.is_read_by_a_person() {
            context.ui.aside(&banner(&session, Banner::Full));
        }
        context.ui.id(session.id.as_str(), &json!(tracker.view(&session)?), || banner(&session, Banner::Full))
    })
}
