//! What models cost, and since when: a table that comes along, and what the configuration says on top of it.
//!
//! A model that is in neither is unknown, and so is a tier or a kind of token that its row says nothing of.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use session::transcript::Usage;
use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::cost::{Cost, Millionths};
use super::models::{fits, plain_name};

/// The table that comes along.
const KNOWN: &str = include_str!("prices.toml");

/// The name of the tables, in our file as in the configuration.
pub(crate) const TABLES: &str = "prices";

/// A tier that costs what everything costs.
const STANDARD: &str = "standard";

/// Why a price list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is no list of tables.
    #[error("`{TABLES}` is no list of tables; each begins with `[[{TABLES}]]`")]
    NoTables,
    /// Something has to be said.
    #[error("price {number} does not say `{key}`")]
    Missing {
        /// Which one, counted from 1.
        number: usize,
        /// What.
        key: &'static str,
    },
    /// There is no such key.
    #[error("price {number} has a key `{key}` that means nothing")]
    Unknown {
        /// Which one, counted from 1.
        number: usize,
        /// The key.
        key: String,
    },
    /// A value does not fit.
    #[error("`{key}` of price {number} is not {wanted}")]
    BadValue {
        /// Which one, counted from 1.
        number: usize,
        /// The key.
        key: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// Prices of models.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    rows: Vec<Row>,
}

/// What one or more models cost from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// Whether the configuration says so.
    is_own: bool,
    models: Vec<String>,
    /// In milliseconds since 1970; the beginning of time where nothing is said.
    from: i64,
    rates: Rates,
    long: Option<(u64, Rates)>,
    search: Option<Millionths>,
    tiers: Vec<(String, Millionths)>,
}

/// Prices of a million tokens of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rates {
    input: Millionths,
    output: Millionths,
    cache_write_5m: Option<Millionths>,
    cache_write_1h: Option<Millionths>,
    cache_read: Option<Millionths>,
}

/// What one model costs in one tier, over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tariff {
    /// In order of their days, those of the configuration behind all others.
    spans: Vec<((bool, i64), Plan)>,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    rates: Rates,
    long: Option<(u64, Rates)>,
    search: Option<Millionths>,
    /// None where the tier is unknown.
    by: Option<Millionths>,
}

impl Prices {
    /// Returns the table that comes along.
    pub fn known() -> Self {
        Self::read(KNOWN).expect("a test reads the table that comes along")
    }

    /// Returns the table that comes along, below the tables of a configuration file.
    ///
    /// # Errors
    /// When a table of the configuration does not read.
    pub fn with_own(own: &str) -> Result<Self, PriceError> {
        let mut known = Self::known();
        known.rows.extend(Self::read(own)?.rows.into_iter().map(|row| Row { is_own: true, ..row }));
        Ok(known)
    }

    fn read(text: &str) -> Result<Self, PriceError> {
        let document: DocumentMut = text.parse().map_err(|_| PriceError::NoTables)?;
        let Some(item) = document.get(TABLES) else { return Ok(Self::default()) };
        let tables: Vec<&dyn TableLike> = match item {
            Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
            Item::Value(Value::Array(values)) => values
                .iter()
                .map(|value| value.as_inline_table().map(|table| table as &dyn TableLike))
                .collect::<Option<_>>()
                .ok_or(PriceError::NoTables)?,
            _ => return Err(PriceError::NoTables),
        };
        let rows = tables.into_iter().enumerate().map(|(place, table)| read_row(place + 1, table));
        Ok(Self { rows: rows.collect::<Result<_, _>>()? })
    }

    /// Returns what a model costs in a tier; none where nothing is known of it.
    pub(crate) fn tariff(&self, model: &str, tier: Option<&str>) -> Option<Tariff> {
        let names = [model.trim().to_ascii_lowercase(), plain_name(model)];
        let is_it = |row: &&Row| row.models.iter().any(|pattern| names.iter().any(|name| fits(pattern, name)));
        let mut spans: Vec<_> = self.rows.iter().filter(is_it).map(|row| ((row.is_own, row.from), row.plan(tier))).collect();
        // A model that the configuration speaks of is priced by it alone from the day on that it says; of one day the last row holds.
        spans.sort_by_key(|(place, _)| *place);
        (!spans.is_empty()).then_some(Tariff { spans })
    }
}

impl Row {
    fn plan(&self, tier: Option<&str>) -> Plan {
        let by = match tier {
            None | Some(STANDARD) => Some(Millionths::ONE),
            Some(tier) => self.tiers.iter().find(|(name, _)| name == tier).map(|(_, by)| *by),
        };
        Plan { rates: self.rates, long: self.long, search: self.search, by }
    }
}

