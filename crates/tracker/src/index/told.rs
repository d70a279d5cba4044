//! What the index tells of one conversation.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use agents::transcripts::Agent;
use session::transcript::{Facts, Name, TitleKind};
use store::{Index, IndexedFile, ReadFile, StoreError};

/// A conversation, as its transcripts tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The agent.
    pub(super) agent: String,
    /// The agent's id of it.
    pub(super) id: String,
    /// Its first own record, in milliseconds since 1970.
    pub(super) first: i64,
    /// Its last own record, in milliseconds since 1970.
    pub(super) last: i64,
    /// Where the agent was at first.
    pub(super) cwd: Option<String>,
    /// Where its transcript is, or was.
    pub(super) path: Option<String>,
    /// What the agent, or a person, called it.
    pub(super) title: Option<(TitleKind, String)>,
    /// The first prompt.
    pub(super) prompt: Option<String>,
    /// The model of its first response.
    pub(super) model: Option<String>,
    /// The conversation it was copied from.
    pub(super) copied_from: Option<String>,
    /// How many prompts were typed in it.
    pub(super) turns: u64,
    /// Whether the last that happened is that the agent answered.
    pub(super) ends_with_answer: bool,
}

/// When things happened in a conversation.
#[derive(Default)]
struct Moments {
    first: Option<i64>,
    last: Option<i64>,
    /// The last answer of the main thread.
    answered: Option<i64>,
    /// The last time that anything else was done.
    worked: Option<i64>,
    /// Where the agent was, and since when.
    cwd: Option<(i64, String)>,
    model: Option<(i64, String)>,
}

/// Returns where a conversation is, if a file is its own, and not one of its sub-agents.
fn own_path(file: &ReadFile, id: &str) -> Option<String> {
    let path = if file.is_within { file.path.rsplit_once('#').map_or(file.path.as_str(), |(path, _)| path) } else { &file.path };
    let is_own = Agent::of(&file.agent).is_some_and(|agent| agent.is_transcript_of(Path::new(path), id));
    is_own.then(|| path.to_owned())
}

impl Moments {
    fn note(&mut self, at: Option<i64>) {
        self.first = self.first.into_iter().chain(at).min();
        self.last = self.last.max(at);
    }
}

/// A conversation while its files are read.
#[derive(Default)]
struct Telling {
    told: Told,
    moments: Moments,
    /// Whether the file that is being read is its own.
    is_own: bool,
}

/// Which conversations the strings of a part are.
struct Places(Vec<Option<usize>>);

impl Places {
    fn of(&self, name: Name) -> Option<usize> {
        self.0.get(name.0 as usize).copied().flatten()
    }
}

impl Told {
    /// Returns what the index tells of conversations, in no order: not of those of which there are only copies, and in which nothing happened.
    /// Each file is read once, however many conversations are in it.
    pub(super) fn all(index: &Index, ids: &[String]) -> Result<Vec<Self>, StoreError> {
        let mut all: Vec<Telling> =
            ids.iter().map(|id| Telling { told: Self { id: id.clone(), ..Self::default() }, ..Telling::default() }).collect();
        let numbers: HashMap<&str, usize> = ids.iter().map(String::as_str).zip(0..).collect();
        let mut files = BTreeSet::new();
        for id in ids {
            files.extend(index.files_of(id)?);
        }
        for file in files {
            let parts = index.facts_of(file)?;
            let (mut mentioned, mut callers) = (BTreeSet::new(), HashMap::new());
            for facts in parts.iter().flatten().flatten() {
                let places = Places(facts.names.iter().map(|name| numbers.get(name.as_str()).copied()).collect());
                mentioned.extend(places.0.iter().flatten().copied());
                read(facts, &places, &mut callers, &mut all);
            }
            let Some(IndexedFile { read: file, .. }) = index.file(file)? else { continue };
            for number in mentioned {
                let telling = &mut all[number];
                let told = &mut telling.told;
                if std::mem::take(&mut telling.is_own) {
                    parts.iter().flatten().flatten().for_each(|facts| told.read_names(facts));
                    told.path = told.path.take().or_else(|| own_path(&file, &told.id));
                    told.agent.clone_from(&file.agent);
                } else if told.agent.is_empty() {
                    told.agent.clone_from(&file.agent);
                }
            }
        }
        Ok(all.into_iter().filter_map(Telling::finish).collect())
    }

