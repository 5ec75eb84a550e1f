//! A canonical text of a JSON value, independent of the order of its keys.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The SHA-256 of the canonical text of named values, in hex.
pub(crate) fn fingerprint(parts: &BTreeMap<&str, Cow<'_, Value>>) -> String {
    let mut text = Hashed(Sha256::new());
    write_object(
        parts.iter().map(|(key, value)| (*key, value.as_ref())),
        &mut text,
    );
    format!("{:x}", text.0.finalize())
}

/// A text of which only the hash is kept, because a text with images is large.
struct Hashed(Sha256);

impl Write for Hashed {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0.update(part);
        Ok(())
    }
}

fn write_value(value: &Value, text: &mut Hashed) {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&str, &Value> = object
                .iter()
                .map(|(key, value)| (key.as_str(), value))
                .collect();
            write_object(sorted.into_iter(), text);
        }
        Value::Array(items) => {
            let _ = text.write_char('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    let _ = text.write_char(',');
                }
                write_value(item, text);
            }
            let _ = text.write_char(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

/// Writes members, which must be in the order of their keys.
fn write_object<'a>(members: impl Iterator<Item = (&'a str, &'a Value)>, text: &mut Hashed) {
    let _ = text.write_char('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            let _ = text.write_char(',');
        }
        let _ = write!(text, "{}:", Value::from(key));
        write_value(value, text);
    }
    let _ = text.write_char('}');
}
