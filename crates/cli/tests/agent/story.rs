//! What `rutter` tells of sessions and their chain, in words that a test can compare.
//!
//! Conversations are called `a`, `b`, `c`, sessions `#1`, `#2` by their numbers.
//!
//! ```text
//! #2 b below #1: COMPLETED, other (hook)     a session with its conversation, below its parent, its end and how that is known
//! b: a < a, fork #2                          a transition: new, the head it replaced, what it continues, its source, its session
//! ```

use std::path::Path;

use serde_json::Value;

use crate::stage::Stage;

/// How sessions and conversations are called.
type Namer<'n> = &'n dyn Fn(&str) -> String;

/// Sessions, the chain and its heads, as `rutter` answers.
pub(crate) struct Answers {
    pub(crate) sessions: Vec<Value>,
    pub(crate) chain: Vec<Value>,
    pub(crate) heads: Vec<Value>,
}

impl Stage {
    /// Asks for everything, of a store that need not be the one that hooks fill.
    pub(crate) fn answers(&self, store: &Path) -> Answers {
        let of = |arguments: &[&str]| self.objects_of(store, arguments.iter().copied());
        let mut sessions = of(&["list", "--all", "--all-projects", "--limit", "100"]);
        sessions.reverse();
        let mut heads = of(&["sync-status"]);
        let last = heads.pop();
        assert!(last.as_ref().is_some_and(|last| last["rate"] == 1.0 && last["chain"] == "SYNCED"), "{heads:#?} {last:?}");
        Answers { sessions, chain: of(&["chain", "--all-projects"]), heads }
    }

    /// Compares what is told of sessions, of the chain of the project and of its head. What moves the head of the project has moved that of
    /// the only worktree before.
    #[track_caller]
    pub(crate) fn tells(&self, conversations: &[&str], sessions: &[&str], chain: &[&str], head: &str) {
        let answers = self.answers(&self.store());
        let numbers = |id: &str| answers.number_of(id);
        let named = |id: &str| letter(conversations, id);
        assert_eq!(answers.sessions_told(&numbers, &named), sessions);
        assert_eq!(answers.chain_told("", &numbers, &named), chain);
        let moved: Vec<_> = chain.iter().filter(|line| !line.ends_with("(no head)")).copied().collect();
        assert_eq!(answers.chain_told(self.home.project().to_str().unwrap(), &numbers, &named), moved);
        let heads = answers.heads_told(&named);
        let expected =
            if head == "-" { vec![] } else { vec![format!("{head} of project"), format!("{head} of {}", self.home.project().display())] };
        assert_eq!(heads, expected);
        assert_eq!(self.head().as_deref().map_or("-".to_owned(), named), head);
    }

    /// Returns the head of the project; none where `rutter head` says so.
    pub(crate) fn head(&self) -> Option<String> {
        let said = self.command().arg("head").output().unwrap();
        said.status.success().then(|| String::from_utf8(said.stdout).unwrap().trim_end().to_owned())
    }
}

/// Returns the letter of a conversation; what none was given is a sub-agent.
pub(crate) fn letter(conversations: &[&str], id: &str) -> String {
    let letters = "abcdefgh".chars().map(String::from);
    let known = conversations.iter().zip(letters).find(|(held, _)| **held == id);
    known.map_or_else(|| "sub-agent".to_owned(), |(_, letter)| letter)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

impl Answers {
    /// Returns a session by its number.
    pub(crate) fn number_of(&self, id: &str) -> String {
        let session = self.sessions.iter().find(|session| session["id"] == id);
        session.map_or_else(|| "-".to_owned(), |session| format!("#{}", session["number"]))
    }

    /// Tells of each session which conversations it has, whose child it is, and how it ended.
    pub(crate) fn sessions_told(&self, session: Namer<'_>, conversation: Namer<'_>) -> Vec<String> {
        let told = |each: &Value| {
            let theirs = each["agent_sessions"].as_array().unwrap().iter().map(|id| format!(" {}", conversation(text(id))));
            let below = each["parent"].as_str().map_or(String::new(), |parent| format!(" below {}", session(parent)));
            let end = match (&each["end_reason"], &each["end_evidence"]) {
                (_, Value::Null) => String::new(),
                (Value::Null, evidence) => format!(" ({})", text(evidence)),
                (reason, evidence) => format!(", {} ({})", text(reason), text(evidence)),
            };
            format!("{}{}{below}: {}{end}", session(text(&each["id"])), theirs.collect::<String>(), text(&each["status"]))
        };
        self.sessions.iter().map(told).collect()
    }

    /// Tells the transitions of a worktree, or of the project itself.
    pub(crate) fn chain_told(&self, worktree: &str, session: Namer<'_>, conversation: Namer<'_>) -> Vec<String> {
        let named = |id: &Value| id.as_str().map_or_else(|| "-".to_owned(), conversation);
        let told = |each: &Value| {
            let mark = match (&each["moved"], &each["side_branch"]) {
                (Value::Bool(true), _) => "",
                (_, Value::Bool(true)) => " (side branch)",
                _ => " (no head)",
            };
            let evidence = if each["evidence"] == "hook" { String::new() } else { format!(" as its {} says", text(&each["evidence"])) };
            let [new, old, from] = ["new", "old", "from"].map(|field| named(&each[field]));
            format!("{new}: {old} < {from}, {}{evidence} {}{mark}", text(&each["source"]), session(text(&each["session"])))
        };
        let of_it = self.chain.iter().filter(|each| each["version"].is_null() && each["worktree"].as_str().unwrap_or("") == worktree);
        of_it.map(told).collect()
    }

    /// Tells the heads: of the project, then of its worktrees.
    pub(crate) fn heads_told(&self, conversation: Namer<'_>) -> Vec<String> {
        let of = |each: &Value| each["worktree"].as_str().or(each["project"].as_str()).unwrap_or("-").to_owned();
        self.heads.iter().map(|each| format!("{} of {}", conversation(text(&each["version_session"])), of(each))).collect()
    }

    /// Returns every worktree that has transitions, and the project itself.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<_> = self.chain.iter().map(|each| each["worktree"].as_str().unwrap_or("").to_owned()).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }
}
