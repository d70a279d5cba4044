//! Facts of all files laid together: every token once.
//!
//! A response is known by its message and its request. Agents write it down more than once: a record for each of its blocks, copies in
//! conversations that were forked, copies within records of something else. The greatest usage wins; the original says whose it is. A side
//! question may repeat a response under another request: one that is on a sidechain is the same as any other of its message.
//!
//! Whatever is asked, the answer does not depend on the order in which parts were added.

use std::cmp::{Ordering, Reverse};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::merge::{moment, order_all};
use super::names::{Names, Straight};
use super::{Answer, Call, Compaction, Edit, Facts, Name, OwnTotal, Response, TypedTurn};

/// Facts of many files.
#[derive(Debug, Default)]
pub struct Ledger {
    names: Names,
    /// Where the responses of a message begin; none where nobody has asked yet.
    messages: HashMap<u64, usize, Straight>,
    responses: Vec<Link>,
    turns: HashMap<u64, TypedTurn, Straight>,
    calls: HashMap<u64, Call, Straight>,
    answers: HashMap<u64, Answer, Straight>,
    compactions: HashMap<u64, Compaction, Straight>,
    /// By the call, and by which of its files it is.
    edits: HashMap<(u64, u32), Edit>,
    own_totals: HashMap<(Name, Name), OwnTotal>,
    /// Conversations that began as copies of others.
    copies: HashSet<Name>,
    /// Which agent a conversation is of.
    agents: HashMap<Name, Name>,
}

/// A response, and where the next one of the same message is.
#[derive(Clone, Copy, Debug)]
struct Link {
    response: Response,
    is_first: bool,
    next: Option<usize>,
}

impl Ledger {
    /// Lays the facts of a part beside what is there.
    pub fn add(&mut self, facts: &Facts) {
        let places = self.places(facts);
        let of = |name: Name| places.get(name.0 as usize).copied().unwrap_or_default();
        self.add_responses(&facts.responses, &of);
        for each in &facts.turns {
            let [conversation, cwd, branch] = [each.conversation, each.cwd, each.branch].map(of);
            let turn = TypedTurn { conversation, cwd, branch, ..*each };
            lay(&mut self.turns, turn.record, turn, |one, other| order_turns(&self.names, one, other));
        }
        for each in &facts.calls {
            let [tool, conversation, subagent, cwd, about] = [each.tool, each.conversation, each.subagent, each.cwd, each.about].map(of);
            let call = Call { tool, conversation, subagent, cwd, about, ..*each };
            lay(&mut self.calls, call.id, call, |one, other| order_calls(&self.names, one, other));
        }
        for answer in &facts.answers {
            lay(&mut self.answers, answer.call, *answer, order_answers);
        }
        for each in &facts.edits {
            let edit = Edit { file: of(each.file), ..*each };
            let kept = *self.edits.entry((edit.call, edit.place)).or_insert(edit);
            if order_edits(&self.names, &edit, &kept) == Ordering::Less {
                self.edits.insert((edit.call, edit.place), edit);
            }
        }
        for each in &facts.compactions {
            let compaction = Compaction { conversation: of(each.conversation), trigger: of(each.trigger), ..*each };
            lay(&mut self.compactions, compaction.record, compaction, |one, other| order_compactions(&self.names, one, other));
        }
        if !facts.origins.is_empty() {
            self.copies.extend(facts.conversations.iter().map(|(name, _)| of(*name)));
        }
        for each in &facts.own_totals {
            let total = OwnTotal { conversation: of(each.conversation), model: of(each.model), ..each.clone() };
            match self.own_totals.entry((total.conversation, total.model)) {
                Entry::Occupied(mut held) if total.is_later_than(held.get()) => drop(held.insert(total)),
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => drop(free.insert(total)),
            }
        }
    }

    /// Lays only the responses of a part beside what is there: all that a report of usage wants.
    pub fn add_usage(&mut self, facts: &Facts) {
        let places = self.places(facts);
        self.add_responses(&facts.responses, &|name: Name| places.get(name.0 as usize).copied().unwrap_or_default());
    }

    /// Notes which agent the conversations of a part are of. Should two say that one is theirs, all agree on one of them.
    pub fn note_agent(&mut self, agent: &str, facts: &Facts) {
        let agent = self.names.place(agent);
        let responses = facts.responses.iter().map(|response| response.conversation);
        let mut last = Name::default();
        for name in facts.conversations.iter().map(|(name, _)| *name).chain(responses) {
            if name != last {
                last = name;
                let conversation = self.names.place(facts.name(name).unwrap_or_default());
                self.note_whose(conversation, agent);
            }
        }
    }

