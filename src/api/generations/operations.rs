//! The description of the routes of generations.

use crate::api::body::MAX_BODY;
use crate::api::field_error::FieldError;
use crate::api::generations::view::refused;
use crate::api::generations::{AcceptedOrder, Changed, GenerationPage, ShownStep};
use crate::api::openapi::formats::{
    EVENT_NUMBER, IDEMPOTENCY_KEY, body_problems, json_answer, json_body, success,
};
use crate::api::openapi::headers;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::parameters;
use crate::api::openapi::schemas::Schemas;
use crate::api::order::schema;
use crate::api::problem::Problem;
use crate::generation::Generation;
use crate::machine::job::Refusal;
use crate::machine::queue::{OverBudget, Whose};
use crate::objects::sse::{StreamedEnd, StreamedProgress, StreamedStep};
use serde_json::{Value, json};

const TAG: &str = "Generations";

pub(crate) fn list(schemas: &mut Schemas) -> Operation {
    Operation::new("listGenerations", TAG)
        .says(
            "List your generations",
            "Newest first. Each entry is as of its last change of status.",
        )
        .with(parameters::status())
        .with(parameters::search())
        .answers_page(&schemas.of::<GenerationPage>())
}

pub(crate) fn create(schemas: &mut Schemas) -> Operation {
    let created = schemas.of::<AcceptedOrder<'static>>();
    let order = schema::order(schemas);
    let order = schemas.add("Order", order);
    let accepted = |description: &str, replayed: bool| {
        let mut answer = json_answer(description, &created);
        answer["headers"]["Location"] = headers::header("Location", true);
        if replayed {
            answer["headers"]["Idempotent-Replayed"] = headers::header("Idempotent-Replayed", true);
        } else {
            answer["links"] = links();
        }
        answer
    };
    Operation::new("createGeneration", TAG)
        .says(
            "Create a generation",
            "The order is durable once it is answered, and waits for a slot. Repeating it with the same `generationId` or `Idempotency-Key` \
             answers 200 and creates no second job. A different order with the same id or key is refused. An order that the model cannot \
             render is refused, with every invalid field named.",
        )
        .with(parameters::optional(
            "header",
            "Idempotency-Key",
            "1 to 255 visible characters, quoted or bare, that identify this order: a repeat returns the same job. If \
             `generationId` is sent too, both must be equal.",
            &json!({ "type": "string", "pattern": IDEMPOTENCY_KEY }),
        ))
        .takes(json_body("The order.", &order, &orders()))
        .answers(201, accepted("A new job.", false))
        .answers(200, accepted("A repeat: the job of the first order, in its current state.", true))
        .fails(body_problems(MAX_BODY))
        .fails([
            Problem::invalid(vec![
                FieldError::field("/prompt", "must have 3 to 5000 characters"),
                FieldError::field("/parameters/duration", "must be one of 4, 6, 8 seconds for veo-3.1-generate-001"),
            ]),
            Problem::invalid(vec![
                FieldError::field("/model", "veo-3.0-generate-001 was retired by its provider on 2026-06-30: ask for veo-3.1-generate-001 instead")
                    .with_code("model_retired"),
            ]),
            over_budget(),
            Problem::idempotency_conflict(),
            Problem::queue_full(30_000),
        ])
}

/// Examples of orders.
fn orders() -> Value {
    json!({
        "short": { "summary": "A prompt is enough", "value": { "prompt": "A paper boat on a calm lake at dawn" } },
        "usual": {
            "summary": "With the app's own id",
            "value": {
                "generationId": "g1",
                "prompt": "A paper boat on a calm lake at dawn",
                "model": "veo-3.1-generate-001",
                "parameters": { "duration": 8, "aspectRatio": "16:9", "resolution": "720p" },
                "metadata": { "project": "boats" },
            },
        },
        "older": {
            "summary": "As older apps send it",
            "value": {
                "prompt": "A paper boat on a calm lake at dawn",
                "parameters": {
                    "priority": 2, "duration": "6", "aspect_ratio": "9:16", "quality": "720P", "conversationId": "c_1",
                },
            },
        },
        "later": {
            "summary": "With confirmation",
            "value": { "prompt": "A paper boat on a calm lake at dawn", "confirm": true, "priority": 5 },
        },
    })
}

/// The operations on a new job.
fn links() -> Value {
    let operations = [
        "getGeneration",
        "cancelGeneration",
        "retryGeneration",
        "confirmGeneration",
        "getTimeline",
        "streamEvents",
        "getVideo",
        "getQueueJob",
        "getStoredVideo",
        "deleteStoredVideo",
        "listGenerationDeliveries",
    ];
    let link = |id: &&str| {
        let link =
            json!({ "operationId": id, "parameters": { "id": "$response.body#/generationId" } });
        ((*id).to_owned(), link)
    };
    Value::Object(operations.iter().map(link).collect())
}

fn over_budget() -> Problem {
    let whose = Whose::User {
        limit_micros: 10_000_000,
        left_micros: 1_600_000,
    };
    Problem::over_budget(
        &OverBudget {
            whose,
            price_micros: 3_200_000,
            resets_at: Some(3_600_000),
        },
        0,
    )
}

pub(crate) fn show(schemas: &mut Schemas) -> Operation {
    Operation::new("getGeneration", TAG)
        .says(
            "Get a generation",
            "Its status, phase, progress, position in the queue, result, costs and links.",
        )
        .answers(
            200,
            success(
                "The generation in its current state.",
                "generation",
                &schemas.of::<Generation>(),
            ),
        )
}

