//! All conversations on the disk, and what is known of each.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use agents::TranscriptBuffers;
use serde::Serialize;
use session::{ConversationKey, Moment, Session, SessionKey};
use store::Index;

use super::roots::newest_first;
use super::{InventoryError, agent_called};
use crate::Tracker;
use crate::directory::{Directory, path_of};
use crate::holdings::{HeldFile, Holding, Layout};
use crate::index::OfOne;
use crate::usage::Prices;

/// A longer `history.json` is not read.
const LONGEST_HISTORY: u64 = 64 << 20;

/// The file that makes a directory the conversation of an older program.
const HISTORY: &str = "history.json";

/// Of so many conversations the store is asked one by one.
const ONE_BY_ONE: usize = 500;

/// A conversation on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentSessionView {
    /// The agent's id of it.
    pub id: String,
    /// The agent.
    pub agent: &'static str,
    /// Whose it is, as it was recorded; `null` where it was not.
    pub owner: Option<String>,
    /// The session it belongs to.
    pub session: Option<String>,
    /// The project of that session.
    pub project: Option<String>,
    /// Where the agent was at first.
    pub cwd: Option<String>,
    /// Its transcript; of an older program, its directory.
    pub transcript: PathBuf,
    /// When it began: its first record, else what the file system says.
    pub created_at: Option<String>,
    /// When somebody last wrote to any of its files.
    pub modified_at: Option<String>,
    /// How long all its files are.
    pub size_bytes: u64,
    /// How many files it has.
    pub files: u64,
    /// How many prompts were typed in it; `null` where that cannot be read.
    pub turns: Option<u64>,
    /// Whether it is on the disk.
    pub exists: bool,
    /// The models that answered.
    pub models: Vec<String>,
    /// Why it is in use: `running`, `head` (of a project, a version or a worktree), `recent` (written to in the last ten minutes); `null`
    /// where it is not.
    pub active: Option<&'static str>,
    /// What it used, as the index has it, or its transcripts where only one conversation is asked for; `null` where nobody knows.
    pub usage: Option<serde_json::Value>,
}

/// Which conversations are wanted.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only what was recorded as this owner's.
    pub owner: Option<String>,
    /// Only this agent's.
    pub agent: Option<String>,
    /// Only those of the project that is named.
    pub of_project: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// The conversations on the disk that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// As many as are wanted, the one that was used last first.
    pub views: Vec<AgentSessionView>,
    /// How many there are, also beyond those.
    pub all: usize,
    /// How long the files of all of them are.
    pub size_bytes: u64,
    /// Where nobody could look.
    pub troubles: Vec<String>,
}

/// What the store knows of conversations.
pub(super) struct Known {
    sessions: HashMap<SessionKey, Session>,
    of: HashMap<ConversationKey, SessionKey>,
    projects: HashMap<session::ProjectKey, String>,
}

impl Known {
    /// Returns the session that a conversation belongs to.
    pub(super) fn session(&self, holding: &Holding) -> Option<&Session> {
        self.sessions.get(self.of.get(&key_of(holding))?)
    }

    /// Returns the project of the session that a conversation belongs to.
    pub(super) fn project(&self, holding: &Holding) -> Option<session::ProjectKey> {
        self.session(holding)?.project
    }

    /// Returns whose a conversation is, as it was recorded. What its id begins with says nothing.
    pub(super) fn owner(&self, holding: &Holding) -> Option<&str> {
        self.session(holding).map(|session| session.owner.as_str())
    }
}

impl Tracker {
    /// Returns the conversations on the disk that are wanted, the one that was used last first.
    ///
    /// # Errors
    /// When nobody says where they are or knows the agent or the project, or the store cannot answer.
    pub fn agent_sessions(&self, choice: &Choice) -> Result<Listed, InventoryError> {
        let held = self.held_unsorted(agent_called(choice.agent.as_deref())?)?;
        let mut holdings = held.holdings;
        if choice.owner.is_some() || choice.of_project {
            let known = self.known()?;
            holdings.retain(|holding| choice.owner.as_deref().is_none_or(|owner| known.owner(holding) == Some(owner)));
            if choice.of_project {
                self.keep_of_project(&mut holdings, &known)?;
            }
        }
        let (all, size_bytes) = (holdings.len(), holdings.iter().map(Holding::size).sum());
        let limit = choice.limit.unwrap_or(usize::MAX);
        newest_first(&mut holdings, limit);
        // Only of what is shown somebody wants to know more. What was written to last is among the first, wherever else it lies.
        holdings.truncate(limit);
        let in_use = self.in_use(&holdings)?;
        let known = if holdings.len() > ONE_BY_ONE { self.known()? } else { self.known_of(&holdings)? };
        let views = self.contents(&holdings.iter().collect::<Vec<_>>())?.into_iter().zip(&holdings);
        let views = views.map(|(read, holding)| self.agent_session_view(holding, read, &known, in_use.why(holding)));
        Ok(Listed { views: views.collect(), all, size_bytes, troubles: held.troubles })
    }

