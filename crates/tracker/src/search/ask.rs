//! The question, and what is found.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use agents::transcripts::Agent;
use session::{AgentSession, Conversation, ConversationKey, Moment, Session, SessionKey, Text, quoted};
use store::{Document, Query, QueryError, Search, SearchIn, Sought, StoreError};

use super::snippet::snippet;
use super::view::HitView;
use crate::chain::resume_command;
use crate::{CurrentError, IndexError, Note, ProjectError, Purpose, Tracker};

/// How much new text whoever searches reads himself, in bytes: more would have him wait.
const READ_AT_ONCE: u64 = 8 << 20;

/// How long whoever searches waits for others who write.
const PATIENCE: Duration = Duration::from_millis(250);

/// Why nothing could be sought for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The question is none.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Nobody has heard of an agent.
    #[error("no agent is called `{0}`")]
    UnknownAgent(String),
    /// A session is meant that cannot be determined.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// A project is meant that cannot be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is sought; an empty list means "any".
#[derive(Clone, Debug, Default)]
pub struct WantedHits {
    /// The words, as they were typed.
    pub query: String,
    /// Among what.
    pub among: Vec<SearchIn>,
    /// In this session; a name as a person types it.
    pub session: Option<String>,
    /// Also in other projects.
    pub all_projects: bool,
    /// Of these agents.
    pub agents: Vec<String>,
    /// With these tools.
    pub tools: Vec<String>,
    /// About these files, by the end of their paths.
    pub files: Vec<String>,
    /// Of these roles.
    pub roles: Vec<String>,
    /// At or after this moment, in microseconds since 1970.
    pub since_micros: Option<i64>,
    /// Before this moment, in microseconds since 1970.
    pub until_micros: Option<i64>,
    /// Best first, not newest.
    pub is_ranked: bool,
    /// At most so many.
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The hits.
    pub hits: Vec<HitView>,
    /// Whether text of transcripts was sought through.
    pub has_text: bool,
}

impl Tracker {
    /// Returns what fits, newest first, or best first.
    ///
    /// # Errors
    /// When the question is none, or what can be searched cannot be read.
    pub fn search_for(&mut self, wanted: &WantedHits) -> Result<Found, SearchError> {
        let query = Query::read(&wanted.query)?;
        self.expect_agents(&wanted.agents)?;
        match self.search_once(wanted, &query) {
            Err(SearchError::Store(error)) if Search::is_damaged(&self.home, &error) => {
                self.throw_search_away()?;
                self.note(Note::SearchAnew);
                self.search_once(wanted, &query)
            }
            done => done,
        }
    }

    /// Holds agents to those that are known here: the ones whose transcripts are read, and those of sessions.
    fn expect_agents(&self, named: &[String]) -> Result<(), SearchError> {
        for name in named.iter().filter(|name| Agent::of(name).is_none()) {
            let wanted = store::Wanted { agents: vec![name.clone()], with_empty: true, ..store::Wanted::default() };
            if self.store.reads().sessions(&wanted, Some(1))?.is_empty() {
                return Err(SearchError::UnknownAgent(name.clone()));
            }
        }
        Ok(())
    }

    fn search_once(&self, wanted: &WantedHits, query: &Query) -> Result<Found, SearchError> {
        let (mut search, has_looked) = self.open_search(wanted)?;
        let mut found = self.search_in(&search, wanted, query)?;
        // What was said since somebody looked last may be what is sought.
        if found.hits.is_empty() && found.has_text && !has_looked {
            let is_any = self.read_new_text(&mut search).or_else(|error| self.behind(error).map(|()| false))?;
            if is_any {
                found = self.search_in(&search, wanted, query)?;
            }
        }
        Ok(found)
    }

