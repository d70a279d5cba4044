//! What of entries, sessions and prompts can be found.

use session::{Conversation, EntryAdded, Event, Latest, Observed, Session, WorkItem, Written};
use store::{Document, SearchIn};

use super::kept::cut;
use super::places::Places;
use crate::index::PROMPT_OF_TRANSCRIPT;

/// What a document is that says what a session is about.
const SESSION: &str = "session";

/// What a document is that says how a blocker or an open point was settled.
const SETTLED: &str = "settled";

/// Returns all that a document can be, as people type it.
pub fn roles() -> Vec<&'static str> {
    let entries = session::EntryKind::ALL.map(session::EntryKind::as_str);
    let said = agents::transcripts::Role::ALL.map(agents::transcripts::Role::as_str);
    said.into_iter().chain(entries).chain([SETTLED, SESSION]).collect()
}

/// Returns a document that says nothing yet.
fn empty(key: &str, among: SearchIn, at_micros: i64) -> Document {
    Document {
        key: agents::transcript_id(key),
        at_millis: at_micros.div_euclid(1_000),
        among,
        agent: String::new(),
        conversation: String::new(),
        session: String::new(),
        turn: String::new(),
        role: String::new(),
        tool: String::new(),
        files: Vec::new(),
        cwd: String::new(),
        project: String::new(),
        directory: String::new(),
        text: String::new(),
    }
}

/// Returns what an entry says.
pub(super) fn of_entry(event: &Event, added: &EntryAdded, session: &Session) -> Document {
    let mut lines = vec![added.text.as_str()];
    match &added.what {
        Written::Decision { rationale, alternatives } => {
            lines.push(rationale.as_str());
            lines.extend(alternatives.iter().map(session::Text::as_str));
        }
        Written::Test(result) => {
            lines.extend(result.failures.iter().chain(&result.command).chain(&result.runner).map(session::Text::as_str));
        }
        Written::Log { category } => lines.extend(category.map(session::Category::as_str)),
        Written::Blocker | Written::Todo => {}
    }
    Document {
        role: added.what.kind().as_str().to_owned(),
        text: lines.join("\n"),
        ..in_session(empty(&format!("entry {}", added.key), SearchIn::Entries, event.at.moment.micros()), session)
    }
}

/// Returns what was said when a blocker or an open point was settled.
pub(super) fn of_settling(event: &Event, said: &str, session: &Session) -> Document {
    let document = empty(&format!("event {}", event.id), SearchIn::Entries, event.at.moment.micros());
    Document { role: SETTLED.to_owned(), text: said.to_owned(), ..in_session(document, session) }
}

/// Returns what a session is about.
pub(super) fn of_session(session: &Session, work: &[WorkItem]) -> Document {
    let mut lines = vec![session.id.to_string(), session.id.prefix().as_str().to_owned()];
    lines.splice(0..0, session.description.iter().map(|description| description.text.as_str().to_owned()));
    let tags = session.tags.iter().filter(|(_, is_there)| is_there.value).map(|(tag, _)| tag.as_str().to_owned());
    lines.extend(tags);
    lines.extend(crate::metadata_object(&session.metadata).into_iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    }));
    lines.extend(work.iter().map(|item| format!("{} {}", item.id, item.description)));
    let document = empty(&format!("session {}", session.key), SearchIn::Sessions, session.started.moment.micros());
    Document { role: SESSION.to_owned(), text: lines.join("\n"), ..in_session(document, session) }
}

/// Returns what was asked of an agent.
pub(super) fn of_prompt(event: &Event, observed: &Observed, said: &str, row: Option<&Conversation>, places: &mut Places) -> Document {
    let cwd = observed.cwd.as_ref().or_else(|| row.and_then(|row| Latest::get(&row.cwd)));
    let place = places.of(cwd.map_or("", session::Text::as_str));
    let turn = observed.turn(event.id).map(|turn| turn.as_str().to_owned());
    Document {
        agent: observed.agent.as_str().to_owned(),
        conversation: observed.conversation.as_str().to_owned(),
        turn: turn.filter(|turn| turn != PROMPT_OF_TRANSCRIPT).unwrap_or_default(),
        role: agents::transcripts::Role::Prompt.as_str().to_owned(),
        project: place.project,
        directory: place.directory,
        text: cut(said).to_owned(),
        ..empty(&format!("event {}", event.id), SearchIn::Prompts, event.at.moment.micros())
    }
}

fn in_session(document: Document, session: &Session) -> Document {
    Document {
        session: session.key.to_string(),
        agent: session.agent.as_ref().map(|agent| agent.as_str().to_owned()).unwrap_or_default(),
        project: session.project.map(|project| project.to_string()).unwrap_or_default(),
        ..document
    }
}
