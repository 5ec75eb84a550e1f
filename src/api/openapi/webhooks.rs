//! The webhooks that Reelay sends to the app: one request for each event.

use crate::api::openapi::schemas::Schemas;
use crate::machine::alerts::{AlertBody, AlertKind, AlertPolicy, Alerts, Figures, ShutUpstream};
use crate::machine::delivery::EventKind;
use crate::time::{MINUTE, Moment};
use crate::webhooks::event::EventBody;
use crate::webhooks::test_event::{EVENT, TestBody, compose};
use serde_json::{Map, Value, json};

/// The name of the messages about alerts.
const ALERT: &str = "alert";
/// When the examples were made.
const EXAMPLE: Moment = Moment {
    now: 1_767_225_600_000,
    random: 0,
};

/// The document's `webhooks`.
pub(crate) fn all(schemas: &mut Schemas) -> Map<String, Value> {
    let body = schemas.of::<EventBody<'static>>();
    let mut all: Map<String, Value> = EventKind::ALL
        .into_iter()
        .map(|kind| {
            let schema = json!({ "allOf": [body, { "properties": { "event": { "const": kind.as_str() } } }] });
            let chosen = "`WEBHOOK_EVENTS` chooses which events are sent.";
            (
                kind.as_str().to_owned(),
                json!({ "post": request(kind.as_str(), told(kind), chosen, &schema, &example(kind)) }),
            )
        })
        .collect();
    let schema = schemas.of::<TestBody>();
    let body = json!({ "allOf": [schema, { "properties": { "event": { "const": EVENT } } }] });
    let summary = (
        "Test webhook",
        "Sent once when an operator requests it (`POST /api/webhooks/test`). It belongs to no generation.",
    );
    let test = request(
        EVENT,
        summary,
        "The test event is never retried.",
        &body,
        &test_example(),
    );
    all.insert(EVENT.to_owned(), json!({ "post": test }));
    let alert = alert(&schemas.of::<AlertBody<'static>>());
    all.insert(ALERT.to_owned(), json!({ "post": alert }));
    all
}

/// A message about an alert, to the receiver of alerts.
fn alert(schema: &Value) -> Value {
    json!({
        "operationId": ALERT,
        "tags": ["Webhooks"],
        "summary": "An alert fires or is resolved",
        "description": "Sent when an alert fires, and when it is resolved. Posted to `ALERT_WEBHOOK_URL`, according to the Standard Webhooks \
            specification. Any result other than a 2xx within 15 seconds is retried for 8 hours, with the same `webhook-id` and the same bytes. \
            410 ends the attempts at once. Redirects are not followed. `ALERT_KINDS` chooses which alerts fire.",
        "security": [],
        "parameters": headers("ALERT_WEBHOOK_SECRET"),
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": schema, "example": alert_example() } },
        },
        "responses": responses(),
    })
}

fn request(
    event: &str,
    (summary, when): (&str, &str),
    how: &str,
    schema: &Value,
    example: &Value,
) -> Value {
    json!({
        "operationId": event,
        "tags": ["Webhooks"],
        "summary": summary,
        "description": format!("{when} Posted to `WEBHOOK_URL`, or else to `{{NEXTJS_URL}}/api/webhooks/worker`, according to the Standard Webhooks \
            specification. Any result other than a 2xx within 15 seconds is retried for 27 hours, with the same `webhook-id` and the same bytes. \
            410 ends the attempts at once. Redirects are not followed. {how}"),
        // Reelay sends no token: the signature authenticates the request.
        "security": [],
        "parameters": headers("WEBHOOK_SECRET"),
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": schema,
                "example": example,
            } },
        },
        "responses": responses(),
    })
}