impl Tariff {
    /// Returns what a response cost; none where that is not known. One that has no time is taken for a recent one.
    pub(crate) fn cost(&self, usage: &Usage, at: Option<i64>) -> Option<Cost> {
        let at = at.unwrap_or(i64::MAX);
        let (_, plan) = self.spans.iter().rev().find(|((_, from), _)| *from <= at)?;
        plan.cost(usage)
    }
}

impl Plan {
    fn cost(&self, usage: &Usage) -> Option<Cost> {
        let context = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
        let rates = match self.long {
            Some((over, rates)) if context > over => rates,
            _ => self.rates,
        };
        let searches = of_pieces(usage.searches, self.search)?;
        Some(rates.cost(usage)?.times(self.by?) + searches)
    }
}

impl Rates {
    fn cost(&self, usage: &Usage) -> Option<Cost> {
        // What is not said to be kept for an hour is kept for five minutes.
        let hour = usage.cache_write_1h.min(usage.cache_write);
        let parts = [
            Some(Cost::of_tokens(usage.input, self.input)),
            Some(Cost::of_tokens(usage.output, self.output)),
            of_tokens(usage.cache_write - hour, self.cache_write_5m),
            of_tokens(hour, self.cache_write_1h),
            of_tokens(usage.cache_read, self.cache_read),
        ];
        parts.into_iter().sum()
    }
}

/// Nothing costs nothing, whatever its price.
fn of_tokens(tokens: u64, price: Option<Millionths>) -> Option<Cost> {
    if tokens == 0 { Some(Cost::default()) } else { price.map(|price| Cost::of_tokens(tokens, price)) }
}

fn of_pieces(pieces: u64, price: Option<Millionths>) -> Option<Cost> {
    if pieces == 0 { Some(Cost::default()) } else { price.map(|price| Cost::of_pieces(pieces, price)) }
}

fn read_row(number: usize, table: &dyn TableLike) -> Result<Row, PriceError> {
    const KEYS: [&str; 10] =
        ["model", "from", "input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "search", "tiers", "long"];
    refuse_others(number, table, &KEYS)?;
    let long = table.get("long").map(|item| {
        let bad = || PriceError::BadValue { number, key: "long".into(), wanted: "a table with `over` and prices" };
        let long = item.as_table_like().ok_or_else(bad)?;
        refuse_others(number, long, &["over", "input", "output", "cache_write_5m", "cache_write_1h", "cache_read"])?;
        let over = long.get("over").and_then(Item::as_integer).and_then(|over| u64::try_from(over).ok()).ok_or_else(bad)?;
        Ok((over, read_rates(number, long)?))
    });
    Ok(Row {
        is_own: false,
        models: read_models(number, table)?,
        from: read_from(number, table)?,
        rates: read_rates(number, table)?,
        long: long.transpose()?,
        search: read_price(number, table, "search")?,
        tiers: read_tiers(number, table)?,
    })
}

fn refuse_others(number: usize, table: &dyn TableLike, keys: &[&str]) -> Result<(), PriceError> {
    let other = table.iter().map(|(key, _)| key.to_owned()).find(|key| !keys.contains(&key.as_str()));
    other.map_or(Ok(()), |key| Err(PriceError::Unknown { number, key }))
}

/// A pattern is kept as names are made plain, so that `gpt-5.1` is found again; a `*` at its end stays.
fn read_models(number: usize, table: &dyn TableLike) -> Result<Vec<String>, PriceError> {
    let bad = || PriceError::BadValue { number, key: "model".into(), wanted: "the name of a model, or a list of names" };
    let item = table.get("model").ok_or(PriceError::Missing { number, key: "model" })?;
    let names: Option<Vec<String>> = match (item.as_str(), item.as_array()) {
        (Some(name), _) => Some(vec![name.to_owned()]),
        (None, Some(names)) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        (None, None) => None,
    };
    let names = names.filter(|names| !names.is_empty() && names.iter().all(|name| !name.trim().is_empty())).ok_or_else(bad)?;
    let both = names.into_iter().flat_map(|name| {
        let raw = name.trim().to_ascii_lowercase();
        let plain = if raw.ends_with('*') { raw.clone() } else { plain_name(&raw) };
        // A name that says who rents the model out is about that one only.
        if raw == plain || raw.contains(['/', ':', '@', '[']) || raw.contains("anthropic.") { vec![raw] } else { vec![raw, plain] }
    });
    Ok(both.collect())
}

fn read_from(number: usize, table: &dyn TableLike) -> Result<i64, PriceError> {
    let bad = || PriceError::BadValue { number, key: "from".into(), wanted: "a day, such as 2026-03-13" };
    let Some(item) = table.get("from") else { return Ok(i64::MIN) };
    let text = item.as_str().map(str::to_owned).or_else(|| item.as_datetime().map(ToString::to_string)).ok_or_else(bad)?;
    let day: Date = text.parse().map_err(|_| bad())?;
    day.to_zoned(TimeZone::UTC).map(|day| day.timestamp().as_millisecond()).map_err(|_| bad())
}

fn read_rates(number: usize, table: &dyn TableLike) -> Result<Rates, PriceError> {
    let needed = |key: &'static str| read_price(number, table, key)?.ok_or(PriceError::Missing { number, key });
    Ok(Rates {
        input: needed("input")?,
        output: needed("output")?,
        cache_write_5m: read_price(number, table, "cache_write_5m")?,
        cache_write_1h: read_price(number, table, "cache_write_1h")?,
        cache_read: read_price(number, table, "cache_read")?,
    })
}

fn read_price(number: usize, table: &dyn TableLike, key: &str) -> Result<Option<Millionths>, PriceError> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let bad =
        || PriceError::BadValue { number, key: key.to_owned(), wanted: "a number of dollars, with at most six digits behind the point" };
    item.as_value().and_then(decimal).map(Some).ok_or_else(bad)
}

