//! What generated histories are made of: what people do in a repository, and what comes of it by their own account.

use std::collections::{BTreeMap, BTreeSet};

use testkit::SeededDice;
use tracker::Dice;

use crate::repository::Repository;

/// How a commit came to be, as the one knows who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// By itself.
    Whole,
    /// In the place of another one, which was there before.
    Instead(String),
    /// By joining two that fit.
    Joined,
}

/// A repository and what happens in it.
pub(crate) struct History {
    pub(crate) repository: Repository,
    dice: SeededDice,
    count: u32,
    /// What was done.
    pub(crate) told: Vec<String>,
    /// The commits that were made.
    pub(crate) made: BTreeMap<String, Origin>,
}

impl History {
    pub(crate) fn new(repository: Repository, seed: u64) -> Self {
        Self { repository, dice: SeededDice::new(seed), count: 0, told: Vec::new(), made: BTreeMap::new() }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.dice.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % limit
    }

    /// Returns content that no other file has or will have, not even in its length.
    fn content(&mut self) -> String {
        self.count += 1;
        let line = |place: u32| format!("{} {place} {}\n", self.count * 7919, "x".repeat(self.count as usize % 50));
        (0..12 + self.count).map(line).collect()
    }

    fn any_file(&mut self) -> Option<String> {
        let files: Vec<_> = self.repository.files().into_iter().collect();
        (!files.is_empty()).then(|| files[self.below(files.len())].clone())
    }

    fn new_name(&mut self) -> String {
        let number = self.below(9);
        if number < 3 { format!("deep/er/{number} name") } else { format!("name{number}") }
    }

    fn git(&mut self, arguments: &[&str]) -> bool {
        let done = self.repository.try_git(arguments).status.success();
        self.told.push(format!("git {}{}", arguments.join(" "), if done { "" } else { " (refused)" }));
        done
    }

    /// Commits a few files, with branches of which one goes on elsewhere.
    pub(crate) fn begin(&mut self) {
        for _ in 0..1 + self.below(2) {
            (0..2 + self.below(3)).for_each(|_| self.create());
            self.git(&["add", "-A"]);
            self.commit(&["commit", "-q"]);
        }
        if self.below(2) == 0 {
            self.git(&["checkout", "-q", "-b", "upstream"]);
            (0..2).for_each(|_| self.edit());
            self.create();
            self.git(&["add", "-A"]);
            self.commit(&["commit", "-q"]);
            self.git(&["checkout", "-q", "main"]);
        }
        self.made.clear();
    }

    /// Does one thing that changes files and their standing alone.
    pub(crate) fn meddle(&mut self) {
        match self.below(11) {
            0..=2 => self.edit(),
            3 | 4 => self.create(),
            5 => self.delete(),
            6 => self.move_file(false),
            7 => self.move_file(true),
            8 => drop(self.git(&["add", "-A"])),
            9 => self.on_any_file(&["add", "--"]),
            _ => self.on_any_file(&["rm", "-q", "-f", "--cached", "--"]),
        }
    }

    /// Does one thing.
    pub(crate) fn step(&mut self) {
        match self.below(24) {
            0..=7 => self.meddle(),
            8..=11 => self.commit_all(),
            12 => self.commit(&["commit", "-q"]),
            13 => self.amend(),
            14 => drop(self.git(&["reset", "-q", "--soft", "HEAD~1"])),
            15 => drop(self.git(&["reset", "-q", "--hard", "HEAD~1"])),
            16 => drop(self.git(&["reset", "-q", "HEAD"])),
            17 => self.revert(),
            18 => drop(self.git(&["checkout", "-q", "-B", "side"])),
            19 => drop(self.git(&["checkout", "-q", "main"])),
            20 => self.merge("side"),
            21 => self.merge("upstream"),
            22 => self.rebase(),
            _ => drop(self.git(&["stash", "-q"]) && self.below(2) == 0 && self.git(&["stash", "pop", "-q"])),
        }
    }

