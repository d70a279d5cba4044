//! Responses counted in groups: a pure function of a ledger, prices, and whose a response is.
//!
//! Nothing is asked or copied for each response: whatever belongs to a model, a directory or a conversation is looked up once for each of
//! those, and kept by the place of its name.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use session::transcript::{Ledger, Name, Response, Usage};

use super::calendar::{Blocks, Calendar, Period, written};
use super::cost::Cost;
use super::prices::{Prices, Tariff};

/// What responses are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageBy {
    /// The day in the time zone.
    Day,
    /// The ISO week, from Monday on.
    Week,
    /// The month.
    Month,
    /// Our session, else the agent's.
    Session,
    /// The project of the directory.
    Project,
    /// The model.
    Model,
    /// The git branch.
    Branch,
    /// The chain of agent sessions, by its first one.
    Chain,
    /// The tickets of our session: rows are sessions here, and laid together by whoever knows their tickets.
    Ticket,
    /// The tags of our session, likewise.
    Tag,
    /// The five hours in which use is counted by who sells it.
    Block,
}

/// Which responses to count, and how.
#[derive(Clone, Debug)]
pub struct WantedUsage {
    /// What they are grouped by.
    pub by: UsageBy,
    /// Not before, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Before, in milliseconds since 1970.
    pub until: Option<i64>,
    /// Where days begin.
    pub zone: TimeZone,
    /// Of models whose names have one of these in them; empty for all.
    pub models: Vec<String>,
    /// Of this session, wherever it was; else of a project.
    pub session: Option<String>,
    /// Of all projects, not only of this one.
    pub all_projects: bool,
}

/// What a group is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Its name; none where nothing is known.
    pub key: Option<String>,
    /// More about it.
    pub label: Option<String>,
}

/// Says whose a response is. Asked once for each directory and conversation.
pub trait Owners {
    /// Returns the project of a directory.
    fn project(&mut self, cwd: Option<&str>) -> Owner;
    /// Reports whether what was done in a directory is asked for.
    fn is_wanted(&mut self, cwd: Option<&str>) -> bool;
    /// Returns the sessions of a conversation, in order, and since when (milliseconds since 1970) it belonged to each; at least one. What
    /// came before belongs to the first.
    fn sessions(&mut self, conversation: Option<&str>) -> Vec<(i64, Owner)>;
    /// Returns since when (milliseconds since 1970) what was done in a conversation is asked for, and since when not; none where all of it is.
    fn wanted_since(&mut self, conversation: Option<&str>) -> Option<Vec<(i64, bool)>>;
    /// Returns the chain that a conversation is in.
    fn chain(&mut self, conversation: Option<&str>) -> Owner;
}

/// Responses added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub responses: u64,
    /// What they used.
    pub usage: Usage,
    /// What they cost, as far as that is known.
    pub cost: Cost,
    /// How many of them have a price that nobody knows.
    pub unpriced: u64,
    /// How many of them are not known to be complete.
    pub unfinished: u64,
}

impl Sum {
    /// Returns what is known of the cost; nothing where nothing is.
    pub fn known_cost(&self) -> Option<Cost> {
        (self.responses == 0 || self.unpriced < self.responses).then_some(self.cost)
    }

    /// Reports whether the output is a lower bound.
    pub fn output_is_at_least(&self) -> bool {
        self.unfinished > 0
    }

    /// Reports whether the cost is a lower bound.
    pub fn cost_is_at_least(&self) -> bool {
        self.known_cost().is_some() && (self.unpriced > 0 || self.unfinished > 0)
    }

    pub(crate) fn add(&mut self, response: &Response, cost: Option<Cost>) {
        self.responses += 1;
        self.usage.add(&response.usage);
        self.cost = self.cost + cost.unwrap_or_default();
        self.unpriced += u64::from(cost.is_none());
        self.unfinished += u64::from(!response.is_final);
    }

    pub(crate) fn add_sum(&mut self, other: &Self) {
        self.responses += other.responses;
        self.usage.add(&other.usage);
        self.cost = self.cost + other.cost;
        self.unpriced += other.unpriced;
        self.unfinished += other.unfinished;
    }
}

