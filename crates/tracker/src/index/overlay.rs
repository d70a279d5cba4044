//! What transcripts say of a session, laid over what is recorded of it: a turn or a tool call that both know is one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use agents::TranscriptBuffers;
use agents::claude_code::{self, transcript};
use agents::transcripts::{Agent, Wanted};
use session::transcript::{Answer, Call, Ledger, Response, TypedTurn};
use session::{Conversation, Session, SessionKey};
use store::{Index, StoreError};

use super::pass::redact_names;
use super::timeline::Told;
use crate::usage::{Prices, Sum, usage_object};
use crate::{Note, SessionView, Tracker};

/// What hooks call the prompt of a turn that only a transcript tells of.
pub(crate) const PROMPT_OF_TRANSCRIPT: &str = "transcript";

impl Tracker {
    /// Returns the public shapes of sessions with all that their transcripts say, as far as was read of them.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn whole_views(&mut self, sessions: &[Session]) -> Result<Vec<SessionView>, StoreError> {
        let index = if self.is_indexed()? { Index::open(&self.home, self.config.patience()).ok() } else { None };
        let index = index.map(|mut index| self.take_back_what_is_kept(&mut index).map(|_| index)).and_then(Result::ok);
        let index = index.or_else(|| self.index_as_it_is());
        self.views_over(sessions, index.as_ref())
    }

    /// Returns the public shape of a session with all that its transcripts say now. Where they cannot be read, there is less in it, and a note.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn whole_view(&mut self, session: &Session) -> Result<SessionView, StoreError> {
        let read = if self.is_indexed()? { Some(self.index_for_reading(&mut |_, _| {})) } else { None }.transpose();
        let index = read.unwrap_or_else(|error| {
            self.note(Note::NoIndex { reason: error.to_string() });
            None
        });
        let index = index.flatten().or_else(|| self.index_as_it_is());
        let views = self.views_over(std::slice::from_ref(session), index.as_ref())?;
        views.into_iter().next().map_or_else(|| self.view(session), Ok)
    }

    /// Opens the index as somebody left it: where it cannot be written it says what it said.
    fn index_as_it_is(&self) -> Option<Index> {
        Index::is_there(&self.home).then(|| Index::open_to_read(&self.home, self.config.patience()).ok()).flatten()
    }

    /// Reports whether there is more to be known than lies on the disk.
    pub(super) fn is_indexed(&self) -> Result<bool, StoreError> {
        Ok(Index::is_there(&self.home) || self.store.reads().count_kept_parts()? > 0)
    }

    fn views_over(&self, sessions: &[Session], index: Option<&Index>) -> Result<Vec<SessionView>, StoreError> {
        // Whose prices do not read is told so by `usage`, and by `doctor`.
        let prices = self.config.prices().unwrap_or_else(|_| Prices::known());
        sessions.iter().map(|session| self.view_over(session, index, &prices)).collect()
    }

    fn view_over(&self, session: &Session, index: Option<&Index>, prices: &Prices) -> Result<SessionView, StoreError> {
        let mut view = self.view(session)?;
        let reads = self.store.reads();
        let (mut turns, mut calls, mut sum) = (0, 0, Sum::default());
        for conversation in reads.conversations_of(session.key)? {
            let ledger = match index {
                Some(index) => indexed(index, conversation.id.as_str())?,
                None => self.read_from_disk(&conversation),
            };
            let told = Said { ledger: &ledger, conversation: &conversation, session: session.key };
            let mut prompts = BTreeSet::new();
            for turn in reads.turns_of(conversation.key)?.iter().filter(|turn| turn.is_prompted()) {
                let is_of_transcript = turn.prompt.as_str() == PROMPT_OF_TRANSCRIPT;
                turns += u64::from(turn.session == Some(session.key) && !is_of_transcript);
                prompts.insert(agents::transcript_id(turn.prompt.as_str()));
            }
            let known: BTreeSet<u64> =
                reads.tool_calls_of(conversation.key)?.iter().map(|call| agents::transcript_id(call.call.as_str())).collect();
            turns += told.turns().filter(|prompt| !prompts.contains(prompt)).count() as u64;
            calls += told.calls().filter(|call| !known.contains(call)).count() as u64;
            told.add_usage(&mut sum, prices);
        }
        // The one turn that stands for all of a transcript counts where the transcript is not known any more.
        view.turns = if turns > 0 { turns } else { view.turns };
        view.tool_calls += calls;
        view.usage = (sum.responses > 0).then(|| usage_object(&sum));
        Ok(view)
    }

    /// Lets `work` look at what transcripts tell of a conversation, as far as was read of them.
    pub(crate) fn with_told<T>(
        &self,
        session: SessionKey,
        conversation: &Conversation,
        work: impl FnOnce(&Told<'_>) -> T,
    ) -> Result<T, StoreError> {
        let index = Index::is_there(&self.home).then(|| Index::open(&self.home, self.config.patience()).ok()).flatten();
        let index = index.or_else(|| self.index_as_it_is());
        let ledger = match &index {
            Some(index) => indexed(index, conversation.id.as_str())?,
            None => self.read_from_disk(conversation),
        };
        Ok(work(&Told { ledger: &ledger, conversation, session, clock: &*self.clock }))
    }

    /// Reads what lies beside the transcript of a conversation, where there is no index.
    fn read_from_disk(&self, conversation: &Conversation) -> Ledger {
        let mut ledger = Ledger::default();
        let is_ours = conversation.agent.as_str() == claude_code::NAME;
        let projects = self.locations().ok().filter(|_| is_ours).map(|places| places.projects());
        let Some(path) = projects.and_then(|projects| transcript::find(&projects, conversation.id.as_str())) else { return ledger };
        let mut buffers = TranscriptBuffers::default();
        for file in files_of(&path) {
            let mut found = Vec::new();
            let read =
                Agent::ClaudeCode.read_file(&file, None, Wanted::Everything, &mut buffers, &|_| {}, &mut |pass| found.push(pass.facts));
            for facts in found.iter_mut().filter(|_| read.is_ok()) {
                redact_names(facts);
                ledger.add(facts);
            }
        }
        ledger
    }
}

