//! `rutter makefile`

use clap::Args;
use tracker::fragment;

use crate::commands::Context;
use crate::failure::Failure;

/// Print targets for a Makefile: track-init, track-log, track-decision, track-end, new-session and more
///
/// Texts reach the program as they were typed, with their quotes, dollar signs and line breaks. The targets are listed at the head of what
/// is printed.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter makefile > rutter.mk           Write them down; put `include rutter.mk` into your Makefile\n  make track-log MSG='Found the leak'   Call `rutter log` in the current session"
)]
pub(crate) struct MakefileArgs {
    /// What the targets call (default: rutter)
    #[arg(long, value_name = "PATH", default_value = "rutter", hide_default_value = true, value_parser = program)]
    program: String,
}

pub(super) fn makefile(context: &Context, args: &MakefileArgs) -> Result<(), Failure> {
    context.ui.raw(fragment(&args.program).as_bytes())?;
    if context.ui.is_read_by_a_person() {
        context.ui.note("hint: run `rutter makefile > rutter.mk` and put `include rutter.mk` into your Makefile");
    }
    Ok(())
}

fn program(typed: &str) -> Result<String, &'static str> {
    match typed.chars().any(char::is_control) || typed.is_empty() {
        true => Err("make cannot call a program of this name"),
        false => Ok(typed.to_owned()),
    }
}