/// What an agent says itself that its conversations used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The tokens.
    pub usage: Usage,
    /// What they cost by its own prices.
    pub cost: Cost,
}

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageRow {
    /// What it is called.
    pub owner: Owner,
    /// The agent, where it is one.
    pub agent: Option<String>,
    /// Everything.
    pub all: Sum,
    /// How much of it was for sub-agents and side questions.
    pub sidechain: Sum,
    /// The models, in order of their names.
    pub models: Vec<String>,
    /// The models with an unknown price, and how many responses of each there are.
    pub unknown: Vec<(String, u64)>,
    /// When the first and the last response came, in milliseconds since 1970.
    pub extent: Option<(i64, i64)>,
    /// From when to when, where groups are blocks.
    pub block: Option<(i64, i64)>,
    /// What the agent says itself, where it does of all that is in here.
    pub own: Option<Own>,
}

/// All groups, and all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageReport {
    /// The groups: pieces of time and sessions in order of time, others the dearest first.
    pub rows: Vec<UsageRow>,
    /// All of them together.
    pub total: UsageRow,
}

/// Counts the responses of a ledger.
pub fn report(ledger: &Ledger, prices: &Prices, wanted: &WantedUsage, owners: &mut dyn Owners) -> UsageReport {
    let mut desk = Desk::new(ledger, prices, wanted, owners);
    let mut total = Group::default();
    for response in ledger.responses() {
        if let Some((group, cost)) = desk.look_at(&response) {
            let agent = desk.agent_of(response.conversation);
            desk.groups[group as usize].add(&response, cost, agent);
        }
    }
    desk.add_own_totals();
    let mut rows: Vec<UsageRow> = Vec::new();
    for group in desk.groups.iter().filter(|group| group.all.responses > 0) {
        total.add_group(group);
        rows.push(desk.row(group));
    }
    if wanted.by == UsageBy::Project {
        call_by_name(&mut rows.iter_mut().map(|row| &mut row.owner).collect::<Vec<_>>());
    }
    sort(&mut rows, wanted.by);
    total.owner.key = Some("total".to_owned());
    let mut total = desk.row(&total);
    total.own = rows.iter().map(|row| row.own).collect::<Option<Vec<_>>>().filter(|owns| !owns.is_empty()).map(Own::sum);
    UsageReport { rows, total }
}

impl Own {
    fn sum(owns: Vec<Self>) -> Self {
        owns.into_iter().fold(Self::default(), |mut sum, own| {
            sum.usage.add(&own.usage);
            Self { cost: sum.cost + own.cost, ..sum }
        })
    }
}

/// Projects are told apart by where they are and called by their names, unless two have the same.
pub(crate) fn call_by_name(owners: &mut [&mut Owner]) {
    let mut named: HashMap<String, u32> = HashMap::new();
    owners.iter().filter_map(|owner| owner.label.clone()).for_each(|name| *named.entry(name).or_default() += 1);
    for Owner { key, label } in owners.iter_mut().map(|owner| &mut **owner) {
        let is_only = label.as_ref().is_some_and(|name| named.get(name) == Some(&1));
        if is_only {
            std::mem::swap(key, label);
        }
    }
}

/// Pieces of time and what people did in order of time, the newest at the end, where one looks first; others the dearest first.
pub(super) fn sort(rows: &mut [UsageRow], by: UsageBy) {
    match by {
        UsageBy::Day | UsageBy::Week | UsageBy::Month => rows.sort_by(|one, other| one.owner.key.cmp(&other.owner.key)),
        UsageBy::Block => rows.sort_by_key(|row| row.block),
        UsageBy::Session | UsageBy::Chain => {
            rows.sort_by(|one, other| (one.extent, &one.owner.key).cmp(&(other.extent, &other.owner.key)));
        }
        UsageBy::Project | UsageBy::Model | UsageBy::Branch | UsageBy::Ticket | UsageBy::Tag => rows.sort_by(|one, other| {
            let weight = |row: &UsageRow| (row.all.cost, row.all.usage.total());
            weight(other).cmp(&weight(one)).then_with(|| one.owner.key.cmp(&other.owner.key))
        }),
    }
}

/// A group while it is being counted.
#[derive(Clone, Debug, Default)]
struct Group {
    owner: Owner,
    all: Sum,
    sidechain: Sum,
    models: Vec<Name>,
    unknown: Vec<(Name, u64)>,
    agents: Vec<u32>,
    extent: Option<(i64, i64)>,
    block: Option<(i64, i64)>,
    own: Option<Own>,
}

