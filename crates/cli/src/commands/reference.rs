//! `rutter commands-reference`: the reference in `docs/`, made from the command line itself.

use clap::{Args, Command, CommandFactory};

use crate::commands::{CommandLine, Context};
use crate::failure::Failure;

/// Print the reference of all commands as Markdown
#[derive(Args)]
pub(crate) struct ReferenceArgs {}

pub(super) fn reference(context: &Context, _args: &ReferenceArgs) -> Result<(), Failure> {
    let mut command = CommandLine::command().term_width(100).disable_help_subcommand(true);
    command.build();
    let mut text = "# Commands\n\nMade by `cargo xtask docs` from the program itself; do not edit.\n".to_owned();
    section(&mut text, &command, 2);
    context.ui.raw(text.as_bytes())
}

fn section(text: &mut String, command: &Command, level: usize) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.clone().term_width(100).render_long_help().to_string();
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("\n{} `{name}`\n\n```text\n{}\n```\n", "#".repeat(level), lines.join("\n").trim_end()));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        section(text, inner, if level == 2 && name == "rutter" { 2 } else { level + 1 });
    }
}