/// The headers of Standard Webhooks; `secret` is the variable with the key.
fn headers(secret: &str) -> Value {
    let signature = format!(
        "`v1,<base64>` of the HMAC-SHA256 of `{{webhook-id}}.{{webhook-timestamp}}.{{raw body}}`, keyed with the base64 after `whsec_` in \
         `{secret}`. Several, separated by spaces, while a secret is replaced."
    );
    json!([
        header(
            "webhook-id",
            "The event's id, the same on every attempt: use it to drop duplicates.",
            &json!({ "type": "string", "pattern": "^msg_" })
        ),
        header(
            "webhook-timestamp",
            "When this attempt was made, in seconds since 1970.",
            &json!({ "type": "integer", "minimum": 0 })
        ),
        header(
            "webhook-signature",
            &signature,
            &json!({ "type": "string", "pattern": "^v1,[A-Za-z0-9+/]+=*( v1,[A-Za-z0-9+/]+=*)*$" })
        ),
    ])
}

fn responses() -> Value {
    json!({ "2XX": { "description": "Accepted." }, "410": { "description": "Refused permanently; no further attempts." } })
}

fn header(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "header", "required": true, "description": description, "schema": schema })
}

/// The heading of an event, and when it is sent.
fn told(kind: EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::Started => (
            "An attempt started",
            "Sent when an attempt starts. Off by default.",
        ),
        EventKind::Progress => (
            "A render progressed",
            "Sent when a render enters its next phase. Off by default.",
        ),
        EventKind::PendingClarification => (
            "Another prompt is needed",
            "Sent when the safety filter refused the prompt. Another prompt may be sent within a day.",
        ),
        EventKind::Completed => (
            "The video is ready",
            "Sent when the video is stored; `result` has its URL.",
        ),
        EventKind::Failed => (
            "The generation failed",
            "Sent when the generation ended without a video; `error` and `errorCode` say why.",
        ),
        EventKind::Cancelled => (
            "The generation was cancelled",
            "Sent when the generation is cancelled.",
        ),
    }
}

fn example(kind: EventKind) -> Value {
    let (status, progress) = match kind {
        EventKind::Started => ("processing", 5),
        EventKind::Progress => ("processing", 60),
        EventKind::PendingClarification => ("pending_clarification", 0),
        EventKind::Completed => ("completed", 100),
        EventKind::Failed => ("failed", 0),
        EventKind::Cancelled => ("cancelled", 0),
    };
    let mut body = json!({
        "event": kind.as_str(), "jobId": "g1", "generationId": "g1", "userId": "u_1", "status": status, "progress": progress,
        "attempt": 1, "timestamp": "2026-01-01T00:00:00.000Z", "sequence": 1, "metadata": {},
    });
    if kind == EventKind::Completed {
        body["cost"] = json!(3.2);
        body["result"] = json!({
            "videoUrl": "https://reelay.example/api/generations/g1/video?user=u_1&expires=1767229200&signature=…",
            "duration": 8, "fileSize": 4_012_345, "resolution": "720p", "format": "mp4", "processingTime": 61_234, "cost": 3.2,
        });
    }
    if kind == EventKind::Failed {
        body["error"] = json!("The video was not rendered in time.");
        body["errorCode"] = json!("deadline_exceeded");
    }
    body
}

fn test_example() -> Value {
    let (_, body) = compose(EXAMPLE);
    serde_json::from_str(&body).unwrap_or_default()
}

/// The message that a video service accepts no submits.
fn alert_example() -> Value {
    let policy = AlertPolicy {
        kinds: AlertKind::ALL.into_iter().collect(),
        has_receiver: true,
        ..AlertPolicy::OFF
    };
    let shut = ShutUpstream {
        upstream: "veo3/veo-3.1-generate-001".to_owned(),
        since: EXAMPLE.now - 6 * MINUTE,
    };
    let figures = Figures {
        shut: vec![shut],
        ..Figures::default()
    };
    let mut alerts = Alerts::default();
    alerts.check(&figures, &policy, EXAMPLE);
    let body = alerts.messages().first().map(|message| &message.body);
    body.and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or_default()
}