impl Group {
    fn add(&mut self, response: &Response, cost: Option<Cost>, agent: u32) {
        self.all.add(response, cost);
        if response.is_sidechain {
            self.sidechain.add(response, cost);
        }
        put(&mut self.models, response.model);
        put(&mut self.agents, agent);
        if cost.is_none() {
            count(&mut self.unknown, response.model, 1);
        }
        if let Some(at) = response.at {
            self.widen((at, at));
        }
    }

    fn add_group(&mut self, other: &Self) {
        self.all.add_sum(&other.all);
        self.sidechain.add_sum(&other.sidechain);
        other.models.iter().for_each(|&model| put(&mut self.models, model));
        other.agents.iter().for_each(|&agent| put(&mut self.agents, agent));
        other.unknown.iter().for_each(|&(model, number)| count(&mut self.unknown, model, number));
        if let Some(extent) = other.extent {
            self.widen(extent);
        }
    }

    fn widen(&mut self, by: (i64, i64)) {
        self.extent = Some(self.extent.map_or(by, |extent| (extent.0.min(by.0), extent.1.max(by.1))));
    }
}

/// Adds to a set of a few.
fn put<T: Copy + PartialEq>(held: &mut Vec<T>, one: T) {
    if !held.contains(&one) {
        held.push(one);
    }
}

fn count(held: &mut Vec<(Name, u64)>, name: Name, number: u64) {
    match held.iter_mut().find(|(each, _)| *each == name) {
        Some((_, sum)) => *sum += number,
        None => held.push((name, number)),
    }
}

/// What is known of each name, by its place.
struct ByName<T>(Vec<Option<T>>);

impl<T> ByName<T> {
    fn get(&self, name: Name) -> Option<&T> {
        self.0.get(name.0 as usize)?.as_ref()
    }

    fn keep(&mut self, name: Name, known: T) -> &mut T {
        let place = name.0 as usize;
        if self.0.len() <= place {
            self.0.resize_with(place + 1, || None);
        }
        self.0[place].insert(known)
    }

    fn get_mut(&mut self, name: Name) -> Option<&mut T> {
        self.0.get_mut(name.0 as usize)?.as_mut()
    }

    fn iter(&self) -> impl Iterator<Item = (Name, &T)> {
        (0..).zip(&self.0).filter_map(|(place, known)| known.as_ref().map(|known| (Name(place), known)))
    }
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A model: whether it is asked for, and what it costs in the tiers met so far.
struct Model {
    is_wanted: bool,
    tariffs: Vec<(Name, Option<Tariff>)>,
}

/// A directory: whether it is asked for, and its group where that depends on it.
#[derive(Clone, Copy)]
struct Directory {
    is_wanted: bool,
    group: u32,
}

/// A conversation: its agent, and its groups since when, where they depend on it.
struct Talk {
    agent: u32,
    groups: Vec<(i64, u32)>,
    /// Since when it is asked for, where that is not always.
    wanted: Option<Vec<(i64, bool)>>,
    /// Whether a part of it is not counted.
    is_partial: bool,
}

struct Desk<'d> {
    ledger: &'d Ledger,
    prices: &'d Prices,
    wanted: &'d WantedUsage,
    owners: &'d mut dyn Owners,
    calendar: Option<Calendar>,
    blocks: Blocks,
    groups: Vec<Group>,
    places: HashMap<Option<String>, u32>,
    models: ByName<Model>,
    directories: ByName<Directory>,
    talks: ByName<Talk>,
    /// Groups of models or branches.
    named: ByName<u32>,
    agents: Vec<Option<String>>,
}

impl<'d> Desk<'d> {
    fn new(ledger: &'d Ledger, prices: &'d Prices, wanted: &'d WantedUsage, owners: &'d mut dyn Owners) -> Self {
        let period = match wanted.by {
            UsageBy::Day => Some(Period::Day),
            UsageBy::Week => Some(Period::Week),
            UsageBy::Month => Some(Period::Month),
            _ => None,
        };
        // Who sells the use counts it in all projects: what is asked for does not move the blocks.
        let blocks = match wanted.by {
            UsageBy::Block => Blocks::of(ledger.responses().filter_map(|response| response.at)),
            _ => Blocks::default(),
        };
        Self {
            ledger,
            prices,
            wanted,
            owners,
            calendar: period.map(|period| Calendar::new(wanted.zone.clone(), period)),
            blocks,
            groups: Vec::new(),
            places: HashMap::new(),
            models: ByName::default(),
            directories: ByName::default(),
            talks: ByName::default(),
            named: ByName::default(),
            agents: Vec::new(),
        }
    }

