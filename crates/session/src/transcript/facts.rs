//! What one pass over a part of a transcript found.
//!
//! Ids are 64-bit hashes of the agent's own: they are compared and never shown. Strings stand in one table of each part.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// A string of a part, by its place in [`Facts::names`]; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name(pub u32);

/// Tokens of a response, or of many, by class. What was neither read from nor written to a cache is `input`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that were sent and had to do with no cache.
    pub input: u64,
    /// Tokens that came back, reasoning included.
    pub output: u64,
    /// Tokens written to a cache, for however long.
    pub cache_write: u64,
    /// How many of them are said to be kept for five minutes.
    pub cache_write_5m: u64,
    /// How many of them are said to be kept for an hour.
    pub cache_write_1h: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
    /// How many of `output` were reasoning.
    pub reasoning: u64,
    /// Searches on the web, which are paid by the piece.
    pub searches: u64,
}

/// No response uses more tokens of a class than this: what says so is noise.
const MOST_TOKENS: u64 = 1 << 40;

impl Usage {
    /// Takes what cannot be believed for absent, class by class; reports whether there was any such figure.
    pub fn drop_noise(&mut self) -> bool {
        let classes = [
            &mut self.input,
            &mut self.output,
            &mut self.cache_write,
            &mut self.cache_write_5m,
            &mut self.cache_write_1h,
            &mut self.cache_read,
            &mut self.reasoning,
            &mut self.searches,
        ];
        let noise = classes.into_iter().filter(|figure| **figure > MOST_TOKENS);
        noise.map(std::mem::take).count() > 0
    }

    /// Returns the sum of all tokens.
    pub fn total(&self) -> u64 {
        [self.input, self.output, self.cache_write, self.cache_read].into_iter().fold(0, u64::saturating_add)
    }

    /// Adds another one; what a foreign file says cannot overflow it.
    pub fn add(&mut self, other: &Self) {
        let sum = |held: &mut u64, by: u64| *held = held.saturating_add(by);
        sum(&mut self.input, other.input);
        sum(&mut self.output, other.output);
        sum(&mut self.cache_write, other.cache_write);
        sum(&mut self.cache_write_5m, other.cache_write_5m);
        sum(&mut self.cache_write_1h, other.cache_write_1h);
        sum(&mut self.cache_read, other.cache_read);
        sum(&mut self.reasoning, other.reasoning);
        sum(&mut self.searches, other.searches);
    }
}

/// One response of a model, as one or more records of a part say. Records of one response say the same, or ever more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The id of its message.
    pub message: u64,
    /// The id of its request; 0 where there is none.
    pub request: u64,
    /// When it was written, in milliseconds since 1970; the first time where it was written more than once.
    pub at: Option<i64>,
    /// The model.
    pub model: Name,
    /// The conversation that it was made for: of a copied record, the one it was copied from.
    pub conversation: Name,
    /// The sub-agent that it was made for.
    pub subagent: Name,
    /// The directory the agent was in.
    pub cwd: Name,
    /// The git branch.
    pub branch: Name,
    /// How it is priced beyond the usual: `fast`, `batch`, `priority`.
    pub tier: Name,
    /// What it used.
    pub usage: Usage,
    /// Whether it says that it is complete; else `output` is a lower bound.
    pub is_final: bool,
    /// Whether it belongs to a sub-agent or a side question.
    pub is_sidechain: bool,
    /// Whether it was found within a record of something else.
    pub is_embedded: bool,
    /// Whether the record was copied from another conversation.
    pub is_copied: bool,
}

/// A prompt that a person typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedTurn {
    /// The id of its record.
    pub record: u64,
    /// The agent's id of the prompt, the one that hooks know too; 0 where it has none.
    pub prompt: u64,
    /// When it came, in milliseconds since 1970.
    pub at: Option<i64>,
    /// The conversation.
    pub conversation: Name,
    /// The directory the agent was in.
    pub cwd: Name,
    /// The git branch.
    pub branch: Name,
    /// Whether the record was copied from another conversation.
    pub is_copied: bool,
}

