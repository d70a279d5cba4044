//! What stands behind a key of a template: the right kind of value, or the line that is wrong. Pure.

use serde_json::Value;
use session::Prefix;
use toml_edit::{Item, TableLike};

use super::fill::{PLACEHOLDERS, has_placeholders, unknown_in, unknown_within};
use crate::read_tag;

/// More work items, entries, tags or values of one template are nobody's.
pub(super) const MOST: usize = 200;

/// Where something is wrong, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// The place in the text, in bytes.
    pub(super) at: usize,
    /// What is wrong.
    pub(super) what: String,
}

impl Slip {
    pub(super) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// A table, and where it begins for things that it has not.
pub(super) struct Fields<'t> {
    table: &'t dyn TableLike,
    pub(super) at: usize,
}

impl<'t> Fields<'t> {
    /// Takes a table in which nothing stands but what is known.
    pub(super) fn new(table: &'t dyn TableLike, at: usize, known: &[&str]) -> Result<Self, Slip> {
        let fields = Self { table, at };
        match table.iter().find(|(name, _)| !known.contains(name)) {
            Some((name, _)) => Err(Slip::new(fields.place(name), format!("`{name}` is no key here; there are {}", known.join(", ")))),
            None => Ok(fields),
        }
    }

    /// Returns where a key stands.
    pub(super) fn place(&self, name: &str) -> usize {
        self.table.key(name).and_then(|key| key.span()).map_or(self.at, |span| span.start)
    }

    fn slip(&self, name: &str, what: impl std::fmt::Display) -> Slip {
        Slip::new(self.place(name), format!("`{name}` {what}"))
    }

    /// Returns a text into which something may be put; none where the key is not there.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Slip> {
        let Some(item) = self.table.get(name) else { return Ok(None) };
        let text = item.as_str().map(str::trim).ok_or_else(|| self.slip(name, "is a text"))?;
        if text.is_empty() {
            return Err(self.slip(name, "says nothing"));
        }
        self.check(name, text)?;
        Ok(Some(text.to_owned()))
    }

    /// Returns a text that has to be there.
    pub(super) fn required(&self, name: &str, whose: &str) -> Result<String, Slip> {
        self.text(name)?.ok_or_else(|| Slip::new(self.at, format!("{whose} needs its `{name}`")))
    }

    /// Refuses what cannot be put in.
    fn check(&self, name: &str, text: &str) -> Result<(), Slip> {
        self.refuse_unknown(name, unknown_in(text))
    }

    fn refuse_unknown(&self, name: &str, word: Option<&str>) -> Result<(), Slip> {
        match word {
            Some(word) => {
                let known = PLACEHOLDERS.map(|word| format!("{{{word}}}")).join(", ");
                Err(self.slip(name, format!("has `{{{word}}}`; what can be put in is {known}, and `{{{{{word}}}}}` is the word itself")))
            }
            None => Ok(()),
        }
    }

    /// Returns a type; none where the key is not there.
    pub(super) fn prefix(&self, name: &str) -> Result<Option<Prefix>, Slip> {
        let Some(item) = self.table.get(name) else { return Ok(None) };
        let text = item.as_str().ok_or_else(|| self.slip(name, "is a text"))?;
        let prefix = text.trim().to_ascii_uppercase().parse::<Prefix>();
        prefix.map(Some).map_err(|error| self.slip(name, format!("does not fit: {error}")))
    }

    /// Returns texts; an empty list where the key is not there.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Slip> {
        let Some(item) = self.table.get(name) else { return Ok(Vec::new()) };
        let values = item.as_array().filter(|array| array.len() <= MOST).ok_or_else(|| self.slip(name, "is a list of texts"))?;
        let texts: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(|text| text.trim().to_owned())).collect();
        let texts = texts.ok_or_else(|| self.slip(name, "is a list of texts"))?;
        texts.iter().try_for_each(|text| self.check(name, text))?;
        Ok(texts)
    }

    /// Returns tags; those into which something is put are read when that is known.
    pub(super) fn tags(&self, name: &str) -> Result<Vec<String>, Slip> {
        let tags = self.texts(name)?;
        match tags.iter().find(|tag| !has_placeholders(tag) && read_tag(tag).is_err()) {
            Some(tag) => Err(self.slip(name, format!("has `{tag}`, which is no tag: one word that begins with neither `+` nor `-`"))),
            None => Ok(tags),
        }
    }

    /// Returns names and values; none where the key is not there.
    pub(super) fn metadata(&self, name: &str) -> Result<Vec<(String, Value)>, Slip> {
        let Some(item) = self.table.get(name) else { return Ok(Vec::new()) };
        let table = item.as_table_like().filter(|table| table.len() <= MOST).ok_or_else(|| self.slip(name, "is a table"))?;
        let fields = Fields { table, at: self.place(name) };
        let value = |(key, item): (&str, &Item)| {
            let value = item.clone().into_value().ok().and_then(|value| json(&value)).ok_or_else(|| fields.slip(key, "is no value"))?;
            fields.refuse_unknown(key, unknown_within(&value))?;
            Ok((key.to_owned(), value))
        };
        fields.table.iter().map(value).collect()
    }

    /// Returns tables, each with where it begins; none where the key is not there.
    pub(super) fn tables(&self, name: &str) -> Result<Vec<(&'t dyn TableLike, usize)>, Slip> {
        let Some(item) = self.table.get(name) else { return Ok(Vec::new()) };
        let at = self.place(name);
        let begins = |span: Option<std::ops::Range<usize>>| span.map_or(at, |span| span.start);
        let tables: Option<Vec<(&dyn TableLike, usize)>> = match (item.as_array_of_tables(), item.as_array()) {
            (Some(tables), _) => Some(tables.iter().map(|table| (table as &dyn TableLike, begins(table.span()))).collect()),
            (None, Some(array)) => {
                array.iter().map(|each| Some((each.as_inline_table()? as &dyn TableLike, begins(each.span())))).collect()
            }
            (None, None) => None,
        };
        tables.filter(|tables| tables.len() <= MOST).ok_or_else(|| self.slip(name, format!("is a list of at most {MOST} tables")))
    }

    /// Refuses keys that say nothing here.
    pub(super) fn refuse(&self, names: &[&str], why: &str) -> Result<(), Slip> {
        match names.iter().find(|name| self.table.contains_key(name)) {
            Some(name) => Err(self.slip(name, why)),
            None => Ok(()),
        }
    }
}

/// Returns a value as JSON has it; none for what JSON has not.
fn json(value: &toml_edit::Value) -> Option<Value> {
    Some(match value {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Float(number) => Value::Number(serde_json::Number::from_f64(*number.value())?),
        toml_edit::Value::Boolean(is) => (*is.value()).into(),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(values) => Value::Array(values.iter().map(json).collect::<Option<_>>()?),
        toml_edit::Value::InlineTable(table) => {
            let pairs = table.iter().map(|(name, value)| Some((name.to_owned(), json(value)?)));
            Value::Object(pairs.collect::<Option<_>>()?)
        }
    })
}
