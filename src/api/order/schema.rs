//! What an order may hold, as its neighbours read it: written by hand because it is read by hand,
//! with the limits and words from where they are checked.

use crate::api::openapi::formats::{GENERATION_ID, USER_ID};
use crate::api::openapi::schemas::Schemas;
use crate::api::order::images::picture::MAX_IMAGE;
use crate::api::order::names::other_names;
use crate::api::order::prompt::PROMPT_CHARACTERS;
use crate::api::order::rendering::MAX_NEGATIVE_PROMPT;
use crate::api::order::request::{
    MAX_METADATA, MAX_PARAMETERS, MAX_START_DELAY, START_TIMEOUT_MS, TIMEOUT_MS,
};
use crate::machine::job::MAX_PROMPT;
use crate::machine::queue::MAX_PRIORITY;
use crate::models::{MODELS, Model, PROVIDERS};
use crate::time::DAY;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Characters that show nothing: blanks, control characters and invisible ones. Those beyond U+FFFF
/// are left out here, because tools write them in different ways.
macro_rules! invisible {
    () => {
        concat!(
            r"\s\u0000-\u001F\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F",
            r"\u2028-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB"
        )
    };
}
/// Three visible characters.
const SAYS_SOMETHING: &str = concat!("(?:[", invisible!(), "]*[^", invisible!(), "]){3}");
/// A visible character.
const SHOWS_SOMETHING: &str = concat!("[^", invisible!(), "]");
/// Base64 of a file that begins as a PNG does.
const PNG: &str = concat!(
    "^iVBORw0K(?:Ggo=|Gg[opqr][A-Za-z0-9+/](?:[A-Za-z0-9+/]{4})*",
    "(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?)$"
);
/// Base64 of a file that begins as a JPEG does.
const JPEG: &str = concat!(
    "^/9j/(?:[A-Za-z0-9+/]{4})*",
    "(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
);

/// The body of `POST /api/generations`.
pub(crate) fn order(schemas: &mut Schemas) -> Value {
    let (shortest, longest) = PROMPT_CHARACTERS.into_inner();
    let models: BTreeSet<&str> = served().map(|model| model.id).collect();
    let image = schemas.add("OrderImage", image());
    let parameters = schemas.add("OrderParameters", parameters(&image));
    json!({
        "type": "object",
        "description": format!(
            "What an app asks for. Null counts as left out. Every field may also be written in snake_case, and stand beside `prompt` or \
             inside `parameters`. These have further names: {}. `size` (`1280x720`) stands for a resolution and an aspect ratio. Two names \
             of one field must have one value. A field that only other vendors' models have (such as `sampleCount`, `fps` or `imageUrl`) is \
             refused. Any other key is kept, echoed in the generation's `parameters`, and listed in `warnings`.",
            further_names()
        ),
        "required": ["prompt"],
        "properties": {
            "prompt": {
                "type": "string", "minLength": shortest, "maxLength": longest, "pattern": SAYS_SOMETHING,
                "description": "What is to be seen. At least three of its characters must be visible.",
            },
            "generationId": optional(
                json!({ "type": "string", "pattern": GENERATION_ID }),
                "The app's own id. The same id with the same order again is no second job. Without one Reelay makes a UUID.",
            ),
            "userId": optional(
                json!({ "type": "string", "pattern": USER_ID }),
                "For whom a key or an admin orders. A user's own token may only name that user. `X-User-Id` may name them instead.",
            ),
            "provider": optional(
                json!({ "type": "string", "enum": provider_words() }),
                "Who renders; `google` is whoever has the model. `GET /api/models` says who is set up.",
            ),
            "model": optional(
                json!({ "type": "string", "enum": models }),
                "`GET /api/models` says what each takes and costs. An operator may have given old names to models; those count too.",
            ),
            "priority": optional(
                json!({ "type": "integer", "minimum": 0, "maximum": MAX_PRIORITY, "default": 0 }),
                "Each level is a minute's head start.",
            ),
            "parameters": optional(parameters, "How the video is to be."),
            "metadata": optional(
                json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                &format!("Echoed back in answers and webhooks; at most {MAX_METADATA} bytes of JSON."),
            ),
            "startAfter": optional(
                json!({ "type": "string", "format": "date-time" }),
                &format!("Not to be started before this time, which lies {} days ahead at most; one that has passed means at once.",
                    MAX_START_DELAY / DAY),
            ),
            "timeoutMs": optional(
                json!({ "type": "integer", "minimum": TIMEOUT_MS.start(), "maximum": TIMEOUT_MS.end() }),
                "From a start to the end of rendering, in milliseconds; `JOB_TIMEOUT_MS` still counts if it is shorter.",
            ),
            "startTimeoutMs": optional(
                json!({ "type": "integer", "minimum": START_TIMEOUT_MS.start(), "maximum": START_TIMEOUT_MS.end() }),
                "How long it waits to be started at most, in milliseconds from when it joins the line.",
            ),
            "confirm": optional(
                json!({ "type": "boolean", "default": false }),
                "`true`: it waits as `pending_confirmation` and spends nothing until it is confirmed; after a day it fails.",
            ),
        },
    })
}

