//! `cargo xtask corpus`: whether `rutter` reads transcripts as somebody else did who wrote down what he found.
//!
//! | file | holds |
//! |---|---|
//! | `files` | transcripts of real clients, each with its own truth |
//! | `codex` | what is true of files of Codex, in the words of `rutter transcript` |
//! | `totals` | generated transcripts, with one truth about all of them |
//! | `compare` | one answer against the other, figure by figure |
//! | `quarters` | the program in an empty home |
//! | `generate/` | transcripts of any amount, and the truth about them |

mod codex;
mod compare;
mod files;
mod generate;
mod quarters;
mod totals;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use generate::TRUTH;
pub(crate) use generate::generate;
use quarters::Quarters;
pub(crate) use quarters::{objects, settle};
pub(crate) use totals::{TOTAL, Tokens, total, truth_total};

use crate::built;

/// Arguments of `cargo xtask corpus`.
#[derive(clap::Args)]
pub(crate) struct CorpusArgs {
    /// Where the transcripts are, with their `truth.json`
    directory: PathBuf,
    /// Write transcripts there first, and the truth about them
    #[arg(long)]
    generate: bool,
    /// How much to write, in megabytes
    #[arg(long, value_name = "NUMBER", default_value_t = 500, requires = "generate")]
    size_mb: u64,
    /// What decides over everything in them
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "generate")]
    seed: u64,
    /// Ask this program instead of building one
    #[arg(long, value_name = "PATH", conflicts_with = "generate")]
    program: Option<PathBuf>,
}

pub(crate) fn corpus(args: &CorpusArgs) -> Result<()> {
    if args.generate {
        return generate(&args.directory, args.size_mb, args.seed);
    }
    let directory = fs::canonicalize(&args.directory).with_context(|| format!("cannot find `{}`", args.directory.display()))?;
    let truth = read(&directory)?;
    let program = match &args.program {
        Some(program) => fs::canonicalize(program).with_context(|| format!("cannot find `{}`", program.display()))?,
        None => built::rutter()?,
    };
    let quarters = Quarters::new(program)?;
    match (truth["files"].as_object(), truth["totals"]["dedup"].as_object()) {
        (Some(files), _) => files::check(&directory, files, &quarters),
        (None, Some(_)) => totals::check(&directory, &truth, &quarters),
        (None, None) => bail!("`{}` has neither `files` nor `totals.dedup`", directory.join(TRUTH).display()),
    }
}

/// Reads the truth about a corpus.
pub(crate) fn read(directory: &Path) -> Result<Value> {
    let file = directory.join(TRUTH);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand `{}`", file.display()))
}
