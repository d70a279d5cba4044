//! `cargo xtask docs`: the reference of the command line, written by the program it describes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run;

/// Where the reference lives, from the root of the workspace.
const REFERENCE: &str = "docs/reference/commands.md";

/// Arguments of `cargo xtask docs`.
#[derive(clap::Args)]
pub(crate) struct DocsArgs {
    /// Only compare; fail when a file is out of date
    #[arg(long)]
    check: bool,
}

pub(crate) fn docs(args: &DocsArgs) -> Result<()> {
    let fresh = run::stdout(&mut run::cargo(&["run", "--quiet", "--locked", "-p", "rutter", "--", "commands-reference"]))?;
    let file = run::root().join(REFERENCE);
    if args.check {
        return check(&file, &fresh);
    }
    write(&file, &fresh)
}

fn check(file: &Path, fresh: &str) -> Result<()> {
    let stored = fs::read_to_string(file).unwrap_or_default();
    let Some(line) = first_difference(&stored, fresh) else {
        println!("{REFERENCE} is up to date");
        return Ok(());
    };
    bail!("{REFERENCE}:{line}: out of date; type `cargo xtask docs`")
}

fn write(file: &Path, fresh: &str) -> Result<()> {
    let dir = file.parent().unwrap_or(file);
    fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    fs::write(file, fresh).with_context(|| format!("cannot write `{}`", file.display()))?;
    println!("Wrote {REFERENCE}");
    Ok(())
}

/// Returns the first line, counted from 1, in which two texts differ.
fn first_difference(stored: &str, fresh: &str) -> Option<usize> {
    if stored == fresh {
        return None;
    }
    let same = stored.split('\n').zip(fresh.split('\n')).take_while(|(old, new)| old == new).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a", "a\n"), Some(2));
    }

    #[test]
    fn a_missing_file_is_out_of_date() {
        let error = check(Path::new("no/such/file"), "# Commands\n").unwrap_err();
        assert_eq!(error.to_string(), "docs/reference/commands.md:1: out of date; type `cargo xtask docs`");
    }
}
