//! The fields of a body, found under any of their names, with their errors.

use crate::api::field_error::FieldError;
use crate::api::order::field::{Field, Shape};
use crate::api::order::names::{Meaning, meaning};
use crate::api::order::spelling::pointer_token;
use crate::api::order::values::{Picture, canonical, picture, whole};
use crate::machine::job::Warning;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The maximum number of warnings of one order.
const MAX_WARNINGS: usize = 50;
/// The key with further fields.
const PARAMETERS: &str = "parameters";
const KEPT: &str = "is not a field of an order: it is stored and echoed, but has no effect";
const SIZES: &str = "must be 640x360, 1280x720, 1920x1080 or 3840x2160, or one of these in portrait format; or send resolution and aspectRatio";

/// A value of a field, and its place.
#[derive(Debug, Clone)]
pub(crate) struct Found<'a> {
    pub(crate) pointer: String,
    /// The canonical value.
    pub(crate) value: Cow<'a, Value>,
}

/// All fields of a body.
pub(crate) struct Fields<'a> {
    top: &'a Map<String, Value>,
    parameters: Option<&'a Map<String, Value>>,
    found: BTreeMap<Field, Vec<Found<'a>>>,
    /// Unknown keys inside `parameters`.
    unknown: BTreeMap<&'a str, &'a Value>,
    warnings: Vec<Warning>,
    unwarned: usize,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// Finds every field. Null counts as absent.
    pub(crate) fn new(top: &'a Map<String, Value>) -> Self {
        let (found, unknown) = (BTreeMap::new(), BTreeMap::new());
        let (warnings, errors) = (Vec::new(), Vec::new());
        let mut fields = Self {
            top,
            parameters: None,
            found,
            unknown,
            warnings,
            unwarned: 0,
            errors,
        };
        for (key, value) in top
            .iter()
            .filter(|(key, value)| *key != PARAMETERS && !value.is_null())
        {
            fields.sort(key, value, false);
        }
        match top.get(PARAMETERS) {
            None | Some(Value::Null) => {}
            Some(Value::Object(parameters)) => {
                fields.parameters = Some(parameters);
                for (key, value) in parameters.iter().filter(|(_, value)| !value.is_null()) {
                    fields.sort(key, value, true);
                }
            }
            Some(_) => fields.refuse(FieldError::field("/parameters", "must be an object")),
        }
        fields.refuse_contradictions();
        fields
    }

    fn sort(&mut self, key: &'a str, value: &'a Value, inside: bool) {
        let pointer = format!(
            "{}/{}",
            if inside { "/parameters" } else { "" },
            pointer_token(key)
        );
        match meaning(key, value) {
            Meaning::Field(field) => self.find(field, pointer, value),
            Meaning::Harmless => {}
            Meaning::Refused(detail) => self.refuse(FieldError::field(pointer, detail)),
            Meaning::Unknown(near) => {
                if inside {
                    self.unknown.insert(key, value);
                }
                self.warn_unknown(pointer, near);
            }
        }
    }

    /// Records a value of a field. A size sets two fields.
    fn find(&mut self, field: Field, pointer: String, value: &'a Value) {
        let size = match (field, value.as_str()) {
            (Field::Size | Field::Resolution | Field::AspectRatio, Some(text)) => picture(text),
            _ => None,
        };
        match (size, field) {
            (
                Some(Picture::Known {
                    resolution,
                    aspect_ratio,
                }),
                _,
            ) => {
                self.note(
                    Field::Resolution,
                    pointer.clone(),
                    Cow::Owned(resolution.into()),
                );
                self.note(Field::AspectRatio, pointer, Cow::Owned(aspect_ratio.into()));
            }
            (Some(Picture::Unknown), _) | (None, Field::Size) => {
                self.refuse(FieldError::field(pointer, SIZES));
            }
            (None, _) => self.note(field, pointer, canonical(field, value)),
        }
    }

    fn note(&mut self, field: Field, pointer: String, value: Cow<'a, Value>) {
        self.found
            .entry(field)
            .or_default()
            .push(Found { pointer, value });
    }

    /// Reports every place of a field that has different values.
    fn refuse_contradictions(&mut self) {
        let places: Vec<(Field, Vec<String>)> = self
            .found
            .iter()
            .filter(|(field, found)| {
                !field.holds_images() && found.iter().any(|other| other.value != found[0].value)
            })
            .map(|(field, found)| {
                (
                    *field,
                    found.iter().map(|found| found.pointer.clone()).collect(),
                )
            })
            .collect();
        for (field, pointers) in places {
            self.refuse_contradiction(field, &pointers);
        }
    }

    pub(crate) fn refuse_contradiction(&mut self, field: Field, pointers: &[String]) {
        for pointer in pointers {
            let others: Vec<&str> = pointers
                .iter()
                .map(String::as_str)
                .filter(|other| *other != pointer.as_str())
                .collect();
            let detail = format!(
                "differs from {}: both mean {}, so send only one of them",
                others.join(" and "),
                field.name()
            );
            self.refuse(FieldError::field(pointer.clone(), detail));
        }
    }

    pub(crate) fn refuse(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    /// Reports a missing field, unless there is already an error for its place.
    pub(crate) fn require(&mut self, field: Field, detail: &str) {
        let pointer = self.pointer(field);
        if !self.errors.iter().any(|error| error.name() == pointer) {
            self.refuse(FieldError::field(pointer, detail));
        }
    }

    /// Warns of an unknown key.
    pub(crate) fn warn_unknown(&mut self, pointer: String, near: Option<&str>) {
        if self.warnings.len() == MAX_WARNINGS {
            self.unwarned += 1;
            return;
        }
        let hint = near
            .map(|name| format!("; did you mean {name}?"))
            .unwrap_or_default();
        self.warnings.push(Warning {
            pointer,
            detail: format!("{KEPT}{hint}"),
        });
    }

    /// All warnings. If there are too many, the last one has the number of those left out.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let rest = Warning {
            pointer: String::new(),
            detail: format!(
                "has {} more keys that are not fields of an order",
                self.unwarned
            ),
        };
        self.warnings
            .iter()
            .cloned()
            .chain((self.unwarned > 0).then_some(rest))
            .collect()
    }

    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Every place of a field.
    pub(crate) fn places(&self, field: Field) -> &[Found<'a>] {
        self.found.get(&field).map_or(&[], Vec::as_slice)
    }

    /// The fields that are present, with their values.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.found
            .iter()
            .filter_map(|(field, found)| Some((*field, found.first()?.value.as_ref())))
    }

    /// The unknown keys inside `parameters`.
    pub(crate) fn unknown(&self) -> &BTreeMap<&'a str, &'a Value> {
        &self.unknown
    }

    /// The keys inside `parameters`, and those beside the prompt that belong there: parameters and
    /// unknown keys. If a key is at both places, the one inside `parameters` is used.
    pub(crate) fn written_parameters(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let (top, parameters) = (self.top, self.parameters);
        let beside = top.iter().filter(move |(key, value)| {
            let belongs = match meaning(key, value) {
                Meaning::Field(field) => field.is_parameter(),
                Meaning::Harmless | Meaning::Refused(_) | Meaning::Unknown(_) => true,
            };
            *key != PARAMETERS
                && !value.is_null()
                && belongs
                && !parameters.is_some_and(|inside| inside.contains_key(*key))
        });
        parameters
            .into_iter()
            .flatten()
            .chain(beside)
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The JSON pointer of a field: of its first place, or of its usual one if it is absent.
    pub(crate) fn pointer(&self, field: Field) -> String {
        self.places(field)
            .first()
            .map_or_else(|| field.usual_pointer(), |found| found.pointer.clone())
    }

    fn value(&self, field: Field) -> Option<&Value> {
        self.places(field).first().map(|found| found.value.as_ref())
    }

    /// Reports a field that is present with an invalid value.
    fn checked<T>(&mut self, field: Field, value: Option<T>, must_be: &str) -> Option<T> {
        if value.is_none() && self.value(field).is_some() {
            self.refuse(FieldError::field(self.pointer(field), must_be));
        }
        value
    }

    pub(crate) fn object(&mut self, field: Field) -> Option<Map<String, Value>> {
        let object = self.value(field).and_then(Value::as_object).cloned();
        self.checked(field, object, "must be an object")
    }

    pub(crate) fn text(&mut self, field: Field) -> Option<String> {
        let text = self.value(field).and_then(Value::as_str).map(str::to_owned);
        self.checked(field, text, "must be a string")
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, field: Field) -> Option<bool> {
        let flag = self.value(field).and_then(Value::as_bool);
        self.checked(field, flag, "must be true or false")
    }

    /// A whole number within the field's own range.
    pub(crate) fn whole_number(&mut self, field: Field) -> Option<u32> {
        let Shape::Whole { least, most } = field.shape() else {
            return None;
        };
        let number = self
            .value(field)
            .and_then(whole)
            .filter(|number| (least..=most).contains(number));
        let detail = format!("must be a whole number from {least} to {most}");
        self.checked(field, number, &detail)
    }

    /// A number of seconds, which may have been sent as a string.
    pub(crate) fn seconds(&mut self, field: Field) -> Option<u32> {
        let seconds = self.value(field).and_then(whole);
        self.checked(
            field,
            seconds,
            "must be a whole number of seconds, such as 8",
        )
    }
}
