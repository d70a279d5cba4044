//! Kinds of commits and messages: which get a trailer, which are asked, and that no byte changes but for the trailer.

use std::process::Output;

use super::{Repository, said};
use crate::started;

/// Returns a repository in whose session something is written down.
fn ready() -> (Repository, String) {
    let repository = Repository::new();
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    (repository, id)
}

/// Commits with an editor that is a shell command.
fn edited(repository: &Repository, editor: &str, words: &[&str]) -> Output {
    repository.command("git").env("GIT_EDITOR", editor).args(["commit", "-q", "--allow-empty"]).args(words).output().unwrap()
}

#[test]
fn a_commit_that_is_given_up_stays_so() {
    let (repository, _) = ready();
    repository.write("template", "What\n\nWhy\n");
    let cases: [(&str, &[&str]); 8] = [
        ("true", &[]),
        (":", &[]),
        ("true", &["-v"]),
        ("true", &["-s"]),
        ("true", &["-t", "template"]),
        ("true", &["--cleanup=scissors"]),
        ("sh -c ': >\"$0\"'", &["-m", "Given up", "-e"]),
        ("sh -c 'printf \"\\n# nothing\\n\" >\"$0\"'", &["--amend"]),
    ];
    for mark in ["#", ";", "auto"] {
        repository.git(["config", "core.commentChar", mark]);
        for (editor, words) in cases {
            // A line that is a comment by default is text where another character marks them.
            if words == ["--amend"] && mark == ";" {
                continue;
            }
            let output = edited(&repository, editor, words);
            assert!(!output.status.success(), "{editor} {words:?} {mark}: {}", repository.message("HEAD"));
            assert_eq!((repository.count(), repository.message("HEAD").as_str()), (1, "Begin"), "{editor} {words:?}");
        }
    }
}