    fn note_whose(&mut self, conversation: Name, agent: Name) {
        let held = *self.agents.entry(conversation).or_insert(agent);
        if self.names.order(agent, held) == Ordering::Less {
            self.agents.insert(conversation, agent);
        }
    }

    /// Returns which agent a conversation is of, as far as anybody said.
    pub fn agent_of(&self, conversation: Name) -> Option<&str> {
        self.names.get(*self.agents.get(&conversation)?)
    }

    /// Returns all conversations of which somebody said whose they are, each with its agent, in no order.
    pub fn agents(&self) -> impl ExactSizeIterator<Item = (Name, Name)> {
        self.agents.iter().map(|(conversation, agent)| (*conversation, *agent))
    }

    /// Returns all strings, each at its place; the first one is empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once("").chain(self.names.all())
    }

    /// Returns what is known of each response, those of one message side by side: [`of_usage`](Self::of_usage) makes a ledger of them again.
    pub fn usage(&self) -> impl Iterator<Item = &Response> {
        let first = self.responses.iter().enumerate().filter(|(_, link)| link.is_first).map(|(place, _)| place);
        first.flat_map(|place| self.links(place)).map(|place| &self.responses[place].response)
    }

    /// Makes a ledger of strings, agents of conversations and responses as one has told of them. What is added later is laid beside them as if all
    /// had been added one by one.
    pub fn of_usage<'n>(
        names: impl IntoIterator<Item = &'n str>,
        agents: impl IntoIterator<Item = (Name, Name)>,
        responses: impl IntoIterator<Item = Response>,
    ) -> Self {
        let mut ledger = Self::default();
        let places: Vec<Name> = names.into_iter().map(|name| ledger.names.place(name)).collect();
        let of = |name: Name| places.get(name.0 as usize).copied().unwrap_or_default();
        ledger.agents = agents.into_iter().map(|(conversation, agent)| (of(conversation), of(agent))).collect();
        let responses = responses.into_iter();
        ledger.responses.reserve(responses.size_hint().1.unwrap_or(0));
        for each in responses {
            let response = named(&each, &of);
            let place = ledger.responses.len();
            let is_first = ledger.responses.last().is_none_or(|last| last.response.message != response.message);
            if let Some(last) = ledger.responses.last_mut().filter(|_| !is_first) {
                last.next = Some(place);
            }
            ledger.responses.push(Link { response, is_first, next: None });
        }
        ledger
    }

    /// Returns a string; none for 0.
    pub fn name(&self, name: Name) -> Option<&str> {
        self.names.get(name)
    }

    /// Returns every response once, in no order.
    pub fn responses(&self) -> impl Iterator<Item = Response> {
        // In the order in which they lie, not in that of the map; nearly every message has one request.
        self.responses.iter().enumerate().filter(|(_, link)| link.is_first).flat_map(|(place, link)| {
            let one = link.next.is_none().then_some(link.response);
            let many = if link.next.is_some() { self.of_message(place) } else { Vec::new() };
            one.into_iter().chain(many)
        })
    }

    /// Returns every prompt once, in no order.
    pub fn turns(&self) -> impl Iterator<Item = &TypedTurn> {
        self.turns.values()
    }

    /// Returns every tool call once, with what came back, in no order.
    pub fn calls(&self) -> impl Iterator<Item = (&Call, Option<&Answer>)> {
        self.calls.values().map(|call| (call, self.answers.get(&call.id)))
    }

    /// Returns every file that a call changes which may change several, in no order.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.edits.values()
    }

    /// Returns every compaction once, in no order.
    pub fn compactions(&self) -> impl Iterator<Item = &Compaction> {
        self.compactions.values()
    }

    /// Returns what agents say of their totals: of a conversation and a model the greatest. What a copied conversation says is left out: it may
    /// begin with what its original had used.
    pub fn own_totals(&self) -> impl Iterator<Item = &OwnTotal> {
        self.own_totals.values().filter(|total| !self.copies.contains(&total.conversation))
    }

    fn places(&mut self, facts: &Facts) -> Vec<Name> {
        facts.names.iter().map(|name| self.names.place(name)).collect()
    }

    fn add_responses(&mut self, responses: &[Response], of: &impl Fn(Name) -> Name) {
        self.know_messages();
        responses.iter().for_each(|each| self.add_response(named(each, of)));
    }

    /// Finds out where the responses of each message begin: who adds nothing does not ask.
    fn know_messages(&mut self) {
        if self.messages.is_empty() {
            let first = self.responses.iter().enumerate().filter(|(_, link)| link.is_first);
            self.messages = first.map(|(place, link)| (link.response.message, place)).collect();
        }
    }

    fn add_response(&mut self, response: Response) {
        let fresh = self.responses.len();
        let mut place = match self.messages.entry(response.message) {
            Entry::Vacant(free) => {
                free.insert(fresh);
                self.responses.push(Link { response, is_first: true, next: None });
                return;
            }
            Entry::Occupied(held) => *held.get(),
        };
        loop {
            let link = &mut self.responses[place];
            if link.response.request == response.request {
                link.response = link.response.merged(response, &|one, other| self.names.order(one, other));
                return;
            }
            match link.next {
                Some(next) => place = next,
                None => break link.next = Some(fresh),
            }
        }
        self.responses.push(Link { response, is_first: false, next: None });
    }

    /// Returns where the responses of one message are.
    fn links(&self, first: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(first), |&place| self.responses[place].next)
    }

    /// Returns the responses of one message: those of the main thread, each request's; where there is none, what sidechains say is one.
    fn of_message(&self, first: usize) -> Vec<Response> {
        let (aside, mut main): (Vec<_>, Vec<_>) =
            self.links(first).map(|place| self.responses[place].response).partition(|each| each.is_sidechain);
        let Some(aside) = aside.into_iter().reduce(|one, other| one.merged(other, &|one, other| self.names.order(one, other))) else {
            return main;
        };
        // Another record of one of them. Which one nobody can tell, but that no token is lost.
        match main.iter_mut().max_by(|one, other| one.usage.order(&other.usage).then(one.request.cmp(&other.request))) {
            Some(greatest) if greatest.usage.order(&aside.usage).is_lt() => greatest.usage = aside.usage,
            Some(_) => {}
            None => main.push(aside),
        }
        main
    }
}

