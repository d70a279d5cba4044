//! What a statement binds: one value, or a column of many.

use postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::postgres::text;

/// A bound value, of a type that needs no question to the server.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Key(Option<Uuid>),
    Text(Option<String>),
    Number(Option<i64>),
    Flag(bool),
    Bytes(Vec<u8>),
    Keys(Vec<Option<Uuid>>),
    Texts(Vec<Option<String>>),
    Numbers(Vec<Option<i64>>),
    Flags(Vec<bool>),
    ManyBytes(Vec<Vec<u8>>),
}

impl Value {
    /// Returns a foreign text as it is stored.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Some(text::stored(text).into_owned()))
    }

    /// Returns a foreign text as it is stored, where there is one.
    pub(crate) fn maybe_text(text: Option<&str>) -> Self {
        Self::Text(text.map(|text| text::stored(text).into_owned()))
    }

    /// Returns JSON of our own, which holds no control characters.
    pub(crate) fn json(json: String) -> Self {
        Self::Text(Some(json))
    }

    /// Returns keys to look up.
    pub(crate) fn keys(keys: impl IntoIterator<Item = Uuid>) -> Self {
        Self::Keys(keys.into_iter().map(Some).collect())
    }

    /// Returns texts to look up.
    pub(crate) fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self::Texts(texts.into_iter().map(|text| Some(text::stored(text).into_owned())).collect())
    }

    /// Returns an empty column for values of this one's kind.
    pub(crate) fn column(&self) -> Self {
        match self {
            Self::Key(_) | Self::Keys(_) => Self::Keys(Vec::new()),
            Self::Text(_) | Self::Texts(_) => Self::Texts(Vec::new()),
            Self::Number(_) | Self::Numbers(_) => Self::Numbers(Vec::new()),
            Self::Flag(_) | Self::Flags(_) => Self::Flags(Vec::new()),
            Self::Bytes(_) | Self::ManyBytes(_) => Self::ManyBytes(Vec::new()),
        }
    }

    /// Adds a value at the end of a column of its kind.
    pub(crate) fn push(&mut self, value: Self) {
        match (self, value) {
            (Self::Keys(column), Self::Key(value)) => column.push(value),
            (Self::Texts(column), Self::Text(value)) => column.push(value),
            (Self::Numbers(column), Self::Number(value)) => column.push(value),
            (Self::Flags(column), Self::Flag(value)) => column.push(value),
            (Self::ManyBytes(column), Self::Bytes(value)) => column.push(value),
            (column, value) => unreachable!("a {value:?} among {column:?}"),
        }
    }

    pub(crate) fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Key(value) => value,
            Self::Text(value) => value,
            Self::Number(value) => value,
            Self::Flag(value) => value,
            Self::Bytes(value) => value,
            Self::Keys(values) => values,
            Self::Texts(values) => values,
            Self::Numbers(values) => values,
            Self::Flags(values) => values,
            Self::ManyBytes(values) => values,
        }
    }

    pub(crate) fn kind(&self) -> Type {
        match self {
            Self::Key(_) => Type::UUID,
            Self::Text(_) => Type::TEXT,
            Self::Number(_) => Type::INT8,
            Self::Flag(_) => Type::BOOL,
            Self::Bytes(_) => Type::BYTEA,
            Self::Keys(_) => Type::UUID_ARRAY,
            Self::Texts(_) => Type::TEXT_ARRAY,
            Self::Numbers(_) => Type::INT8_ARRAY,
            Self::Flags(_) => Type::BOOL_ARRAY,
            Self::ManyBytes(_) => Type::BYTEA_ARRAY,
        }
    }
}

impl From<Uuid> for Value {
    fn from(key: Uuid) -> Self {
        Self::Key(Some(key))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<Uuid>> for Value {
    fn from(key: Option<Uuid>) -> Self {
        Self::Key(key)
    }
}

impl From<u64> for Value {
    /// A number of 64 bits without a sign is stored as the one with the same bits.
    fn from(number: u64) -> Self {
        Self::Number(Some(number.cast_signed()))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(Some(number.into()))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
