//! `rutter man`

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use crate::commands::{CommandLine, Context};
use crate::failure::Failure;

/// Print the manual page, or write one for every command
///
/// To read it: rutter man | man -l -
#[derive(Args)]
pub(crate) struct ManArgs {
    /// Write `rutter.1` and a page for every command into DIR
    #[arg(long, value_name = "DIR")]
    out: Option<std::path::PathBuf>,
}

pub(super) fn man(context: &Context, args: &ManArgs) -> Result<(), Failure> {
    if let Some(directory) = &args.out {
        return clap_mangen::generate_to(CommandLine::command(), directory).map_err(|error| {
            let mut failure = Failure::surroundings(error);
            failure.lines.insert(0, format!("cannot write manual pages into `{}`", directory.display()));
            failure
        });
    }
    let mut page = Vec::new();
    Man::new(CommandLine::command()).render(&mut page)?;
    context.ui.raw(&page)
}
