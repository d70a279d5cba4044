//! One state of a repository each: what `git` is in the middle of, where `HEAD` stands, and names that are hard to read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use testkit::Home;
use tracker::Start;
use tracker::session::{Attribution, Session, Survey};

use crate::repository::Repository;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Returns a repository with the files `a`, `b` and `c` of a commit each.
pub(crate) fn repository(home: &Home) -> Repository {
    let repository = Repository::new(&home.path("shop"));
    for name in ["a", "b", "c"] {
        repository.commit(name, &long(name));
    }
    repository
}

/// Returns enough lines for a file to be known again.
pub(crate) fn long(word: &str) -> String {
    (0..20).map(|line| format!("{word} {line}\n")).collect()
}

pub(crate) fn start(home: &Home, repository: &Repository) -> Session {
    home.tracker_in(&repository.path).start(&Start::default()).unwrap()
}

pub(crate) fn survey(home: &Home, repository: &Repository, session: &Session) -> Survey {
    home.tracker_in(&repository.path).survey(session, PATIENCE).unwrap()
}

/// Returns the files in words: `renamed a>b cs` is committed and staged; `u` stands for unstaged, `?` for untracked, `!` for a tool call.
pub(crate) fn words(survey: &Survey) -> Vec<String> {
    let word = |file: &tracker::session::TouchedFile| {
        let from = file.from.as_ref().map_or_else(String::new, |from| format!("{from}>"));
        let held = [(file.held.committed, 'c'), (file.held.staged, 's'), (file.held.unstaged, 'u'), (file.held.untracked, '?')];
        let mut held: String = held.iter().filter(|(is_so, _)| *is_so).map(|(_, letter)| letter).collect();
        held.extend((file.by == Attribution::Tool).then_some('!'));
        format!("{} {from}{} {held}", file.change.as_str(), file.path).trim_end().to_owned()
    };
    survey.files.iter().map(word).collect()
}

fn gaps(survey: &Survey) -> Vec<&str> {
    survey.gaps.iter().map(tracker::session::Text::as_str).collect()
}

#[test]
fn nothing_is_touched_by_whoever_only_begins() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.write("a", "dirty before");
    repository.write("new", "untracked before");
    let session = start(&home, &repository);
    let survey = survey(&home, &repository, &session);
    assert_eq!((words(&survey), gaps(&survey)), (vec![], vec![]));
    assert_eq!(survey.git.unwrap().branch.unwrap().as_str(), "main");
}

#[test]
fn every_way_in_which_git_holds_a_change_is_told() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    repository.commit("a", "committed");
    repository.write("b", "staged");
    repository.git(&["add", "b"]);
    repository.write("c", "unstaged");
    repository.write("d", "untracked");
    repository.write(".gitignore", "ignored\n");
    repository.write("ignored", "not told of");
    let survey = survey(&home, &repository, &session);
    assert_eq!(words(&survey), ["created .gitignore ?", "modified a c", "modified b s", "modified c u", "created d ?"]);
    assert_eq!(survey.files[1].blob.as_ref().unwrap().as_str(), repository.git(&["hash-object", "a"]).trim());
    let commits: Vec<_> = survey.git.unwrap().commits.into_iter().map(|commit| commit.subject.as_str().to_owned()).collect();
    assert_eq!(commits, ["a"]);
}

#[test]
fn a_rename_over_several_commits_and_the_index_is_one() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    repository.git(&["mv", "a", "x"]);
    repository.git(&["commit", "-q", "-m", "one"]);
    repository.git(&["mv", "x", "y"]);
    repository.git(&["commit", "-q", "-m", "two"]);
    repository.git(&["mv", "y", "z"]);
    repository.git(&["rm", "-q", "b"]);
    repository.remove("c");
    let survey = survey(&home, &repository, &session);
    assert_eq!(words(&survey), ["deleted b s", "deleted c u", "renamed a>z cs"]);
}

#[test]
fn what_others_committed_is_not_touched() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.git(&["checkout", "-q", "-b", "theirs"]);
    repository.commit("upstream", "x");
    repository.git(&["checkout", "-q", "main"]);
    let session = start(&home, &repository);
    repository.commit("mine", "x");
    repository.git(&["merge", "-q", "--no-edit", "theirs"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["created mine c"]);
    repository.git(&["reset", "-q", "--hard", "theirs"]);
    assert_eq!(words(&survey(&home, &repository, &session)), [""; 0]);
}

