//! Repositories and programs that mean harm: nothing of theirs is run, and nobody is waited for.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use testkit::Home;
use tracker::session::Text;

use crate::repository::Repository;
use crate::states::{long, repository, start, survey, words};

/// Returns a command that leaves a file behind when it is run.
fn trap(home: &Home, name: &str) -> String {
    format!("touch {}; cat", home.path(&format!("sprung-{name}")).display())
}

fn sprung(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("sprung")).collect()
}

fn lay_traps(home: &Home, repository: &Repository) {
    let settings = [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "gpg.program",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "filter.e=v.il.clean",
        "merge.evil.driver",
        "uploadpack.packObjectsHook",
    ];
    for setting in settings {
        repository.git(&["config", setting, &trap(home, setting)]);
    }
    for (setting, value) in
        [("log.showSignature", "true"), ("filter.evil.required", "true"), ("diff.renames", "copies"), ("log.showRoot", "false")]
    {
        repository.git(&["config", setting, value]);
    }
    let hooks = repository.path.join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"] {
        let file = hooks.join(hook);
        std::fs::write(&file, format!("#!/bin/sh\n{}\n", trap(home, hook))).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::fs::write(repository.path.join(".git/info/attributes"), "a filter=evil diff=evil merge=evil\nb filter=e=v.il\n").unwrap();
}

#[test]
fn s12_nothing_that_a_repository_brings_is_run() {
    let home = Home::in_memory();
    let repository = repository(&home);
    lay_traps(&home, &repository);
    let session = start(&home, &repository);
    repository.write("a", &long("changed"));
    repository.write("b", &long("changed"));
    let found = survey(&home, &repository, &session);
    assert_eq!(words(&found), ["modified a u", "modified b u"]);
    assert_eq!((sprung(&home), found.gaps), (vec![], vec![]));
    // The traps are good: git by itself runs into them.
    repository.try_git(&["status"]);
    assert!(!sprung(&home).is_empty());
}

#[test]
fn s12_nothing_that_a_submodule_brings_is_run() {
    let home = Home::in_memory();
    let inner = Repository::new(&home.path("inner"));
    inner.commit("a", "x");
    let repository = repository(&home);
    repository.git(&["submodule", "add", "-q", "../inner", "sub"]);
    repository.git(&["commit", "-q", "-m", "sub"]);
    let within = repository.at(&repository.path.join("sub"));
    let settings = repository.at(&repository.path.join(".git/modules/sub"));
    for setting in ["core.fsmonitor", "filter.evil.clean"] {
        settings.git(&["config", setting, &trap(&home, setting)]);
    }
    std::fs::create_dir_all(repository.path.join(".git/modules/sub/info")).unwrap();
    std::fs::write(repository.path.join(".git/modules/sub/info/attributes"), "a filter=evil\n").unwrap();
    let session = start(&home, &repository);
    within.write("a", &long("changed"));
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified sub u"]);
    assert_eq!(sprung(&home), [] as [PathBuf; 0]);
    repository.try_git(&["status"]);
    assert!(!sprung(&home).is_empty());
}

/// Puts a program called `git` in front of all others.
fn stand_in(home: &mut Home, script: &str) {
    let directory = home.path("bin");
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("git");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    home.set("PATH", &format!("{}:/usr/local/bin:/usr/bin:/bin", directory.display()));
}

#[test]
fn a_git_that_hangs_is_not_waited_for_and_it_is_said() {
    let mut home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    repository.commit("a", "x");
    let pipe = home.path("never");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    stand_in(&mut home, &format!("read x < {}", pipe.display()));
    let tracker = home.tracker_in(&repository.path);
    let began = Instant::now();
    let found = tracker.survey(&session, Duration::from_millis(50)).unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!((words(&found), found.git.unwrap().branch), (vec![], Some(Text::stored("main".to_owned()))));
    let gaps: Vec<_> = found.gaps.iter().map(Text::as_str).collect();
    let expected = [
        "git did not answer within 0.05 s: what is not committed is not known",
        "git did not answer within 0.05 s: what was committed is not known",
    ];
    assert_eq!(gaps, expected);
}

#[test]
fn a_start_without_an_answer_of_git_keeps_what_files_say() {
    let mut home = Home::in_memory();
    let repository = repository(&home);
    stand_in(&mut home, "exit 1");
    let session = start(&home, &repository);
    stand_in(&mut home, "exec /usr/bin/git \"$@\"");
    repository.commit("mine", "x");
    let found = survey(&home, &repository, &session);
    assert!(words(&found).contains(&"created mine c".to_owned()), "{found:?}");
    let gaps: Vec<_> = found.gaps.iter().map(Text::as_str).collect();
    assert_eq!(gaps, ["git did not say in time how the session began: what is older than it by its time is left out"]);
}

#[test]
fn without_git_the_answer_says_so() {
    let mut home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    home.set("PATH", "/nowhere");
    repository.write("a", "x");
    let found = home.tracker_in(&repository.path).survey(&session, Duration::from_secs(1)).unwrap();
    let gaps: Vec<_> = found.gaps.iter().map(Text::as_str).collect();
    assert_eq!(gaps[0], "git was not found: what is not committed is not known");
}