    fn search_in(&self, search: &Search, wanted: &WantedHits, query: &Query) -> Result<Found, SearchError> {
        let (session, sought) = self.sought(wanted, query)?;
        let mut finder = Finder::of(self, session, query);
        let wants_text = wanted.among.is_empty() || wanted.among.contains(&SearchIn::Transcripts);
        let has_text = wants_text && self.is_text_on();
        let (mut hits, mut trouble) = (Vec::new(), None);
        if wanted.limit > 0 {
            let unread = search.find(&sought, |document| {
                // Another configuration allowed it, and not the one of this shell.
                if document.among == SearchIn::Transcripts && !has_text {
                    return ControlFlow::Continue(());
                }
                match finder.hit(&document) {
                    Ok(hit) => hits.extend(hit),
                    Err(error) => trouble = Some(error),
                }
                if hits.len() >= wanted.limit || trouble.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if unread > 0 {
                self.note(Note::SearchUnread { documents: unread });
            }
        }
        trouble.map_or(Ok(()), Err)?;
        Ok(Found { hits, has_text })
    }

    /// Opens what can be searched, and brings it up as far as it can be written; reports whether nobody has to look for new text again.
    fn open_search(&self, wanted: &WantedHits) -> Result<(Search, bool), StoreError> {
        let opened = Search::open(&self.home, self.config.patience().min(PATIENCE));
        let mut search = match opened {
            Ok(search) => search,
            Err(error) if is_passing(&error) => {
                let search = Search::open_to_read(&self.home, PATIENCE).map_err(|_| error)?;
                self.note(Note::SearchBehind { reason: "it cannot be written".to_owned() });
                return Ok((search, true));
            }
            Err(error) => return Err(error),
        };
        if search.is_anew() {
            self.note(Note::SearchAnew);
        }
        let brought = self.settle_text(&mut search).and_then(|_| self.follow_store(&mut search));
        let looked = brought.and_then(|()| self.look_for_text(&mut search, wanted));
        let has_looked = looked.or_else(|error| self.behind(error).map(|()| true))?;
        search.settle();
        Ok((search, has_looked))
    }

    /// Says that the newest may be missing, where that is all that an error means.
    fn behind(&self, error: StoreError) -> Result<(), StoreError> {
        if !is_passing(&error) {
            return Err(error);
        }
        self.note(Note::SearchBehind { reason: error.to_string() });
        Ok(())
    }

    /// Reads new text unless somebody has looked for some only just now; reports whether nobody has to look again.
    fn look_for_text(&self, search: &mut Search, wanted: &WantedHits) -> Result<bool, StoreError> {
        let wants_text = wanted.among.is_empty() || wanted.among.contains(&SearchIn::Transcripts);
        if !wants_text || !self.is_text_on() {
            return Ok(true);
        }
        let (is_new, left) = self.has_looked_for_text();
        if !is_new {
            return self.read_new_text(search).map(|_| true);
        }
        if left > 0 {
            self.note(Note::TextWaits { bytes: left });
        }
        Ok(false)
    }

    /// Reads new text where that is little, else says how much it is; reports whether there was any.
    fn read_new_text(&self, search: &mut Search) -> Result<bool, StoreError> {
        let view = match self.bring_text_up(search, READ_AT_ONCE, &mut |_, _| {}) {
            Ok(view) => view,
            // Nobody knows where transcripts are: there are none.
            Err(IndexError::Config(_)) => return Ok(false),
            Err(IndexError::Store(error)) => return Err(error),
        };
        if view.is_busy {
            self.note(Note::SearchBehind { reason: "somebody else reads transcripts just now".to_owned() });
        }
        if view.left > 0 {
            self.note(Note::TextWaits { bytes: view.left });
        }
        Ok(view.read > 0)
    }

    fn sought(&self, wanted: &WantedHits, query: &Query) -> Result<(Option<SessionKey>, Sought), SearchError> {
        let session = wanted.session.as_deref().map(|name| self.resolve(Some(name), Purpose::Reading)).transpose()?;
        let millis = |micros: i64| micros.div_euclid(1_000);
        let mut sought = Sought {
            query: query.clone(),
            among: wanted.among.clone(),
            agents: wanted.agents.clone(),
            tools: wanted.tools.clone(),
            files: wanted.files.clone(),
            roles: wanted.roles.clone(),
            since_millis: wanted.since_micros.map(millis),
            until_millis: wanted.until_micros.map(millis),
            is_ranked: wanted.is_ranked,
            ..Sought::default()
        };
        match &session {
            Some(session) => {
                sought.sessions = vec![session.key.to_string()];
                let rows = self.store.reads().conversations_of(session.key)?.into_iter();
                sought.conversations = rows.map(|row| (row.agent.as_str().to_owned(), row.id.as_str().to_owned())).collect();
            }
            None if wanted.all_projects => {}
            None => sought.scopes = self.scopes_here()?,
        }
        Ok((session.map(|session| session.key), sought))
    }
}

/// How far apart a hook and a transcript tell of one prompt at most, in milliseconds: who types it again needs longer.
const TOLD_TWICE: u64 = 2_000;

/// Returns what a prompt is compared by: not all who tell of a long one tell all of it.
fn beginning(prompt: &str) -> &str {
    let prompt = prompt.trim();
    prompt[..prompt.floor_char_boundary(500)].trim_end()
}

/// Reports whether it is answered from what is there.
fn is_passing(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Busy { .. }
            | StoreError::Full { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::Unopenable { .. }
            | StoreError::Unsure { .. }
    )
}

/// Makes hits of documents.
struct Finder<'t> {
    tracker: &'t Tracker,
    /// The session that is asked for.
    session: Option<SessionKey>,
    query: &'t Query,
    /// Prompts that were found already, and when they were typed: hooks tell of them, and transcripts, too.
    seen: HashMap<u64, Vec<i64>>,
    conversations: HashMap<ConversationKey, Option<Conversation>>,
    /// Sessions, and what to type to go on in each.
    sessions: HashMap<SessionKey, Option<(Session, Option<String>)>>,
    /// What to type to go on in conversations that are of no session.
    resumed: HashMap<ConversationKey, Option<String>>,
}

impl<'t> Finder<'t> {
    fn of(tracker: &'t Tracker, session: Option<SessionKey>, query: &'t Query) -> Self {
        let (seen, conversations, sessions, resumed) = Default::default();
        Self { tracker, session, query, seen, conversations, sessions, resumed }
    }

