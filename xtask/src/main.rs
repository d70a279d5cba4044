//! `cargo xtask`: the chores of this workspace, as one program.
//!
//! | file | holds |
//! |---|---|
//! | `setup` | builds rutter and puts it where the shell finds it |
//! | `test/` | everything a change has to pass, step by step |
//! | `tidy/` | the house rules as code |
//! | `docs` | the generated part of the documentation |
//! | `bench/` | how long things take, as ratios |
//! | `corpus/` | whether transcripts are read as they should be |
//! | `built` | programs as they are shipped |
//! | `hook_program` | building the hook as it is shipped |
//! | `npm` | programs that npm brings |
//! | `run` | how all of them start other programs |
//!
//! Apart from the crates: nothing that is shipped depends on it, and it depends on none of them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talking to the person at the terminal is what xtask is for")]

mod bench;
mod built;
mod corpus;
mod docs;
mod hook_program;
mod npm;
mod run;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// The chores of this workspace
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Build rutter, install it, and run `rutter init`
    Setup(setup::SetupArgs),
    /// Run everything that CI runs
    Test(test::TestArgs),
    /// Check the house rules
    Tidy,
    /// Write the generated part of the documentation
    Docs(docs::DocsArgs),
    /// Measure how long things take
    Bench(bench::BenchArgs),
    /// Check what is read from transcripts, or write transcripts
    Corpus(corpus::CorpusArgs),
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Setup(args) => setup::setup(&args),
        Command::Test(args) => test::test(&args),
        Command::Tidy => tidy::tidy(),
        Command::Docs(args) => docs::docs(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Corpus(args) => corpus::corpus(&args),
    }
}
