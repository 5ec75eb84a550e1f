//! Looking up a body's fields, each under the names it may have, noting what is wrong on the way.

use super::field_error::FieldError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Top,
    Parameters,
}

/// The places a field may stand at; the first one found wins.
type Places<'a> = &'a [(Scope, &'static str)];

pub(super) struct Fields<'a> {
    top: &'a Map<String, Value>,
    parameters: Option<&'a Map<String, Value>>,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(top: &'a Map<String, Value>) -> Self {
        let mut fields = Self { top, parameters: None, errors: Vec::new() };
        fields.parameters = fields.object("parameters");
        fields
    }

    pub(super) fn parameters(&self) -> Option<&'a Map<String, Value>> {
        self.parameters
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    pub(super) fn refuse(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    /// Names a missing field, unless it is there and named for another reason.
    pub(super) fn require(&mut self, pointer: &str, detail: &str) {
        if !self.errors.iter().any(|error| error.name() == pointer) {
            self.refuse(FieldError::field(pointer, detail));
        }
    }

    /// A top-level object; null counts as absent.
    pub(super) fn object(&mut self, name: &'static str) -> Option<&'a Map<String, Value>> {
        match self.find(&[(Scope::Top, name)])? {
            (_, Value::Object(object)) => Some(object),
            (pointer, _) => {
                self.refuse(FieldError::field(pointer, "must be an object"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, places: Places<'_>) -> Option<&'a str> {
        match self.find(places)? {
            (_, Value::String(text)) => Some(text),
            (pointer, _) => {
                self.refuse(FieldError::field(pointer, "must be a string"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, places: Places<'_>) -> Option<bool> {
        match self.find(places)? {
            (_, Value::Bool(flag)) => Some(*flag),
            (pointer, _) => {
                self.refuse(FieldError::field(pointer, "must be true or false"));
                None
            }
        }
    }

    pub(super) fn whole_number(&mut self, places: Places<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let (pointer, value) = self.find(places)?;
        let number = whole(value).filter(|number| range.contains(number));
        if number.is_none() {
            let detail = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.refuse(FieldError::field(pointer, detail));
        }
        number
    }

    /// A whole number, or a string of one as some apps send it.
    pub(super) fn number_or_numeric(&mut self, places: Places<'_>) -> Option<u32> {
        let (pointer, value) = self.find(places)?;
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => whole(value),
        };
        if number.is_none() {
            self.refuse(FieldError::field(pointer, "must be a whole number"));
        }
        number
    }

    /// The pointer of the place that is in use.
    pub(super) fn written(&self, places: Places<'_>) -> Option<String> {
        Some(self.find(places)?.0)
    }

    fn find(&self, places: Places<'_>) -> Option<(String, &'a Value)> {
        places.iter().find_map(|(scope, name)| {
            let (object, prefix) = match scope {
                Scope::Top => (self.top, ""),
                Scope::Parameters => (self.parameters?, "/parameters"),
            };
            let value = object.get(*name).filter(|value| !value.is_null())?;
            Some((format!("{prefix}/{name}"), value))
        })
    }
}

/// A whole JSON number; `8.0` is one too.
fn whole(value: &Value) -> Option<u32> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok();
    }
    let number = value.as_f64()?;
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
    let whole = number as u32;
    fits.then_some(whole)
}
