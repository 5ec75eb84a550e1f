//! Parameters that several operations share.

use crate::api::auth::{USER_HEADER, USER_PARAMETER};
use crate::api::openapi::formats::{CURSOR, GENERATION_ID, USER_ID, reference};
use crate::api::query::{DEFAULT_LIMIT, MAX_CURSOR, MAX_LIMIT, MAX_SEARCH};
use crate::machine::Status;
use serde_json::{Value, json};

/// The id in a path.
pub(crate) fn id(path: &str) -> Value {
    reference(
        "parameters",
        if path.contains("/webhooks/deliveries/{id}") {
            "eventId"
        } else if path.contains("/bulk/{id}") {
            "bulkId"
        } else {
            "generationId"
        },
    )
}

/// An optional query parameter. An empty one counts as absent.
pub(crate) fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({
        "name": name, "in": "query", "required": false, "allowEmptyValue": true,
        "description": description, "schema": schema,
    })
}

/// An optional parameter, in the `header` or the `query`.
pub(crate) fn optional(place: &str, name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "required": false, "description": description, "schema": schema })
}

/// `status` of a list.
pub(crate) fn status() -> Value {
    let words = Status::ALL.map(Status::as_str);
    query(
        "status",
        "Only generations with this status.",
        &json!({ "type": "string", "enum": words }),
    )
}

/// `limit` of a list.
pub(crate) fn limit() -> Value {
    let schema =
        json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
    query("limit", "The maximum number of entries per page.", &schema)
}

/// `after` of a list of generations.
pub(crate) fn after() -> Value {
    let schema = json!({ "type": "string", "maxLength": MAX_CURSOR, "pattern": CURSOR });
    query(
        "after",
        "The `nextCursor` of the previous page, unchanged.",
        &schema,
    )
}

/// `search` of a list.
pub(crate) fn search() -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": MAX_SEARCH });
    query(
        "search",
        "Only generations whose id or prompt contains this text, in any letter case.",
        &schema,
    )
}

/// The components that operations refer to.
pub(crate) fn shared() -> Value {
    json!({
        "generationId": {
            "name": "id", "in": "path", "required": true, "description": "The generation's id.",
            "schema": { "type": "string", "pattern": GENERATION_ID }, "example": "g1",
        },
        "eventId": {
            "name": "id", "in": "path", "required": true, "description": "The event's id, which is its `webhook-id`.",
            "schema": { "type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$" },
        },
        "bulkId": {
            "name": "id", "in": "path", "required": true, "description": "The bulk's id.",
            "schema": { "type": "string", "pattern": "^[0-9]{1,16}$" },
        },
        "X-User-Id": {
            "name": USER_HEADER, "in": "header", "required": false,
            "description": "The user the request acts for. A key needs it, except for a generation whose id only one user has. A user's own \
                token may name only that user; an admin's token may name any user.",
            "schema": { "type": "string", "pattern": USER_ID },
        },
        USER_PARAMETER: {
            "name": USER_PARAMETER, "in": "query", "required": false, "description": "The same as `X-User-Id`.",
            "schema": { "type": "string", "pattern": USER_ID },
        },
        "X-Request-Id": {
            "name": "X-Request-Id", "in": "header", "required": false,
            "description": "An id for this request, repeated in the answer and in the log. An id that is longer than 128 characters, \
                or has characters other than `A-Z a-z 0-9 - _ .`, is replaced.",
            "schema": { "type": "string" },
        },
    })
}
