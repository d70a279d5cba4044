//! `rutter answer`, by which a hook lets a start be answered, and `rutter hook` for people who install one program.
//!
//! Not a command like others: whatever goes wrong, the agent must not feel it. Over within half a second, or silent.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use tracker::session::ConversationKey;
use tracker::{Config, Environment, SystemClock, SystemDice, Tracker};

use crate::layout::{Banner, banner};
use crate::page::plain_text;
use crate::ui::Ui;

/// How long an agent waits for an answer at most.
const PATIENCE: Duration = Duration::from_millis(500);

/// Does what a hook asks for, if that is what these words say.
pub(crate) fn for_agent(words: &[OsString], give_up: fn()) -> bool {
    let Some((command, rest)) = words.split_first() else { return false };
    if command == "hook" {
        // Help and mistakes are for people.
        if rest.first().is_none_or(|first| first.to_string_lossy().starts_with('-') && first != "--home") {
            return false;
        }
        if let Some(start) = hook::run(rest, give_up) {
            answer(&start.arguments());
        }
        return true;
    }
    if command == "answer" {
        answer(rest);
        return true;
    }
    false
}

/// Prints the answer, if there is one in time.
fn answer(words: &[OsString]) {
    let Some(asked) = Asked::read(words) else { return };
    let within = asked.within.min(PATIENCE);
    let (sender, receiver) = mpsc::channel();
    let worker = std::thread::Builder::new().spawn(move || drop(sender.send(reply(asked))));
    if worker.is_ok()
        && let Ok(Some(reply)) = receiver.recv_timeout(within)
    {
        Ui::for_agent(&reply);
    }
}

fn reply(asked: Asked) -> Option<String> {
    let Asked { home, agent, conversation, .. } = asked;
    let environment = Environment::of_process();
    let pid = environment.text("CLAUDE_PID").and_then(|pid| pid.parse().ok());
    let own_home = environment.get("RUTTER_HOME").map(PathBuf::from);
    let environment = environment.as_started(pid).with_home(home.or(own_home));
    let config = Config::load(&environment).ok()?;
    let directory = std::env::current_dir().ok()?;
    let clock = Box::new(SystemClock::new(&environment));
    let key = ConversationKey::of(&agent, &conversation);
    let mut tracker = Tracker::open_to_answer(config, &directory, clock, Box::new(SystemDice), key).ok()?;
    let answer = tracker.answer_start(&agent, &conversation).ok()??;
    if let Some(file) = environment.get("CLAUDE_ENV_FILE") {
        drop(tracker.tell_shell(&answer.session, Path::new(file)));
    }
    let banner = answer.with_banner.then(|| plain_text(&banner(&answer.session, Banner::Full)));
    let mut reply = serde_json::Map::new();
    reply.extend(banner.map(|banner| ("systemMessage".to_owned(), json!(banner))));
    let context = answer.context.map(|context| json!({"hookEventName": "SessionStart", "additionalContext": context}));
    reply.extend(context.map(|context| ("hookSpecificOutput".to_owned(), context)));
    (!reply.is_empty()).then(|| serde_json::Value::Object(reply).to_string())
}

/// What a hook asks for: `[--home DIR] [--within MILLISECONDS] [--] AGENT CONVERSATION`.
struct Asked {
    home: Option<PathBuf>,
    within: Duration,
    agent: String,
    conversation: String,
}

impl Asked {
    fn read(words: &[OsString]) -> Option<Self> {
        let (mut home, mut within, mut rest) = (None, PATIENCE, words);
        while let [flag, value, behind @ ..] = rest {
            match flag.to_str() {
                Some("--home") => home = Some(PathBuf::from(value)),
                Some("--within") => within = Duration::from_millis(value.to_str()?.parse().ok()?),
                _ => break,
            }
            rest = behind;
        }
        let rest = rest.strip_prefix(&[OsString::from("--")]).unwrap_or(rest);
        let [agent, conversation] = rest else { return None };
        Some(Self { home, within, agent: agent.to_str()?.to_owned(), conversation: conversation.to_str()?.to_owned() })
    }
}
