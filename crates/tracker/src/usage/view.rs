//! The public shape of what was used.

use jiff::tz::TimeZone;
use serde::Serialize;
use session::transcript::Usage;

use super::calendar::written;
use super::report::{Own, Sum, UsageReport, UsageRow};

/// One group of responses, or all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageView {
    /// What they have in common; nothing where that is unknown, `total` for all of them.
    pub key: Option<String>,
    /// More about it: what a session is about, where a project is.
    pub label: Option<String>,
    /// The agent, where it is one.
    pub agent: Option<String>,
    /// Tokens that had to do with no cache.
    pub input: u64,
    /// Tokens that came back, reasoning included.
    pub output: u64,
    /// Tokens written to a cache.
    pub cache_write: u64,
    /// How many of them for five minutes.
    pub cache_write_5m: u64,
    /// How many of them for an hour.
    pub cache_write_1h: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
    /// How many of `output` were reasoning.
    pub reasoning: u64,
    /// Searches on the web.
    pub searches: u64,
    /// What is known of the cost; nothing where nothing is.
    pub cost_usd: Option<f64>,
    /// Whether a part is only a lower bound.
    pub at_least: bool,
    /// Whether the output is.
    pub output_at_least: bool,
    /// Whether the cost is.
    pub cost_at_least: bool,
    /// How many responses.
    pub responses: u64,
    /// How many of them are not known to be complete.
    pub unfinished: u64,
    /// How many of them have a price that nobody knows.
    pub unpriced: u64,
    /// The models.
    pub models: Vec<String>,
    /// The models with an unknown price.
    pub unknown_models: Vec<UnknownModelView>,
    /// How much of it was for sub-agents and side questions.
    pub sidechain: SidechainView,
    /// When the first response came.
    pub first_at: Option<String>,
    /// When the last response came.
    pub last_at: Option<String>,
    /// From when to when, of a block.
    pub block: Option<BlockView>,
    /// What the agent says that it cost.
    pub own_cost_usd: Option<f64>,
    /// What the agent says that was used.
    pub own_tokens: Option<OwnTokensView>,
    /// How much more was counted here than the agent says.
    pub difference: Option<DifferenceView>,
}

/// A model with an unknown price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownModelView {
    /// The model.
    pub model: String,
    /// How many of its responses have an unknown price.
    pub responses: u64,
}

/// What sub-agents and side questions used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SidechainView {
    /// Tokens that had to do with no cache.
    pub input: u64,
    /// Tokens that came back.
    pub output: u64,
    /// Tokens written to a cache.
    pub cache_write: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
    /// What is known of the cost.
    pub cost_usd: Option<f64>,
    /// How many responses.
    pub responses: u64,
}

/// A block of five hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockView {
    /// From when on.
    pub start: String,
    /// Until when.
    pub end: String,
    /// Whether it goes on.
    pub active: bool,
}

/// What the agent says that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnTokensView {
    /// Tokens that had to do with no cache.
    pub input: u64,
    /// Tokens that came back.
    pub output: u64,
    /// Tokens written to a cache.
    pub cache_write: u64,
    /// Tokens read from a cache.
    pub cache_read: u64,
}

/// How much more was counted here than the agent says; less than nothing where it is less.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferenceView {
    /// Of the cost, where it is known.
    pub cost_usd: Option<f64>,
    /// Of tokens that had to do with no cache.
    pub input: i64,
    /// Of tokens that came back.
    pub output: i64,
    /// Of tokens written to a cache.
    pub cache_write: i64,
    /// Of tokens read from a cache.
    pub cache_read: i64,
}

impl UsageView {
    /// Returns the shapes of all groups, and last that of all of them together. `now` is in milliseconds since 1970.
    pub fn all_of(report: &UsageReport, zone: &TimeZone, now: i64) -> Vec<Self> {
        report.rows.iter().chain([&report.total]).map(|row| Self::of(row, zone, now)).collect()
    }

    fn of(row: &UsageRow, zone: &TimeZone, now: i64) -> Self {
        let UsageRow { owner, agent, all, sidechain, models, unknown, extent, block, own } = row;
        let usage = all.usage;
        Self {
            key: owner.key.clone(),
            label: owner.label.clone(),
            agent: agent.clone(),
            input: usage.input,
            output: usage.output,
            cache_write: usage.cache_write,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            cache_read: usage.cache_read,
            reasoning: usage.reasoning,
            searches: usage.searches,
            cost_usd: all.known_cost().map(super::Cost::dollars),
            at_least: all.output_is_at_least() || all.cost_is_at_least(),
            output_at_least: all.output_is_at_least(),
            cost_at_least: all.cost_is_at_least(),
            responses: all.responses,
            unfinished: all.unfinished,
            unpriced: all.unpriced,
            models: models.clone(),
            unknown_models: unknown
                .iter()
                .map(|(model, responses)| UnknownModelView { model: model.clone(), responses: *responses })
                .collect(),
            sidechain: SidechainView::of(sidechain),
            first_at: extent.and_then(|(first, _)| written(first, zone)),
            last_at: extent.and_then(|(_, last)| written(last, zone)),
            block: block.and_then(|block| BlockView::of(block, zone, now)),
            own_cost_usd: own.map(|own| own.cost.dollars()),
            own_tokens: own.map(|own| OwnTokensView::of(&own.usage)),
            difference: own.map(|own| DifferenceView::of(all, &own)),
        }
    }
}

/// Returns what was used as it stands in a session.
pub(crate) fn usage_object(sum: &Sum) -> serde_json::Value {
    serde_json::json!({
        "input": sum.usage.input, "output": sum.usage.output, "cache_write": sum.usage.cache_write, "cache_read": sum.usage.cache_read,
        "reasoning": sum.usage.reasoning, "cost_usd": sum.known_cost().map(super::Cost::dollars),
        "at_least": sum.output_is_at_least() || sum.cost_is_at_least(), "responses": sum.responses,
    })
}

impl SidechainView {
    fn of(sum: &Sum) -> Self {
        let Usage { input, output, cache_write, cache_read, .. } = sum.usage;
        Self { input, output, cache_write, cache_read, cost_usd: sum.known_cost().map(super::Cost::dollars), responses: sum.responses }
    }
}

impl BlockView {
    fn of((start, end): (i64, i64), zone: &TimeZone, now: i64) -> Option<Self> {
        Some(Self { start: written(start, zone)?, end: written(end, zone)?, active: (start..end).contains(&now) })
    }
}

impl OwnTokensView {
    fn of(usage: &Usage) -> Self {
        let Usage { input, output, cache_write, cache_read, .. } = *usage;
        Self { input, output, cache_write, cache_read }
    }
}

impl DifferenceView {
    fn of(counted: &Sum, own: &Own) -> Self {
        Self {
            cost_usd: counted.known_cost().map(|cost| cost.dollars_above(own.cost)),
            input: above(counted.usage.input, own.usage.input),
            output: above(counted.usage.output, own.usage.output),
            cache_write: above(counted.usage.cache_write, own.usage.cache_write),
            cache_read: above(counted.usage.cache_read, own.usage.cache_read),
        }
    }
}

fn above(one: u64, other: u64) -> i64 {
    let apart = i64::try_from(one.abs_diff(other)).unwrap_or(i64::MAX);
    if one >= other { apart } else { -apart }
}