    /// Returns the group and the cost of a response; none where it is not asked for.
    fn look_at(&mut self, response: &Response) -> Option<(u32, Option<Cost>)> {
        let WantedUsage { since, until, .. } = *self.wanted;
        let is_in_time = match response.at {
            Some(at) => since.is_none_or(|since| since <= at) && until.is_none_or(|until| at < until),
            None => since.is_none() && until.is_none(),
        };
        if !is_in_time || !self.is_of_model(response.model) {
            return None;
        }
        let directory = self.directory(response.cwd);
        let is_of_session =
            self.talk(response.conversation).wanted.as_ref().is_none_or(|wanted| then(wanted, response.at).unwrap_or(false));
        if !directory.is_wanted || !is_of_session {
            self.talk(response.conversation).is_partial = true;
            return None;
        }
        Some((self.group_of(response, directory), self.cost_of(response)))
    }

    fn is_of_model(&mut self, name: Name) -> bool {
        if let Some(model) = self.models.get(name) {
            return model.is_wanted;
        }
        let text = self.ledger.name(name).unwrap_or_default().to_ascii_lowercase();
        let wanted = &self.wanted.models;
        let is_wanted = wanted.is_empty() || wanted.iter().any(|part| text.contains(&part.to_ascii_lowercase()));
        self.models.keep(name, Model { is_wanted, tariffs: Vec::new() }).is_wanted
    }

    fn cost_of(&mut self, response: &Response) -> Option<Cost> {
        let model = self.models.get_mut(response.model)?;
        let place = match model.tariffs.iter().position(|(tier, _)| *tier == response.tier) {
            Some(place) => place,
            None => {
                let tariff = self.prices.tariff(self.ledger.name(response.model).unwrap_or_default(), self.ledger.name(response.tier));
                model.tariffs.push((response.tier, tariff));
                model.tariffs.len() - 1
            }
        };
        model.tariffs[place].1.as_ref()?.cost(&response.usage, response.at)
    }

    fn group_of(&mut self, response: &Response, directory: Directory) -> u32 {
        match self.wanted.by {
            UsageBy::Day | UsageBy::Week | UsageBy::Month => self.group_in_time(response.at),
            UsageBy::Block => self.group_in_block(response.at),
            UsageBy::Project => directory.group,
            UsageBy::Model => self.group_named(response.model),
            UsageBy::Branch => self.group_named(response.branch),
            UsageBy::Session | UsageBy::Chain | UsageBy::Ticket | UsageBy::Tag => {
                then(&self.talk(response.conversation).groups, response.at).unwrap_or(0)
            }
        }
    }

    fn group_in_time(&mut self, at: Option<i64>) -> u32 {
        let Self { calendar, groups, places, .. } = self;
        let mut number = |key: Option<String>| number(groups, places, Owner { key, label: None });
        let place = calendar.as_mut().zip(at).and_then(|(calendar, at)| calendar.place(at, |name| number(Some(name))));
        place.unwrap_or_else(|| number(None))
    }

    fn group_in_block(&mut self, at: Option<i64>) -> u32 {
        let Self { blocks, groups, places, wanted, .. } = self;
        let mut number = |block: Option<(i64, i64)>| {
            let key = block.and_then(|(start, _)| written(start, &wanted.zone));
            let place = number(groups, places, Owner { key, label: None });
            groups[place as usize].block = block;
            place
        };
        at.and_then(|at| blocks.place(at, |block| number(Some(block)))).unwrap_or_else(|| number(None))
    }

    fn group_named(&mut self, name: Name) -> u32 {
        if let Some(&place) = self.named.get(name) {
            return place;
        }
        let place = self.number(Owner { key: self.ledger.name(name).map(str::to_owned), label: None });
        *self.named.keep(name, place)
    }

