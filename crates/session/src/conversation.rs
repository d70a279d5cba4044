//! The row of a conversation: an agent session, the agent's own id of it, and what we know it did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ConversationKey, Latest, Numbered, Process, Reading, Revision, SessionKey, Started, Text, When, elapsed_micros};

/// An agent's own conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its key.
    pub key: ConversationKey,
    /// The agent.
    pub agent: Text,
    /// The agent's id of it, the one that is resumed.
    pub id: Text,
    /// The first observation.
    pub first: When,
    /// The last observation.
    pub last: When,
    /// Where the agent works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Latest<Text>>,
    /// Where the agent says the transcript is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Latest<Text>>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Latest<Text>>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doing: Option<Latest<Doing>>,
    /// How it was taken up last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Latest<Arrival>>,
    /// The processes that ran it.
    #[serde(with = "runs")]
    pub runs: BTreeMap<Process, Run>,
    /// When processes last did something in it, by their numbers.
    pub acted: Numbered,
    /// When processes left it last, by their numbers.
    pub left: Numbered,
    /// The sessions it belonged to and since when, in order.
    pub assignments: Vec<Assignment>,
    /// What was said last, so that the same said twice is heard once: the last few sayings, however long ago.
    pub recent: Vec<Said>,
    /// The latest revision among its changes.
    pub revision: Revision,
}

/// What a conversation does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It was taken up, and nothing was asked of it yet.
    Idle,
    /// It works.
    Working,
    /// It waits for a person, for this.
    Waiting(Text),
    /// Its turn is over.
    Done,
    /// Its turn ended with an error.
    Broken(Text),
    /// Its process left it, for this reason.
    Left(Text),
    /// Its process is gone from it without having said so, as is known for this reason.
    Gone(Text),
}

/// How a process runs, or ran, a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// When it took it up last.
    pub since: When,
    /// On which machine, where that is known: nobody else can say what became of the process.
    pub machine: Option<Text>,
}

/// How a conversation was taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// In the agent's words: `startup`, `resume`, `clear`, `compact`, `fork`.
    pub source: Text,
    /// By which process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Text>,
}

impl Arrival {
    /// Returns how a start says that a conversation was taken up.
    pub fn of(started: &Started) -> Self {
        let Started { source, process, machine, .. } = started;
        Self { source: source.clone(), process: *process, machine: machine.clone() }
    }
}

/// To which session a conversation belongs from some point on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// From when on.
    pub since: When,
    /// To which session.
    pub session: SessionKey,
}

/// Something that was said, briefly remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The hash of what was said.
    pub fingerprint: u64,
    /// When.
    pub when: When,
}

/// How long the same, said again, is heard once.
const HEARD_ONCE_MICROS: u64 = 2_000_000;

/// How many sayings are remembered at most.
const REMEMBERED: usize = 8;

impl Conversation {
    /// Returns the row of a conversation of which this is the first observation.
    pub(crate) fn new(key: ConversationKey, agent: Text, id: Text, when: When) -> Self {
        Self {
            key,
            agent,
            id,
            first: when,
            last: when,
            cwd: None,
            transcript: None,
            model: None,
            doing: None,
            arrival: None,
            runs: BTreeMap::new(),
            acted: Numbered::default(),
            left: Numbered::default(),
            assignments: Vec::new(),
            recent: Vec::new(),
            revision: when.stamp.revision,
        }
    }

    /// Returns the session it belongs to now.
    pub fn session(&self) -> Option<SessionKey> {
        self.assignments.last().map(|last| last.session)
    }

    /// Reports whether this is the session it belongs to now. It may have belonged to others, and left them.
    pub fn belongs_to(&self, session: SessionKey) -> bool {
        self.session() == Some(session)
    }

    /// Reports whether the last that was heard of it is that it was left.
    pub fn is_left(&self) -> bool {
        matches!(Latest::get(&self.doing), Some(Doing::Left(_) | Doing::Gone(_)))
    }

    /// Returns the session it belonged to at some point; what came before the first one belongs to that one.
    pub fn session_at(&self, when: &When) -> Option<SessionKey> {
        let before = self.assignments.iter().rev().find(|each| !when.is_before(&each.since));
        before.or(self.assignments.first()).map(|each| each.session)
    }

