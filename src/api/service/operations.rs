//! What the worker is and what it offers.

use crate::api::openapi::formats::{json_answer, success};
use crate::api::openapi::operation::{Access, Operation};
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::api::service::health::Health;
use crate::api::service::models::Offered;
use crate::api::service::whoami::WhoAmI;
use serde_json::json;

const TAG: &str = "Service";

pub(crate) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    let (health, models, caller) =
        (schemas.of::<Health<'static>>(), schemas.of::<Offered<'static>>(), schemas.of::<WhoAmI<'static>>());
    vec![
        Operation::get("/health", "getHealth")
            .of(TAG, Access::Open)
            .says("Whether it works", "Its settings are whole and its queue answers. No token is needed.")
            .answers(200, json_answer("It works.", &health)),
        Operation::get("/api/models", "listModels")
            .of(TAG, Access::Anyone)
            .says(
                "What can be ordered",
                "The models of the providers that are set up here, with what each takes and costs.",
            )
            .answers(200, success("The models.", "data", &models)),
        Operation::get("/api/whoami", "whoAmI")
            .of(TAG, Access::Anyone)
            .says("What a token is good for", "Whose it is, and whether the operator routes are open to it.")
            .answers(200, success("The caller.", "caller", &caller)),
        upstream_push(),
    ]
}

fn upstream_push() -> Operation {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description, "schema": { "type": "string" },
        })
    };
    Operation::post("/api/webhooks/upstream", "receiveUpstreamWebhook")
        .of("Webhooks", Access::Signed)
        .says(
            "What the video service tells",
            "A webhook of Google's that a render is done, signed after the Standard Webhooks specification. It makes a look at the render come \
             sooner, and nothing else: what it says is not believed. There is nothing at this address unless the worker has \
             `UPSTREAM_WEBHOOK_SECRET`.",
        )
        .with(header("webhook-id", "The event's id."))
        .with(header("webhook-timestamp", "Seconds since 1970; five minutes away from now at most."))
        .with(header("webhook-signature", "`v1,<base64>` or `v1a,<base64>`, several separated by spaces."))
        .takes(json!({
            "description": "The event, at most 64 KiB.",
            "required": true,
            "content": { "application/json": { "schema": { "description": "What the video service sends." } } },
        }))
        .answers(204, json!({ "description": "Heard." }))
        .fails([Problem::unsigned(), Problem::no_route(), Problem::too_large(64 * 1024)])
}
