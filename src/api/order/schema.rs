//! The schema of an order, made from the table of its fields. The limits come from where they are
//! checked.

use crate::api::openapi::formats::{GENERATION_ID, USER_ID};
use crate::api::openapi::schemas::Schemas;
use crate::api::order::field::{Field, Home, Shape, TABLE};
use crate::api::order::images::picture::MAX_IMAGE;
use crate::api::order::names::other_names;
use crate::api::order::prompt::PROMPT_CHARACTERS;
use crate::api::order::request::{MAX_METADATA, MAX_PARAMETERS, MAX_START_DELAY};
use crate::machine::job::MAX_PROMPT;
use crate::models::{MODELS, Model, PROVIDERS};
use crate::time::DAY;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// White space, control characters and invisible characters. Those beyond U+FFFF are left out,
/// because tools write them in different ways.
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
/// Base64 of a file that begins like a PNG.
const PNG: &str = concat!(
    "^iVBORw0K(?:Ggo=|Gg[opqr][A-Za-z0-9+/](?:[A-Za-z0-9+/]{4})*",
    "(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?)$"
);
/// Base64 of a file that begins like a JPEG.
const JPEG: &str = concat!(
    "^/9j/(?:[A-Za-z0-9+/]{4})*",
    "(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
);

/// The body of `POST /api/generations`.
pub(crate) fn order(schemas: &mut Schemas) -> Value {
    let image = schemas.add("OrderImage", image());
    let parameters = schemas.add("OrderParameters", parameters(&image));
    let mut properties = described(Home::Order, &image);
    let mut parameters = optional(parameters);
    parameters["description"] = json!("The parameters of the video.");
    properties.insert("parameters".to_owned(), parameters);
    json!({
        "type": "object",
        "description": format!(
            "An order. Null counts as absent. Every field may also be written in snake_case, beside `prompt` or inside `parameters`. These \
             fields have further names: {}. `size` (`1280x720`) sets the resolution and the aspect ratio. A field that is sent under two names \
             must have one value. A field that only other vendors' models have (such as `sampleCount`, `fps` or `imageUrl`) is refused. Any \
             other key is stored, echoed in the generation's `parameters`, and listed in `warnings`.",
            further_names()
        ),
        "required": ["prompt"],
        "properties": properties,
    })
}

fn parameters(image: &Value) -> Value {
    let mut properties = described(Home::Parameters, image);
    for none in ["video", "mask"] {
        let description = format!("No model accepts a {none}.");
        properties.insert(
            none.to_owned(),
            json!({ "type": "null", "description": description }),
        );
    }
    json!({
        "type": "object",
        "additionalProperties": true,
        "description": format!("Any other key is stored, echoed and listed in `warnings`. At most {MAX_PARAMETERS} bytes of JSON, without the \
            images. `GET /api/models` lists the values that each model accepts; an unsupported value is refused."),
        "properties": properties,
    })
}

/// The fields of the table with this home.
fn described(home: Home, image: &Value) -> Map<String, Value> {
    let rows = TABLE.iter().filter(|row| row.home == home);
    rows.filter_map(|row| {
        let mut schema = shape(row.shape, image)?;
        if row.field != Field::Prompt {
            schema = optional(schema);
        }
        if let Some(default) = default(row.field) {
            schema["default"] = default;
        }
        schema["description"] = json!(row.says.replace("{}", &limit(row.shape)));
        Some((row.name.to_owned(), schema))
    })
    .collect()
}

/// The default of a field, if it does not depend on the model.
fn default(field: Field) -> Option<Value> {
    if field == Field::Priority {
        Some(json!(0))
    } else {
        (field == Field::Confirm).then_some(json!(false))
    }
}

/// The number in the text of a field with this shape.
fn limit(shape: Shape) -> String {
    if shape == Shape::Texts {
        MAX_METADATA.to_string()
    } else {
        (MAX_START_DELAY / DAY).to_string()
    }
}

fn shape(shape: Shape, image: &Value) -> Option<Value> {
    let (shortest, longest) = PROMPT_CHARACTERS.into_inner();
    Some(match shape {
        Shape::GenerationId => json!({ "type": "string", "pattern": GENERATION_ID }),
        Shape::UserId => json!({ "type": "string", "pattern": USER_ID }),
        Shape::Prompt => {
            json!({ "type": "string", "minLength": shortest, "maxLength": longest, "pattern": SAYS_SOMETHING })
        }
        Shape::Provider => one_of(provider_words()),
        Shape::Model => one_of(served().map(|model| model.id)),
        Shape::Text(longest) => json!({ "type": "string", "maxLength": longest }),
        Shape::AspectRatio => one_of(served().flat_map(|model| model.aspect_ratios).copied()),
        Shape::Resolution => {
            json!({ "type": "string", "pattern": resolutions(), "examples": ["720p", "1080p"] })
        }
        Shape::PersonGeneration => {
            one_of(served().flat_map(|model| model.person_generation).copied())
        }
        Shape::Whole { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Seconds => seconds(),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Time => json!({ "type": "string", "format": "date-time" }),
        Shape::Texts => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Shape::Image => image.clone(),
        Shape::Images => {
            json!({ "type": "array", "items": image, "maxItems": most_references() })
        }
        Shape::Undescribed => return None,
    })
}

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<BTreeSet<_>>() })
}

/// A number, or a string of it as some apps send it.
fn seconds() -> Value {
    let seconds: BTreeSet<u32> = served()
        .flat_map(|model| model.durations)
        .copied()
        .collect();
    let words: Vec<String> = seconds.iter().map(u32::to_string).collect();
    json!({
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
        "description": format!("At most {} MiB; the whole order at most 10 MiB.", MAX_IMAGE / 1024 / 1024),
        "anyOf": [kind("image/png", PNG), kind("image/jpeg", JPEG)],
    })
}

/// The body of `POST …/clarify`.
pub(crate) fn clarification(schemas: &mut Schemas) -> Value {
    let (shortest, longest) = PROMPT_CHARACTERS.into_inner();
    let answers = json!({
        "type": "object", "minProperties": 1, "additionalProperties": { "type": "string", "pattern": SHOWS_SOMETHING },
        "description": format!("Each question with its answer; together with the previous prompt at most {MAX_PROMPT} characters."),
    });
    let answers = schemas.add("ClarificationResponses", answers);
    json!({
        "description": "Exactly one of: another prompt, words to add to the previous prompt, or answers to questions.",
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
                        "description": format!("Together with the previous prompt at most {MAX_PROMPT} characters."),
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

/// Every resolution of any model, in upper or lower case.
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

/// The fields with their further names, such as "`duration`: `seconds`".
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

/// The same or null, which counts as absent.
fn optional(mut schema: Value) -> Value {
    if schema.get("type").is_none() && schema.get("anyOf").is_some() {
        return schema;
    }
    match schema
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
    {
        Some(kind) if schema.get("enum").is_none() => schema["type"] = json!([kind, "null"]),
        // An enumeration or a named schema does not include null.
        _ => schema = json!({ "anyOf": [schema, { "type": "null" }] }),
    }
    schema
}
