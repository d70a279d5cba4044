//! Which crate may know which. A new arrow is an architectural change: it lands in its own commit, with this list edited.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::tree::{Finding, Tree};
use super::words::leading_name;
use crate::run;

/// Each room with the rooms it may depend on. Development dependencies are free, but for [`TESTKIT`].
const ALLOWED: &[(&str, &[&str])] = &[
    ("session", &[]),
    ("machine", &["session"]),
    ("redact", &["session"]),
    ("inbox", &["session"]),
    ("agents", &["session"]),
    ("store", &["session"]),
    ("hook", &["session", "machine", "redact", "inbox", "agents"]),
    ("tracker", &["session", "machine", "redact", "inbox", "agents", "store"]),
    ("server", &["session", "tracker"]),
    ("tui", &["session", "tracker"]),
    ("python", &["session", "tracker"]),
    ("cli", &["session", "hook", "tracker", "server", "tui"]),
];

/// May depend on everything, and nothing that ships on it.
const TESTKIT: &str = "testkit";

/// Depends on no room, not even for its tests, so that it builds while they do not.
const XTASK: &str = "xtask";

/// One crate of the workspace depending on another. Rooms are called by their directory, as people do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrow {
    from: String,
    to: String,
    is_dev: bool,
}

/// Asks cargo for the arrows of the workspace.
pub(crate) fn of_workspace() -> Result<Vec<Arrow>> {
    let metadata = run::stdout(&mut run::cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata = serde_json::from_str(&metadata).context("cannot read what `cargo metadata` printed")?;
    Ok(arrows(&metadata))
}

fn arrows(metadata: &Value) -> Vec<Arrow> {
    elements(&metadata["packages"]).flat_map(arrows_of).collect()
}

/// Only a dependency with a path is one of ours.
fn arrows_of(package: &Value) -> impl Iterator<Item = Arrow> {
    let from = package["manifest_path"].as_str().and_then(|manifest| Path::new(manifest).parent()).map(room);
    elements(&package["dependencies"]).filter_map(move |dependency| {
        let to = room(Path::new(dependency["path"].as_str()?));
        Some(Arrow { from: from.clone()?, to, is_dev: dependency["kind"] == "dev" })
    })
}

fn elements(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

fn room(dir: &Path) -> String {
    dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.arrows.iter().filter_map(|arrow| Some(finding(tree, arrow, objection(arrow)?))).collect()
}

/// Returns what speaks against an arrow.
fn objection(arrow: &Arrow) -> Option<&'static str> {
    match (arrow.from.as_str(), arrow.to.as_str()) {
        (XTASK, _) => Some("xtask depends on no crate of the workspace; run the program instead"),
        (_, TESTKIT) if !arrow.is_dev => Some("testkit is for tests alone; move it to [dev-dependencies]"),
        (TESTKIT, _) => None,
        (from, to) if arrow.is_dev || allows(from, to) => None,
        _ => Some("not one of the allowed arrows; find another way, or change the architecture in its own commit"),
    }
}

fn allows(from: &str, to: &str) -> bool {
    ALLOWED.iter().any(|(room, rooms)| *room == from && rooms.contains(&to))
}

fn finding(tree: &Tree, arrow: &Arrow, objection: &str) -> Finding {
    let manifest = if arrow.from == XTASK { "xtask/Cargo.toml".to_owned() } else { format!("crates/{}/Cargo.toml", arrow.from) };
    let line = tree.file(&manifest).map_or(1, |file| line_naming(&file.text, &arrow.to));
    Finding::at(&manifest, line, format!("{} → {}: {objection}", arrow.from, arrow.to))
}

fn line_naming(manifest: &str, room: &str) -> usize {
    manifest.lines().position(|line| leading_name(line) == room).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrow(from: &str, to: &str, is_dev: bool) -> Arrow {
        Arrow { from: from.to_owned(), to: to.to_owned(), is_dev }
    }

    fn is_fine(from: &str, to: &str, is_dev: bool) -> bool {
        let tree = Tree { files: Vec::new(), arrows: vec![arrow(from, to, is_dev)] };
        check(&tree).is_empty()
    }

    #[test]
    fn allowed_arrows_pass_and_others_do_not() {
        assert!(is_fine("cli", "tracker", false));
        assert!(!is_fine("cli", "store", false));
        assert!(!is_fine("session", "redact", false));
        assert!(!is_fine("server", "store", false));
        assert!(!is_fine("attic", "session", false));
    }

    #[test]
    fn tests_may_depend_on_anything_and_only_they_on_testkit() {
        assert!(is_fine("session", "store", true));
        assert!(is_fine("cli", "testkit", true));
        assert!(is_fine("testkit", "tracker", false));
        assert!(!is_fine("cli", "testkit", false));
    }

    #[test]
    fn xtask_depends_on_nothing() {
        assert!(!is_fine("xtask", "session", false));
        assert!(!is_fine("xtask", "testkit", true));
    }

    #[test]
    fn the_finding_points_at_the_line() {
        let mut tree = Tree::of(&[("crates/redact/Cargo.toml", "[dependencies]\nsession.workspace = true\nstore.workspace = true\n")]);
        tree.arrows.push(arrow("redact", "store", false));
        assert!(check(&tree)[0].to_string().starts_with("crates/redact/Cargo.toml:3: redact → store: "));
    }

    #[test]
    fn arrows_are_read_from_cargos_metadata() {
        let metadata = serde_json::json!({ "packages": [{
            "name": "rutter",
            "manifest_path": "/w/crates/cli/Cargo.toml",
            "dependencies": [
                { "name": "tracker", "kind": null, "path": "/w/crates/tracker" },
                { "name": "testkit", "kind": "dev", "path": "/w/crates/testkit" },
                { "name": "clap", "kind": null },
            ],
        }] });
        assert_eq!(arrows(&metadata), [arrow("cli", "tracker", false), arrow("cli", "testkit", true)]);
    }
}