/// Returns a response with the places that its strings have here.
fn named(response: &Response, of: &impl Fn(Name) -> Name) -> Response {
    let Response { model, conversation, subagent, cwd, branch, tier, .. } = *response;
    let [model, conversation, subagent, cwd, branch, tier] = [model, conversation, subagent, cwd, branch, tier].map(of);
    Response { model, conversation, subagent, cwd, branch, tier, ..*response }
}

/// Keeps of two facts with the same id the one that comes first in an order.
fn lay<T: Copy>(held: &mut HashMap<u64, T, Straight>, id: u64, fact: T, order: impl Fn(&T, &T) -> Ordering) {
    let kept = held.entry(id).or_insert(fact);
    if order(&fact, kept) == Ordering::Less {
        *kept = fact;
    }
}

fn order_turns(names: &Names, one: &TypedTurn, other: &TypedTurn) -> Ordering {
    let standing = |each: &TypedTurn| (each.is_copied, moment(each.at), Reverse(each.prompt));
    let texts = |each: &TypedTurn| [each.conversation, each.cwd, each.branch];
    standing(one).cmp(&standing(other)).then_with(|| order_all(&|one, other| names.order(one, other), texts(one), texts(other)))
}

fn order_calls(names: &Names, one: &Call, other: &Call) -> Ordering {
    let standing = |each: &Call| (each.is_copied, each.is_sidechain, moment(each.at), Reverse(each.is_edit));
    let texts = |each: &Call| [each.conversation, each.subagent, each.tool, each.cwd, each.about];
    standing(one).cmp(&standing(other)).then_with(|| order_all(&|one, other| names.order(one, other), texts(one), texts(other)))
}

fn order_edits(names: &Names, one: &Edit, other: &Edit) -> Ordering {
    one.kind.cmp(&other.kind).then_with(|| names.order(one.file, other.file))
}

fn order_compactions(names: &Names, one: &Compaction, other: &Compaction) -> Ordering {
    let standing = |each: &Compaction| (moment(each.at), Reverse((each.tokens_before, each.tokens_after)));
    let texts = |each: &Compaction| [each.conversation, each.trigger];
    standing(one).cmp(&standing(other)).then_with(|| order_all(&|one, other| names.order(one, other), texts(one), texts(other)))
}

/// What came back first is what the agent was told; a repair says later that nothing did.
fn order_answers(one: &Answer, other: &Answer) -> Ordering {
    let standing = |each: &Answer| {
        (each.refusal.is_some(), moment(each.at), each.is_error, Reverse(each.duration_ms), each.refusal.map(|how| how as u8))
    };
    standing(one).cmp(&standing(other))
}
