//! A repository of one's own, and what is asked of it past the tracker.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A repository in a directory, with a home beside it.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) path: PathBuf,
    home: PathBuf,
}

impl Repository {
    /// Makes an empty repository on the branch `main`.
    pub(crate) fn new(path: &Path) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let repository = Self { path: path.to_owned(), home: path.parent().unwrap().to_owned() };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    /// Returns the repository in another worktree.
    pub(crate) fn at(&self, path: &Path) -> Self {
        Self { path: path.to_owned(), home: self.home.clone() }
    }

    /// Runs git, whatever comes of it.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        let settings = [
            "user.name=ada",
            "user.email=ada@example.org",
            "commit.gpgsign=false",
            "gc.auto=0",
            "core.fsync=none",
            "protocol.file.allow=always",
            "advice.detachedHead=false",
        ];
        let mut command = Command::new("git");
        command.env_clear().env("HOME", &self.home).env("PATH", "/usr/local/bin:/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_AUTHOR_DATE", "1771259403 +0100").env("GIT_COMMITTER_DATE", "1771259403 +0100").env("GIT_EDITOR", "true");
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        command.args(arguments).current_dir(&self.path).output().unwrap()
    }

    /// Runs git, which has to succeed, and returns what it prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes a file and the directories above it.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path.join(path)).unwrap();
    }

    /// Writes a file and commits it.
    pub(crate) fn commit(&self, path: &str, content: &str) {
        self.write(path, content);
        self.git(&["add", "--", path]);
        self.git(&["commit", "-q", "-m", path]);
    }

    /// Returns the commit that is checked out, read from files.
    pub(crate) fn head(&self) -> Option<String> {
        let read = |name: &str| std::fs::read_to_string(self.path.join(".git").join(name)).ok();
        let head = read("HEAD")?;
        match head.trim().strip_prefix("ref: ") {
            Some(name) => read(name).map(|id| id.trim().to_owned()),
            None => Some(head.trim().to_owned()),
        }
    }

    /// Returns the words of an answer that are divided by NUL.
    pub(crate) fn words(&self, arguments: &[&str]) -> Vec<String> {
        self.git(arguments).split('\0').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// Returns what differs, by path: the letters of three comparisons, what the index holds, and how the file lies on the disk.
    pub(crate) fn differences(&self) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for (comparison, name) in [(&["diff"][..], "worktree"), (&["diff", "--cached"][..], "index")] {
            let words = self.words(&[comparison, &["--no-renames", "--name-status", "-z"]].concat());
            words.chunks(2).for_each(|pair| found.entry(pair[1].clone()).or_default().push_str(&format!("{name} {} ", pair[0])));
        }
        for path in self.words(&["ls-files", "--others", "--exclude-standard", "-z"]) {
            found.entry(path).or_default().push_str("untracked ");
        }
        for line in if found.is_empty() { Vec::new() } else { self.words(&["ls-files", "--stage", "-z"]) } {
            let (what, path) = line.split_once('\t').unwrap();
            found.entry(path.to_owned()).and_modify(|text| text.push_str(what));
        }
        found.iter_mut().for_each(|(path, text)| text.push_str(&self.on_disk(path)));
        found
    }

    /// Returns how a file lies on the disk.
    pub(crate) fn on_disk(&self, path: &str) -> String {
        let path = self.path.join(path);
        let Ok(found) = std::fs::symlink_metadata(&path) else { return " gone".to_owned() };
        let content = if found.is_file() { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        format!(" {:o} {}.{} {content}", found.mode(), found.mtime(), found.mtime_nsec())
    }

    /// Returns all files on the disk but git's own.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.walk(&self.path, &mut found);
        found
    }

    fn walk(&self, directory: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".git") {
            if entry.file_type().unwrap().is_dir() {
                self.walk(&entry.path(), found);
            } else {
                found.insert(entry.path().strip_prefix(&self.path).unwrap().to_string_lossy().into_owned());
            }
        }
    }
}