#[test]
fn a_message_gets_one_trailer_however_it_is_given() {
    let (repository, id) = ready();
    repository.write("message", "Fix\n\nLong story\n");
    repository.write("template", "What\n\n");
    let write = "sh -c 'printf \"Fix\\n\" | cat - \"$0\" >\"$0.new\" && mv \"$0.new\" \"$0\"'";
    let cases: [(&str, &[&str]); 12] = [
        ("true", &["-m", "Fix"]),
        ("true", &["-m", "Fix", "-m", "Long story"]),
        ("true", &["-F", "message"]),
        ("true", &["-m", "Fix", "-s"]),
        ("true", &["-m", "Fix", "--no-verify"]),
        ("true", &["-m", "#12: fix"]),
        ("true", &["-m", "Fix", "-e"]),
        ("true", &["-m", "Fix", "--cleanup=verbatim"]),
        (write, &[]),
        (write, &["-v"]),
        (write, &["-t", "template"]),
        (write, &["--cleanup=scissors"]),
    ];
    for (editor, words) in cases {
        repository.write("file", format!("{words:?}"));
        repository.git(["add", "file"]);
        let output = edited(&repository, editor, words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        assert_eq!(repository.sessions("HEAD"), [id.as_str()], "{words:?}: {}", repository.message("HEAD"));
        assert!(!repository.message("HEAD").contains("diff --git"), "{words:?}");
        repository.git(["commit", "-q", "--amend", "--no-edit"]);
        assert_eq!(repository.sessions("HEAD"), [id.as_str()], "{words:?}: {}", repository.message("HEAD"));
    }
}

#[test]
fn no_byte_of_a_message_changes_but_for_the_trailer() {
    let (repository, id) = ready();
    let long = "A line that is rather long, and there are many of them\n".repeat(20_000);
    let long = format!("Fix\n\n{long}");
    let cases: [&[u8]; 6] = [
        b"Fix\r\n\r\nWhy\r\n",
        b"F\xefx\n\nL\xe4ng\xff\n",
        b"Fix\n\n\n\nspaces   \n",
        b"Fix\n\n# not a comment\nmore\n",
        b"Fix",
        long.as_bytes(),
    ];
    for text in cases {
        let file = repository.write("message", text);
        let words = ["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", file.to_str().unwrap()];
        // Git takes bytes that are no UTF-8 for another encoding only where it is told so.
        repository.git(["config", "i18n.commitEncoding", "ISO-8859-1"]);
        repository.git(words);
        let output = repository.try_git(["cat-file", "commit", "HEAD"]);
        let body = output.stdout.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
        let (kept, added) = output.stdout[body..].split_at(text.len());
        assert!(kept == text, "{}", String::from_utf8_lossy(&kept[..kept.len().min(200)]));
        assert_eq!(String::from_utf8_lossy(added).trim(), format!("Session: {id}"));
        assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
    }
}

#[test]
fn a_session_that_is_named_already_is_kept() {
    let (repository, _) = ready();
    let other = repository.env.answer(["start", "--quiet", "-d", "Another"]);
    repository.env.answer(["log", "-s", &other, "Done", "-c", "implementation"]);
    repository.committed(&format!("Fix\n\nSession: {other}\nSigned-off-by: Ada <ada@example.org>"));
    assert_eq!(repository.sessions("HEAD"), [other.as_str()]);
    let (done, said) = repository.commit("Fix\n\nSession: SESSION-20200101-000000-AAAA");
    assert!(done && said.contains("nobody here knows that session") && said.contains("do: rutter list"), "{said}");
}

#[test]
fn fixups_and_bots_are_not_asked() {
    let repository = Repository::strict();
    for subject in ["fixup! Begin", "squash! Begin", "amend! Begin"] {
        assert_eq!(repository.committed(subject), subject);
    }
    let bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>";
    repository.git(["commit", "-q", "--allow-empty", "--author", bot, "-m", "Bump"]);
    started(&repository.env, "Fix the login");
    repository.committed("fixup! Begin");
    assert_eq!(repository.sessions("HEAD"), [""; 0]);
}

#[test]
fn what_git_repeats_or_joins_is_not_asked_again() {
    let (mut repository, id) = ready();
    repository.changed("a", "1\n");
    repository.committed("One");
    repository.git(["checkout", "-q", "-b", "side"]);
    repository.changed("b", "1\n");
    repository.committed("Two");
    repository.changed("b", "2\n");
    repository.committed("fixup! Two");
    repository.env.answer(["end"]);
    repository.env.set("GIT_SEQUENCE_EDITOR", "true");
    repository.git(["rebase", "-q", "-i", "--autosquash", "HEAD~2"]);
    assert_eq!((repository.message("HEAD"), repository.count()), (format!("Two\n\nSession: {id}"), 3));
    repository.git(["checkout", "-q", "main"]);
    repository.git(["cherry-pick", "-x", "side"]);
    assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
    repository.git(["reset", "-q", "--hard", "HEAD~1"]);
    repository.git(["merge", "-q", "--no-ff", "--no-edit", "side"]);
    assert_eq!(repository.message("HEAD"), "Merge branch 'side'");
}

#[test]
fn a_revert_and_a_squashed_branch_name_the_session_that_is_going_on() {
    let (repository, id) = ready();
    repository.changed("a", "1\n");
    repository.committed("One");
    repository.git(["revert", "--no-edit", "HEAD"]);
    assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
    repository.git(["checkout", "-q", "-b", "side"]);
    repository.changed("b", "1\n");
    repository.committed("Two");
    repository.git(["checkout", "-q", "main"]);
    repository.git(["merge", "-q", "--squash", "side"]);
    repository.git(["commit", "-q", "--no-edit"]);
    assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
}

#[test]
fn worktrees_submodules_directories_and_a_detached_head_are_no_matter() {
    let (mut repository, id) = ready();
    let top = repository.at.clone();
    repository.write("deep/er/file", "");
    repository.at = top.join("deep/er");
    repository.committed("From below");
    assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
    repository.at.clone_from(&top);
    repository.git(["checkout", "-q", "--detach"]);
    repository.committed("Detached");
    assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
    repository.git(["worktree", "add", "-q", "../beside", "-b", "beside"]);
    repository.at = top.join("../beside");
    repository.committed("Beside");
    assert_eq!(repository.sessions("HEAD"), [id.as_str()]);
    repository.at.clone_from(&top);
    repository.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./", "within"]);
    repository.at = top.join("within");
    assert_eq!(repository.env.raw_with(&repository.at, ["git", "install"], b"").code, 0);
    let outcome = repository.env.raw_with(&repository.at, ["start", "--quiet", "-d", "Within"], b"");
    assert_eq!(repository.env.raw_with(&repository.at, ["log", "Done", "-c", "implementation"], b"").code, 0);
    repository.committed("Within");
    assert_eq!(repository.sessions("HEAD"), [outcome.stdout.trim()]);
}