    /// Returns one conversation on the disk: the one that was used last, where several have the id.
    ///
    /// # Errors
    /// When there is none, or the store cannot answer.
    pub fn agent_session(&self, id: &str) -> Result<AgentSessionView, InventoryError> {
        let held = self.held(None)?.holdings;
        let in_use = self.in_use(&held)?;
        let holding = held.into_iter().find(|holding| holding.id == id).ok_or_else(|| InventoryError::Unknown { id: id.to_owned() })?;
        let known = self.known_of(std::slice::from_ref(&holding))?;
        let prices = self.config.prices().unwrap_or_else(|_| Prices::known());
        let read = content(&holding, true, &prices, &mut TranscriptBuffers::default());
        Ok(self.agent_session_view(&holding, read, &known, in_use.why(&holding)))
    }

    /// Asks the store for all it knows of conversations.
    pub(super) fn known(&self) -> Result<Known, InventoryError> {
        let reads = self.store.reads();
        let wanted = store::Wanted { with_empty: true, ..store::Wanted::default() };
        let sessions = reads.sessions(&wanted, None)?.into_iter().map(|session| (session.key, session)).collect();
        let conversations = reads.newest_conversations(i64::MAX as usize)?;
        let of = conversations.iter().filter_map(|conversation| Some((conversation.key, conversation.session()?))).collect();
        let projects = reads.projects()?.into_iter().map(|project| (project.key, project.name.as_str().to_owned())).collect();
        Ok(Known { sessions, of, projects })
    }

    /// Asks the store for what it knows of some conversations.
    fn known_of(&self, holdings: &[Holding]) -> Result<Known, InventoryError> {
        let reads = self.store.reads();
        let mut known = Known { sessions: HashMap::new(), of: HashMap::new(), projects: HashMap::new() };
        for holding in holdings {
            let Some(conversation) = reads.conversation(key_of(holding))? else { continue };
            let Some(session) = conversation.session() else { continue };
            known.of.insert(conversation.key, session);
            let Some(session) = reads.session(session)? else { continue };
            if let Some(project) = session.project
                && let Some(project) = reads.project(project)?
            {
                known.projects.insert(project.key, project.name.as_str().to_owned());
            }
            known.sessions.insert(session.key, session);
        }
        Ok(known)
    }

    /// Returns what conversations say themselves: as the index has it, and of what that does not know what is to be read of a transcript.
    pub(super) fn contents(&self, holdings: &[&Holding]) -> Result<Vec<OfOne>, InventoryError> {
        let prices = self.config.prices().unwrap_or_else(|_| Prices::known());
        let index = Index::is_there(&self.home).then(|| Index::open(&self.home, self.config.patience()).ok()).flatten();
        let (mut said, mut unread) = (Vec::with_capacity(holdings.len()), Vec::new());
        for (place, holding) in holdings.iter().enumerate() {
            // An index that cannot be read is as if it were not there; `usage` makes it anew.
            let told = index.as_ref().and_then(|index| OfOne::indexed(index, holding, &prices).ok()).flatten();
            if told.as_ref().is_none_or(|told| !told.is_current) {
                unread.push(place);
            }
            said.push(told.map(|told| told.said).unwrap_or_default());
        }
        let to_read: Vec<&Holding> = unread.iter().map(|place| holdings[*place]).collect();
        for (place, read) in unread.into_iter().zip(read_all(&to_read, &prices)) {
            let usage = said[place].usage.take().map(at_least);
            said[place] = OfOne { usage, ..read };
        }
        Ok(said)
    }

