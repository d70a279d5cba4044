//! `cargo xtask setup`: from a clone to a rutter that works.
//!
//! A new binary is copied beside the old one and renamed over it, so that a rutter which is running is no obstacle
//! and nobody ever starts half a file.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{hook_program, run};

/// What is installed: the package, and the binary it builds. The first one is asked to `init`.
const BINARIES: &[(&str, &str)] = &[("rutter", "rutter"), ("hook", HOOK)];

/// The program that agents call.
const HOOK: &str = "rutter-hook";

/// Arguments of `cargo xtask setup`.
#[derive(clap::Args)]
pub(crate) struct SetupArgs {
    /// Install into DIR/bin instead of cargo's own bin directory
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Do not run `rutter init` afterwards
    #[arg(long)]
    no_init: bool,
}

pub(crate) fn setup(args: &SetupArgs) -> Result<()> {
    let dir = bin_dir(args.root.as_deref())?;
    fs::create_dir_all(&dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    for (package, binary) in BINARIES {
        println!("Building {binary} (release) …");
        let built = if *binary == HOOK { hook_program::build()? } else { build(package, binary)? };
        let installed = install(&built, &dir, binary)?;
        println!("Installed {}", installed.display());
    }
    if !args.no_init {
        init(&dir)?;
    }
    conclude(&dir);
    Ok(())
}

/// Returns the directory that binaries go to.
fn bin_dir(root: Option<&Path>) -> Result<PathBuf> {
    let home = match root {
        Some(root) => root.to_path_buf(),
        None => cargo_home().context("cannot tell where cargo's home is; say where to install with `--root DIR`")?,
    };
    std::path::absolute(home.join("bin")).with_context(|| format!("cannot use `{}`", home.display()))
}

fn cargo_home() -> Option<PathBuf> {
    let set = environment("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

#[expect(clippy::disallowed_methods, reason = "where cargo installs and what PATH says is known to the environment alone")]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Builds one package alone, so that no other crate's features leak into it, and returns the binary.
fn build(package: &str, binary: &str) -> Result<PathBuf> {
    let format = "--message-format=json-render-diagnostics";
    let messages = run::stdout(&mut run::cargo(&["build", "--release", "--locked", "-p", package, "--bin", binary, format]))?;
    executable(&messages, binary).with_context(|| format!("cargo built `{package}` without naming the binary `{binary}`"))
}

/// Finds the binary in cargo's messages: only cargo knows which target directory is in force.
fn executable(messages: &str, binary: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut named = artifacts.filter(|message| message["target"]["name"] == binary);
    named.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

fn install(built: &Path, dir: &Path, binary: &str) -> Result<PathBuf> {
    let target = dir.join(format!("{binary}{EXE_SUFFIX}"));
    let fresh = dir.join(format!(".{binary}.{}.new", std::process::id()));
    let placed = place(built, &fresh, &target).with_context(|| format!("cannot install `{}`", target.display()));
    if placed.is_err() {
        drop(fs::remove_file(&fresh));
    }
    placed.map(|()| target)
}

fn place(built: &Path, fresh: &Path, target: &Path) -> Result<()> {
    fs::copy(built, fresh).with_context(|| format!("cannot copy `{}`", built.display()))?;
    make_executable(fresh)?;
    File::options().write(true).open(fresh)?.sync_all()?;
    Ok(fs::rename(fresh, target)?)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

/// Runs `rutter init` with the keyboard attached: it may ask.
fn init(dir: &Path) -> Result<()> {
    let program = dir.join(format!("{}{EXE_SUFFIX}", BINARIES[0].1));
    println!("Running `{} init` …", program.display());
    run::succeed(std::process::Command::new(&program).arg("init")).context("everything is installed, but not set up")
}

fn conclude(dir: &Path) {
    let names: Vec<_> = BINARIES.iter().map(|(_, binary)| *binary).collect();
    println!("Done: {} are in {}", names.join(" and "), dir.display());
    let path = environment("PATH").unwrap_or_default();
    if is_on(&path, dir) {
        println!("That directory is on your PATH.");
        return;
    }
    println!("That directory is not on your PATH. Type this, and add it to your shell's start-up file:");
    println!("    export PATH=\"{}:$PATH\"", dir.display());
}

/// Says whether the directory is one of those in PATH, whatever way it is spelled there.
fn is_on(path: &OsString, dir: &Path) -> bool {
    let real = |dir: &Path| fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
    let wanted = real(dir);
    std::env::split_paths(path).any(|entry| real(&entry) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of this test's own, fresh.
    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn the_binary_is_found_in_cargos_messages() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"session\"},\"executable\":null}\n",
            "not json\n",
            "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"rutter\"},\"executable\":\"/t/release/rutter\"}\n",
        );
        assert_eq!(executable(messages, "rutter"), Some(PathBuf::from("/t/release/rutter")));
        assert_eq!(executable(messages, "session"), None);
    }

    #[test]
    fn installing_replaces_the_old_file_and_leaves_nothing_behind() {
        let dir = scratch("replace");
        fs::write(dir.join("built"), "new").unwrap();
        let bin = dir.join("bin");
        fs::create_dir(&bin).unwrap();
        fs::write(bin.join(format!("rutter{EXE_SUFFIX}")), "old").unwrap();
        let installed = install(&dir.join("built"), &bin, "rutter").unwrap();
        assert_eq!(fs::read_to_string(installed).unwrap(), "new");
        assert_eq!(fs::read_dir(&bin).unwrap().count(), 1);
        fs::remove_dir_all(dir).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_is_installed_can_be_executed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = scratch("mode");
        fs::write(dir.join("built"), "new").unwrap();
        let installed = install(&dir.join("built"), &dir, "rutter").unwrap();
        assert_eq!(fs::metadata(installed).unwrap().permissions().mode() & 0o777, 0o755);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_failed_install_says_on_what_and_keeps_the_old_file() {
        let dir = scratch("failed");
        fs::write(dir.join(format!("rutter{EXE_SUFFIX}")), "old").unwrap();
        let error = install(&dir.join("missing"), &dir, "rutter").unwrap_err();
        assert!(error.to_string().starts_with("cannot install `"), "{error}");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_root_means_its_bin_directory_as_an_absolute_path() {
        assert!(bin_dir(Some(Path::new("here"))).unwrap().is_absolute());
        assert!(bin_dir(Some(Path::new("/opt/rutter"))).unwrap().ends_with("rutter/bin"));
    }

    #[test]
    fn a_directory_on_the_path_is_recognised_however_it_is_spelled() {
        let dir = scratch("path");
        let path = std::env::join_paths([Path::new("/nowhere"), &dir.join(".")]).unwrap();
        assert!(is_on(&path, &dir));
        assert!(!is_on(&path, &dir.join("bin")));
        fs::remove_dir_all(dir).unwrap();
    }
}
