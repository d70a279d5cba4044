//! The gate: hooks of git that name the session of a commit and hold it against the rules, and `rutter check` for a range.
//!
//! | file | holds |
//! |---|---|
//! | `kinds` | kinds of commits and messages |
//! | `faults` | what may break without a commit noticing |
//! | `beside` | other hooks, and managers of hooks |
//! | `range` | `rutter check` |

mod beside;
mod faults;
mod kinds;
mod range;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::TestEnv;

use crate::{env, started};

/// A repository whose hooks have our lines, and git in an environment of its own.
struct Repository {
    env: TestEnv,
    at: PathBuf,
}

impl Repository {
    /// Returns a repository with one commit and no hooks of ours.
    fn bare_of_hooks() -> Self {
        let env = env();
        let at = env.project();
        let repository = Self { env, at };
        repository.git(["init", "-q", "-b", "main"]);
        repository.git(["commit", "-q", "--allow-empty", "-m", "Begin"]);
        repository
    }

    fn new() -> Self {
        let repository = Self::bare_of_hooks();
        repository.env.answer(["git", "install"]);
        repository
    }

    /// Returns a repository in which nothing is allowed without a session.
    fn strict() -> Self {
        let mut repository = Self::new();
        repository.env.set("RUTTER_GATE", "strict");
        repository
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.env.command_of(Path::new(program), &self.at);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.org");
        }
        command
    }

    /// Runs git, expects it to succeed, and returns what it printed.
    fn git<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        let output = self.try_git(words);
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn try_git<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Output {
        self.command("git").args(words).output().unwrap()
    }

    /// Commits nothing with a message; returns whether it was done and what was said.
    fn commit(&self, message: &str) -> (bool, String) {
        let output = self.try_git(["commit", "-q", "--allow-empty", "-m", message]);
        (output.status.success(), said(&output))
    }

    /// Commits and expects that to be done.
    fn committed(&self, message: &str) -> String {
        let (done, said) = self.commit(message);
        assert!(done, "{said}");
        self.message("HEAD")
    }

    fn message(&self, commit: &str) -> String {
        self.git(["log", "-1", "--format=%B", commit])
    }

    /// Returns the sessions that a commit names, as git sees them.
    fn sessions(&self, commit: &str) -> Vec<String> {
        let text = self.git(["log", "-1", "--format=%(trailers:key=Session,valueonly)", commit]);
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn count(&self) -> usize {
        self.git(["rev-list", "--count", "HEAD"]).parse().unwrap()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes a file and adds it to the next commit.
    fn changed(&self, name: &str, text: &str) {
        self.write(name, text);
        self.git(["add", name]);
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn log(&self, text: &str) {
        self.env.answer(["log", text, "-c", "implementation"]);
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn strict_refuses_and_says_which_rule_why_and_what_to_type() {
    let repository = Repository::strict();
    let refused = |expected: [&str; 3]| {
        let (done, said) = repository.commit("Fix the login");
        assert!(!done && said.starts_with("rutter refuses this commit:\n") && said.contains("RUTTER_GATE=off"), "{said}");
        for words in expected {
            assert!(said.contains(words), "{said}");
        }
    };
    refused(["  session: ", "no session is going on here", "do: rutter start -d"]);
    let id = started(&repository.env, "Fix the login");
    refused(["  log: ", "nothing was written down in session 1 yet", "do: rutter log -s 1 "]);
    repository.log("Rewrote the check of passwords");
    assert_eq!(repository.committed("Fix the login"), format!("Fix the login\n\nSession: {id}"));
    let blocker = repository.env.answer(["blocker", "No credentials"]);
    refused(["  blockers: ", &format!("{blocker} is open: No credentials"), &format!("do: rutter blocker --resolve {blocker} ")]);
    repository.env.answer(["blocker", "--resolve", &blocker, "Got some"]);
    repository.committed("Fix the logout");
}

#[test]
fn what_satisfies_a_rule_is_what_the_message_says() {
    let repository = Repository::strict();
    started(&repository.env, "Fix the login");
    let (_, said) = repository.commit("Fix the login");
    let typed = said.lines().find_map(|line| line.trim().strip_prefix("do: ")).unwrap();
    let program = repository.env.command(&repository.at).get_program().to_owned();
    let typed = typed.replacen("rutter", program.to_str().unwrap(), 1);
    assert!(repository.command("sh").args(["-c", &typed]).status().unwrap().success());
    repository.committed("Fix the login");
}

#[test]
fn nothing_written_since_the_last_commit_is_an_objection() {
    let repository = Repository::strict();
    started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    repository.committed("One");
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    // The commit is made later than what was written down.
    repository.git(["-c", "core.hooksPath=/dev/null", "commit", "-q", "--amend", "--allow-empty", "--no-edit"]);
    let (done, said) = repository.commit("Two");
    assert!(!done && said.contains("nothing was written down in session 1 since its last commit"), "{said}");
    // An amended commit is the last one itself.
    repository.git(["commit", "-q", "--amend", "--allow-empty", "-m", "One, better"]);
    repository.log("Rewrote the test");
    repository.committed("Two");
}

#[test]
fn advise_warns_and_off_is_silent() {
    let mut repository = Repository::new();
    let (done, said) = repository.commit("One");
    assert!(done && said.starts_with("rutter advises:\n  session: ") && said.contains("do: rutter start"), "{said}");
    repository.env.set("RUTTER_GATE", "off");
    started(&repository.env, "Fix the login");
    assert_eq!(repository.commit("Two"), (true, String::new()));
    assert_eq!(repository.sessions("HEAD"), [""; 0]);
}

#[test]
fn doctor_says_whether_commits_are_checked() {
    let repository = Repository::bare_of_hooks();
    started(&repository.env, "Fix the login");
    let said = || repository.env.run(["doctor"]);
    assert!(said().contains("[out] ok      git hooks: commits here are not checked"), "{}", said());
    repository.env.answer(["git", "install"]);
    assert!(said().contains("[out] ok      git hooks: they call /"), "{}", said());
    let hook = repository.at.join(".git/hooks/commit-msg");
    let text = std::fs::read_to_string(&hook).unwrap();
    let line = text.lines().find(|line| line.starts_with("rutter_program=")).unwrap();
    std::fs::write(&hook, text.replace(line, "rutter_program=/gone/rutter")).unwrap();
    assert!(said().contains("[out] warning git hooks: they call /gone/rutter, which is not there\n"), "{}", said());
    std::fs::remove_file(&hook).unwrap();
    assert!(said().contains("[out] warning git hooks: our lines are not in all of them"), "{}", said());
}