    fn agent_session_view(&self, holding: &Holding, read: OfOne, known: &Known, active: Option<&'static str>) -> AgentSessionView {
        let offset = self.clock.now().moment.offset().seconds();
        let moment = |micros: i64| Moment::from_micros(micros, offset).ok().map(|at| at.to_string());
        let session = known.session(holding);
        let stored = holding.stored.as_ref();
        AgentSessionView {
            id: holding.id.clone(),
            agent: holding.agent.name(),
            owner: session.map(|session| session.owner.as_str().to_owned()),
            session: session.map(|session| session.id.to_string()),
            project: session.and_then(|session| known.projects.get(&session.project?)).cloned(),
            cwd: read.cwd.or_else(|| stored.map(|stored| redact::mask(&stored.directory).into_owned())),
            transcript: transcript_of(holding),
            created_at: read.first.or_else(|| stored.map(|stored| stored.created.saturating_mul(1_000))).and_then(moment),
            modified_at: moment(holding.modified() / 1_000),
            size_bytes: holding.size(),
            files: holding.files.len() as u64,
            turns: read.turns,
            exists: true,
            models: read.models.into_iter().collect(),
            active,
            usage: read.usage,
        }
    }
}

fn key_of(holding: &Holding) -> ConversationKey {
    ConversationKey::of(holding.agent.name(), &holding.id)
}

/// Says that something may have been used beyond what is known.
fn at_least(mut usage: serde_json::Value) -> serde_json::Value {
    usage["at_least"] = true.into();
    usage
}

/// Returns where a conversation is: its transcript, its database, else a piece of it.
fn transcript_of(holding: &Holding) -> PathBuf {
    let transcript = holding.transcript().map(|file| path_of(&holding.root, &file.steps));
    let stored = || holding.stored.as_ref().map(|stored| stored.database.clone());
    let piece = || holding.pieces.first().map(|piece| path_of(&holding.root, piece));
    transcript.or_else(stored).or_else(piece).unwrap_or_else(|| holding.root.to_path_buf())
}

/// Reads what a conversation says itself: in all its transcripts, or only in its own, and then nothing is told of what it used.
fn content(holding: &Holding, with_all: bool, prices: &Prices, buffers: &mut TranscriptBuffers) -> OfOne {
    let read = match holding.layout {
        Layout::Files | Layout::Database => OfOne::read(holding, with_all, prices, buffers),
        Layout::Directories => history_of(holding).and_then(|file| turns_of(holding, file).ok()).unwrap_or_default(),
    };
    let born = || holding.transcript().or_else(|| history_of(holding)).and_then(|file| born(holding, file));
    let usage = read.usage.filter(|_| with_all);
    OfOne { first: read.first.or_else(born), usage, ..read }
}

fn history_of(holding: &Holding) -> Option<&HeldFile> {
    let is_history = |file: &&HeldFile| file.steps.len() == 2 && file.steps.last().is_some_and(|name| name.as_os() == HISTORY);
    holding.files.iter().find(|file| holding.layout == Layout::Directories && is_history(file))
}

fn open(holding: &Holding, file: &HeldFile) -> io::Result<std::fs::File> {
    let (name, directories) = file.steps.split_last().ok_or(io::ErrorKind::NotFound)?;
    Directory::open(&holding.root)?.walk(directories)?.file(name)
}

fn turns_of(holding: &Holding, history: &HeldFile) -> io::Result<OfOne> {
    let mut bytes = Vec::new();
    open(holding, history)?.take(LONGEST_HISTORY).read_to_end(&mut bytes)?;
    let history: serde_json::Value = serde_json::from_slice(&bytes)?;
    // A history without turns has none.
    let turns = history.get("turns").map_or(Some(0), |turns| turns.as_array().map(|turns| turns.len() as u64));
    Ok(OfOne { turns, ..OfOne::default() })
}

/// Returns when a file was made, in microseconds since 1970, where the file system knows.
fn born(holding: &Holding, file: &HeldFile) -> Option<i64> {
    let born = open(holding, file).ok()?.metadata().ok()?.created().ok()?;
    i64::try_from(born.duration_since(std::time::UNIX_EPOCH).ok()?.as_micros()).ok()
}

/// Reads what conversations say themselves, on some threads.
fn read_all(holdings: &[&Holding], prices: &Prices) -> Vec<OfOne> {
    let (next, threads) = (AtomicUsize::new(0), crate::index::threads().min(holdings.len()));
    let work = || {
        let (mut own, mut buffers) = (Vec::new(), TranscriptBuffers::default());
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(holding) = holdings.get(place) else { return own };
            // Who reads a database for one of its sessions reads all of it: that is done for one that somebody asks for.
            let read = if holding.layout == Layout::Database { OfOne::default() } else { content(holding, false, prices, &mut buffers) };
            own.push((place, read));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        all.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))));
        all
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, content)| content).collect()
}
