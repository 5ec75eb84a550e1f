//! What the Interactions API accepts for a video, and its messages for the rest.

use serde_json::Value;

use crate::ledger::seconds;
use crate::wire::checks::{
    Invalid, check_webhooks, invalid, is_base64, known, of_type, unsupported,
};

/// The models served here, and the longest video of each in seconds.
const MODELS: [(&str, u64); 2] = [("gemini-omni-1.2-flash", 15), ("gemini-omni-1.1-flash", 10)];
/// A retired model.
const RETIRED: &str = "gemini-omni-flash-preview";
const MIN_SECONDS: u64 = 3;
/// The longest video between a first and a last frame, in seconds.
const MAX_BETWEEN_FRAMES: u64 = 10;
const MAX_REFERENCES: usize = 6;
/// All names in a request for a model, as the SDK knows them.
const FIELDS: [&str; 16] = [
    "model",
    "background",
    "cached_content",
    "environment",
    "generation_config",
    "input",
    "labels",
    "previous_interaction_id",
    "response_format",
    "response_modalities",
    "service_tier",
    "store",
    "stream",
    "system_instruction",
    "tools",
    "webhook_config",
];
/// The names that do not apply to a video.
const NOT_FOR_VIDEO: [&str; 4] = [
    "cached_content",
    "environment",
    "tools",
    "system_instruction",
];
const TASKS: [&str; 6] = [
    "text_to_video",
    "image_to_video",
    "reference_to_video",
    "edit",
    "extend",
    "upscale",
];
const FORMAT_FIELDS: [&str; 5] = ["type", "aspect_ratio", "resolution", "duration", "delivery"];