#[test]
fn a_conflict_that_was_settled_is_touched() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.git(&["checkout", "-q", "-b", "theirs"]);
    repository.commit("a", "theirs");
    repository.commit("b", "theirs");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("a", "ours");
    let session = start(&home, &repository);
    assert!(!repository.try_git(&["merge", "-q", "theirs"]).status.success());
    let amid = survey(&home, &repository, &session);
    assert_eq!((words(&amid), amid.git.unwrap().amid.unwrap().as_str()), (vec!["modified a u".to_owned(), "modified b s".into()], "merge"));
    repository.write("a", "both");
    repository.git(&["commit", "-q", "-a", "-m", "merged"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified a c"]);
}

#[test]
fn an_amended_commit_of_before_counts_for_what_is_new_in_it() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    repository.write("b", "amended");
    repository.git(&["commit", "-q", "-a", "--amend", "-m", "c and b"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified b c"]);
}

#[test]
fn in_the_middle_of_a_rebase_commits_that_wait_still_count() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.git(&["checkout", "-q", "-b", "upstream"]);
    repository.commit("a", "theirs");
    repository.git(&["checkout", "-q", "main"]);
    let session = start(&home, &repository);
    repository.commit("mine", "x");
    repository.commit("a", "ours");
    repository.commit("last", "x");
    assert!(!repository.try_git(&["rebase", "-q", "upstream"]).status.success());
    let amid = survey(&home, &repository, &session);
    assert_eq!(words(&amid), ["modified a cu", "created last c", "created mine c"]);
    let git = amid.git.unwrap();
    assert_eq!((git.branch, git.amid.unwrap().as_str()), (None, "rebase"));
    repository.write("a", "both");
    repository.git(&["add", "a"]);
    repository.git(&["rebase", "--continue"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified a c", "created last c", "created mine c"]);
}

#[test]
fn a_repository_without_a_commit_has_files_too() {
    let home = Home::in_memory();
    let repository = Repository::new(&home.path("shop"));
    repository.write("before", "x");
    let session = start(&home, &repository);
    repository.write("staged", "x");
    repository.git(&["add", "staged"]);
    repository.write("intended", "x");
    repository.git(&["add", "-N", "intended"]);
    let unborn = survey(&home, &repository, &session);
    assert_eq!((words(&unborn), gaps(&unborn)), (vec!["created intended u".to_owned(), "created staged s".into()], vec![]));
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "-m", "first"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified before c", "created intended c", "created staged c"]);
}

#[test]
fn work_on_a_detached_head_and_on_a_branch_that_was_left_counts() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.git(&["checkout", "-q", "--detach"]);
    let session = start(&home, &repository);
    repository.commit("detached", "x");
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit("side", "x");
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["checkout", "-q", "--orphan", "fresh"]);
    repository.git(&["rm", "-q", "-r", "--cached", "."]);
    repository.write("orphan", "x");
    repository.git(&["add", "orphan"]);
    repository.git(&["commit", "-q", "-m", "orphan"]);
    let found = words(&survey(&home, &repository, &session));
    assert!(
        ["created detached c", "created side c", "created orphan c"].iter().all(|each| found.contains(&(*each).to_owned())),
        "{found:?}"
    );
}

#[test]
fn a_worktree_has_its_own_files() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let linked = repository.at(&home.path("linked"));
    repository.git(&["worktree", "add", "-q", "../linked"]);
    let (here, there) = (start(&home, &repository), start(&home, &linked));
    repository.write("a", "here");
    linked.write("b", "there");
    linked.git(&["commit", "-q", "-a", "-m", "there"]);
    assert_eq!(words(&survey(&home, &repository, &here)), ["modified a u"]);
    assert_eq!(words(&survey(&home, &linked, &there)), ["modified b c"]);
    repository.git(&["worktree", "remove", "--force", "../linked"]);
    let gone = survey(&home, &repository, &there);
    assert_eq!((words(&gone), gaps(&gone).len()), (vec![], 1));
}