/// A tool call, as the agent asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The agent's id of the call, the one that hooks know too.
    pub id: u64,
    /// The tool.
    pub tool: Name,
    /// When it was asked for, in milliseconds since 1970.
    pub at: Option<i64>,
    /// The conversation it was made for.
    pub conversation: Name,
    /// The sub-agent that made it.
    pub subagent: Name,
    /// The directory the agent was in.
    pub cwd: Name,
    /// What it works on: a command, a file. Redacted.
    pub about: Name,
    /// Whether it changes the file that it is about.
    pub is_edit: bool,
    /// Whether it belongs to a sub-agent.
    pub is_sidechain: bool,
    /// Whether the record was copied from another conversation.
    pub is_copied: bool,
}

/// A file that a tool call changes, of calls that may change several: of others [`Call::is_edit`] says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edit {
    /// The agent's id of the call.
    pub call: u64,
    /// Which one of the call's files it is.
    pub place: u32,
    /// What becomes of the file.
    pub kind: EditKind,
    /// The file, as the call names it: it may be relative to where the call runs.
    pub file: Name,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EditKind {
    /// It is written anew.
    Add,
    /// Something in it changes.
    #[default]
    Update,
    /// It goes.
    Delete,
    /// The file before it is to be called so.
    MoveTo,
}

/// What came back from a tool call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The agent's id of the call.
    pub call: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: Option<i64>,
    /// The milliseconds it took, as the agent measured them.
    pub duration_ms: Option<u64>,
    /// Whether it says that it failed.
    pub is_error: bool,
    /// Whether it was refused, and how.
    pub refusal: Option<Refusal>,
}

/// Why a tool call did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// A person said no.
    Rejected,
    /// It was interrupted.
    Interrupted,
}

/// A conversation was compacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// The id of its record.
    pub record: u64,
    /// When, in milliseconds since 1970.
    pub at: Option<i64>,
    /// The conversation.
    pub conversation: Name,
    /// What set it off: `manual`, `auto`.
    pub trigger: Name,
    /// Tokens of the context before it.
    pub tokens_before: Option<u64>,
    /// Tokens of the context after it.
    pub tokens_after: Option<u64>,
}

/// What a conversation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// Who called it so.
    pub kind: TitleKind,
    /// The words.
    pub text: Name,
}

/// Who gave a title; a later one of the same kind replaces an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TitleKind {
    /// A summary that the agent wrote; older ones may speak of another conversation.
    Summary,
    /// The first prompt.
    Prompt,
    /// The agent's own title.
    Agent,
    /// A person's.
    Person,
}

/// What the agent says that a conversation used with one model, in all. A running total: the greatest one counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnTotal {
    /// The conversation.
    pub conversation: Name,
    /// The model.
    pub model: Name,
    /// The tokens.
    pub usage: Usage,
    /// What it cost by the agent's own prices, in millionths of a dollar.
    pub cost_micros: u64,
}

/// Records of a part, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that are no JSON object.
    pub broken: u64,
    /// Lines that are too long to be read.
    pub too_long: u64,
    /// Records of sub-agents.
    pub sidechain: u64,
    /// Records of responses that no model made: errors of the agent's own.
    pub synthetic: u64,
    /// Summaries after compactions.
    pub compact_summaries: u64,
    /// Slash commands.
    pub slash_commands: u64,
    /// Commands that a person ran themselves.
    pub bash_inputs: u64,
    /// Interruptions.
    pub interrupts: u64,
    /// Notifications of tasks that ran in the background.
    pub task_notifications: u64,
    /// Other records in the person's place that nobody typed.
    pub other_wrapped: u64,
    /// Records in the person's place that are said to be nobody's.
    pub meta: u64,
    /// Texts typed beside a tool's result.
    pub steering: u64,
    /// Messages of sub-agents within records of their parents, each once.
    pub embedded: u64,
}

/// The first and the last moment of a part, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// The first.
    pub first: Option<i64>,
    /// The last.
    pub last: Option<i64>,
}

