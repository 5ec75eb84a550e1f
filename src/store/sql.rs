//! The narrow view of a SQLite database that the stores need.

use worker::{SqlStorage, SqlStorageValue};

/// A value in a row or a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlValue {
    Null,
    /// Within ±2^53: the platform passes numbers as doubles.
    Integer(i64),
    Text(String),
}

/// A SQLite database.
pub trait Sql {
    type Error;

    /// Runs statements separated by semicolons; `values` bind to the last one, whose rows are
    /// returned.
    fn run(
        &self,
        statements: &str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<Vec<SqlValue>>, Self::Error>;
}

impl From<&str> for SqlValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for SqlValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<u64> for SqlValue {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<u32> for SqlValue {
    fn from(value: u32) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<usize> for SqlValue {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<i64> for SqlValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl SqlValue {
    /// The integer, 0 for anything else.
    pub fn integer(&self) -> i64 {
        match self {
            Self::Integer(value) => *value,
            Self::Null | Self::Text(_) => 0,
        }
    }

    /// The integer, 0 for anything else or below zero.
    pub fn unsigned(&self) -> u64 {
        u64::try_from(self.integer()).unwrap_or(0)
    }

    /// The text, empty for anything else.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Null | Self::Integer(_) => String::new(),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl Sql for SqlStorage {
    type Error = worker::Error;

    fn run(
        &self,
        statements: &str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<Vec<SqlValue>>, Self::Error> {
        let bindings = values.into_iter().map(to_platform).collect::<Vec<_>>();
        let rows = self.exec(statements, bindings)?;
        rows.raw()
            .map(|row| Ok(row?.into_iter().map(from_platform).collect()))
            .collect()
    }
}

fn to_platform(value: SqlValue) -> SqlStorageValue {
    match value {
        SqlValue::Null => SqlStorageValue::Null,
        SqlValue::Integer(value) => SqlStorageValue::Integer(value),
        SqlValue::Text(value) => SqlStorageValue::String(value),
    }
}

fn from_platform(value: SqlStorageValue) -> SqlValue {
    match value {
        SqlStorageValue::Integer(value) => SqlValue::Integer(value),
        SqlStorageValue::Boolean(value) => SqlValue::Integer(i64::from(value)),
        SqlStorageValue::String(value) => SqlValue::Text(value),
        // Our columns hold none of these.
        SqlStorageValue::Null | SqlStorageValue::Float(_) | SqlStorageValue::Blob(_) => {
            SqlValue::Null
        }
    }
}
