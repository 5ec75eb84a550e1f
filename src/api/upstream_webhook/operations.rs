//! The description of the route for the upstream's webhooks.

use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::api::upstream_webhook::MAX_BODY;
use serde_json::json;

pub(crate) fn receive(_: &mut Schemas) -> Operation {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description, "schema": { "type": "string" },
        })
    };
    Operation::new("receiveUpstreamWebhook", "Webhooks")
        .says(
            "Receive the video service's webhook",
            "A webhook from Google that a render is done, signed by the Standard Webhooks specification. It only makes the next poll come sooner: its content is not trusted. The route exists only if the worker has `UPSTREAM_WEBHOOK_SECRET`.",
        )
        .with(header("webhook-id", "The event's id."))
        .with(header("webhook-timestamp", "Seconds since 1970; at most five minutes from now."))
        .with(header("webhook-signature", "`v1,<base64>` or `v1a,<base64>`, several separated by spaces."))
        .takes(json!({
            "description": "The event, at most 64 KiB.",
            "required": true,
            "content": { "application/json": { "schema": { "description": "What the video service sends." } } },
        }))
        .answers(204, json!({ "description": "Received." }))
        .fails([Problem::unsigned(), Problem::no_route(), Problem::too_large(MAX_BODY)])
}