/// What one pass over a part of a file found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// All strings; the first one is empty.
    pub names: Vec<String>,
    /// Responses, each once in a part, with the greatest usage that the part has of it.
    pub responses: Vec<Response>,
    /// Prompts.
    pub turns: Vec<TypedTurn>,
    /// Tool calls.
    pub calls: Vec<Call>,
    /// What came back from tool calls, of this part or an earlier one.
    pub answers: Vec<Answer>,
    /// Files that calls change which may change several. They came later than the other fields: stores keep them behind these.
    #[serde(skip)]
    pub edits: Vec<Edit>,
    /// Compactions.
    pub compactions: Vec<Compaction>,
    /// The ids that records give their conversation, and how many records do.
    pub conversations: Vec<(Name, u64)>,
    /// Conversations that records were copied from.
    pub origins: Vec<Name>,
    /// Directories the agent was in, in order of appearance.
    pub cwds: Vec<Name>,
    /// Git branches, in order of appearance.
    pub branches: Vec<Name>,
    /// Versions of the agent that wrote it, in order of appearance.
    pub versions: Vec<Name>,
    /// Titles, the last of each kind.
    pub titles: Vec<Title>,
    /// What the agent says of the total.
    pub own_totals: Vec<OwnTotal>,
    /// From when to when.
    pub extent: Extent,
    /// Records, counted.
    pub counts: Counts,
}

impl Facts {
    /// Takes figures for absent that no response and no total can have: one of them would drown all others in every sum. Each record of such a figure
    /// counts as broken.
    pub fn drop_noise(&mut self) {
        let responses = self.responses.iter_mut().map(|response| &mut response.usage);
        let all = responses.chain(self.own_totals.iter_mut().map(|total| &mut total.usage));
        self.counts.broken += all.map(Usage::drop_noise).filter(|is_noise| *is_noise).count() as u64;
        // A micro-dollar is the price of a token or so.
        self.own_totals.iter_mut().filter(|total| total.cost_micros > MOST_TOKENS).for_each(|total| total.cost_micros = 0);
    }

    /// Returns a string; none for 0.
    pub fn name(&self, name: Name) -> Option<&str> {
        self.names.get(name.0 as usize).map(String::as_str).filter(|_| name.0 > 0)
    }
}

impl Facts {
    /// Returns the responses by themselves, and everything else; each half with the strings it needs.
    pub fn split_usage(mut self) -> (Self, Self) {
        let names = std::mem::take(&mut self.names);
        let mut usage = Self { responses: std::mem::take(&mut self.responses), ..Self::default() };
        let half = |facts: &mut Self| {
            let mut kept = Kept::new(&names);
            facts.each_name(&mut |name| kept.keep(name));
            facts.names = kept.names;
        };
        half(&mut usage);
        half(&mut self);
        (usage, self)
    }

    /// Adds the facts of the part that follows: what comes of it is what one pass over both parts finds.
    pub fn append(&mut self, mut next: Self) {
        let mut all = Kept { from: &next.names.clone(), places: vec![None; next.names.len()], names: std::mem::take(&mut self.names) };
        let mut known: HashMap<String, u32> = all.names.iter().cloned().zip(0..).collect();
        for (place, name) in next.names.iter().enumerate() {
            let fresh = u32::try_from(all.names.len()).unwrap_or(0);
            let at = *known.entry(name.clone()).or_insert(fresh);
            if at == fresh {
                all.names.push(name.clone());
            }
            all.places[place] = Some(Name(at));
        }
        next.each_name(&mut |name| all.keep(name));
        self.names = all.names;
        self.append_responses(std::mem::take(&mut next.responses));
        if !next.origins.is_empty() {
            // What was copied stands at the beginning: the prompts before it have no mark of their own.
            self.turns.iter_mut().for_each(|turn| turn.is_copied = true);
        }
        self.turns.append(&mut next.turns);
        self.calls.append(&mut next.calls);
        self.answers.append(&mut next.answers);
        self.edits.append(&mut next.edits);
        self.compactions.append(&mut next.compactions);
        for (name, count) in next.conversations {
            match self.conversations.iter_mut().find(|(held, _)| *held == name) {
                Some((_, held)) => *held += count,
                None => self.conversations.push((name, count)),
            }
        }
        for (held, more) in [
            (&mut self.origins, next.origins),
            (&mut self.cwds, next.cwds),
            (&mut self.branches, next.branches),
            (&mut self.versions, next.versions),
        ] {
            more.into_iter().for_each(|name| {
                if !held.contains(&name) {
                    held.push(name)
                }
            });
        }
        // The first prompt stays the first; of all others the last one counts.
        for title in next.titles {
            if title.kind != TitleKind::Prompt {
                self.titles.retain(|held| held.kind != title.kind);
            }
            if !self.titles.iter().any(|held| held.kind == title.kind) {
                self.titles.push(title);
            }
        }
        next.own_totals.into_iter().for_each(|total| total.keep_latest(&mut self.own_totals));
        self.extent.first = self.extent.first.into_iter().chain(next.extent.first).min();
        self.extent.last = self.extent.last.max(next.extent.last);
        self.counts.add(&next.counts);
    }

