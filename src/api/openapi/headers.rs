//! The headers of answers.

use serde_json::{Value, json};

/// The header that every answer has. The others are required in some answers and optional in
/// others.
pub(crate) fn shared_headers() -> Value {
    json!({ "X-Request-Id": described("X-Request-Id") })
}

/// A header of an answer; it is required if `certain`.
pub(crate) fn header(name: &str, certain: bool) -> Value {
    let mut header = described(name);
    if name == "X-Request-Id" {
        return json!({ "$ref": format!("#/components/headers/{name}") });
    }
    header["required"] = json!(certain);
    header
}

fn described(name: &str) -> Value {
    let text = json!({ "type": "string" });
    let whole = json!({ "type": "integer", "minimum": 0 });
    let (description, schema) = match name {
        "X-Request-Id" => (
            "The id of this request, as in the log.",
            json!({ "type": "string", "minLength": 1 }),
        ),
        "Retry-After" => ("Seconds until the same request may succeed.", whole),
        "WWW-Authenticate" => ("How to authenticate.", text),
        "Cache-Control" => ("Whether the answer may be cached.", text),
        "Location" => (
            "The address of the generation.",
            json!({ "type": "string", "format": "uri" }),
        ),
        "Idempotent-Replayed" => (
            "Present if the order was accepted before.",
            json!({ "const": "true" }),
        ),
        "ETag" => (
            "The file's version, in quotation marks.",
            json!({ "type": "string", "pattern": "^\".*\"$" }),
        ),
        "Accept-Ranges" => (
            "The file can be requested in byte ranges.",
            json!({ "const": "bytes" }),
        ),
        "Content-Range" => (
            "The bytes that the answer has, and the size of the file.",
            json!({ "type": "string", "pattern": r"^bytes (?:\d+-\d+|\*)/\d+$" }),
        ),
        "Content-Length" => ("The length in bytes.", whole),
        "Content-Disposition" => ("A name for the file.", text),
        "Content-Type" => ("The media type.", text),
        "Allow" => ("The methods that the address accepts.", text),
        _ => ("", text),
    };
    let required = matches!(name, "X-Request-Id");
    json!({ "description": description, "required": required, "schema": schema })
}