#[test]
fn a_submodule_counts_as_one_file() {
    let home = Home::in_memory();
    let inner = Repository::new(&home.path("inner"));
    inner.commit("x", "x");
    let repository = repository(&home);
    repository.git(&["submodule", "add", "-q", "../inner", "sub"]);
    repository.git(&["commit", "-q", "-m", "sub"]);
    let session = start(&home, &repository);
    assert_eq!(words(&survey(&home, &repository, &session)), [""; 0]);
    let within = repository.at(&repository.path.join("sub"));
    within.write("x", "changed");
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified sub u"]);
    let later = start(&home, &repository);
    assert_eq!(words(&survey(&home, &repository, &later)), [""; 0]);
    within.git(&["commit", "-q", "-a", "-m", "within"]);
    assert_eq!(words(&survey(&home, &repository, &later)), ["modified sub u"]);
    repository.git(&["commit", "-q", "-a", "-m", "sub moved"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified sub c"]);
}

#[test]
fn names_that_are_hard_to_read_are_read() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    for name in ["new\nline", "tab\there", "\"quoted\"", "-dash", "sp ace", "ü", "deep/*?"] {
        repository.write(name, "x");
    }
    std::fs::write(repository.path.join(OsStr::from_bytes(b"no\xfftext")), "x").unwrap();
    let names = |survey: &Survey| survey.files.iter().map(|file| file.path.as_str().to_owned()).collect::<Vec<_>>();
    let expected = ["\"quoted\"", "-dash", "deep/*?", "new\nline", "no\u{fffd}text", "sp ace", "tab\there", "ü"];
    assert_eq!(names(&survey(&home, &repository, &session)), expected);
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "-m", "odd"]);
    let committed = survey(&home, &repository, &session);
    assert_eq!(names(&committed), expected);
    assert!(committed.files.iter().all(|file| file.held.committed && file.blob.is_some()));
    let later = start(&home, &repository);
    assert_eq!(words(&survey(&home, &repository, &later)), [""; 0]);
}

#[test]
fn modes_links_and_documents_of_sessions() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    std::fs::set_permissions(repository.path.join("a"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    repository.remove("b");
    std::os::unix::fs::symlink("a", repository.path.join("b")).unwrap();
    repository.write("archive/sessions/SESSION-00001-LOG.md", "ours");
    repository.write("archive/sessions/SESSION-x-LOG.md", "no document of a session");
    let found = survey(&home, &repository, &session);
    assert_eq!(words(&found), ["modified a u", "created archive/sessions/SESSION-x-LOG.md ?", "modified b u"]);
}

#[test]
fn what_was_put_back_or_thrown_away_is_told_of() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.write("a", "dirty before");
    repository.write("draft", "untracked before");
    repository.remove("b");
    let session = start(&home, &repository);
    repository.git(&["checkout", "-q", "--", "."]);
    repository.remove("draft");
    repository.commit("made", "x");
    repository.git(&["rm", "-q", "made"]);
    repository.git(&["commit", "-q", "-m", "and gone"]);
    assert_eq!(words(&survey(&home, &repository, &session)), ["modified a", "created b", "deleted draft", "deleted made c"]);
}

#[test]
fn a_sparse_checkout_and_a_shallow_clone_hide_nothing() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.commit("deep/x", "x");
    repository.git(&["clone", "-q", "--depth", "1", &format!("file://{}", repository.path.display()), "../clone"]);
    let clone = repository.at(&home.path("clone"));
    let session = start(&home, &clone);
    clone.git(&["sparse-checkout", "set", "--no-cone", "/a", "/b"]);
    clone.write("a", "changed");
    clone.git(&["commit", "-q", "-a", "-m", "a"]);
    let found = survey(&home, &clone, &session);
    assert_eq!((words(&found), gaps(&found)), (vec!["modified a c".to_owned()], vec![]));
}

#[test]
fn a_log_that_was_rewritten_is_no_proof() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    repository.commit("mine", "x");
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    let found = survey(&home, &repository, &session);
    assert_eq!(words(&found), ["created mine c"]);
    assert_eq!(gaps(&found), ["the log of HEAD does not say which commits were made here: all since the start count"]);
}

#[test]
fn a_start_that_nobody_saw_is_told_by_times() {
    let home = Home::in_memory();
    home.clock.jump_to("2099-01-01T00:00:00Z");
    let repository = repository(&home);
    repository.write("older", "x");
    let at = Some(tracker::Clock::now(&home.clock));
    let session = home.tracker_in(&repository.path).start(&Start { at, ..Start::default() }).unwrap();
    repository.write("a", "x");
    let younger = std::time::UNIX_EPOCH + Duration::from_secs(4_070_995_200);
    std::fs::File::options().write(true).open(repository.path.join("a")).unwrap().set_modified(younger).unwrap();
    let found = survey(&home, &repository, &session);
    assert_eq!(gaps(&found), ["nobody looked when the session began: what is older than it by its time is left out"]);
    assert_eq!(words(&found), ["modified a u"]);
}

#[test]
fn a_commit_at_the_start_that_was_swept_away_leaves_the_log() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    let base = repository.head().unwrap();
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repository.commit("mine", "x");
    let (directory, file) = base.split_at(2);
    std::fs::remove_file(repository.path.join(".git/objects").join(directory).join(file)).unwrap();
    let found = survey(&home, &repository, &session);
    assert_eq!(words(&found), ["created mine c"]);
    assert_eq!(gaps(&found), ["the commit at the start is not there any more: only commits that the log of HEAD names count"]);
}
