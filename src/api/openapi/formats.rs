//! Patterns of ids, and small parts of schemas.

use crate::api::openapi::headers::header;
use crate::api::problem::Problem;
use serde_json::{Value, json};

/// A user's id; see `is_user_id`.
pub(crate) const USER_ID: &str = "^[A-Za-z0-9_@|:+-][A-Za-z0-9_.@|:+-]{0,127}$";
/// A generation's id; see `is_generation_id`.
pub(crate) const GENERATION_ID: &str = "^[A-Za-z0-9_-]{1,64}$";
/// Bare visible characters, or a structured field's string; see `idempotency_key`.
pub(crate) const IDEMPOTENCY_KEY: &str =
    r#"^(?:[!#-~](?:[ -~]{0,253}[!-~])?|"(?:[ !#-\[\]-~]|\\["\\]){1,255}")$"#;
/// A page's `nextCursor`, or an empty text.
pub(crate) const CURSOR: &str =
    r"^(?:[0-9]{1,15}\.[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_@|:+-][A-Za-z0-9_.@|:+-]{0,127})?)?$";

/// The number of an entry of a timeline, or an empty text.
pub(crate) const EVENT_NUMBER: &str = "^[0-9]{0,18}$";

/// `#/components/{kind}/{name}`.
pub(crate) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// A response with a JSON body.
pub(crate) fn json_answer(description: &str, schema: &Value) -> Value {
    json!({
        "description": description,
        "headers": { "Cache-Control": header("Cache-Control", true) },
        "content": { "application/json": { "schema": schema } },
    })
}

/// A response of `{"success": true, field: …}`.
pub(crate) fn success(description: &str, field: &str, schema: &Value) -> Value {
    let schema = json!({
        "type": "object",
        "required": ["success", field],
        "properties": { "success": { "const": true }, field: schema },
    });
    json_answer(description, &schema)
}

/// A response of `{"success": true}`.
pub(crate) fn done(description: &str) -> Value {
    let schema = json!({ "type": "object", "required": ["success"], "properties": { "success": { "const": true } } });
    json_answer(description, &schema)
}

/// A required JSON body.
pub(crate) fn json_body(description: &str, schema: &Value, examples: &Value) -> Value {
    json!({
        "description": description,
        "required": true,
        "content": { "application/json": { "schema": schema, "examples": examples } },
    })
}

/// The problems that any JSON body can have.
pub(crate) fn body_problems(limit: usize) -> Vec<Problem> {
    vec![
        Problem::malformed_json("EOF while parsing an object at line 1 column 12"),
        Problem::too_large(limit),
        Problem::unsupported_media_type(),
    ]
}