    fn hit(&mut self, document: &Document) -> Result<Option<HitView>, SearchError> {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let key = self.session_of(document)?;
        if self.session.is_some() && key != self.session {
            return Ok(None);
        }
        let is_prompt = document.role == agents::transcripts::Role::Prompt.as_str();
        let told = agents::transcript_id(format!("{} {}", document.conversation, beginning(&document.text)));
        if is_prompt {
            let seen = self.seen.entry(told).or_default();
            if seen.iter().any(|at| at.abs_diff(document.at_millis) < TOLD_TWICE) {
                return Ok(None);
            }
            seen.push(document.at_millis);
        }
        let session = key.map(|key| self.session(key)).transpose()?.flatten();
        let pieces = snippet(&document.text, self.query);
        let resume = match &session {
            Some((_, Some(resume))) => Some(resume.clone()),
            _ => self.resume_of(document)?,
        };
        let offset = self.tracker.clock.now().moment.offset().seconds();
        let at = Moment::from_micros(document.at_millis.saturating_mul(1_000), offset);
        Ok(Some(HitView {
            among: document.among,
            session: session.map(|(session, _)| session.id.to_string()),
            agent_session: said(&document.conversation),
            agent: said(&document.agent),
            turn: said(&document.turn),
            at: at.map(|at| at.to_string()).unwrap_or_default(),
            snippet: pieces.iter().map(|piece| piece.text.as_str()).collect(),
            resume,
            role: document.role.clone(),
            tool: said(&document.tool),
            file: document.files.first().cloned(),
            pieces,
        }))
    }

    /// Returns the session a document belongs to: as it says itself, else the one its conversation belonged to then.
    fn session_of(&mut self, document: &Document) -> Result<Option<SessionKey>, StoreError> {
        if let Ok(key) = uuid::Uuid::parse_str(&document.session) {
            return Ok(Some(SessionKey::new(key)));
        }
        if document.conversation.is_empty() {
            return Ok(None);
        }
        let key = ConversationKey::of(&document.agent, &document.conversation);
        let reads = self.tracker.store.reads();
        let row = match self.conversations.entry(key) {
            std::collections::hash_map::Entry::Occupied(held) => held.into_mut(),
            std::collections::hash_map::Entry::Vacant(vacant) => vacant.insert(reads.conversation(key)?),
        };
        let at = document.at_millis.saturating_mul(1_000).saturating_add(999);
        let assignments = row.iter().flat_map(|row| &row.assignments);
        let before = assignments.clone().rev().find(|each| each.since.at.moment.micros() <= at);
        Ok(before.or_else(|| assignments.clone().next()).map(|each| each.session))
    }

    /// Returns a session, and what to type to go on in it, if that can be done here.
    fn session(&mut self, key: SessionKey) -> Result<Option<(Session, Option<String>)>, SearchError> {
        if let Some(held) = self.sessions.get(&key) {
            return Ok(held.clone());
        }
        let found = self.tracker.store.reads().session(key)?.map(|session| {
            let resume = self.tracker.resume(Some(session.id.as_str())).is_ok();
            let resume = resume.then(|| format!("rutter resume {}", session.id));
            (session, resume)
        });
        self.sessions.insert(key, found.clone());
        Ok(found)
    }

    /// Returns what to type to go on in a document's own conversation, if its transcript is here.
    fn resume_of(&mut self, document: &Document) -> Result<Option<String>, StoreError> {
        if document.conversation.is_empty() {
            return Ok(None);
        }
        let key = ConversationKey::of(&document.agent, &document.conversation);
        if let Some(held) = self.resumed.get(&key) {
            return Ok(held.clone());
        }
        let machine = self.tracker.store.reads().conversation(key)?.and_then(|row| row.arrival?.value.machine);
        let agent_session = AgentSession { agent: Text::stored(document.agent.clone()), id: Text::stored(document.conversation.clone()) };
        let is_here = self.tracker.hindrance(&agent_session, machine.as_ref()).is_none();
        let words = resume_command(&document.agent, &document.conversation).filter(|_| is_here);
        let resume = words.map(|words| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
        self.resumed.insert(key, resume.clone());
        Ok(resume)
    }
}
