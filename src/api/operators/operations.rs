//! The description of the operators' routes.

use crate::api::body::MAX_SMALL_BODY;
use crate::api::field_error::FieldError;
use crate::api::generations::GenerationPage;
use crate::api::openapi::formats::{USER_ID, body_problems, json_answer, json_body};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::parameters;
use crate::api::openapi::schemas::Schemas;
use crate::api::operators::scope::provider_rule;
use crate::api::operators::{CleanUp, Gate};
use crate::api::problem::Problem;
use crate::models::MODELS;
use serde_json::{Value, json};

const TAG: &str = "Operators";

pub(crate) fn jobs(schemas: &mut Schemas) -> Operation {
    let user = json!({ "type": "string", "pattern": USER_ID });
    Operation::new("listQueueJobs", TAG)
        .says(
            "List all generations",
            "Newest first. Each entry is as of its last change of status.",
        )
        .with(parameters::status())
        .with(parameters::query(
            "userId",
            "Only generations of this user.",
            &user,
        ))
        .with(parameters::search())
        .answers_page(&schemas.of::<GenerationPage>())
}

pub(crate) fn pause(schemas: &mut Schemas) -> Operation {
    let body = scope(schemas);
    Operation::new("pauseQueue", TAG)
        .says(
            "Pause the queue, a provider or a model",
            "No further job starts: of the whole queue, or with a body of one provider or model. \
             Running jobs continue, and new orders are accepted and wait. Repeating it changes \
             nothing.",
        )
        .takes(body)
        .answers(200, json_answer("It is paused.", &schemas.of::<Gate>()))
        .fails(body_problems(MAX_SMALL_BODY))
        .fails([unknown_scope()])
}

pub(crate) fn resume(schemas: &mut Schemas) -> Operation {
    let body = scope(schemas);
    Operation::new("resumeQueue", TAG)
        .says(
            "Resume the queue, a provider or a model",
            "Ends the pause of the same scope; other pauses hold. Waiting jobs start again. A video \
             service that asked for a long wait is probed at once.",
        )
        .takes(body)
        .answers(200, json_answer("It is resumed.", &schemas.of::<Gate>()))
        .fails(body_problems(MAX_SMALL_BODY))
        .fails([unknown_scope()])
}

/// The optional body that names a provider or a model.
fn scope(schemas: &mut Schemas) -> Value {
    let schema = schemas.add(
        "PauseScope",
        json!({
            "type": "object", "description": "What is paused; without fields, the whole queue.",
            "properties": {
                "provider": { "type": "string", "description": "One provider." },
                "model": { "type": "string", "description": "One model of the provider." },
            },
            "dependentRequired": { "model": ["provider"] }, "additionalProperties": false,
        }),
    );
    let model = MODELS.first();
    let (provider, id) = (
        model.map(|model| model.provider),
        model.map(|model| model.id),
    );
    let mut body = json_body(
        "Without a body, the whole queue.",
        &schema,
        &json!({
            "provider": { "summary": "One provider", "value": { "provider": provider } },
            "model": { "summary": "One model", "value": { "provider": provider, "model": id } },
        }),
    );
    body["required"] = json!(false);
    body
}

fn unknown_scope() -> Problem {
    Problem::invalid(vec![FieldError::field("/provider", provider_rule())])
}

pub(crate) fn clean_up(schemas: &mut Schemas) -> Operation {
    Operation::new("cleanUp", TAG)
        .says("Clean up now", "Runs the daily clean-up: generations older than `CLEANUP_RETENTION_DAYS` are deleted with their videos.")
        .answers(200, json_answer("How many are being deleted.", &schemas.of::<CleanUp>()))
}