    fn read_names(&mut self, facts: &Facts) {
        let text = |name: Name| facts.name(name).map(str::to_owned);
        for title in &facts.titles {
            match title.kind {
                TitleKind::Prompt => self.prompt = self.prompt.take().or_else(|| text(title.text)),
                // A person's title stays, whatever the agent says later.
                kind @ (TitleKind::Agent | TitleKind::Person) if self.title.as_ref().is_none_or(|(held, _)| *held <= kind) => {
                    self.title = text(title.text).map(|words| (kind, words));
                }
                _ => {}
            }
        }
        self.copied_from = facts.origins.last().and_then(|origin| text(*origin)).or_else(|| self.copied_from.take());
    }
}

impl Telling {
    fn finish(self) -> Option<Told> {
        let Self { mut told, moments, .. } = self;
        (told.first, told.last) = (moments.first?, moments.last?);
        told.cwd = moments.cwd.map(|(_, cwd)| cwd);
        told.model = moments.model.map(|(_, model)| model);
        told.ends_with_answer = moments.answered.is_some() && moments.answered >= moments.worked;
        Some(told)
    }
}

/// Reads what a part tells of when things happened, and which conversations it is of. `callers` knows whose the tool calls of a file are.
fn read(facts: &Facts, places: &Places, callers: &mut HashMap<u64, usize>, all: &mut [Telling]) {
    let earliest = |held: &mut Option<(i64, String)>, at: Option<i64>, name: Name| {
        if let (Some(at), Some(name)) = (at, facts.name(name))
            && held.as_ref().is_none_or(|(since, _)| at < *since)
        {
            *held = Some((at, name.to_owned()));
        }
    };
    for turn in facts.turns.iter().filter(|turn| !turn.is_copied) {
        let Some(Telling { told, moments, .. }) = places.of(turn.conversation).map(|number| &mut all[number]) else { continue };
        told.turns += 1;
        moments.note(turn.at);
        moments.worked = moments.worked.max(turn.at);
        earliest(&mut moments.cwd, turn.at, turn.cwd);
    }
    for response in facts.responses.iter().filter(|response| !response.is_copied) {
        let Some(Telling { moments, .. }) = places.of(response.conversation).map(|number| &mut all[number]) else { continue };
        moments.note(response.at);
        if !response.is_sidechain {
            moments.answered = moments.answered.max(response.at);
        }
        earliest(&mut moments.cwd, response.at, response.cwd);
        earliest(&mut moments.model, response.at, response.model);
    }
    for call in facts.calls.iter().filter(|call| !call.is_copied) {
        let Some(number) = places.of(call.conversation) else { continue };
        callers.insert(call.id, number);
        let moments = &mut all[number].moments;
        moments.note(call.at);
        // A call is of a response: what is behind it is its outcome, or nothing.
        moments.worked = moments.worked.max(call.at.map(|at| at + 1));
    }
    for answer in &facts.answers {
        let Some(&number) = callers.get(&answer.call) else { continue };
        all[number].moments.note(answer.at);
        all[number].moments.worked = all[number].moments.worked.max(answer.at);
    }
    for (name, _) in &facts.conversations {
        let Some(telling) = places.of(*name).map(|number| &mut all[number]) else { continue };
        telling.is_own = true;
        if telling.moments.first.is_some() && facts.conversations.len() == 1 {
            // A response is known by its first record: others of its own, and what is said of the turn, come later.
            telling.moments.last = telling.moments.last.max(facts.extent.last);
        }
    }
}
