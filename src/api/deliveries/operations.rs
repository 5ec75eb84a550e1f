//! The description of the routes of webhook events.

use crate::api::deliveries::delivery::ShownDelivery;
use crate::api::deliveries::{DeliveryPage, Recovery};
use crate::api::field_error::FieldError;
use crate::api::openapi::formats::{json_answer, success};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::parameters::query;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::machine::delivery::DeliveryState;
use crate::webhooks::test_event::WebhookTest;
use serde_json::json;

const TAG: &str = "Operators";

pub(crate) fn of_generation(schemas: &mut Schemas) -> Operation {
    Operation::new("listGenerationDeliveries", "Generations")
        .says(
            "List a generation's webhooks",
            "Every event of this generation, and whether your app accepted it.",
        )
        .answers(
            200,
            success(
                "The events, oldest first.",
                "deliveries",
                &schemas.list_of::<ShownDelivery>(),
            ),
        )
}

pub(crate) fn list(schemas: &mut Schemas) -> Operation {
    let states = json!({ "type": "string", "enum": DeliveryState::WORDS });
    let wrong = FieldError::parameter("state", "must be one of pending, delivered, exhausted");
    Operation::new("listDeliveries", TAG)
        .says(
            "List all webhooks",
            "Every webhook event, newest first, with its delivery state.",
        )
        .with(query("state", "Only events in this state.", &states))
        .fails([Problem::invalid(vec![wrong])])
        .answers_page(&schemas.of::<DeliveryPage>())
}

pub(crate) fn redeliver(schemas: &mut Schemas) -> Operation {
    Operation::new("redeliver", TAG)
        .says(
            "Redeliver a webhook",
            "Sends the same bytes again at once, with the full schedule of attempts.",
        )
        .answers(
            200,
            success(
                "The event, which is pending again.",
                "delivery",
                &schemas.of::<ShownDelivery>(),
            ),
        )
        .fails([Problem::no_delivery()])
}

pub(crate) fn recover(schemas: &mut Schemas) -> Operation {
    let wrong = FieldError::parameter("since", "must be a time such as 2026-01-01T00:00:00Z");
    Operation::new("recoverDeliveries", TAG)
        .says("Recover exhausted webhooks", "Sends exhausted events again, some per call: call again while `hasMore` is true.")
        .with(json!({
            "name": "since", "in": "query", "required": true,
            "description": "Only events exhausted at or after this time.",
            "schema": { "type": "string", "format": "date-time" }, "example": "2026-01-01T00:00:00Z",
        }))
        .answers(200, json_answer("How many were queued for delivery.", &schemas.of::<Recovery>()))
        .fails([Problem::invalid(vec![wrong])])
}

pub(crate) fn send_test(schemas: &mut Schemas) -> Operation {
    Operation::new("testWebhook", TAG)
        .says(
            "Send a test webhook",
            "Sends one signed event, `webhook.test`, to the receiver of all webhooks. It is sent once and not stored. The answer has the receiver's response, whatever it was.",
        )
        .answers(200, json_answer("The result.", &schemas.of::<WebhookTest>()))
}
