//! Projects: worktrees of one repository, directories below a known one, repositories that moved, names.

use std::path::Path;
use std::process::Command;

use testkit::Home;
use tracker::{Listing, ProjectError, Start, StartError};

fn git(directory: &Path, arguments: &[&str]) {
    let home = directory.parent().unwrap();
    let mut command = Command::new("git");
    command.args([
        "-c",
        "user.name=ada",
        "-c",
        "user.email=ada@example.org",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ]);
    let status = command.args(arguments).current_dir(directory).env("HOME", home).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(status.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&status.stderr));
}

fn repository(home: &Home) -> std::path::PathBuf {
    let project = home.project();
    git(&project, &["init", "-q"]);
    std::fs::write(project.join("a"), "a").unwrap();
    git(&project, &["add", "a"]);
    git(&project, &["commit", "-q", "-m", "Fix the parser"]);
    project
}

fn start(home: &Home, directory: &Path) -> tracker::session::Session {
    home.tracker_in(directory).start(&Start::default()).unwrap()
}

#[test]
fn all_worktrees_of_a_repository_are_one_project() {
    let home = Home::new();
    let project = repository(&home);
    git(&project, &["worktree", "add", "-q", "../tree"]);
    std::fs::create_dir(project.join("deep")).unwrap();
    let (main, tree, deep) = (start(&home, &project), start(&home, &home.path("tree")), start(&home, &project.join("deep")));
    assert_eq!((main.project, main.project), (tree.project, deep.project));
    assert_eq!([main.number.value, tree.number.value, deep.number.value], [Some(1), Some(2), Some(3)]);
    assert_eq!(main.worktree, deep.worktree);
    assert_ne!(main.worktree, tree.worktree);
    assert_eq!(home.tracker_in(&project).view(&tree).unwrap().project.as_deref(), Some("project"));
}

#[test]
fn a_session_in_a_repository_is_described_by_what_it_begins_from() {
    let home = Home::new();
    let session = start(&home, &repository(&home));
    assert_eq!(session.description.unwrap().text.as_str(), "On main after \"Fix the parser\", started at 2026-02-16 17:30:03");
}

#[test]
fn outside_git_the_nearest_known_directory_above_is_the_project() {
    let home = Home::new();
    let below = home.project().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let above = start(&home, &home.project());
    assert_eq!(start(&home, &below).project, above.project);
    assert_ne!(start(&home, &home.path("elsewhere")).project, above.project);
}

#[test]
fn a_repository_that_moved_is_found_again() {
    let home = Home::new();
    let before = start(&home, &repository(&home));
    std::fs::rename(home.project(), home.path("moved")).unwrap();
    let after = start(&home, &home.path("moved"));
    assert_eq!((before.project, after.number.value), (after.project, Some(2)));
}

#[test]
fn a_copy_of_a_repository_is_a_project_of_its_own() {
    let home = Home::new();
    let first = start(&home, &repository(&home));
    git(&home.project(), &["clone", "-q", ".", "../copy"]);
    assert_ne!(start(&home, &home.path("copy")).project, first.project);
}

#[test]
fn s12_a_repository_s_own_settings_run_nothing() {
    let home = Home::new();
    let project = repository(&home);
    let trap = home.path("trap");
    let touch = format!("touch {}", trap.display());
    for setting in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "gpg.program",
        "core.editor",
        "diff.external",
        "log.showSignature",
        "core.hooksPath",
    ] {
        let value = if setting == "log.showSignature" { "true" } else { touch.as_str() };
        git(&project, &["config", setting, value]);
    }
    start(&home, &project);
    assert!(!trap.exists());
}

#[test]
fn a_named_project_is_made_by_recording_and_refused_by_reading() {
    let mut home = Home::new();
    home.set("RUTTER_PROJECT", "fleet");
    assert!(matches!(home.tracker().list(&Listing::default()), Err(ProjectError::Unknown { .. })));
    let session = start(&home, &home.project());
    assert_eq!(home.tracker().view(&session).unwrap().project.as_deref(), Some("fleet"));
    assert_eq!(start(&home, &home.path("elsewhere")).project, session.project);
    let path = home.project().to_string_lossy().into_owned();
    home.set("RUTTER_PROJECT", &path);
    assert_ne!(start(&home, &home.path("elsewhere")).project, session.project);
}

#[test]
fn a_name_of_two_projects_is_refused() {
    let mut home = Home::new();
    for directory in ["one/demo", "two/demo"] {
        std::fs::create_dir_all(home.path(directory)).unwrap();
        start(&home, &home.path(directory));
    }
    home.set("RUTTER_PROJECT", "demo");
    let refused = home.tracker().start(&Start::default());
    assert!(matches!(refused, Err(StartError::Project(ProjectError::Ambiguous { ref places, .. })) if places.len() == 2), "{refused:?}");
}

#[test]
fn lists_are_of_this_project_unless_all_are_asked_for() {
    let home = Home::new();
    let here = start(&home, &home.project());
    home.clock.pass(1);
    let there = start(&home, &home.path("elsewhere"));
    let ids = |listing: &Listing| home.tracker().list(listing).unwrap().into_iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(ids(&Listing::default()), vec![here.id.clone()]);
    assert_eq!(ids(&Listing { all_projects: true, ..Listing::default() }), [there.id, here.id]);
}

#[test]
fn a_session_in_the_home_directory_makes_no_project_of_everything_below_it() {
    let home = Home::new();
    for directory in [home.path(""), home.path("below")] {
        std::fs::create_dir_all(&directory).unwrap();
        home.tracker_in(&directory).start(&Start::default()).unwrap();
    }
    assert_eq!(home.tracker_in(&home.path("below")).list(&Listing::default()).unwrap().len(), 1);
}
