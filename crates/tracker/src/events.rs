//! What agents' hooks reported, event by event, each with the session it belongs to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;
use serde_json::Value;
use session::{Change, Conversation, ConversationKey, Event, Evidence, SessionId, SessionKey, Subject, When};
use store::{Recorded, Seq, StoreError};

use crate::{CurrentError, Purpose, Tracker};

/// One event of an agent's conversation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// The id of the session it belongs to; `null` while that is not decided.
    pub session: Option<String>,
    /// The agent's own id of the conversation; `unknown` where it gave none.
    pub session_id: String,
    /// What the agent calls it, `PreToolUse`; for a decision of ours, `assigned`.
    pub kind: String,
    /// The tool it is about.
    pub tool_name: Option<String>,
    /// The agent's id of the tool call it is about.
    pub tool_use_id: Option<String>,
    /// When it happened.
    pub timestamp: String,
    /// How it is known.
    pub evidence: Evidence,
    /// What it works on or says, in a few words.
    pub about: Option<String>,
    /// The agent.
    pub agent: String,
    /// What the agent's hook sent, redacted and cut; `null` for a decision of ours.
    pub data: Option<Value>,
}

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct WantedEvents {
    /// Those of this session; a name as a person types it.
    pub session: Option<String>,
    /// Also those of other projects.
    pub all_projects: bool,
    /// Those that happened at or after this many microseconds since 1970.
    pub since_micros: Option<i64>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// A place in the stream of events, from which on there may be more.
#[derive(Debug)]
pub struct Follower {
    wanted: WantedEvents,
    session: Option<SessionKey>,
    project: Option<Option<session::ProjectKey>>,
    after: Seq,
}

const CHUNK: usize = 1_024;

impl Tracker {
    /// Returns the wanted events, oldest first, and the place behind them.
    ///
    /// # Errors
    /// When the session or project cannot be determined, or the store cannot answer.
    pub fn events(&self, wanted: &WantedEvents) -> Result<(Vec<EventView>, Follower), CurrentError> {
        let session = wanted.session.as_deref().map(|name| self.resolve(Some(name), Purpose::Reading)).transpose()?;
        let project = if wanted.all_projects || session.is_some() { None } else { Some(self.project_here()?.map(|project| project.key)) };
        let mut follower = Follower { wanted: wanted.clone(), session: session.map(|session| session.key), project, after: 0 };
        let views = self.newest_events(&mut follower)?;
        Ok((views, follower))
    }

    /// Takes in what came since, and returns those of it that are wanted.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn more_events(&mut self, follower: &mut Follower) -> Result<Vec<EventView>, StoreError> {
        if self.waiting()?.bytes > 0 {
            self.take_in_before_reading();
        }
        let mut views = Vec::new();
        let mut known = Known::default();
        loop {
            let part = self.store.reads().log_of_conversations(follower.after, CHUNK)?;
            let Some(end) = part.end else { return Ok(views) };
            follower.after = end;
            for recorded in &part.events {
                views.extend(self.wanted_view(recorded, follower, &mut known)?);
            }
        }
    }

    fn newest_events(&self, follower: &mut Follower) -> Result<Vec<EventView>, StoreError> {
        let limit = follower.wanted.limit.unwrap_or(usize::MAX);
        let (mut views, mut known, mut before) = (Vec::new(), Known::default(), self.store.reads().last_seq()? + 1);
        follower.after = before - 1;
        while views.len() < limit {
            let chunk = self.store.reads().log_of_conversations_before(before, CHUNK)?;
            let Some(first) = chunk.last().map(|recorded| recorded.seq) else { break };
            before = first;
            for recorded in &chunk {
                views.extend(self.wanted_view(recorded, follower, &mut known)?);
            }
            let since = follower.wanted.since_micros;
            if since.is_some_and(|since| chunk.iter().all(|recorded| recorded.event.at.moment.micros() < since)) {
                break;
            }
        }
        views.truncate(limit);
        views.reverse();
        Ok(views)
    }

    fn wanted_view(&self, recorded: &Recorded, follower: &Follower, known: &mut Known) -> Result<Option<EventView>, StoreError> {
        let event = &recorded.event;
        let Subject::Conversation(key) = event.about else { return Ok(None) };
        if follower.wanted.since_micros.is_some_and(|since| event.at.moment.micros() < since) {
            return Ok(None);
        }
        let Some(conversation) = known.conversation(self, key)? else { return Ok(None) };
        let session = match &event.change {
            Change::Assigned { session, .. } => Some(*session),
            _ => conversation.session_at(&When::of(event)),
        };
        if follower.session.is_some() && follower.session != session {
            return Ok(None);
        }
        let id = match session {
            None => None,
            Some(session) => known.session(self, session)?,
        };
        let in_project = follower.project.is_none_or(|project| id.as_ref().is_some_and(|(_, of)| *of == project));
        Ok(in_project.then(|| view(event, &conversation, id.map(|(id, _)| id))))
    }
}

