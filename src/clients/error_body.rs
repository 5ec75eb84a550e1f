//! The body of an error, in the formats that services and gateways use.
//!
//! Sources: Google's `google.rpc.Status`, the `{"error": {"message", "type", "code"}}` of `OpenAI`
//! and of the gateways that imitate it, the `detail` of `FastAPI`, problem details (RFC 9457),
//! lists of errors, pages of HTML and plain text.

use crate::clients::sentence;
use serde_json::{Map, Value};

/// How deep a body is searched.
const MAX_DEPTH: usize = 6;
/// The longest code that is kept, in characters.
const MAX_CODE: usize = 64;
/// The fields that hold a sentence, the most specific first.
const SENTENCES: [&str; 10] = [
    "message",
    "error_description",
    "detail",
    "msg",
    "error_message",
    "errorMessage",
    "error_msg",
    "description",
    "reason",
    "title",
];
/// The fields that hold a code.
const CODES: [&str; 5] = ["code", "status", "type", "error_code", "errorCode"];

/// The parsed body of an error.
#[derive(Debug, Clone, Default)]
pub(crate) struct ErrorBody {
    /// The body as JSON; null if it is not JSON.
    pub json: Value,
    /// Its human-readable sentence, cleaned.
    pub sentence: Option<String>,
    /// Its codes, the words before the numbers.
    codes: Vec<String>,
}

impl ErrorBody {
    /// Reads any body.
    pub(crate) fn read(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        match serde_json::from_slice::<Value>(body) {
            Ok(json) => Self::of(json),
            Err(_) => Self {
                sentence: text_sentence(body),
                ..Self::default()
            },
        }
    }

    /// Reads an error inside a larger answer.
    pub(crate) fn of(json: Value) -> Self {
        let mut codes = Vec::new();
        collect_codes(&json, 0, &mut codes);
        codes.sort_by_key(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        Self {
            sentence: json_sentence(&json, 0),
            codes,
            json,
        }
    }

    /// Whether the body contains an error: an error field, or an error code.
    pub(crate) fn is_error(&self) -> bool {
        let names_one = |value: &Value| {
            let field = |name: &str| value.get(name).is_some_and(|field| !is_empty(field));
            field("error") || field("errors")
        };
        names_one(&self.json)
            || first(&self.json).is_some_and(names_one)
            || self.meaning().is_some()
    }

    /// The code for the log: a word if there is one, else a number.
    pub(crate) fn code(&self) -> Option<String> {
        self.codes.first().cloned()
    }

    /// Whether one of the codes or the sentence contains one of these words, ignoring case.
    pub(crate) fn mentions(&self, words: &[&str]) -> bool {
        let texts = self
            .codes
            .iter()
            .chain(&self.sentence)
            .map(|text| text.to_lowercase());
        texts
            .into_iter()
            .any(|text| words.iter().any(|word| text.contains(word)))
    }

    /// The same for the codes only.
    pub(crate) fn has_code_like(&self, words: &[&str]) -> bool {
        self.codes
            .iter()
            .any(|code| words.iter().any(|word| code.to_lowercase().contains(word)))
    }

    /// The HTTP status that corresponds to the codes, if any.
    pub(crate) fn meaning(&self) -> Option<u16> {
        let words = self.codes.iter().filter_map(|code| meaning_of_word(code));
        let numbers = self
            .codes
            .iter()
            .filter_map(|code| meaning_of_number(code.parse().ok()?));
        words.chain(numbers).next()
    }

    /// Every value of a field with one of these names, at any depth.
    pub(crate) fn fields(&self, names: &[&str]) -> Vec<&Value> {
        fields(&self.json, names)
    }
}

/// Every value of a field with one of these names inside `value`, at any depth.
pub(crate) fn fields<'a>(value: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    let mut found = Vec::new();
    collect_fields(value, names, 0, &mut found);
    found
}

/// The sentence of an error or of a list of them, cleaned.
pub(crate) fn sentence_of(value: &Value) -> Option<String> {
    json_sentence(value, 0)
}

