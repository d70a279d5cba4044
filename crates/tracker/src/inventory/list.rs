//! All conversations on the disk, and what is known of each.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use agents::TranscriptBuffers;
use agents::claude_code::transcript::{self, Wanted};
use serde::Serialize;
use session::{ConversationKey, Moment, Session, SessionKey};

use super::InventoryError;
use crate::Tracker;
use crate::directory::{Directory, path_of};
use crate::holdings::{Holding, Layout};

/// A longer `history.json` is not read.
const LONGEST_HISTORY: u64 = 64 << 20;

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
    /// What it used; `rutter usage session` says so.
    pub usage: Option<()>,
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
        self.sessions.get(self.of.get(&ConversationKey::of(holding.agent(), &holding.id))?)
    }

    /// Returns whose a conversation is, as it was recorded. What its id begins with says nothing.
    pub(super) fn owner(&self, holding: &Holding) -> Option<&str> {
        self.session(holding).map(|session| session.owner.as_str())
    }
}

impl Tracker {
    /// Returns the conversations on the disk, the one that was used last first: at most so many, and only those of an owner where one is
    /// named. The second value is how many there are, the third where nobody could look.
    ///
    /// # Errors
    /// When nobody says where they are, or the store cannot answer.
    pub fn agent_sessions(
        &self,
        owner: Option<&str>,
        limit: Option<usize>,
    ) -> Result<(Vec<AgentSessionView>, usize, Vec<String>), InventoryError> {
        let (held, known) = (self.held()?, self.known()?);
        let mut holdings = held.holdings;
        let in_use = self.in_use(&holdings)?;
        holdings.retain(|holding| owner.is_none_or(|owner| known.owner(holding) == Some(owner)));
        let all = holdings.len();
        holdings.truncate(limit.unwrap_or(usize::MAX));
        let views = read_all(&holdings).into_iter().zip(&holdings);
        let views = views.map(|(read, holding)| self.agent_session_view(holding, read, &known, in_use.why(holding)));
        Ok((views.collect(), all, held.troubles))
    }

    /// Returns one conversation on the disk: the one that was used last, where several have the id.
    ///
    /// # Errors
    /// When there is none, or the store cannot answer.
    pub fn agent_session(&self, id: &str) -> Result<AgentSessionView, InventoryError> {
        let held = self.held()?.holdings;
        let in_use = self.in_use(&held)?;
        let holding = held.into_iter().find(|holding| holding.id == id).ok_or_else(|| InventoryError::Unknown { id: id.to_owned() })?;
        let known = self.known()?;
        let read = Content::of(&holding, &mut TranscriptBuffers::default());
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

    fn agent_session_view(&self, holding: &Holding, read: Content, known: &Known, active: Option<&'static str>) -> AgentSessionView {
        let offset = self.clock.now().moment.offset().seconds();
        let moment = |micros: i64| Moment::from_micros(micros, offset).ok().map(|at| at.to_string());
        let session = known.session(holding);
        let piece = match holding.layout {
            Layout::Transcripts => holding.pieces.iter().find(|piece| piece.as_os() != holding.id.as_str()).or(holding.pieces.first()),
            Layout::Directories => holding.pieces.first(),
        };
        AgentSessionView {
            id: holding.id.clone(),
            agent: holding.agent(),
            owner: session.map(|session| session.owner.as_str().to_owned()),
            session: session.map(|session| session.id.to_string()),
            project: session.and_then(|session| known.projects.get(&session.project?)).cloned(),
            cwd: read.cwd,
            transcript: path_of(&holding.directory(), piece.map(std::slice::from_ref).unwrap_or_default()),
            created_at: read.first.and_then(moment),
            modified_at: moment(holding.modified() / 1_000),
            size_bytes: holding.size(),
            files: holding.files.len() as u64,
            turns: read.turns,
            exists: true,
            models: read.models.into_iter().collect(),
            active,
            usage: None,
        }
    }
}

/// What a conversation says itself.
#[derive(Clone, Debug, Default)]
struct Content {
    turns: Option<u64>,
    models: BTreeSet<String>,
    cwd: Option<String>,
    /// In microseconds since 1970.
    first: Option<i64>,
}

impl Content {
    fn of(holding: &Holding, buffers: &mut TranscriptBuffers) -> Self {
        let name = |file: &&crate::holdings::HeldFile| file.steps.last().and_then(|name| name.as_os().to_str().map(str::to_owned));
        let wanted = match holding.layout {
            Layout::Transcripts => format!("{}.jsonl", holding.id),
            Layout::Directories => "history.json".to_owned(),
        };
        let depth = holding.place.len() + usize::from(holding.layout == Layout::Directories) + 1;
        let main = holding.files.iter().find(|file| file.steps.len() == depth && name(file).as_ref() == Some(&wanted));
        let opened = main.and_then(|file| {
            let (name, directories) = file.steps.split_last()?;
            Directory::open(&holding.root).ok()?.walk(directories).ok()?.file(name).ok()
        });
        let Some(mut open) = opened else { return Self::default() };
        let born = born(&open);
        let read = match holding.layout {
            Layout::Transcripts => Self::of_transcript(&mut open, buffers),
            Layout::Directories => Self::of_history(&open),
        };
        let read = read.unwrap_or_default();
        Self { first: read.first.or(born), ..read }
    }

    fn of_transcript(open: &mut File, buffers: &mut TranscriptBuffers) -> io::Result<Self> {
        let facts = transcript::read(open, Wanted::Everything, buffers)?.facts;
        let name = |name| facts.name(name).map(|text| redact::mask(text).into_owned());
        Ok(Self {
            turns: Some(facts.turns.iter().filter(|turn| !turn.is_copied).count() as u64),
            models: facts.responses.iter().filter_map(|response| name(response.model)).collect(),
            cwd: facts.cwds.first().and_then(|cwd| name(*cwd)),
            first: facts.extent.first.map(|first| first.saturating_mul(1_000)),
        })
    }

    fn of_history(open: &File) -> io::Result<Self> {
        let mut bytes = Vec::new();
        open.take(LONGEST_HISTORY).read_to_end(&mut bytes)?;
        let history: serde_json::Value = serde_json::from_slice(&bytes)?;
        // A history without turns has none.
        let turns = history.get("turns").map_or(Some(0), |turns| turns.as_array().map(|turns| turns.len() as u64));
        Ok(Self { turns, ..Self::default() })
    }
}

/// Returns when a file was made, in microseconds since 1970, where the file system knows.
fn born(open: &File) -> Option<i64> {
    let since = open.metadata().ok()?.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok()
}

/// Reads what conversations say themselves, on some threads.
fn read_all(holdings: &[Holding]) -> Vec<Content> {
    let (next, threads) = (AtomicUsize::new(0), crate::index::threads().min(holdings.len()));
    let work = || {
        let (mut own, mut buffers) = (Vec::new(), TranscriptBuffers::default());
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(holding) = holdings.get(place) else { return own };
            own.push((place, Content::of(holding, &mut buffers)));
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