/// The text of an input, which identifies the job here.
pub(super) fn prompt_of(body: &Value) -> String {
    let input = &body["input"];
    if let Some(text) = input.as_str() {
        return text.to_owned();
    }
    let texts = contents(input).filter(|content| content["type"] == "text");
    texts
        .filter_map(|content| content["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// All content of all steps of an input.
fn contents(input: &Value) -> impl Iterator<Item = &Value> {
    let steps = input.as_array().into_iter().flatten();
    steps.flat_map(|step| step["content"].as_array().into_iter().flatten())
}

/// Checks that a model can be called.
pub(super) fn check_model(model: &str) -> Result<(), Invalid> {
    if MODELS.iter().any(|(known, _)| *known == model) {
        return Ok(());
    }
    let message = if model == RETIRED || model.contains("retired") {
        format!(
            "This model models/{model} is no longer available. Please update your code to use a newer model for the \
             latest features and improvements."
        )
    } else {
        format!(
            "models/{model} is not found for API version v1, or is not supported for createInteraction. Call \
             ListModels to see the list of available models and their supported methods."
        )
    };
    Err(Invalid {
        status: 404,
        message,
    })
}

/// Checks a request's body for a model.
pub(super) fn check_body(model: &str, body: &Value) -> Result<(), Invalid> {
    known(body, "", &FIELDS)?;
    if let Some(name) = NOT_FOR_VIDEO.iter().find(|name| body.get(**name).is_some()) {
        return Err(unsupported(name));
    }
    for name in ["background", "store", "stream"] {
        of_type(body, name, "bool", Value::is_boolean)?;
    }
    if body["stream"] == true {
        return Err(unsupported("stream"));
    }
    if body["background"] != true {
        return Err(invalid(
            "Video generation takes long: `background` must be set to true.",
        ));
    }
    if body["store"] == false {
        return Err(invalid("`store` must be true when `background` is true."));
    }
    of_type(body, "previous_interaction_id", "string", Value::is_string)?;
    let texts = |labels: &Value| {
        labels
            .as_object()
            .is_some_and(|labels| labels.values().all(Value::is_string))
    };
    of_type(body, "labels", "string", texts)?;
    check_webhooks(&body["webhook_config"])?;
    check_formats(model, &body["response_format"])?;
    check_input(&body["input"])?;
    check_config(body)
}

/// One format, alone or in a list, which must be that of a video.
fn check_formats(model: &str, formats: &Value) -> Result<(), Invalid> {
    let format = match formats.as_array().map(Vec::as_slice) {
        None => formats,
        Some([format]) => format,
        Some(_) => {
            return Err(invalid(
                "Exactly one response_format is supported for video.",
            ));
        }
    };
    if format["type"] != "video" {
        return Err(invalid(
            "`response_format.type` must be \"video\" for this model.",
        ));
    }
    known(format, "response_format", &FORMAT_FIELDS)?;
    one_of(format, "aspect_ratio", &["16:9", "9:16"])?;
    one_of(format, "resolution", &["360p", "720p", "1080p", "4k"])?;
    one_of(format, "delivery", &["inline", "uri"])?;
    let most = MODELS
        .iter()
        .find(|(known, _)| *known == model)
        .map_or(0, |(_, most)| *most);
    match format.get("duration") {
        None => Ok(()),
        Some(duration) => match duration.as_str().and_then(seconds) {
            Some(seconds) if (MIN_SECONDS..=most).contains(&seconds) => Ok(()),
            Some(_) => Err(invalid(format!(
                "Invalid duration {duration}: {model} makes videos of {MIN_SECONDS}s to {most}s."
            ))),
            None => Err(invalid(format!(
                "Invalid value at 'response_format.duration' (type.googleapis.com/google.protobuf.Duration), {duration}"
            ))),
        },
    }
}

fn check_input(input: &Value) -> Result<(), Invalid> {
    if input.as_str().is_some_and(|text| !text.trim().is_empty()) {
        return Ok(());
    }
    let steps = input.as_array().map(Vec::as_slice).unwrap_or_default();
    for step in steps {
        known(step, "input", &["type", "content"])?;
    }
    let well_made = |step: &Value| step["type"] == "user_input" && step["content"].is_array();
    if steps.is_empty() || !steps.iter().all(well_made) {
        return Err(invalid(
            "`input` must be a text or a list of user_input steps.",
        ));
    }
    contents(input).try_for_each(check_content)
}

fn check_content(content: &Value) -> Result<(), Invalid> {
    let kinds: &[&str] = match content["type"].as_str() {
        Some("text") => {
            known(content, "input.content", &["type", "text"])?;
            if content["text"].is_string() {
                return Ok(());
            }
            return Err(invalid(
                "Invalid value at 'input.content.text' (TYPE_STRING)",
            ));
        }
        Some("image") => &["image/png", "image/jpeg", "image/webp"],
        Some("video") => &["video/mp4"],
        _ => {
            return Err(invalid(
                "The `type` of content must be text, image or video.",
            ));
        }
    };
    known(
        content,
        "input.content",
        &["type", "data", "uri", "mime_type"],
    )?;
    if !content["mime_type"]
        .as_str()
        .is_some_and(|kind| kinds.contains(&kind))
    {
        return Err(invalid(format!(
            "Unsupported `mime_type` {}, supported are {kinds:?}.",
            content["mime_type"]
        )));
    }
    match (content.get("data"), content.get("uri")) {
        (Some(data), None) if data.as_str().is_some_and(is_base64) => Ok(()),
        (Some(_), None) => Err(invalid(
            "Invalid value at 'input.content.data' (TYPE_BYTES)",
        )),
        (None, Some(uri)) if uri.as_str().is_some_and(|uri| uri.starts_with("https://")) => Ok(()),
        _ => Err(invalid("Content needs exactly one of `data` and `uri`.")),
    }
}

/// The seed, and a task that fits the input.
fn check_config(body: &Value) -> Result<(), Invalid> {
    let config = &body["generation_config"];
    if config.is_null() {
        return Ok(());
    }
    known(config, "generation_config", &["seed", "video_config"])?;
    of_type(config, "seed", "int32", |seed| {
        seed.as_i64()
            .is_some_and(|seed| i32::try_from(seed).is_ok())
    })?;
    let video = &config["video_config"];
    if video.is_null() {
        return Ok(());
    }
    known(video, "generation_config.video_config", &["task"])?;
    one_of(video, "task", &TASKS)?;
    let count = |kind: &str| {
        contents(&body["input"])
            .filter(|content| content["type"] == kind)
            .count()
    };
    let (images, videos) = (count("image"), count("video"));
    let earlier = body.get("previous_interaction_id").is_some();
    let fits = match video["task"].as_str() {
        Some("text_to_video") => images == 0 && videos == 0,
        // A first frame, then optionally a last frame; never references.
        Some("image_to_video") => (1..=2).contains(&images) && videos == 0,
        Some("reference_to_video") => (1..=MAX_REFERENCES).contains(&images),
        Some(_) => videos > 0 || earlier,
        None => true,
    };
    let format = body["response_format"]
        .get(0)
        .unwrap_or(&body["response_format"]);
    let length = format["duration"].as_str().and_then(seconds);
    if video["task"] == "image_to_video"
        && images == 2
        && length.is_some_and(|length| length > MAX_BETWEEN_FRAMES)
    {
        return Err(invalid(format!(
            "A video between two frames lasts {MAX_BETWEEN_FRAMES}s at most."
        )));
    }
    if fits {
        Ok(())
    } else {
        Err(invalid(format!(
            "The input does not fit the task {}.",
            video["task"]
        )))
    }
}

fn one_of(object: &Value, name: &str, words: &[&str]) -> Result<(), Invalid> {
    match object.get(name) {
        Some(value) if !value.as_str().is_some_and(|word| words.contains(&word)) => Err(invalid(
            format!("Invalid value for `{name}`: {value}. Supported values are {words:?}."),
        )),
        _ => Ok(()),
    }
}
