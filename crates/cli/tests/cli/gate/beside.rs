//! Other hooks, and managers of hooks: theirs go on running and can refuse, and taking ours out gives the bytes back.
//!
//! Managers are run where `cargo xtask test` installed them, below `target/hook-managers`; their tests need no network.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::faults::figure;
use super::{Repository, said};
use crate::machine::{skip, tree};
use crate::started;

const HOOK: &str = ".git/hooks/commit-msg";

/// Refuses what has `bad` in its message, and leaves a trace of every run.
const SHELL: &str = "echo ran >>\"$PWD/trace\"\nif grep -q bad \"$1\"; then exit 1; fi\n";

/// Returns how often the hook that was there has run.
fn runs(repository: &Repository) -> usize {
    std::fs::read_to_string(repository.at.join("trace")).unwrap_or_default().lines().count()
}

/// Expects that both our hook and the one that was there do their work.
fn assert_both_work(repository: &Repository, id: &str) {
    let before = runs(repository);
    repository.committed("Good");
    assert_eq!(repository.sessions("HEAD"), [id], "{}", repository.message("HEAD"));
    assert_eq!(runs(repository), before + 1);
    let (done, said) = repository.commit("bad");
    assert!(!done, "{said}");
}

#[test]
fn hooks_that_were_there_go_on_running_and_get_their_bytes_back() {
    let scripts = [
        format!("#!/bin/sh\n{SHELL}"),
        format!("#!/bin/bash -e\nset -euo pipefail\n{SHELL}exit 0"),
        format!("#!/usr/bin/env bash\n# a comment\n{SHELL}"),
        format!("{SHELL}exit 0\n"),
        "#!/usr/bin/env python3\nimport sys\nopen('trace', 'a').write('ran\\n')\nsys.exit('bad' in open(sys.argv[1]).read())\n".to_owned(),
    ];
    for script in scripts {
        let repository = Repository::bare_of_hooks();
        let id = started(&repository.env, "Fix the login");
        repository.log("Rewrote the check");
        repository.script(HOOK, &script);
        let before = tree(&repository.at.join(".git/hooks"));
        repository.env.answer(["git", "install"]);
        assert_both_work(&repository, &id);
        let once = tree(&repository.at.join(".git/hooks"));
        assert!(repository.env.answer(["git", "install"]).contains("there already"));
        assert!(tree(&repository.at.join(".git/hooks")) == once, "{script}");
        repository.env.answer(["git", "uninstall"]);
        assert!(tree(&repository.at.join(".git/hooks")) == before, "{script}");
    }
}

