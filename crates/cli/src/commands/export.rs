//! `rutter export`

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::list::FilterArgs;
use crate::failure::Failure;

/// Write sessions as one file that imports elsewhere
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The sessions (default: all of this project that fit)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Vec<String>,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Write into FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What an export looks like.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Everything, so that it imports elsewhere
    Json,
}

pub(super) fn export(context: &Context, args: &ExportArgs) -> Result<(), Failure> {
    let Format::Json = args.format;
    context.read(|tracker| {
        let value = tracker.export(&args.named, &args.filter.listing(tracker, None)?)?;
        let mut text = serde_json::to_vec_pretty(&value).map_err(Failure::surroundings)?;
        text.push(b'\n');
        match &args.output {
            None => context.ui.raw(&text),
            Some(file) => write(file, &text).map_err(|error| {
                let mut failure = Failure::surroundings(error);
                failure.lines.insert(0, format!("cannot write `{}`", file.display()));
                failure
            }),
        }
    })
}

/// An export is for its owner until they hand it on.
fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    file.write_all(text)?;
    file.sync_all()
}
