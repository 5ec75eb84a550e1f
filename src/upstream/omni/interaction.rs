//! Reads the contents of an interaction, at any depth.

use crate::clients::error_body::{ErrorBody, is_empty};
use crate::machine::outcome::Failure;
use crate::upstream::google;
use crate::upstream::google::operation;
use crate::upstream::google::video;
use crate::upstream::google::video::FoundVideo;
use serde_json::{Value, json};

/// Millionths of a US dollar per million tokens of video, from Google's price list of November
/// 2026: $17.50. At 5,792 tokens per second of 720p that is $0.10 per second.
const MICROS_PER_MILLION_TOKENS: u64 = 17_500_000;
/// The contents of the model's own last steps, the last one first. Steps before the user's last
/// input belong to another turn.
fn contents(interaction: &Value) -> impl Iterator<Item = &Value> {
    let steps = interaction
        .get("steps")
        .or_else(|| interaction.get("outputs"))
        .and_then(Value::as_array);
    let steps = steps.map(Vec::as_slice).unwrap_or_default();
    let answers = steps
        .iter()
        .rev()
        .take_while(|step| !is(step, "user_input"));
    answers.flat_map(|step| {
        match step.get("content").and_then(Value::as_array) {
            Some(contents) if is(step, "model_output") => contents.as_slice(),
            // An older version of the API has the contents directly.
            _ => std::slice::from_ref(step),
        }
        .iter()
        .rev()
    })
}

/// The model's text in an answer, if there is any.
pub(super) fn words(interaction: &Value) -> Option<String> {
    let texts = contents(interaction).filter(|content| is(content, "text"));
    let mut texts: Vec<&str> = texts
        .filter_map(|text| text.get("text")?.as_str())
        .collect();
    texts.reverse();
    crate::clients::sentence::clean(&texts.join(" "))
}

/// The last video of the model's own steps, else one elsewhere in the interaction.
pub(super) fn video(interaction: &Value) -> Option<&Value> {
    let is_video = |content: &&Value| is(content, "video") && found(content).is_some();
    let of_steps = contents(interaction).find(is_video);
    let beside = || {
        interaction
            .get("output_video")
            .filter(|video| is_somewhere(video))
    };
    of_steps
        .or_else(beside)
        .or_else(|| video::find(interaction).map(|_| interaction))
}

/// Where a video is.
pub(super) fn found(video: &Value) -> Option<FoundVideo<'_>> {
    let text = |field: &str| {
        video
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let inline = || text("data").map(|_| FoundVideo::Inline);
    text("uri")
        .map(FoundVideo::At)
        .or_else(inline)
        .or_else(|| video::find(video))
}

fn is_somewhere(video: &Value) -> bool {
    ["uri", "data"].iter().any(|field| {
        video
            .get(field)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    })
}

fn is(item: &Value, kind: &str) -> bool {
    item.get("type").and_then(Value::as_str) == Some(kind)
}

/// The cost of the video's tokens, if the answer reports them.
pub(super) fn cost(interaction: &Value) -> Option<u64> {
    let counts = interaction
        .pointer("/usage/output_tokens_by_modality")?
        .as_array()?;
    let is_video = |count: &&Value| {
        count
            .get("modality")
            .and_then(Value::as_str)
            .is_some_and(|modality| modality.eq_ignore_ascii_case("video"))
    };
    let tokens = counts.iter().find(is_video)?.get("tokens")?.as_u64()?;
    tokens
        .checked_mul(MICROS_PER_MILLION_TOKENS)
        .map(|millionths| millionths / 1_000_000)
}

/// Why an interaction failed: the status of its last step that has one, else its errors.
pub(super) fn error(interaction: &Value) -> Option<ErrorBody> {
    let steps = interaction
        .get("steps")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let of_step = steps
        .iter()
        .rev()
        .filter_map(|step| step.get("error"))
        .find(|error| !is_empty(error));
    let of_all = || {
        ["errors", "error"]
            .iter()
            .filter_map(|name| interaction.get(name))
            .find(|error| !is_empty(error))
    };
    of_step
        .or_else(of_all)
        .map(|error| ErrorBody::of(json!({ "error": error })))
}

/// The failure that an interaction reports.
pub(super) fn failed(interaction: &Value) -> Failure {
    if let Some(error) = error(interaction) {
        return operation::failed_operation(&error);
    }
    let sentence = "The video service failed to render the video.";
    google::unavailable(&google::with_words(sentence, words(interaction).as_deref()))
}