    /// Returns the session it belonged to at some time of the wall clock, in microseconds since 1970: of what agents wrote down themselves nothing
    /// else is known. What came before the first one belongs to that one, what has no time to the newest.
    pub fn session_by_wall_clock(&self, micros: Option<i64>) -> Option<SessionKey> {
        let at = micros.unwrap_or(i64::MAX);
        let before = self.assignments.iter().rev().find(|each| each.since.at.moment.micros() <= at);
        before.or(self.assignments.first()).map(|each| each.session)
    }

    /// Reports whether the same was said within two seconds.
    pub fn has_heard(&self, fingerprint: u64, at: &Reading) -> bool {
        let apart = |said: &Said| elapsed_micros(&said.when.at, at).max(elapsed_micros(at, &said.when.at));
        // No process outlives its boot: what wall clocks say of two of them proves nothing.
        let is_of_boot = |said: &Said| said.when.at.boot.map(|boot| boot.id) == at.boot.map(|boot| boot.id);
        self.recent.iter().any(|said| said.fingerprint == fingerprint && is_of_boot(said) && apart(said) <= HEARD_ONCE_MICROS)
    }

    /// Returns the processes that took it up and have not left it since they last did something in it.
    pub fn running(&self) -> impl Iterator<Item = &Process> {
        self.runs.iter().filter(|(process, run)| !self.has_left(process, &run.since)).map(|(process, _)| process)
    }

    /// Returns when a process took it up last.
    pub fn taken_up_by(&self, process: &Process) -> Option<When> {
        self.runs.get(process).map(|run| run.since)
    }

    /// Returns when a process that took it up was last heard of in it.
    pub fn heard_of(&self, process: &Process) -> Option<When> {
        let heard = self.taken_up_by(process).into_iter().chain(self.acted.of(process));
        heard.reduce(|kept, next| if kept.is_before(&next) { next } else { kept })
    }

    /// Returns the machine on which a process runs it, where that is known.
    pub fn machine_of(&self, process: &Process) -> Option<&Text> {
        self.runs.get(process).and_then(|run| run.machine.as_ref())
    }

    fn has_left(&self, process: &Process, since: &When) -> bool {
        // A number is given out again, when its process is gone.
        let has_its_number = |other: &Process| (other.boot, other.namespace, other.pid) == (process.boot, process.namespace, process.pid);
        if self.runs.keys().any(|other| has_its_number(other) && other.started > process.started) {
            return true;
        }
        let heard = self.heard_of(process).unwrap_or(*since);
        self.left.of(process).is_some_and(|left| !left.is_before(&heard))
    }

    /// Returns it by the names people and programs use.
    pub fn agent_session(&self) -> crate::AgentSession {
        crate::AgentSession { agent: self.agent.clone(), id: self.id.clone() }
    }

    /// Remembers what was said, and forgets what was recorded first.
    pub(crate) fn hear(&mut self, fingerprint: u64, when: When) {
        let place = self.recent.partition_point(|held| held.when.stamp < when.stamp);
        if self.recent.get(place).is_none_or(|held| held.when.stamp != when.stamp) {
            self.recent.insert(place, Said { fingerprint, when });
        }
        if self.recent.len() > REMEMBERED {
            self.recent.remove(0);
        }
    }

    /// Belongs to a session from some point on.
    pub(crate) fn assign(&mut self, since: When, session: SessionKey) {
        let assignment = Assignment { since, session };
        let place = self.assignments.partition_point(|each| each.since.is_before(&since));
        if self.assignments.get(place) != Some(&assignment) {
            self.assignments.insert(place, assignment);
        }
    }
}

/// JSON has no keys but strings: the runs are a list there.
mod runs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Run;
    use crate::{Process, Text, When};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Somewhere(Process, When, Text),
        Anywhere(Process, When),
    }

    pub(super) fn serialize<S: Serializer>(runs: &BTreeMap<Process, Run>, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(runs.iter().map(|(process, run)| match run.machine.clone() {
            Some(machine) => Listed::Somewhere(*process, run.since, machine),
            None => Listed::Anywhere(*process, run.since),
        }))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(input: D) -> Result<BTreeMap<Process, Run>, D::Error> {
        let run = |listed| match listed {
            Listed::Somewhere(process, since, machine) => (process, Run { since, machine: Some(machine) }),
            Listed::Anywhere(process, since) => (process, Run { since, machine: None }),
        };
        Ok(Vec::<Listed>::deserialize(input)?.into_iter().map(run).collect())
    }
}