fn parameters(image: &Value) -> Value {
    let ratios: BTreeSet<&str> = served()
        .flat_map(|model| model.aspect_ratios)
        .copied()
        .collect();
    let people: BTreeSet<&str> = served()
        .flat_map(|model| model.person_generation)
        .copied()
        .collect();
    json!({
        "type": "object",
        "additionalProperties": true,
        "description": format!("Any other key is kept, echoed and listed in `warnings`; at most {MAX_PARAMETERS} bytes of JSON besides the \
            images. Which values a model takes is said by `GET /api/models`: a wish that it cannot grant is refused by name."),
        "properties": {
            "duration": duration(),
            "aspectRatio": optional(json!({ "type": "string", "enum": ratios }), "The model's first one is the default."),
            "resolution": optional(
                json!({ "type": "string", "pattern": resolutions(), "examples": ["720p", "1080p"] }),
                "The model's first one is the default. Some need a duration of their own. `standard` is 720p, `high` 1080p, `ultra` 4k.",
            ),
            "negativePrompt": optional(
                json!({ "type": "string", "maxLength": MAX_NEGATIVE_PROMPT }), "What is not to be seen. An empty one counts as left out.",
            ),
            "seed": optional(json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }), "For a video more like an earlier one."),
            "personGeneration": optional(json!({ "type": "string", "enum": people }), "Whether people may be shown."),
            "generateAudio": optional(
                json!({ "type": "boolean" }), "`false` for a silent video; refused by models that always make sound.",
            ),
            "image": optional(image.clone(), "The first frame. Veo takes it without `referenceImages`."),
            "lastFrame": optional(image.clone(), "The last frame; it needs `image` too, and no `referenceImages`."),
            "referenceImages": optional(
                json!({ "type": "array", "items": image, "maxItems": most_references() }), "What is to appear. Omni takes a first frame with them.",
            ),
            "video": { "type": "null", "description": "No model here takes a video." },
            "mask": { "type": "null", "description": "No model here takes a mask." },
        },
    })
}

/// A number, or a text of it as some apps send it.
fn duration() -> Value {
    let seconds: BTreeSet<u32> = served()
        .flat_map(|model| model.durations)
        .copied()
        .collect();
    let words: Vec<String> = seconds.iter().map(u32::to_string).collect();
    json!({
        "description": "Seconds. A string of the number, such as `8` or `8s`, is taken too.",
        "anyOf": [
            { "type": "integer", "enum": seconds },
            { "type": "string", "pattern": format!("^ *0*(?:{})s? *$", words.join("|")) },
            { "type": "null" },
        ],
    })
}