fn read_tiers(number: usize, table: &dyn TableLike) -> Result<Vec<(String, Millionths)>, PriceError> {
    let Some(item) = table.get("tiers") else { return Ok(Vec::new()) };
    let bad = || PriceError::BadValue { number, key: "tiers".into(), wanted: "a table of multipliers, such as { batch = 0.5 }" };
    let tiers = item.as_table_like().ok_or_else(bad)?;
    tiers.iter().map(|(tier, by)| Ok((tier.to_owned(), by.as_value().and_then(decimal).ok_or_else(bad)?))).collect()
}

/// Reads a number as it was written: a float has already lost digits.
fn decimal(value: &Value) -> Option<Millionths> {
    match value {
        Value::Integer(number) => Millionths::read(&number.value().to_string()),
        Value::Float(number) => Millionths::read(&number.display_repr()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage {
        input: 1_000_000,
        output: 1_000_000,
        cache_write: 3_000_000,
        cache_write_5m: 1_000_000,
        cache_write_1h: 1_000_000,
        cache_read: 1_000_000,
        reasoning: 500_000,
        searches: 1_000,
    };

    fn micros(prices: &Prices, model: &str, tier: Option<&str>, day: &str, usage: &Usage) -> Option<Cost> {
        let at = day.parse::<Date>().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp().as_millisecond();
        prices.tariff(model, tier)?.cost(usage, Some(at))
    }

    fn check(model: &str, tier: Option<&str>, day: &str, usage: &Usage, dollars: Option<&str>) {
        let expected = dollars.map(|dollars| Cost::from_micros(Millionths::read(dollars).unwrap().0));
        assert_eq!(micros(&Prices::known(), model, tier, day, usage), expected, "{model} {tier:?} {day}");
    }

    #[test]
    fn every_kind_of_token_has_its_price() {
        // 5 in, 25 out, two times 6.25 and once 10 written, 0.5 read, 10 for searches.
        check("claude-opus-4-5-20251101", None, "2026-01-01", &USAGE, Some("63"));
        check("claude-opus-4-5-20251101", Some("standard"), "2026-01-01", &USAGE, Some("63"));
        check("claude-opus-4-5-20251101", Some("batch"), "2026-01-01", &USAGE, Some("36.5"));
        check("claude-3-haiku-20240307", None, "2024-06-01", &USAGE, Some("12.63"));
    }

    #[test]
    fn models_of_other_makers_have_prices() {
        let usage = Usage { input: 100_000, output: 100_000, cache_read: 100_000, ..Usage::default() };
        check("gpt-5.1-codex", None, "2026-01-01", &usage, Some("1.1375"));
        check("openai/gpt-5-2025-08-07", None, "2026-01-01", &usage, Some("1.1375"));
        check("gpt-5.4", None, "2026-06-01", &usage, Some("1.775"));
        check("gpt-5.4", None, "2026-06-01", &Usage { cache_read: 200_000, ..usage }, Some("2.85"));
        check("gemini-2.5-pro", None, "2026-01-01", &usage, Some("1.1375"));
        check("gpt-5", None, "2026-01-01", &Usage { cache_write: 1, ..usage }, None);
    }

    #[test]
    fn what_is_not_known_has_no_price() {
        for model in ["claude-opus-9", "gpt-99", "", "<synthetic>"] {
            check(model, None, "2026-01-01", &USAGE, None);
        }
        check("claude-opus-4-5", Some("fast"), "2026-01-01", &USAGE, None);
        check("claude-opus-4-5", Some("priority"), "2026-01-01", &USAGE, None);
    }

    #[test]
    fn a_long_context_is_dearer_only_where_and_while_it_is() {
        let short = Usage { cache_read: 200_000, output: 1_000_000, ..Usage::default() };
        let long = Usage { input: 1, ..short };
        check("claude-sonnet-4-5", None, "2026-01-01", &short, Some("15.06"));
        check("claude-sonnet-4-5", None, "2026-01-01", &long, Some("22.620006"));
        check("claude-sonnet-4-6", None, "2026-03-12", &long, Some("22.620006"));
        check("claude-sonnet-4-6", None, "2026-03-13", &long, Some("15.060003"));
        check("claude-opus-4-6", Some("fast"), "2026-03-01", &long, Some("226.20006"));
    }

    #[test]
    fn the_configuration_adds_models_and_replaces_prices() {
        let own = "[[prices]]\nmodel = 'local-*'\ninput = 0\noutput = 0\n[[prices]]\nmodel = 'claude-opus-4-5'\ninput = 1\noutput = 0.000001\n\
            [[prices]]\nmodel = 'claude-haiku-4-5'\nfrom = 2026-02-01\ninput = 7\noutput = 7";
        let prices = Prices::with_own(own).unwrap();
        let usage = Usage { input: 1_000_000, output: 1_000_000, ..Usage::default() };
        let dollars = |model, day| micros(&prices, model, None, day, &usage).map(Cost::dollars);
        assert_eq!(dollars("local-llama", "2026-01-01"), Some(0.0));
        assert_eq!(dollars("anthropic.claude-opus-4-5-20251101-v1:0", "2026-01-01"), Some(1.000_001));
        assert_eq!(dollars("claude-haiku-4-5", "2026-01-31"), Some(6.0));
        assert_eq!(dollars("claude-haiku-4-5", "2026-02-01"), Some(14.0));
        assert_eq!(dollars("claude-opus-4-1", "2026-01-01"), Some(90.0));
        assert_eq!(micros(&prices, "claude-opus-4-5", None, "2026-01-01", &USAGE), None, "its row says nothing of caches");
    }

    #[test]
    fn a_price_of_one_who_rents_a_model_out_is_about_that_one() {
        let own = "[[prices]]\nmodel = 'eu.anthropic.claude-opus-4-5-20251101-v1:0'\ninput = 5.5\noutput = 27.5";
        let prices = Prices::with_own(own).unwrap();
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        let dollars = |model| micros(&prices, model, None, "2026-01-01", &usage).map(Cost::dollars);
        assert_eq!(dollars("eu.anthropic.claude-opus-4-5-20251101-v1:0"), Some(5.5));
        assert_eq!(dollars("us.anthropic.claude-opus-4-5-20251101-v1:0"), Some(5.0));
    }

    #[test]
    fn a_price_list_that_does_not_read_says_where() {
        let told = |text: &str| Prices::with_own(text).map(|_| ()).unwrap_err().to_string();
        insta::assert_snapshot!([
            told("prices = 1"),
            told("[[prices]]\ninput = 1"),
            told("[[prices]]\nmodel = 'a'\ninput = 1"),
            told("[[prices]]\nmodel = 'a'\ninput = 1\noutput = 'free'"),
            told("[[prices]]\nmodel = 'a'\ninput = 1\noutput = -1"),
            told("[[prices]]\nmodel = 'a'\ninput = 1\noutput = 1\nfrom = 'soon'"),
            told("[[prices]]\nmodel = 'a'\ninput = 1\noutput = 1\ncache = 1"),
            told("[[prices]]\nmodel = 'a'\ninput = 1\noutput = 1\nlong = { input = 1 }"),
            told("[[prices]]\nmodel = 'a'\ninput = 1\noutput = 1\ntiers = 2"),
        ]
        .join("\n"), @"
        `prices` is no list of tables; each begins with `[[prices]]`
        price 1 does not say `model`
        price 1 does not say `output`
        `output` of price 1 is not a number of dollars, with at most six digits behind the point
        `output` of price 1 is not a number of dollars, with at most six digits behind the point
        `from` of price 1 is not a day, such as 2026-03-13
        price 1 has a key `cache` that means nothing
        `long` of price 1 is not a table with `over` and prices
        `tiers` of price 1 is not a table of multipliers, such as { batch = 0.5 }
        ");
    }

    #[test]
    fn an_own_price_holds_for_a_rented_model_whatever_came_later() {
        let own = "[[prices]]\nmodel = \"us.anthropic.claude-sonnet-4-6-v1:0\"\ninput = 1\noutput = 1\n";
        let prices = Prices::with_own(own).unwrap();
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        let cost = |model: &str| prices.tariff(model, None).and_then(|tariff| tariff.cost(&usage, Some(i64::MAX))).map(Cost::dollars);
        assert_eq!(cost("us.anthropic.claude-sonnet-4-6-v1:0"), Some(1.0));
        assert_eq!(
            cost("claude-sonnet-4-6"),
            Prices::known().tariff("claude-sonnet-4-6", None).and_then(|tariff| tariff.cost(&usage, Some(i64::MAX))).map(Cost::dollars)
        );
    }
}
