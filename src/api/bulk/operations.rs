//! The description of the routes of bulks.

use crate::api::body::MAX_SMALL_BODY;
use crate::api::bulk::{BulkAnswer, ShownBulk};
use crate::api::field_error::FieldError;
use crate::api::openapi::formats::{USER_ID, body_problems, json_answer, json_body, success};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::operators::scope::{model_ids, provider_names};
use crate::api::problem::Problem;
use crate::machine::Status;
use crate::machine::bulk::BulkAction;
use crate::machine::outcome::ErrorCode;
use crate::machine::queue::MAX_BULK;
use serde_json::{Value, json};

const TAG: &str = "Operators";

pub(crate) fn create(schemas: &mut Schemas) -> Operation {
    let body = body(schemas);
    let example = json!({
        "dryRun": {
            "summary": "How many, and what it costs",
            "value": { "action": "retry", "filter": { "errorCode": "provider_unavailable" } },
        },
        "run": {
            "summary": "Run it as said",
            "value": {
                "action": "retry", "filter": { "errorCode": "provider_unavailable" },
                "dryRun": false, "count": 12, "maxCost": 38.4,
            },
        },
    });
    let wrong = FieldError::field(
        "/filter/all",
        "must be true to choose every generation; otherwise send another field",
    );
    Operation::new("createBulk", TAG)
        .says(
            "Cancel or retry many generations",
            format!(
                "A dry run, unless `dryRun` is false: it answers how many generations match and \
                 what retrying them costs by list price. A run repeats `count` and `maxCost` from \
                 the dry run, and is refused if more match now or it would cost more. It chooses \
                 its generations at once, at most {MAX_BULK}, and acts at most once on each. One \
                 bulk runs at a time."
            ),
        )
        .takes(json_body(
            "The action and which generations.",
            &body,
            &example,
        ))
        .answers(
            200,
            json_answer(
                "What it chooses, and the bulk if it runs.",
                &schemas.of::<BulkAnswer>(),
            ),
        )
        .fails(body_problems(MAX_SMALL_BODY))
        .fails([
            Problem::invalid(vec![wrong]),
            Problem::bulk_too_large(MAX_BULK),
            Problem::bulk_running(1_764_000_000_000),
            Problem::bulk_changed(14, 44.8),
        ])
}

pub(crate) fn list(schemas: &mut Schemas) -> Operation {
    Operation::new("listBulks", TAG)
        .says("List bulks", "The latest 100, newest first.")
        .answers(
            200,
            success("The bulks.", "data", &schemas.list_of::<ShownBulk>()),
        )
}

pub(crate) fn show(schemas: &mut Schemas) -> Operation {
    Operation::new("getBulk", TAG)
        .says(
            "Get a bulk",
            "Its progress: how many generations are left, were done, or were left alone and why.",
        )
        .answers(
            200,
            success("The bulk.", "bulk", &schemas.of::<ShownBulk>()),
        )
        .fails([Problem::no_bulk()])
}

pub(crate) fn stop(schemas: &mut Schemas) -> Operation {
    Operation::new("stopBulk", TAG)
        .says(
            "Stop a bulk",
            "No further generation is asked. A few that were asked already may still act.",
        )
        .answers(
            200,
            success("The bulk.", "bulk", &schemas.of::<ShownBulk>()),
        )
        .fails([Problem::no_bulk(), Problem::bulk_ended()])
}

fn body(schemas: &mut Schemas) -> Value {
    let time = |text: &str| json!({ "type": "string", "format": "date-time", "description": text });
    let filter = schemas.add(
        "BulkFilter",
        json!({
            "type": "object",
            "description": "Which generations. Every field must match.",
            "properties": {
                "status": {
                    "enum": Status::ALL.map(Status::as_str),
                    "description": "One that the action can work on. By default a retry takes `failed`, and a cancellation all that have not ended.",
                },
                "errorCode": { "enum": ErrorCode::ALL.map(ErrorCode::as_str), "description": "Why they failed." },
                "userId": { "type": "string", "pattern": USER_ID, "description": "Their user." },
                "provider": { "type": "string", "enum": provider_names(), "description": "Their provider." },
                "model": { "type": "string", "enum": model_ids(), "description": "Their model." },
                "createdAfter": time("Created at this time or later."),
                "createdBefore": time("Created before this time."),
                "all": { "type": "boolean", "description": "True: every generation; only without other fields." },
            },
            "additionalProperties": false, "minProperties": 1,
        }),
    );
    schemas.add(
        "BulkRequest",
        json!({
            "type": "object",
            "description": "An action on many generations.",
            "required": ["action", "filter"],
            "properties": {
                "action": { "enum": BulkAction::ALL.map(BulkAction::as_str) },
                "filter": filter,
                "dryRun": { "type": "boolean", "default": true, "description": "False runs it." },
                "count": { "type": "integer", "minimum": 0, "maximum": u32::MAX, "description": "From the dry run; required to run." },
                "maxCost": { "type": "number", "minimum": 0, "description": "From the dry run, in US dollars; required to run." },
            },
            "additionalProperties": false,
        }),
    )
}