fn indexed(index: &Index, conversation: &str) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::default();
    for file in index.files_of(conversation)? {
        index.facts_of(file)?.iter().flatten().flatten().for_each(|facts| ledger.add(facts));
    }
    Ok(ledger)
}

/// Returns a transcript and those of its sub-agents: below its own directory, or, of older clients, beside it.
fn files_of(path: &Path) -> Vec<PathBuf> {
    let mut files = vec![path.to_owned()];
    let below = transcript::walk(&path.with_extension(""), 1);
    files.extend(below.files.into_iter().map(|file| file.path));
    let beside = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().filter_map(Result::ok);
    let is_of_agent = |name: &str| name.starts_with("agent-") && name.ends_with(".jsonl");
    files.extend(beside.filter(|entry| is_of_agent(&entry.file_name().to_string_lossy())).map(|entry| entry.path()));
    files
}

/// What transcripts say of a conversation while it belonged to a session.
pub(super) struct Said<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) conversation: &'l Conversation,
    pub(super) session: SessionKey,
}

impl Said<'_> {
    fn is_it(&self, conversation: session::transcript::Name, at: Option<i64>) -> bool {
        if self.ledger.name(conversation) != Some(self.conversation.id.as_str()) {
            return false;
        }
        let micros = at.map(|at| at.saturating_mul(1_000).saturating_add(999));
        self.conversation.session_by_wall_clock(micros) == Some(self.session)
    }

    /// Returns the prompts that were typed in it.
    pub(super) fn own_turns(&self) -> impl Iterator<Item = &TypedTurn> {
        self.ledger.turns().filter(|turn| !turn.is_copied && self.is_it(turn.conversation, turn.at))
    }

    /// Returns the tool calls that were made in it.
    pub(super) fn own_calls(&self) -> impl Iterator<Item = (&Call, Option<&Answer>)> {
        self.ledger.calls().filter(|(call, _)| self.is_it(call.conversation, call.at))
    }

    /// Returns the responses that were made for it.
    pub(super) fn own_responses(&self) -> impl Iterator<Item = Response> {
        self.ledger.responses().filter(|response| self.is_it(response.conversation, response.at))
    }

    /// Returns the prompts' ids; of one that has none, its record's.
    fn turns(&self) -> impl Iterator<Item = u64> {
        self.own_turns().map(|turn| if turn.prompt == 0 { turn.record } else { turn.prompt })
    }

    fn calls(&self) -> impl Iterator<Item = u64> {
        self.own_calls().map(|(call, _)| call.id)
    }

    fn add_usage(&self, sum: &mut Sum, prices: &Prices) {
        for response in self.own_responses() {
            let tariff = prices.tariff(self.ledger.name(response.model).unwrap_or_default(), self.ledger.name(response.tier));
            sum.add(&response, tariff.and_then(|tariff| tariff.cost(&response.usage, response.at)));
        }
    }
}
