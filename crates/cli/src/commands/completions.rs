//! `rutter completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::commands::{CommandLine, Context};
use crate::failure::Failure;

/// Print a completion script for a shell
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn completions(context: &Context, args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "rutter", &mut script);
    context.ui.raw(&script)
}
