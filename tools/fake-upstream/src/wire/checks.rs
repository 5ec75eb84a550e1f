//! Validation that the wires share, with Google's messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// A refusal: its HTTP status and Google's message.
#[derive(Debug, PartialEq)]
pub(crate) struct Invalid {
    pub(crate) status: u16,
    pub(crate) message: String,
}

pub(crate) fn invalid(message: impl Into<String>) -> Invalid {
    Invalid {
        status: 400,
        message: message.into(),
    }
}

pub(crate) fn unsupported(field: &str) -> Invalid {
    invalid(format!(
        "`{field}` isn't supported by this model. Please remove it or refer to the Gemini API \
         documentation for supported usage."
    ))
}

/// Whether a number is one of a few whole numbers.
pub(crate) fn within(allowed: &[f64], number: f64) -> bool {
    allowed
        .iter()
        .any(|one| (one - number).abs() < f64::EPSILON)
}

/// An optional parameter that must be a JSON number.
pub(crate) fn number(parameters: &Map<String, Value>, name: &str) -> Result<Option<f64>, Invalid> {
    match parameters.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(_) => Err(invalid(format!(
            "The value type for `{name}` needs to be a number."
        ))),
    }
}

/// An optional parameter that must be one of a few words.
pub(crate) fn one_of(
    parameters: &Map<String, Value>,
    name: &str,
    allowed: &[&str],
) -> Result<(), Invalid> {
    match parameters.get(name) {
        None => Ok(()),
        Some(value) if value.as_str().is_some_and(|word| allowed.contains(&word)) => Ok(()),
        Some(value) => Err(out_of_range(name, value)),
    }
}

pub(crate) fn out_of_range(name: &str, value: &Value) -> Invalid {
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    invalid(format!(
        "`{value}` is not a valid value for `{name}` with this model. Please refer to the Gemini \
         API documentation for supported usage."
    ))
}

/// Refuses the first field of an object that is not allowed.
pub(crate) fn only(object: &Value, allowed: &[&str]) -> Result<(), Invalid> {
    let names = object.as_object().into_iter().flat_map(Map::keys);
    for name in names {
        if !allowed.contains(&name.as_str()) {
            return Err(unsupported(name));
        }
    }
    Ok(())
}

/// Google's message for an unknown name; `place` is empty at the top.
pub(crate) fn unknown_name(name: &str, place: &str) -> Invalid {
    let at = if place.is_empty() {
        String::new()
    } else {
        format!(" at '{place}'")
    };
    invalid(format!(
        "Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."
    ))
}

/// Refuses the first name of an object that is not known, and anything that is not an object.
pub(crate) fn known(object: &Value, place: &str, names: &[&str]) -> Result<(), Invalid> {
    let fields = object
        .as_object()
        .ok_or_else(|| invalid("Invalid JSON payload received."))?;
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(unknown_name(name, place)),
        None => Ok(()),
    }
}

/// An optional field that must be of one JSON type.
pub(crate) fn of_type(
    object: &Value,
    name: &str,
    kind: &str,
    is: fn(&Value) -> bool,
) -> Result<(), Invalid> {
    match object.get(name) {
        Some(value) if !is(value) => Err(invalid(format!(
            "Invalid value at '{name}' (TYPE_{}), {value}",
            kind.to_ascii_uppercase()
        ))),
        _ => Ok(()),
    }
}

/// Whether a text is the base64 of at least one byte.
pub(crate) fn is_base64(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| !bytes.is_empty())
}

/// Checks a request's webhook settings, in either spelling of their names.
pub(crate) fn check_webhooks(config: &Value) -> Result<(), Invalid> {
    if config.is_null() {
        return Ok(());
    }
    known(
        config,
        "webhook_config",
        &["uris", "userMetadata", "user_metadata"],
    )?;
    let texts = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string))
    };
    if config.get("uris").is_some_and(|uris| !texts(uris)) {
        return Err(invalid(
            "Invalid value at 'webhook_config.uris' (TYPE_STRING)",
        ));
    }
    Ok(())
}

/// The body as the ledger stores it, with image bytes replaced by their length.
pub(crate) fn without_bytes(body: &Value) -> Value {
    match body {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| {
                    let bytes = value
                        .as_str()
                        .filter(|_| ["bytesBase64Encoded", "data"].contains(&name.as_str()));
                    let kept = bytes.map_or_else(
                        || without_bytes(value),
                        |bytes| json!(format!("<{} characters>", bytes.len())),
                    );
                    (name.clone(), kept)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_bytes).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body.clone(),
    }
}
