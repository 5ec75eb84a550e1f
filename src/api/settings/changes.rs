//! The body of a change of limits. Pure.

use crate::api::field_error::FieldError;
use crate::api::order::values::whole;
use crate::api::strict::StrictObject;
use crate::config::policies::read_limit;
use crate::machine::queue::Limit;
use serde_json::{Map, Value};

/// Reads the new value of each named limit, `None` for null, by the rules of its setting.
pub fn changes(body: &Map<String, Value>) -> Result<Vec<(Limit, Option<u64>)>, Vec<FieldError>> {
    let names = Limit::ALL.map(Limit::as_str);
    let mut object = StrictObject::new(body, "", &names);
    let mut changes = Vec::new();
    for limit in Limit::ALL {
        let Some(value) = object.value(limit.as_str()) else {
            continue;
        };
        // Numbers are read as text, so that amounts of money stay exact.
        let text = match value {
            Value::Null => {
                changes.push((limit, None));
                continue;
            }
            Value::Number(number) => {
                whole(value).map_or_else(|| number.to_string(), |whole| whole.to_string())
            }
            // No limit has such a text, so its own sentence says what it must be.
            Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                "-".to_owned()
            }
        };
        match read_limit(limit, &text) {
            Ok(value) => changes.push((limit, Some(value))),
            Err(error) => {
                let detail = format!("must be {}, or null for the setting", error.wanted);
                object.refuse(limit.as_str(), detail);
            }
        }
    }
    let mut errors = object.into_errors();
    if changes.is_empty() && errors.is_empty() {
        let detail = format!("must name at least one of {}", names.join(", "));
        errors.push(FieldError::field("", detail));
    }
    if errors.is_empty() {
        Ok(changes)
    } else {
        Err(errors)
    }
}
