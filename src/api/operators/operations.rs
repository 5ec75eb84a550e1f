//! For whoever runs the worker.

use crate::api::deliveries::delivery::Delivery;
use crate::api::deliveries::{Page as DeliveryPage, Recovery};
use crate::api::field_error::FieldError;
use crate::api::generations::Page as GenerationPage;
use crate::api::openapi::formats::{json_answer, success};
use crate::api::openapi::operation::{Access, Operation};
use crate::api::openapi::parameters;
use crate::api::openapi::parameters::query;
use crate::api::openapi::schemas::Schemas;
use crate::api::operators::{CleanUp, Gate};
use crate::api::problem::Problem;
use crate::machine::delivery::DeliveryState;
use crate::webhooks::test_event::WebhookTest;
use serde_json::{Value, json};

const TAG: &str = "Operators";

pub(crate) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    let mut operations = vec![jobs(schemas)];
    operations.extend(gate(schemas));
    operations.extend(webhooks(schemas));
    operations.push(
        Operation::post("/api/cron/cleanup", "cleanUp")
            .of(TAG, Access::Operator)
            .says("Clean up now", "What the daily cron does: generations older than `CLEANUP_RETENTION_DAYS` are forgotten with their videos.")
            .answers(200, json_answer("How many are being forgotten.", &schemas.of::<CleanUp>())),
    );
    operations.push(prometheus());
    operations
}

fn jobs(schemas: &mut Schemas) -> Operation {
    let page = schemas.of::<GenerationPage>();
    let user = json!({ "type": "string", "pattern": crate::api::openapi::formats::USER_ID });
    Operation::get("/api/queue/jobs", "listQueueJobs")
        .of(TAG, Access::Operator)
        .says("All users' generations", "Newest first, each as of its last change of status.")
        .with(parameters::status())
        .with(query("userId", "Only those of this user.", &user))
        .with(parameters::search())
        .with(parameters::limit())
        .with(parameters::after())
        .answers(200, json_answer("A page.", &page))
        .fails([Problem::invalid(vec![FieldError::parameter("limit", "must be a whole number from 1 to 100")])])
}

fn gate(schemas: &mut Schemas) -> Vec<Operation> {
    let gate = schemas.of::<Gate>();
    vec![
        Operation::post("/api/queue/pause", "pauseQueue")
            .of(TAG, Access::Operator)
            .says("Pause", "Nothing is started from now on; what runs goes on, and orders are taken and wait. Asking twice changes nothing.")
            .answers(200, json_answer("The queue is paused.", &gate)),
        Operation::post("/api/queue/resume", "resumeQueue")
            .of(TAG, Access::Operator)
            .says("Resume", "What waits is started again. A video service that asked for a long wait is probed at once.")
            .answers(200, json_answer("The queue is open.", &gate)),
    ]
}

fn webhooks(schemas: &mut Schemas) -> Vec<Operation> {
    let (delivery, page) = (schemas.of::<Delivery>(), schemas.of::<DeliveryPage>());
    let recovered = schemas.of::<Recovery>();
    let states = json!({ "type": "string", "enum": DeliveryState::WORDS });
    let since: Value = json!({
        "name": "since", "in": "query", "required": true, "description": "Those that were exhausted at or after this time.",
        "schema": { "type": "string", "format": "date-time" }, "example": "2026-01-01T00:00:00Z",
    });
    vec![
        Operation::get("/api/webhooks/deliveries", "listDeliveries")
            .of(TAG, Access::Operator)
            .says("All webhooks", "Every event for the app, newest first, and whether it was taken.")
            .with(query("state", "Only those in this state.", &states))
            .with(parameters::limit())
            .with(parameters::after())
            .answers(200, json_answer("A page.", &page))
            .fails([Problem::invalid(vec![FieldError::parameter(
                "state",
                "must be one of pending, delivered, exhausted",
            )])]),
        Operation::post("/api/webhooks/deliveries/{id}/redeliver", "redeliver")
            .of(TAG, Access::Operator)
            .says("Send one again", "The same event with the same bytes, at once, with all its attempts before it.")
            .answers(200, success("The event, which is pending again.", "delivery", &delivery))
            .fails([Problem::no_delivery()]),
        Operation::post("/api/webhooks/recover", "recoverDeliveries")
            .of(TAG, Access::Operator)
            .says("Send all exhausted ones again", "A part at a time: as long as `hasMore` is true, call again.")
            .with(since)
            .answers(200, json_answer("How many were sent on their way.", &recovered))
            .fails([Problem::invalid(vec![FieldError::parameter(
                "since",
                "must be a time such as 2026-01-01T00:00:00Z",
            )])]),
        Operation::post("/api/webhooks/test", "testWebhook")
            .of(TAG, Access::Operator)
            .says(
                "Send a test webhook",
                "One signed event, `webhook.test`, to the receiver of all webhooks. It is sent once and kept nowhere; the answer \
                 says what came back, whatever that was.",
            )
            .answers(200, json_answer("What came of it.", &schemas.of::<WebhookTest>())),
    ]
}

fn prometheus() -> Operation {
    let text = json!({ "schema": { "type": "string" } });
    Operation::get("/metrics", "scrapeMetrics")
        .of(TAG, Access::Operator)
        .says(
            "Metrics for Prometheus",
            "The text format 0.0.4; OpenMetrics 1.0 if `Accept` names `application/openmetrics-text`.",
        )
        .answers(
            200,
            json!({
                "description": "Counters, gauges and histograms.",
                "content": { "text/plain": text, "application/openmetrics-text": text },
            }),
        )
}