/// Whether the value of an error field means that there is no error.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        // The `google.rpc.Status` of a success.
        Value::Object(fields) => {
            let is_ok = fields
                .get("code")
                .is_some_and(|code| is_empty(code) || code == "OK");
            let rest = fields.iter().filter(|(name, _)| *name != "code");
            (fields.is_empty() || is_ok) && rest.into_iter().all(|(_, field)| is_empty(field))
        }
    }
}

fn first(value: &Value) -> Option<&Value> {
    value.as_array()?.first()
}

fn json_sentence(value: &Value, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::String(text) => nested(text, depth).or_else(|| sentence::clean(text)),
        Value::Array(items) => items.iter().find_map(|item| json_sentence(item, depth + 1)),
        Value::Object(fields) => object_sentence(fields, depth),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn object_sentence(fields: &Map<String, Value>, depth: usize) -> Option<String> {
    let of = |name: &str| {
        fields
            .get(name)
            .and_then(|field| json_sentence(field, depth + 1))
    };
    // OAuth has a code in `error` and the sentence in `error_description`.
    let error = fields
        .get("error")
        .filter(|error| !error.is_string() || !fields.contains_key("error_description"));
    if let Some(found) = error.and_then(|error| json_sentence(error, depth + 1)) {
        return Some(found);
    }
    // `FastAPI` names the location of the error.
    if let (Some(text), Some(place)) = (of("msg"), fields.get("loc").and_then(place)) {
        return sentence::clean(&format!("{place}: {text}"));
    }
    if let (Some(title), Some(detail)) = (of("title"), of("detail")) {
        let title = title.trim_end_matches(['.', ':']);
        return if detail.contains(title) {
            Some(detail)
        } else {
            sentence::clean(&format!("{title}: {detail}"))
        };
    }
    SENTENCES
        .iter()
        .find_map(|name| of(name))
        .or_else(|| listed(fields.get("errors")?, depth + 1))
}

/// The sentence of a list of errors, or of an object with one error per field.
fn listed(errors: &Value, depth: usize) -> Option<String> {
    match errors
        .as_object()
        .filter(|fields| !SENTENCES.iter().any(|name| fields.contains_key(*name)))
    {
        Some(fields) => fields.iter().find_map(|(name, field)| {
            let text = json_sentence(field, depth + 1)?;
            sentence::clean(&format!("{name}: {text}"))
        }),
        None => json_sentence(errors, depth),
    }
}

/// Gateways may embed the body of another error as a string.
fn nested(text: &str, depth: usize) -> Option<String> {
    let text = text.trim();
    let is_json = text.starts_with(['{', '[']);
    let json = is_json
        .then(|| serde_json::from_str::<Value>(text).ok())
        .flatten();
    match json {
        Some(json) => json_sentence(&json, depth + 1),
        None => text
            .starts_with('<')
            .then(|| sentence::html_title(text))
            .flatten(),
    }
}

/// `["body", "parameters", 0]` as `body.parameters.0`.
fn place(location: &Value) -> Option<String> {
    let parts = location.as_array()?.iter();
    let parts = parts.map(|part| {
        part.as_str()
            .map_or_else(|| part.to_string(), str::to_owned)
    });
    Some(parts.collect::<Vec<_>>().join(".")).filter(|place| !place.is_empty())
}

/// The sentence of a body that is not JSON.
fn text_sentence(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    match text.chars().next()? {
        '<' => sentence::html_title(text),
        // Broken JSON is not human-readable.
        '{' | '[' => None,
        _ => sentence::clean(text),
    }
}

/// Codes are in the error, in the body around it, or in the first item of a list.
fn collect_codes(value: &Value, depth: usize, codes: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(items) => {
            if let Some(first) = items.first() {
                collect_codes(first, depth + 1, codes);
            }
        }
        Value::Object(fields) => {
            for name in ["error", "errors", "detail"] {
                match fields.get(name) {
                    Some(Value::String(word)) if name == "error" => codes.extend(code(word)),
                    Some(inner) => collect_codes(inner, depth + 1, codes),
                    None => {}
                }
            }
            for name in CODES {
                match fields.get(name) {
                    Some(Value::String(word)) => codes.extend(code(word)),
                    // A small number is a gRPC code only in a field named as a code.
                    Some(Value::Number(number))
                        if name.contains("ode") || number.as_u64() >= Some(100) =>
                    {
                        codes.extend(code(&number.to_string()));
                    }
                    _ => {}
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A code word, or the last segment of a URL or URN; `None` for anything that could be a sentence.
fn code(text: &str) -> Option<String> {
    let word = text
        .trim()
        .trim_end_matches('/')
        .rsplit(['/', '#', ':'])
        .next()
        .unwrap_or_default();
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    let is_code = !word.is_empty() && word.len() <= MAX_CODE && word.chars().all(plain);
    (is_code && word != "blank").then(|| word.to_owned())
}

fn collect_fields<'a>(value: &'a Value, names: &[&str], depth: usize, found: &mut Vec<&'a Value>) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_fields(item, names, depth + 1, found)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if names.contains(&name.as_str()) {
                    found.push(field);
                }
                collect_fields(field, names, depth + 1, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The HTTP status of a gRPC code, or of an HTTP status itself (google/rpc/code.proto).
fn meaning_of_number(code: u16) -> Option<u16> {
    Some(match code {
        1 => 499,
        2 | 13 | 15 => 500,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        400..=599 => code,
        _ => return None,
    })
}

/// The same for a word: a gRPC code, or a common one of gateways.
fn meaning_of_word(word: &str) -> Option<u16> {
    let word = word.to_ascii_uppercase().replace('-', "_");
    Some(match word.as_str() {
        "INVALID_ARGUMENT"
        | "FAILED_PRECONDITION"
        | "OUT_OF_RANGE"
        | "INVALID_REQUEST_ERROR"
        | "INVALID_REQUEST" => 400,
        "UNAUTHENTICATED"
        | "INVALID_API_KEY"
        | "AUTHENTICATION_ERROR"
        | "AUTH_ERROR"
        | "UNAUTHORIZED" => 401,
        "PERMISSION_DENIED" | "PERMISSION_ERROR" | "FORBIDDEN" => 403,
        "INSUFFICIENT_QUOTA"
        | "INSUFFICIENT_USER_QUOTA"
        | "BUDGET_EXCEEDED"
        | "INSUFFICIENT_BALANCE" => 402,
        "NOT_FOUND" | "NOT_FOUND_ERROR" | "MODEL_NOT_FOUND" => 404,
        "RESOURCE_EXHAUSTED"
        | "RATE_LIMIT_EXCEEDED"
        | "RATE_LIMIT_ERROR"
        | "TOO_MANY_REQUESTS"
        | "RATE_LIMITED" => 429,
        "UNAVAILABLE" | "SERVICE_UNAVAILABLE" | "OVERLOADED" | "OVERLOADED_ERROR" => 503,
        "CANCELLED" => 499,
        "UNKNOWN" | "INTERNAL" | "DATA_LOSS" | "INTERNAL_SERVER_ERROR" => 500,
        "DEADLINE_EXCEEDED" => 504,
        "ALREADY_EXISTS" | "ABORTED" => 409,
        "UNIMPLEMENTED" => 501,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::ErrorBody;

    fn sentence(body: &str) -> Option<String> {
        ErrorBody::read(body.as_bytes()).sentence
    }

    #[test]
    fn the_sentence_is_found_in_every_usual_shape() {
        for body in [
            r#"{"error":{"code":401,"message":"bad key","status":"UNAUTHENTICATED","details":null}}"#,
            r#"[{"error":{"code":401,"message":"bad key"}}]"#,
            r#"{"error":{"message":"bad key","type":"auth_error","param":"key","code":"401"}}"#,
            r#"{"error":"bad key"}"#,
            r#"{"error":["bad key","worse"]}"#,
            r#"{"error":"invalid_client","error_description":"bad key"}"#,
            r#"{"message":"bad key"}"#,
            r#"{"code":"insufficient_user_quota","message":"bad key"}"#,
            r#"{"detail":"bad key"}"#,
            r#"{"detail":{"error":{"message":"bad key"}}}"#,
            r#"{"errors":[{"message":"bad key"}]}"#,
            r#"{"errors":["bad key"]}"#,
            r#"{"msg":"bad key","success":false}"#,
            r#"{"type":"about:blank","title":"bad key","status":401}"#,
            r#"{"error":{"message":"{\"error\":{\"message\":\"bad key\"}}"}}"#,
            r#"{"error":{"message":"<html><title>bad key</title></html>"}}"#,
            r#""bad key""#,
            "\u{feff}{\"message\":\"bad\\nkey\"}",
            "bad key\r\n",
            "<!DOCTYPE html><title>bad\n key</title>",
        ] {
            assert_eq!(sentence(body).as_deref(), Some("bad key"), "{body}");
        }
        let fast = r#"{"detail":[{"type":"missing","loc":["body","prompt",0],"msg":"Field required","input":"a secret"}]}"#;
        assert_eq!(
            sentence(fast).as_deref(),
            Some("body.prompt.0: Field required")
        );
        let fields = r#"{"message":"","errors":{"seed":["must be a number"]}}"#;
        assert_eq!(sentence(fields).as_deref(), Some("seed: must be a number"));
        let problem = r#"{"type":"https://h/out-of-credit","title":"No credit.","detail":"Your balance is 0."}"#;
        assert_eq!(
            sentence(problem).as_deref(),
            Some("No credit: Your balance is 0.")
        );
        for nothing in [
            "",
            "{}",
            "[]",
            "null",
            "7",
            "{\"error\":",
            "<html>",
            r#"{"error":{"code":401}}"#,
        ] {
            assert_eq!(sentence(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_code_is_a_word_or_a_number_and_never_a_sentence() {
        for (body, code, meaning) in [
            (
                r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#,
                Some("RESOURCE_EXHAUSTED"),
                Some(429),
            ),
            (
                r#"{"error":{"code":"401","type":"auth_error"}}"#,
                Some("auth_error"),
                Some(401),
            ),
            (r#"{"error":{"code":"503"}}"#, Some("503"), Some(503)),
            (r#"[{"error":{"code":8}}]"#, Some("8"), Some(429)),
            (
                r#"{"code":"insufficient_user_quota","message":"x"}"#,
                Some("insufficient_user_quota"),
                Some(402),
            ),
            (
                r#"{"error":{"code":"https://ai.google.dev/errors/some_word"}}"#,
                Some("some_word"),
                None,
            ),
            (r#"{"error":"invalid_grant"}"#, Some("invalid_grant"), None),
            (
                r#"{"type":"about:blank","status":403}"#,
                Some("403"),
                Some(403),
            ),
            (r#"{"error":{"code":"the prompt was bad"}}"#, None, None),
            (r#"{"code":0,"message":"ok"}"#, Some("0"), None),
            (r#"{"status":7}"#, None, None),
            ("<html>", None, None),
        ] {
            let read = ErrorBody::read(body.as_bytes());
            assert_eq!(
                (read.code().as_deref(), read.meaning()),
                (code, meaning),
                "{body}"
            );
        }
    }

    #[test]
    fn an_answer_without_an_error_is_none() {
        for body in [
            r#"{"error":null,"code":0}"#,
            r#"{"errors":[]}"#,
            "{}",
            "[]",
            "<html>",
            r#"{"error":{"code":0,"message":""}}"#,
        ] {
            assert!(!ErrorBody::read(body.as_bytes()).is_error(), "{body}");
        }
        for body in [
            r#"{"error":{"code":1}}"#,
            r#"{"error":"no"}"#,
            r#"[{"error":{}}]"#,
            r#"{"code":429,"message":"slow"}"#,
        ] {
            assert_eq!(
                ErrorBody::read(body.as_bytes()).is_error(),
                body != r#"[{"error":{}}]"#,
                "{body}"
            );
        }
    }
}