#[test]
fn a_link_stays_a_link_and_what_is_switched_off_stays_off() {
    let repository = Repository::bare_of_hooks();
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    repository.script("hooks/mine", &format!("#!/bin/sh\n{SHELL}"));
    symlink("../../hooks/mine", repository.at.join(HOOK)).unwrap();
    let off = repository.write(".git/hooks/prepare-commit-msg", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(&off, std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = tree(&repository.at.join(".git/hooks"));
    repository.env.answer(["git", "install"]);
    assert_both_work(&repository, &id);
    let (kept, aside) = (repository.at.join(".git/hooks/commit-msg.rutter-kept"), repository.at.join("aside"));
    std::fs::rename(&kept, &aside).unwrap();
    repository.committed("A hook that somebody took away blocks nothing");
    std::fs::rename(&aside, &kept).unwrap();
    repository.env.answer(["git", "uninstall"]);
    assert!(tree(&repository.at.join(".git/hooks")) == before);
    assert_eq!(std::fs::read_link(repository.at.join(HOOK)).unwrap(), PathBuf::from("../../hooks/mine"));
}

#[test]
fn hooks_are_put_where_git_looks_for_them() {
    for path in ["hooks-of-mine", "~/hooks", "ABSOLUTE"] {
        let repository = Repository::bare_of_hooks();
        let absolute = repository.env.path("absolute");
        let (path, directory) = match path {
            "ABSOLUTE" => (absolute.to_str().unwrap(), absolute.clone()),
            "~/hooks" => (path, repository.env.path("hooks")),
            _ => (path, repository.at.join(path)),
        };
        repository.git(["config", "core.hooksPath", path]);
        let id = started(&repository.env, "Fix the login");
        repository.log("Rewrote the check");
        std::fs::create_dir_all(&directory).unwrap();
        let hook = directory.join("commit-msg");
        std::fs::write(&hook, format!("#!/bin/sh\n{SHELL}")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        let before = tree(&directory);
        repository.env.answer(["git", "install"]);
        assert_both_work(&repository, &id);
        repository.env.answer(["git", "uninstall"]);
        assert!(tree(&directory) == before, "{path}");
        assert!(!repository.at.join(HOOK).exists());
    }
}

/// A manager of hooks: what sets it up in a repository, with a hook of its own that refuses what has `bad` in its message.
struct Manager {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    install: &'static str,
    /// What is there where it was installed.
    program: &'static str,
}

const LEFTHOOK: &str = "node_modules/lefthook-linux-x64/bin/lefthook";

const MANAGERS: [Manager; 3] = [
    Manager {
        name: "husky",
        files: &[("package.json", "{}\n"), (".husky/commit-msg", "echo ran >>trace\n! grep -q bad \"$1\"\n")],
        install: "node \"$MANAGERS/node_modules/husky/bin.js\"",
        program: "node_modules/husky/bin.js",
    },
    Manager {
        name: "lefthook",
        files: &[
            ("lefthook.yml", "commit-msg:\n  commands:\n    mine:\n      run: sh check {1}\n"),
            ("check", "echo ran >>trace\n! grep -q bad \"$1\"\n"),
        ],
        install: "\"$LEFTHOOK_BIN\" install",
        program: LEFTHOOK,
    },
    Manager {
        name: "pre-commit",
        files: &[
            (
                ".pre-commit-config.yaml",
                "repos:\n- repo: local\n  hooks:\n  - {id: mine, name: mine, language: system, entry: sh check, stages: [commit-msg]}\n",
            ),
            ("check", "echo ran >>trace\n! grep -q bad \"$1\"\n"),
        ],
        install: "python3 -m pre_commit install --hook-type commit-msg",
        program: "python/pre_commit/__main__.py",
    },
];

/// Returns a repository in which a manager can be started, or says that it is not here.
#[expect(clippy::disallowed_methods, reason = "managers are programs of node, wherever that is here")]
fn with_manager(manager: &Manager) -> Option<Repository> {
    let managers = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/hook-managers");
    let Some(managers) = managers.canonicalize().ok().filter(|managers| managers.join(manager.program).is_file()) else {
        skip(&format!("no {} below target/hook-managers; `cargo xtask test --only beside` installs it", manager.name));
        return None;
    };
    let mut repository = Repository::bare_of_hooks();
    let path = |below: &str| managers.join(below).to_str().unwrap().to_owned();
    let binary = path(LEFTHOOK);
    let search = std::env::var("PATH").unwrap();
    repository.env.set("MANAGERS", &path("")).set("LEFTHOOK_BIN", &binary).set("PYTHONPATH", &path("python")).set("PATH", &search);
    Some(repository)
}

fn set_up(repository: &Repository, manager: &Manager) {
    for (name, text) in manager.files {
        repository.script(name, text);
    }
    repository.git(["add", "."]);
    repository.git(["commit", "-q", "--no-verify", "-m", "Set up"]);
    manage(repository, manager);
}

fn manage(repository: &Repository, manager: &Manager) {
    let output = repository.command("sh").args(["-c", manager.install]).output().unwrap();
    assert!(output.status.success(), "{}: {}", manager.name, said(&output));
}

fn hooks_of(repository: &Repository) -> PathBuf {
    let husky = repository.at.join(".husky/_");
    if husky.exists() { husky } else { repository.at.join(".git/hooks") }
}

fn beside(manager: &Manager, commits: usize) {
    let Some(repository) = with_manager(manager) else { return };
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    set_up(&repository, manager);
    let before = tree(&hooks_of(&repository));
    repository.env.answer(["git", "install"]);
    for _ in 0..commits {
        assert_both_work(&repository, &id);
    }
    repository.env.answer(["git", "uninstall"]);
    assert!(tree(&hooks_of(&repository)) == before, "{}", manager.name);
    figure(&format!("{commits} commits beside {}", manager.name));
    // The other way round: the manager comes later, and ours once more.
    let Some(repository) = with_manager(manager) else { return };
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    repository.env.answer(["git", "install"]);
    set_up(&repository, manager);
    repository.env.answer(["git", "install"]);
    assert_both_work(&repository, &id);
    manage(&repository, manager);
    repository.env.answer(["git", "install"]);
    assert_both_work(&repository, &id);
    repository.env.answer(["git", "uninstall"]);
    repository.committed("Good");
    assert_eq!(repository.sessions("HEAD"), [""; 0], "{}", manager.name);
    let left = tree(&hooks_of(&repository));
    assert!(left.values().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains("rutter")), "{}", manager.name);
}

#[test]
fn husky_goes_on_beside_ours() {
    beside(&MANAGERS[0], 2);
}

#[test]
fn lefthook_goes_on_beside_ours() {
    beside(&MANAGERS[1], 2);
}

#[test]
fn pre_commit_goes_on_beside_ours() {
    beside(&MANAGERS[2], 2);
}

#[test]
#[ignore = "takes minutes; 100 commits beside each manager of hooks"]
fn hundred_commits_beside_each_manager() {
    for manager in &MANAGERS {
        beside(manager, 100);
    }
}
