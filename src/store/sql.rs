//! The narrow view of a SQLite database that the stores need.

use js_sys::{Array, JSON};
use serde::de::{Deserialize, Deserializer, Visitor};
use std::fmt;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::SqlStorage;

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

    /// All rows cross from JavaScript as one text of JSON. Cell by cell they would take most of a
    /// step's time.
    fn run(
        &self,
        statements: &str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<Vec<SqlValue>>, Self::Error> {
        let bindings: Array = values.into_iter().map(to_platform).collect();
        let database = self.as_ref().unchecked_ref::<Database>();
        let rows = Array::from(&database.exec(statements, bindings)?.raw()?);
        if rows.length() == 0 {
            return Ok(Vec::new());
        }
        let text = JSON::stringify(&rows)?;
        Ok(serde_json::from_str(&String::from(text))?)
    }
}

fn to_platform(value: SqlValue) -> JsValue {
    match value {
        SqlValue::Null => JsValue::NULL,
        #[expect(
            clippy::cast_precision_loss,
            reason = "JavaScript's numbers, exact up to 2^53"
        )]
        SqlValue::Integer(value) => JsValue::from_f64(value as f64),
        SqlValue::Text(value) => JsValue::from_str(&value),
    }
}

impl<'de> Deserialize<'de> for SqlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Cell)
    }
}

/// Reads a cell of a row as JSON.
struct Cell;

impl Visitor<'_> for Cell {
    type Value = SqlValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("null, a number or a text")
    }

    fn visit_unit<E>(self) -> Result<SqlValue, E> {
        Ok(SqlValue::Null)
    }

    fn visit_i64<E>(self, value: i64) -> Result<SqlValue, E> {
        Ok(SqlValue::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<SqlValue, E> {
        Ok(value.into())
    }

    /// Our columns hold no fractions.
    fn visit_f64<E>(self, _: f64) -> Result<SqlValue, E> {
        Ok(SqlValue::Null)
    }

    fn visit_str<E>(self, value: &str) -> Result<SqlValue, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<SqlValue, E> {
        Ok(value.into())
    }
}

#[wasm_bindgen]
extern "C" {
    /// `SqlStorage`, because `worker` only offers its rows cell by cell.
    type Database;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Database, query: &str, bindings: Array) -> Result<Cursor, JsValue>;

    /// `SqlStorageCursor`.
    type Cursor;

    /// An iterator over the rows, each an array.
    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<JsValue, JsValue>;
}
