//! `rutter completions`

use clap::{Args, Command, CommandFactory};
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
    clap_complete::generate(args.shell, &mut what_is_shown(&CommandLine::command()), "rutter", &mut script);
    context.ui.raw(&script)
}

/// Returns the command line without what help hides: clap's generators offer hidden commands too.
fn what_is_shown(whole: &Command) -> Command {
    let shown = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new("rutter").version(env!("CARGO_PKG_VERSION")).args(whole.get_arguments().cloned()).subcommands(shown)
}
