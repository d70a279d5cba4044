//! A thousand generated histories: the files that a session touched are those that `git show`, `git diff` and the disk tell of.

use std::collections::{BTreeMap, BTreeSet};

use testkit::Home;
use tracker::Start;
use tracker::session::{FileChange, Survey, TouchedFile};

use crate::operations::{History, Origin};
use crate::repository::Repository;

/// What was seen before a session began.
struct Before {
    head: Option<String>,
    differences: BTreeMap<String, String>,
    files: BTreeSet<String>,
}

fn check(seeds: std::ops::Range<u64>) {
    let home = Home::in_memory();
    for seed in seeds {
        let path = home.path(&format!("{seed}"));
        let mut history = History::new(Repository::new(&path), seed);
        let (before, survey) = run(&home, &mut history);
        compare(&history, &before, &survey, seed);
        std::fs::remove_dir_all(path).unwrap();
    }
}

fn run(home: &Home, history: &mut History) -> (Before, Survey) {
    if history.below(12) > 0 {
        history.begin();
    }
    let dirt = history.below(4);
    (0..dirt).for_each(|_| history.meddle());
    history.told.push("SESSION".to_owned());
    let repository = &history.repository;
    let differences = if dirt == 0 { BTreeMap::new() } else { repository.differences() };
    let before = Before { head: repository.head(), differences, files: repository.files() };
    let session = home.tracker_in(&repository.path).start(&Start::default()).unwrap();
    (0..2 + history.below(7)).for_each(|_| history.step());
    let survey = home.tracker_in(&history.repository.path).survey(&session, std::time::Duration::from_secs(60)).unwrap();
    (before, survey)
}

/// Names that were nothing before and are nothing now need not be told of: who renames twice made one name less.
fn compare(history: &History, before: &Before, survey: &Survey, seed: u64) {
    assert_eq!(survey.gaps, [], "{seed}: {:#?}", history.told);
    let committed = committed(history, before);
    let expected: BTreeSet<_> = committed.union(&uncommitted(history, before)).cloned().collect();
    let paths = survey.files.iter().flat_map(|file| [Some(&file.path), file.from.as_ref()]).flatten();
    let found: BTreeSet<_> = paths.map(|path| path.as_str().to_owned()).collect();
    let mut present = history.repository.files();
    if is_ahead(history, before) {
        present.extend(before.files.iter().cloned().chain(in_commit(history, before)));
    }
    let lasting = |paths: &BTreeSet<String>| paths.intersection(&present).cloned().collect::<BTreeSet<_>>();
    let story = || format!("seed {seed}: {}\n{}\nbefore: {:?}", history.told.join("; "), words(survey), before.differences.keys());
    assert_eq!(lasting(&found), lasting(&expected), "{}", story());
    assert!(found.is_subset(&expected), "{found:?} {expected:?} {}", story());
    kinds(history, before, survey).unwrap_or_else(|wrong| panic!("{wrong} {}", story()));
}

/// Reports whether what was checked out before is still a part of what is checked out.
fn is_ahead(history: &History, before: &Before) -> bool {
    let Some(head) = &before.head else { return true };
    history.repository.try_git(&["merge-base", "--is-ancestor", head, "HEAD"]).status.success()
}

fn words(survey: &Survey) -> String {
    let word = |file: &TouchedFile| {
        let from = file.from.as_ref().map_or_else(String::new, |from| format!("{from} > "));
        let held = [(file.held.committed, 'c'), (file.held.staged, 's'), (file.held.unstaged, 'u'), (file.held.untracked, '?')];
        let held: String = held.iter().filter(|(is_so, _)| *is_so).map(|(_, letter)| letter).collect();
        format!("{} {from}{} {held}", file.change.as_str(), file.path)
    };
    survey.files.iter().map(word).collect::<Vec<_>>().join("; ")
}

fn in_commit(history: &History, before: &Before) -> Vec<String> {
    before.head.as_ref().map_or_else(Vec::new, |head| history.repository.words(&["ls-tree", "-r", "-z", "--name-only", head]))
}

/// Returns the files of the commits that were made and are still there, each compared as whoever made it knows.
fn committed(history: &History, before: &Before) -> BTreeSet<String> {
    let base = before.head.as_ref().map(|head| format!("^{head}"));
    let reached: Vec<_> = ["rev-list", "--ignore-missing", "--branches", "HEAD"].into_iter().chain(base.as_deref()).collect();
    let reached = String::from_utf8(history.repository.try_git(&reached).stdout).unwrap();
    let names = |arguments: &[&str]| history.repository.words(arguments).into_iter().collect::<BTreeSet<_>>();
    let mut files = BTreeSet::new();
    for (id, origin) in reached.lines().filter_map(|id| history.made.get_key_value(id)) {
        match origin {
            Origin::Joined => {}
            Origin::Instead(old) => files.extend(names(&["diff", "--no-renames", "--name-only", "-z", old, id])),
            Origin::Whole if history.repository.try_git(&["rev-parse", "-q", "--verify", &format!("{id}^2")]).status.success() => {
                let against = |parent: u8| names(&["diff", "--no-renames", "--name-only", "-z", &format!("{id}^{parent}"), id]);
                files.extend(against(1).intersection(&against(2)).cloned());
            }
            Origin::Whole => files.extend(names(&["show", "--no-renames", "--name-only", "--format=", "-z", id])),
        }
    }
    files
}

/// Returns what differs in another way than before, and what differed before and was thrown away or put back.
fn uncommitted(history: &History, before: &Before) -> BTreeSet<String> {
    let now = history.repository.differences();
    let news = now.iter().filter(|(path, how)| before.differences.get(*path) != Some(how)).map(|(path, _)| path.clone());
    let was = |path: &str, then: &str| then.ends_with(&history.repository.on_disk(path));
    let vanished =
        before.differences.iter().filter(|(path, then)| !now.contains_key(*path) && !was(path, then)).map(|(path, _)| path.clone());
    news.chain(vanished).collect()
}

/// Checks what became of each file, by what is on the disk and was: only where all of the history is on one line, and at hand.
fn kinds(history: &History, before: &Before, survey: &Survey) -> Result<(), String> {
    if history.told.iter().any(|told| ["checkout", "merge", "rebase", "reset"].iter().any(|word| told.starts_with(&format!("git {word}"))))
    {
        return Ok(());
    }
    let now = history.repository.files();
    for file in &survey.files {
        let path = file.path.as_str();
        let is_right = match (before.files.contains(path), now.contains(path)) {
            (_, false) => file.change == FileChange::Deleted,
            (false, true) => matches!(file.change, FileChange::Created | FileChange::Renamed),
            (true, true) => matches!(file.change, FileChange::Modified | FileChange::Renamed),
        };
        if !is_right {
            return Err(format!("{path} is {:?}", file.change));
        }
    }
    Ok(())
}

#[test]
fn histories_1() {
    check(0..125);
}

#[test]
fn histories_2() {
    check(125..250);
}

#[test]
fn histories_3() {
    check(250..375);
}

#[test]
fn histories_4() {
    check(375..500);
}

#[test]
fn histories_5() {
    check(500..625);
}

#[test]
fn histories_6() {
    check(625..750);
}

#[test]
fn histories_7() {
    check(750..875);
}

#[test]
fn histories_8() {
    check(875..1_000);
}
