//! One text for one JSON value, whatever the order of its keys.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Hex SHA-256 over the canonical text of named values.
pub(super) fn fingerprint(parts: &BTreeMap<&str, &Value>) -> String {
    let mut text = String::new();
    write_object(parts.iter().map(|(key, value)| (*key, *value)), &mut text);
    format!("{:x}", Sha256::digest(text))
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&str, &Value> = object.iter().map(|(key, value)| (key.as_str(), value)).collect();
            write_object(sorted.into_iter(), text);
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

/// Writes members that come in the order of their keys.
fn write_object<'a>(members: impl Iterator<Item = (&'a str, &'a Value)>, text: &mut String) {
    text.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            text.push(',');
        }
        let _ = write!(text, "{}:", Value::from(key));
        write_value(value, text);
    }
    text.push('}');
}