fn view(event: &Event, conversation: &Conversation, session: Option<SessionId>) -> EventView {
    let observed = match &event.change {
        Change::Observed(observed) => Some(&**observed),
        _ => None,
    };
    let tool = observed.and_then(|observed| match observed.what.tools() {
        [tool] => Some(tool),
        _ => None,
    });
    let text = |text: &session::Text| text.as_str().to_owned();
    EventView {
        id: event.id.to_string(),
        session: session.map(|id| id.to_string()),
        session_id: text(&conversation.id),
        kind: observed.map_or_else(|| event.change.kind().to_owned(), |observed| text(&observed.name)),
        tool_name: tool.map(|tool| text(&tool.name)),
        tool_use_id: tool.map(|tool| text(&tool.call)),
        timestamp: event.at.moment.to_string(),
        evidence: event.evidence,
        about: observed.and_then(about),
        agent: text(&conversation.agent),
        data: event.payload.as_ref().and_then(|payload| serde_json::from_str(payload.as_str()).ok()),
    }
}

/// Returns what an observation says, in a few words.
fn about(observed: &session::Observed) -> Option<String> {
    use session::Happened::{Broke, Compacted, Compacting, Left, ModelSwitched, Prompted, Started, SubagentBegan, SubagentDone, Waits};
    let text = match &observed.what {
        Started(started) => Some(&started.source),
        Prompted { text, .. } => text.as_ref(),
        Left { reason } | Waits { reason } => Some(reason),
        Broke { error } => Some(error),
        SubagentBegan { kind } | SubagentDone { kind } => Some(kind),
        Compacting { trigger } | Compacted { trigger } => Some(trigger),
        ModelSwitched { model } => Some(model),
        what => match what.tools() {
            [tool] => tool.error.as_ref().or(tool.about.as_ref()),
            _ => None,
        },
    };
    text.map(|text| text.as_str().to_owned())
}

/// What is asked again and again while events are shown.
#[derive(Default)]
struct Known {
    conversations: BTreeMap<ConversationKey, Option<Conversation>>,
    sessions: BTreeMap<SessionKey, Option<(SessionId, Option<session::ProjectKey>)>>,
}

impl Known {
    fn conversation(&mut self, tracker: &Tracker, key: ConversationKey) -> Result<Option<Conversation>, StoreError> {
        Ok(match self.conversations.entry(key) {
            Entry::Occupied(held) => held.get().clone(),
            Entry::Vacant(vacant) => vacant.insert(tracker.store.reads().conversation(key)?).clone(),
        })
    }

    fn session(&mut self, tracker: &Tracker, key: SessionKey) -> Result<Option<(SessionId, Option<session::ProjectKey>)>, StoreError> {
        Ok(match self.sessions.entry(key) {
            Entry::Occupied(held) => held.get().clone(),
            Entry::Vacant(vacant) => {
                let session = tracker.store.reads().session(key)?;
                vacant.insert(session.map(|session| (session.id, session.project))).clone()
            }
        })
    }
}
