//! `rutter export`

use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::commands::list::{FILTERS, FilterArgs};
use crate::failure::Failure;
use crate::ui::harmless_json;

/// Write sessions as one file that can be imported elsewhere
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter export 3 4 -o two.json    Two sessions, to be read by `rutter import two.json`\n  rutter export --since 7d         All of the last week, on stdout"
)]
pub(crate) struct ExportArgs {
    /// The sessions (default: all of this project that fit)
    #[arg(value_name = "SESSION", value_parser = lossy(), conflicts_with_all = FILTERS)]
    named: Vec<String>,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Write into FILE instead of stdout; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What an export looks like.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Everything, so that it can be imported elsewhere
    Json,
}

pub(super) fn export(context: &Context, args: &ExportArgs) -> Result<(), Failure> {
    let Format::Json = args.format;
    context.read(|tracker| {
        let named = if args.named.is_empty() { context.global.session.iter().cloned().collect() } else { args.named.clone() };
        let value = tracker.export(&named, &args.filter.listing(tracker, None)?)?;
        let text = harmless_json(&serde_json::to_string_pretty(&value).map_err(Failure::surroundings)?) + "\n";
        match args.output.as_ref().filter(|file| file.as_os_str() != "-") {
            None => context.ui.raw(text.as_bytes()),
            Some(file) => write(file, text.as_bytes()).map_err(|error| {
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
    // A pipe or a terminal, as `/dev/stdout` may be, has no owner to keep it for and cannot be synced.
    let is_file = file.metadata()?.is_file();
    if is_file {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    file.write_all(text)?;
    if is_file { file.sync_all() } else { Ok(()) }
}
