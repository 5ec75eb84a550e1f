//! An operator's JSON object: every field must be known, and every error names its field. Pure.

use crate::api::field_error::FieldError;
use crate::api::order::spelling::pointer_token;
use crate::time::Millis;
use chrono::DateTime;
use serde_json::{Map, Value};

/// Reads fields one by one and collects their errors.
pub(crate) struct StrictObject<'a> {
    object: &'a Map<String, Value>,
    /// The JSON pointer of the object.
    pointer: String,
    errors: Vec<FieldError>,
}

impl<'a> StrictObject<'a> {
    /// The body, or the object at `pointer`. A field with none of these names is an error.
    pub(crate) fn new(object: &'a Map<String, Value>, pointer: &str, known: &[&str]) -> Self {
        let unknown = object.keys().filter(|name| !known.contains(&name.as_str()));
        let detail = format!("is not known here; the fields are {}", known.join(", "));
        let errors = unknown
            .map(|name| {
                FieldError::field(format!("{pointer}/{}", pointer_token(name)), detail.clone())
            })
            .collect();
        Self {
            object,
            pointer: pointer.to_owned(),
            errors,
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    pub(crate) fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        let pointer = format!("{}/{name}", self.pointer);
        self.errors.push(FieldError::field(pointer, detail));
    }

    /// A field parsed by `known`; `rule` is the error if that returns `None`, also for null.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        rule: &str,
        known: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = known(self.value(name)?);
        if value.is_none() {
            self.refuse(name, rule);
        }
        value
    }

    /// A string that `known` accepts.
    pub(crate) fn word<T>(
        &mut self,
        name: &str,
        rule: &str,
        known: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        self.read(name, rule, |value| known(value.as_str()?))
    }

    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "must be true or false", Value::as_bool)
    }

    /// A time, in milliseconds since the Unix epoch; 0 for an earlier one.
    pub(crate) fn time(&mut self, name: &str) -> Option<Millis> {
        self.word(
            name,
            "must be a time such as 2026-01-01T00:00:00Z",
            |text| {
                let time = DateTime::parse_from_rfc3339(text).ok()?;
                Some(Millis::try_from(time.timestamp_millis()).unwrap_or(0))
            },
        )
    }

    /// The errors so far.
    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// The value, or the errors of the fields.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(self.errors)
        }
    }
}