    fn directory(&mut self, name: Name) -> Directory {
        if let Some(directory) = self.directories.get(name) {
            return *directory;
        }
        let cwd = self.ledger.name(name);
        let is_wanted = self.wanted.all_projects || self.owners.is_wanted(cwd);
        let group = match self.wanted.by {
            UsageBy::Project if is_wanted => {
                let owner = self.owners.project(cwd);
                self.number(owner)
            }
            _ => 0,
        };
        *self.directories.keep(name, Directory { is_wanted, group })
    }

    fn talk(&mut self, name: Name) -> &mut Talk {
        if self.talks.get(name).is_none() {
            let conversation = self.ledger.name(name);
            let owners = match self.wanted.by {
                UsageBy::Session | UsageBy::Ticket | UsageBy::Tag => self.owners.sessions(conversation),
                UsageBy::Chain => vec![(i64::MIN, self.owners.chain(conversation))],
                _ => Vec::new(),
            };
            let groups = owners.into_iter().map(|(since, owner)| (since, self.number(owner))).collect();
            let wanted = self.owners.wanted_since(conversation);
            let agent = self.ledger.agent_of(name).map(str::to_owned);
            let agent = self.agents.iter().position(|held| *held == agent).unwrap_or_else(|| {
                self.agents.push(agent);
                self.agents.len() - 1
            });
            self.talks.keep(name, Talk { agent: u32::try_from(agent).unwrap_or(0), groups, wanted, is_partial: false });
        }
        self.talks.get_mut(name).expect("it was kept just now")
    }

    fn agent_of(&mut self, conversation: Name) -> u32 {
        self.talk(conversation).agent
    }

    fn number(&mut self, owner: Owner) -> u32 {
        number(&mut self.groups, &mut self.places, owner)
    }

    /// Lays beside each session what its agents say themselves: where they do of all its conversations, and all of each is counted.
    fn add_own_totals(&mut self) {
        let WantedUsage { by, since, until, models, .. } = self.wanted;
        if *by != UsageBy::Session || since.is_some() || until.is_some() || !models.is_empty() {
            return;
        }
        let mut owns: HashMap<Name, Own> = HashMap::new();
        for total in self.ledger.own_totals() {
            let own = owns.entry(total.conversation).or_default();
            own.usage.add(&total.usage);
            own.cost = own.cost + Cost::from_micros(total.cost_micros);
        }
        let mut of_groups: Vec<Option<Vec<Own>>> = vec![Some(Vec::new()); self.groups.len()];
        for (name, talk) in self.talks.iter() {
            let own = owns.get(&name).filter(|_| talk.groups.len() == 1 && !talk.is_partial);
            for (_, group) in &talk.groups {
                match (own, &mut of_groups[*group as usize]) {
                    (Some(own), Some(held)) => held.push(*own),
                    (_, held) => *held = None,
                }
            }
        }
        for (group, held) in self.groups.iter_mut().zip(of_groups) {
            group.own = held.filter(|held| !held.is_empty()).map(Own::sum);
        }
    }

    fn row(&self, group: &Group) -> UsageRow {
        let text = |name: Name| self.ledger.name(name).unwrap_or("unknown").to_owned();
        let mut models: Vec<_> = group.models.iter().map(|&model| text(model)).collect();
        models.sort();
        let mut unknown: Vec<_> = group.unknown.iter().map(|&(model, number)| (text(model), number)).collect();
        unknown.sort();
        let agent = match group.agents[..] {
            [one] => self.agents.get(one as usize).cloned().flatten(),
            _ => None,
        };
        UsageRow {
            owner: group.owner.clone(),
            agent,
            all: group.all,
            sidechain: group.sidechain,
            models,
            unknown,
            extent: group.extent,
            block: group.block,
            own: group.own,
        }
    }
}

/// Returns what held at a time; the first one also before it, the last one for what has no time.
fn then<T: Copy>(held: &[(i64, T)], at: Option<i64>) -> Option<T> {
    let at = at.unwrap_or(i64::MAX);
    held.iter().rev().find(|(since, _)| *since <= at).or(held.first()).map(|(_, held)| *held)
}

fn number(groups: &mut Vec<Group>, places: &mut HashMap<Option<String>, u32>, owner: Owner) -> u32 {
    let next = u32::try_from(groups.len()).unwrap_or(0);
    let place = *places.entry(owner.key.clone()).or_insert(next);
    if place == next && groups.len() == next as usize {
        groups.push(Group { owner, ..Group::default() });
    }
    place
}
