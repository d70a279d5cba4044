//! The programs that are measured, and the one that does nothing: what starting a process costs at least.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::built::executable;
use crate::{hook_program, run};

/// What rustc is told for the program that does nothing: nothing to link at its start, nothing to relocate.
const NOOP: &[&str] = &["-O", "-C", "target-feature=+crt-static", "-C", "relocation-model=static", "-C", "panic=abort"];

/// The scheme that a hook's record is compared with: a temporary file, synced and renamed.
const REPLACE: &str = r#"
use std::io::{Read, Write};
fn main() {
    let directory = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let mut payload = Vec::new();
    std::io::stdin().read_to_end(&mut payload).unwrap();
    let temporary = directory.join(format!(".{}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&temporary).unwrap();
    file.write_all(&payload).unwrap();
    file.sync_all().unwrap();
    std::fs::rename(&temporary, directory.join("record")).unwrap();
}
"#;

/// Programs, and the directory in which everything about measuring lies.
pub(super) struct Programs {
    pub(super) rutter: PathBuf,
    pub(super) fill: PathBuf,
    pub(super) appends: PathBuf,
    pub(super) drain: PathBuf,
    pub(super) marks: PathBuf,
    pub(super) insert: PathBuf,
    pub(super) insert_many: PathBuf,
    pub(super) hook: PathBuf,
    pub(super) noop: PathBuf,
    pub(super) replace: PathBuf,
    pub(super) directory: PathBuf,
}

/// Builds everything as it is shipped.
pub(super) fn build() -> Result<Programs> {
    println!("Building what is measured (release) …");
    let build = ["build", "--release", "--locked", "-p", "rutter", "-p", "testkit", "--message-format=json-render-diagnostics"];
    let messages = run::stdout(&mut run::cargo(&build))?;
    let built = |name: &str| executable(&messages, name).with_context(|| format!("cargo built no program `{name}`"));
    let (rutter, fill, appends) = (built("rutter")?, built("fill")?, built("appends")?);
    let (drain, marks) = (built("drain")?, built("marks")?);
    let examples = ["build", "--release", "--locked", "-p", "store", "--examples", "--message-format=json-render-diagnostics"];
    let messages = run::stdout(&mut run::cargo(&examples))?;
    let example = |name: &str| executable(&messages, name).with_context(|| format!("cargo built no program `{name}`"));
    let (insert, insert_many) = (example("insert_once")?, example("insert_many")?);
    let target = rutter.ancestors().nth(2).context("cargo builds into a directory of its own")?;
    let directory = target.join("bench");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
    let (noop, replace) = (compile(&directory, "noop", "fn main() {}\n")?, compile(&directory, "replace", REPLACE)?);
    Ok(Programs { rutter, fill, appends, drain, marks, insert, insert_many, hook: hook_program::build()?, noop, replace, directory })
}

/// Compiles a program of one file, static as the hook is.
pub(super) fn compile(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let (source, program) = (directory.join(name).with_extension("rs"), directory.join(name));
    fs::write(&source, text).with_context(|| format!("cannot write `{}`", source.display()))?;
    run::succeed(run::program("rustc", NOOP).arg("-o").arg(&program).arg(&source))?;
    Ok(program)
}
