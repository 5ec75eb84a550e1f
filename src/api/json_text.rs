//! Parses a body as JSON. If a text was cut within a character, the error names its field.
//!
//! An app that truncates text by UTF-16 units leaves half of an emoji (`\ud83d` alone); one that
//! truncates by bytes leaves part of a UTF-8 sequence. The JSON parser rejects both without naming
//! the field.

use crate::api::field_error::FieldError;
use crate::api::order::spelling::pointer_token;
use crate::api::problem::Problem;
use serde_json::{Map, Value};

/// Replaces half a character while the text is searched: a noncharacter that no text should
/// contain.
const MARK: char = '\u{fdd0}';
const CUT: &str =
    "holds half a character, such as an emoji that was cut in two: send whole characters";
/// The maximum number of fields that are named.
const MAX_NAMED: usize = 20;

/// Parses a JSON object, or returns what is wrong with it.
pub fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let error = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => return Ok(object),
        Ok(_) => return Err(Problem::malformed_json("another JSON value was sent")),
        Err(error) => error,
    };
    let mut cut = Vec::new();
    if let Ok(Value::Object(object)) = serde_json::from_str(&marked(bytes)) {
        find_marks(&Value::Object(object), String::new(), &mut cut);
    }
    // The parser's message has a position, never the text.
    if cut.is_empty() {
        Err(Problem::malformed_json(&error.to_string()))
    } else {
        Err(Problem::invalid(cut))
    }
}

/// The text with a mark in place of every half character.
fn marked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(MARK);
        }
    }
    let mut marked = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        marked.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                marked.push(MARK);
                rest = &escape[6..];
                continue;
            }
            (Some(_), _) => 6,
            // The character after the backslash is escaped by it, another backslash too.
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        marked.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    marked.push_str(rest);
    marked
}

/// The UTF-16 unit of an escape such as `\u00e9` at the start of a text.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let all_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| all_hex)
}

fn find_marks(value: &Value, pointer: String, found: &mut Vec<FieldError>) {
    if found.len() >= MAX_NAMED {
        return;
    }
    match value {
        Value::String(text) if text.contains(MARK) => found.push(FieldError::field(pointer, CUT)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                find_marks(value, format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                let whole_key = key.replace(MARK, "\u{fffd}");
                let pointer = format!("{pointer}/{}", pointer_token(&whole_key));
                if key.contains(MARK) {
                    found.push(FieldError::field(pointer.clone(), CUT));
                }
                find_marks(value, pointer, found);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(body: &[u8]) -> Vec<String> {
        let problem = read_object(body).expect_err("it is cut");
        assert_eq!(
            (problem.status, problem.code),
            (400, "invalid_request"),
            "{problem:?}"
        );
        problem
            .errors
            .iter()
            .map(|error| error.name().to_owned())
            .collect()
    }

    #[test]
    fn half_a_character_is_named_by_its_field() {
        for (body, pointers) in [
            (r#"{"prompt":"a dog \ud83d"}"#.as_bytes(), vec!["/prompt"]),
            (br#"{"prompt":"\uDE00 a dog"}"#, vec!["/prompt"]),
            (br#"{"prompt":"\ud83d\ud83d\ude00"}"#, vec!["/prompt"]),
            (br#"{"prompt":"\ud83d\n"}"#, vec!["/prompt"]),
            (br#"{"prompt":"\ud83dx"}"#, vec!["/prompt"]),
            (b"{\"prompt\":\"a dog \xf0\x9f\x98\"}", vec!["/prompt"]),
            (b"{\"prompt\":\"a dog \xed\xa0\xbd\"}", vec!["/prompt"]),
            (
                br#"{"metadata":{"a/b":"\ud83d"},"parameters":{"negativePrompt":"\ud83d"}}"#,
                vec!["/metadata/a~1b", "/parameters/negativePrompt"],
            ),
            (
                br#"{"parameters":{"list":["a",{"b":"\ud83d"}]}}"#,
                vec!["/parameters/list/1/b"],
            ),
            (
                br#"{"metadata":{"\ud83d":"x"}}"#,
                vec!["/metadata/\u{fffd}"],
            ),
        ] {
            assert_eq!(named(body), pointers, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn whole_characters_are_read_however_they_are_written() {
        let object = read_object(br#"{"prompt":"\ud83d\ude00 \\ud83d \u00e9"}"#).expect("whole");
        assert_eq!(object["prompt"], "\u{1f600} \\ud83d é");
    }

    #[test]
    fn what_is_malformed_besides_stays_so() {
        for body in [
            r#"{"prompt":"\ud83d""#.as_bytes(),
            b"[\"\\ud83d\"]",
            b"",
            b"[]",
            b"\xff",
            b"{\"a\":\"\\u12\"}",
            b"{\\",
        ] {
            assert_eq!(
                read_object(body).expect_err("malformed").code,
                "malformed_json",
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn fields_that_are_named_have_their_limit() {
        let body = format!(r#"{{"metadata":[{}"x"]}}"#, r#""\ud83d","#.repeat(500));
        assert_eq!(named(body.as_bytes()).len(), MAX_NAMED);
    }
}