    /// Adds responses, each once.
    fn append_responses(&mut self, next: Vec<Response>) {
        let names = &self.names;
        let order = |one: Name, other: Name| names.get(one.0 as usize).cmp(&names.get(other.0 as usize));
        let places = self.responses.iter().enumerate().map(|(place, held)| ((held.message, held.request), place));
        let places: HashMap<(u64, u64), usize> = places.collect();
        for response in next {
            match places.get(&(response.message, response.request)) {
                Some(&place) => self.responses[place] = self.responses[place].merged(response, &order),
                None => self.responses.push(response),
            }
        }
    }

    /// Goes over the places of all strings but those of responses, and of those too.
    fn each_name(&mut self, each: &mut impl FnMut(&mut Name)) {
        for Response { model, conversation, subagent, cwd, branch, tier, .. } in &mut self.responses {
            [model, conversation, subagent, cwd, branch, tier].into_iter().for_each(&mut *each);
        }
        for TypedTurn { conversation, cwd, branch, .. } in &mut self.turns {
            [conversation, cwd, branch].into_iter().for_each(&mut *each);
        }
        for Call { tool, conversation, subagent, cwd, about, .. } in &mut self.calls {
            [tool, conversation, subagent, cwd, about].into_iter().for_each(&mut *each);
        }
        self.edits.iter_mut().for_each(|edit| each(&mut edit.file));
        for Compaction { conversation, trigger, .. } in &mut self.compactions {
            [conversation, trigger].into_iter().for_each(&mut *each);
        }
        self.conversations.iter_mut().for_each(|(name, _)| each(name));
        [&mut self.origins, &mut self.cwds, &mut self.branches, &mut self.versions].into_iter().flatten().for_each(&mut *each);
        self.titles.iter_mut().for_each(|title| each(&mut title.text));
        for OwnTotal { conversation, model, .. } in &mut self.own_totals {
            [conversation, model].into_iter().for_each(&mut *each);
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        let Self { lines, broken, too_long, sidechain, synthetic, compact_summaries, slash_commands, bash_inputs, .. } = other;
        let Self { interrupts, task_notifications, other_wrapped, meta, steering, embedded, .. } = other;
        for (held, by) in [
            (&mut self.lines, lines),
            (&mut self.broken, broken),
            (&mut self.too_long, too_long),
            (&mut self.sidechain, sidechain),
            (&mut self.synthetic, synthetic),
            (&mut self.compact_summaries, compact_summaries),
            (&mut self.slash_commands, slash_commands),
            (&mut self.bash_inputs, bash_inputs),
            (&mut self.interrupts, interrupts),
            (&mut self.task_notifications, task_notifications),
            (&mut self.other_wrapped, other_wrapped),
            (&mut self.meta, meta),
            (&mut self.steering, steering),
            (&mut self.embedded, embedded),
        ] {
            *held = held.saturating_add(*by);
        }
    }
}

/// Strings that are kept of many.
struct Kept<'n> {
    from: &'n [String],
    places: Vec<Option<Name>>,
    names: Vec<String>,
}

impl<'n> Kept<'n> {
    fn new(from: &'n [String]) -> Self {
        Self { from, places: vec![None; from.len()], names: vec![String::new()] }
    }

    /// Keeps a string, and says where it is now.
    fn keep(&mut self, name: &mut Name) {
        let Some(place) = self.places.get_mut(name.0 as usize).filter(|_| name.0 > 0) else { return *name = Name::default() };
        *name = *place.get_or_insert_with(|| {
            self.names.push(self.from[name.0 as usize].clone());
            Name(u32::try_from(self.names.len() - 1).unwrap_or(0))
        });
    }
}