/// An operation that changes the status.
fn change(schemas: &mut Schemas, id: &'static str) -> Operation {
    let changed = schemas.of::<Changed<'static>>();
    Operation::new(id, TAG).answers(
        200,
        json_answer("The generation after the change.", &changed),
    )
}

pub(crate) fn cancel(schemas: &mut Schemas) -> Operation {
    change(schemas, "cancelGeneration")
        .says("Cancel a generation", "Ends it at once, waiting or running. A render in progress is cancelled if the video service supports that.")
        .fails([refused(Refusal::AlreadyEnded)])
}

pub(crate) fn retry(schemas: &mut Schemas) -> Operation {
    change(schemas, "retryGeneration")
        .says(
            "Retry a generation",
            "Starts a new attempt of a failed or cancelled generation, which costs again.",
        )
        .fails([
            refused(Refusal::NotRetryable),
            refused(Refusal::TooManyAttempts),
            refused(Refusal::ImagesGone),
            over_budget(),
        ])
}

pub(crate) fn confirm(schemas: &mut Schemas) -> Operation {
    change(schemas, "confirmGeneration")
        .says(
            "Confirm an order",
            "Queues an order that was made with `confirm: true`. It is charged now. If the budget refuses it, it keeps waiting and can be confirmed later.",
        )
        .fails([
            refused(Refusal::NotConfirmable),
            over_budget(),
        ])
}

pub(crate) fn clarify(schemas: &mut Schemas) -> Operation {
    let clarification = schema::clarification(schemas);
    let clarification = schemas.add("Clarification", clarification);
    let prompts = json!({
        "prompt": { "summary": "Another prompt", "value": { "prompt": "A calm one" } },
        "response": { "summary": "Words to add", "value": { "response": "without people" } },
        "answers": { "summary": "Answers to questions", "value": { "clarificationResponses": { "Which mood?": "calm" } } },
    });
    let too_long = FieldError::field(
        "/response",
        "must have at most 5000 characters together with the prompt",
    );
    change(schemas, "clarifyGeneration")
        .says(
            "Clarify the prompt",
            "Sends another prompt for a generation whose prompt the safety filter refused. Needs `ENABLE_CLARIFICATIONS`.",
        )
        .takes(json_body("Another prompt, or words to add.", &clarification, &prompts))
        .fails(body_problems(MAX_BODY))
        .fails([
            Problem::invalid(vec![too_long]),
            refused(Refusal::NotClarifiable),
            over_budget(),
        ])
}

pub(crate) fn timeline(schemas: &mut Schemas) -> Operation {
    Operation::new("getTimeline", TAG)
        .says(
            "Get the timeline",
            "Every step of every attempt with its time and duration.",
        )
        .answers(
            200,
            success(
                "The steps, oldest first.",
                "timeline",
                &schemas.list_of::<ShownStep<'static>>(),
            ),
        )
}

pub(crate) fn follow(schemas: &mut Schemas) -> Operation {
    let step = schemas.of::<StreamedStep<'static>>();
    let progress = schemas.of::<StreamedProgress>();
    let end = schemas.of::<StreamedEnd>();
    let description = format!(
        "Server-Sent Events. `step` for each entry of the timeline, from the first, with the entry's number as `id`; `progress`, without \
         an id, when it changes; `end` after the last step, and the stream closes. A comment is sent at least every 15 seconds. `data` \
         is JSON with the schema {}, {} or {}. Reconnect with `Last-Event-ID` to continue after the last entry seen.",
        "`StreamedStep`", "`StreamedProgress`", "`StreamedEnd`"
    );
    let number = json!({ "type": "string", "pattern": EVENT_NUMBER });
    let header = "The id of the last entry seen; the stream starts after it.";
    let query = "The same, for callers that cannot set headers. The header takes precedence.";
    Operation::new("streamEvents", TAG)
        .says("Stream live events", description)
        .with(parameters::optional("header", "Last-Event-ID", header, &number))
        .with(parameters::optional("query", "lastEventId", query, &number))
        .answers(
            200,
            json!({
                "description": "The stream.",
                "headers": { "Cache-Control": headers::header("Cache-Control", true) },
                "content": { "text/event-stream": {
                    // The schemas of the whole stream and of one event: OpenAPI 3.1 has one place
                    // for both.
                    "schema": { "oneOf": [
                        { "type": "string", "title": "stream" },
                        event("step", &step, true), event("progress", &progress, false), event("end", &end, false),
                    ] },
                    "example": "id: 1\nevent: step\ndata: {\"step\":\"created\",\"at\":\"2026-01-01T00:00:00.000Z\",\"attempt\":1,\
                        \"status\":\"queued\",\"phase\":\"queued\",\"progress\":0}\n\n",
                } },
            }),
        )
        .answers(204, json!({ "description": "The generation has ended and there are no further events." }))
        .fails([
            Problem::invalid(vec![FieldError::header("Last-Event-ID", "must be the id of an event")]),
            Problem::too_many_streams(10),
        ])
}

/// An event of a stream; only `step` has an id.
fn event(name: &str, data: &Value, numbered: bool) -> Value {
    let mut event = json!({
        "type": "object",
        "title": name,
        "required": ["event", "data"],
        "properties": {
            "event": { "const": name },
            "data": { "type": "string", "contentMediaType": "application/json", "contentSchema": data },
        },
    });
    if numbered {
        event["required"] = json!(["id", "event", "data"]);
        event["properties"]["id"] = json!({ "type": "string", "pattern": "^[0-9]+$" });
    }
    event
}
