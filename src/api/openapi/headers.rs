//! The headers of answers.

use serde_json::{Value, json};

/// The header that every answer has; the others differ in whether they are certain.
pub(crate) fn shared_headers() -> Value {
    json!({ "X-Request-Id": described("X-Request-Id") })
}

/// A header of an answer, which is there `certain`ly or not.
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
            "The name of this request, as the log has it.",
            json!({ "type": "string", "minLength": 1 }),
        ),
        "Retry-After" => ("In how many seconds the same request may succeed.", whole),
        "WWW-Authenticate" => ("How to authenticate.", text),
        "Cache-Control" => ("Whether the answer may be kept.", text),
        "Location" => (
            "The address of the generation.",
            json!({ "type": "string", "format": "uri" }),
        ),
        "Idempotent-Replayed" => (
            "There when the order had been accepted before.",
            json!({ "const": "true" }),
        ),
        "ETag" => (
            "The file's version, in quotation marks.",
            json!({ "type": "string", "pattern": "^\".*\"$" }),
        ),
        "Accept-Ranges" => (
            "Ranges of bytes may be asked for.",
            json!({ "const": "bytes" }),
        ),
        "Content-Range" => (
            "Which bytes of how many.",
            json!({ "type": "string", "pattern": r"^bytes (?:\d+-\d+|\*)/\d+$" }),
        ),
        "Content-Length" => ("Bytes.", whole),
        "Content-Disposition" => ("A name for the file.", text),
        "Content-Type" => ("The kind of content.", text),
        "Allow" => ("The methods that the address takes.", text),
        _ => ("", text),
    };
    let required = matches!(name, "X-Request-Id");
    json!({ "description": description, "required": required, "schema": schema })
}