fn image() -> Value {
    let kind = |mime: &str, pattern: &str| {
        json!({
            "type": "object",
            "title": mime,
            "required": ["mimeType", "data"],
            "properties": {
                "mimeType": { "const": mime },
                "data": { "type": "string", "contentEncoding": "base64", "contentMediaType": mime, "pattern": pattern },
            },
        })
    };
    json!({
        "description": format!("At most {} MiB; with the whole order 10 MiB.", MAX_IMAGE / 1024 / 1024),
        "anyOf": [kind("image/png", PNG), kind("image/jpeg", JPEG)],
    })
}

/// The body of `POST …/clarify`.
pub(crate) fn clarification(schemas: &mut Schemas) -> Value {
    let (shortest, longest) = PROMPT_CHARACTERS.into_inner();
    let answers = json!({
        "type": "object", "minProperties": 1, "additionalProperties": { "type": "string", "pattern": SHOWS_SOMETHING },
        "description": format!("Each question with its answer; with the prompt before them at most {MAX_PROMPT} characters."),
    });
    let answers = schemas.add("ClarificationResponses", answers);
    json!({
        "description": "Another prompt, or words or answers that are added to the one before; one of the three.",
        "anyOf": [
            {
                "type": "object", "title": "Another prompt", "required": ["prompt"],
                "properties": {
                    "prompt": { "type": "string", "minLength": shortest, "maxLength": longest, "pattern": SAYS_SOMETHING },
                    "response": { "type": "null" },
                },
            },
            {
                "type": "object", "title": "Words to add", "required": ["response"],
                "properties": {
                    "response": {
                        "type": "string", "minLength": 1, "maxLength": MAX_PROMPT, "pattern": SHOWS_SOMETHING,
                        "description": format!("With the prompt before it at most {MAX_PROMPT} characters."),
                    },
                    "prompt": { "type": "null" },
                },
            },
            {
                "type": "object", "title": "Answers to questions", "required": ["clarificationResponses"],
                "properties": {
                    "clarificationResponses": answers,
                    "prompt": { "type": "null" },
                    "response": { "type": "null" },
                },
            },
        ],
    })
}

/// Models that are still served.
fn served() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().filter(|model| model.retires_at.is_none())
}

fn provider_words() -> BTreeSet<&'static str> {
    PROVIDERS
        .iter()
        .flat_map(|provider| provider.synonyms.iter().copied().chain([provider.name]))
        .collect()
}

/// Every resolution of any model, in any case of its letters.
fn resolutions() -> String {
    let mut names: BTreeSet<&str> = served()
        .flat_map(|model| model.resolutions)
        .map(|resolution| resolution.name)
        .collect();
    names.extend(["standard", "high", "ultra"]);
    let any_case = |name: &&str| {
        let letters = name.chars().map(|letter| {
            if letter.is_ascii_alphabetic() {
                format!(
                    "[{}{}]",
                    letter.to_ascii_lowercase(),
                    letter.to_ascii_uppercase()
                )
            } else {
                letter.to_string()
            }
        });
        letters.collect::<String>()
    };
    format!(
        "^(?:{})$",
        names.iter().map(any_case).collect::<Vec<_>>().join("|")
    )
}

/// The names of fields besides those of the contract, such as "`duration`: `seconds`".
fn further_names() -> String {
    let row = |(name, others): (&str, &[&str])| {
        let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
        format!("`{name}`: {}", others.join(", "))
    };
    other_names().map(row).collect::<Vec<_>>().join("; ")
}

fn most_references() -> usize {
    served()
        .map(|model| model.inputs.reference_images)
        .max()
        .unwrap_or(0)
}

/// The same or null, which counts as left out.
fn optional(mut schema: Value, description: &str) -> Value {
    match schema
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
    {
        Some(kind) if schema.get("enum").is_none() => schema["type"] = json!([kind, "null"]),
        // Of an enumeration or a schema with a name, null is no part.
        _ => schema = json!({ "anyOf": [schema, { "type": "null" }] }),
    }
    schema["description"] = json!(description);
    schema
}