    fn edit(&mut self) {
        if let Some(path) = self.any_file() {
            let more = self.content();
            let held = std::fs::read_to_string(self.repository.path.join(&path)).unwrap();
            self.told.push(format!("edit {path}"));
            self.repository.write(&path, &format!("{held}{}", more.lines().next().unwrap().repeat(1 + self.count as usize % 3)));
        }
    }

    fn create(&mut self) {
        let (path, content) = (self.new_name(), self.content());
        self.told.push(format!("write {path}"));
        self.repository.write(&path, &content);
    }

    fn delete(&mut self) {
        if let Some(path) = self.any_file() {
            self.told.push(format!("remove {path}"));
            self.repository.remove(&path);
        }
    }

    fn move_file(&mut self, by_git: bool) {
        let (Some(from), to) = (self.any_file(), self.new_name()) else { return };
        if by_git {
            self.on_disk_for(&to);
            self.git(&["mv", "-f", &from, &to]);
            return;
        }
        self.told.push(format!("move {from} to {to}"));
        self.on_disk_for(&to);
        std::fs::rename(self.repository.path.join(from), self.repository.path.join(to)).unwrap();
    }

    fn on_disk_for(&self, path: &str) {
        std::fs::create_dir_all(self.repository.path.join(path).parent().unwrap()).unwrap();
    }

    fn on_any_file(&mut self, arguments: &[&str]) {
        if let Some(path) = self.any_file() {
            self.git(&[arguments, &[path.as_str()]].concat());
        }
    }

    fn commit_all(&mut self) {
        self.git(&["add", "-A"]);
        self.commit(&["commit", "-q"]);
    }

    /// Commits, and knows the commit.
    fn commit(&mut self, arguments: &[&str]) {
        self.count += 1;
        let message = format!("change {}", self.count);
        if self.git(&[arguments, &["-m", &message]].concat()) {
            self.made.insert(self.repository.head().unwrap(), Origin::Whole);
        }
    }

    fn amend(&mut self) {
        let Some(old) = self.repository.head() else { return };
        self.count += 1;
        if self.git(&["commit", "-q", "-a", "--amend", "-m", &format!("amended {}", self.count)]) {
            let origin = match self.made.get(&old) {
                Some(Origin::Joined) | None => Origin::Instead(old),
                Some(origin) => origin.clone(),
            };
            self.made.insert(self.repository.head().unwrap(), origin);
        }
    }

    fn revert(&mut self) {
        let before = self.repository.head();
        if !self.git(&["revert", "--no-edit", "HEAD"]) {
            self.git(&["revert", "--abort"]);
        } else if self.repository.head() != before {
            self.made.insert(self.repository.head().unwrap(), Origin::Whole);
        }
    }

    fn merge(&mut self, branch: &str) {
        let before = self.repository.head();
        if self.git(&["merge", "-q", "--no-edit", branch]) {
            let head = self.repository.head();
            let is_joined = self.repository.try_git(&["rev-parse", "-q", "--verify", "HEAD^2"]).status.success();
            if head != before && is_joined && !self.is_known(head.as_deref().unwrap()) {
                self.made.insert(head.unwrap(), Origin::Joined);
            }
        } else if self.repository.path.join(".git/MERGE_HEAD").exists() {
            self.git(&["add", "-A"]);
            self.commit(&["commit", "-q"]);
        }
    }

    /// A merge that only moved on to a commit that was there made none.
    fn is_known(&self, id: &str) -> bool {
        self.made.contains_key(id) || self.repository.git(&["log", "-1", "--format=%s", id]).starts_with("change")
    }

    fn rebase(&mut self) {
        let before = self.all_commits();
        if self.git(&["rebase", "-q", "upstream"]) {
            for id in self.all_commits().difference(&before) {
                self.made.insert(id.clone(), Origin::Whole);
            }
        } else {
            self.git(&["rebase", "--abort"]);
        }
    }

    fn all_commits(&self) -> BTreeSet<String> {
        let output = self.repository.try_git(&["rev-list", "--all", "--reflog"]);
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}
