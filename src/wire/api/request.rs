//! The body of `POST /api/generations`: read leniently where the app in use differs from the contract, checked
//! strictly, every bad field named in one answer.

use super::answers::answers;
use super::canonical::fingerprint;
use super::field_error::FieldError;
use super::fields::{Fields, Scope};
use super::identity::{
    GENERATION_ID_RULE, USER_ID_RULE, generation_id_for, idempotency_key, is_generation_id, is_user_id,
    new_generation_id,
};
use super::images::{self, Upload};
use crate::machine::job::{Clarification, MAX_PROMPT, RenderOptions, Request};
use crate::machine::queue::MAX_PRIORITY;
use crate::machine::{DAY, JobKey, Millis, Moment};
use crate::models::{self, Catalogue, Choice, Model, Offence, Wish};
use chrono::DateTime;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The shortest and the longest prompt, in characters.
pub const PROMPT_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=MAX_PROMPT;
/// How far ahead a start may lie.
pub const MAX_START_DELAY: Millis = 30 * DAY;
/// The shortest and the longest time an order may give itself, in milliseconds.
pub const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 1_000..=86_400_000;
/// The longest negative prompt, in characters.
pub const MAX_NEGATIVE_PROMPT: usize = 5_000;
/// The most that `parameters` may hold, in bytes of JSON.
pub const MAX_PARAMETERS: usize = 64 * 1024;
/// The most that `metadata` may hold, in bytes of JSON.
pub const MAX_METADATA: usize = 16 * 1024;
/// The top-level fields that say what is asked for; the others do not make it another request.
const ASKED: [&str; 13] = [
    "prompt",
    "provider",
    "model",
    "priority",
    "parameters",
    "metadata",
    "aspectRatio",
    "aspect_ratio",
    "resolution",
    "quality",
    "startAfter",
    "timeoutMs",
    "confirm",
];

/// What accompanies a body.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    /// For whom the request acts; valid already.
    pub user_id: &'a str,
    /// The `Idempotency-Key` header as it came.
    pub idempotency_key: Option<&'a str>,
    /// Scheme and host under which the app reached this worker, without a final slash.
    pub public_url: &'a str,
    /// What can be asked for.
    pub catalogue: Catalogue<'a>,
    /// Whether the upstream's webhooks are set up, and reach this worker.
    pub pushes: bool,
    pub moment: Moment,
}

/// What a body asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub key: JobKey,
    pub request: Request,
    /// The images of the request, to be put into R2 before the job is made.
    pub uploads: Vec<Upload>,
}

/// The `userId` of a body, if it names one.
pub fn body_user_id(body: &Map<String, Value>) -> Result<Option<&str>, FieldError> {
    match body.get("userId") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(user_id)) if is_user_id(user_id) => Ok(Some(user_id)),
        Some(_) => Err(FieldError::field("/userId", format!("must be {USER_ID_RULE}"))),
    }
}

/// Reads a body into the job it asks for, or names everything that is wrong with it.
pub fn parse(body: &Map<String, Value>, intake: Intake<'_>) -> Result<Parsed, Vec<FieldError>> {
    let mut fields = Fields::new(body);
    let generation_id = generation_id(&mut fields, intake);
    let prompt = prompt(&mut fields);
    let priority = fields
        .whole_number(&[(Scope::Top, "priority"), (Scope::Parameters, "priority")], 0..=u32::from(MAX_PRIORITY))
        .and_then(|priority| u8::try_from(priority).ok())
        .unwrap_or(0);
    let metadata = metadata(&mut fields);
    let start_after = start_after(&mut fields, intake.moment.now);
    let timeout = fields.whole_number(&[(Scope::Top, "timeoutMs")], TIMEOUT_MS).map(Millis::from);
    let confirm = fields.flag(&[(Scope::Top, "confirm")]).unwrap_or(false);
    let parameters = fields.parameters().map(images::without_bytes).unwrap_or_default();
    limit_parameters(&mut fields, &parameters);
    let given = images::read(&mut fields);
    let rendering = rendering(&mut fields, intake.catalogue);
    let errors = fields.into_errors();
    let Some((model, render, price_micros)) = rendering.filter(|_| errors.is_empty()) else { return Err(errors) };
    let key = JobKey::new(intake.user_id, generation_id);
    let fingerprint = fingerprint_of(body);
    let uploads = images::uploads(given, &key, intake.moment.random);
    let request = Request {
        prompt,
        provider: model.provider.to_owned(),
        model: model.id.to_owned(),
        priority,
        parameters,
        render,
        metadata,
        usual_render: model.usual_render_ms,
        price_micros,
        fingerprint,
        public_url: intake.public_url.to_owned(),
        start_after,
        timeout,
        start_timeout: None,
        confirm,
        images: uploads.iter().map(|upload| upload.image.clone()).collect(),
        submits_per_minute: Some(intake.catalogue.submits_per_minute.unwrap_or(model.requests_per_minute)),
        cancellable: model.cancellable,
        told: intake.pushes && model.has_pushes(),
    };
    Ok(Parsed { key, request, uploads })
}

/// Two bodies are the same request when these parts are equal, whatever the order of their keys.
fn fingerprint_of(body: &Map<String, Value>) -> String {
    let asked = body.iter().filter(|(key, value)| ASKED.contains(&key.as_str()) && !value.is_null());
    fingerprint(&asked.map(|(key, value)| (key.as_str(), value)).collect())
}

/// The id: the app's own, or one derived from its idempotency key, or a new one.
fn generation_id(fields: &mut Fields<'_>, intake: Intake<'_>) -> String {
    let key = intake.idempotency_key.and_then(|header| {
        let key = idempotency_key(header);
        if key.is_none() {
            fields.refuse(FieldError::header("Idempotency-Key", "must be a string of 1 to 255 visible characters"));
        }
        key
    });
    let own = fields.text(&[(Scope::Top, "generationId")]).map(str::to_owned);
    if own.as_deref().is_some_and(|own| !is_generation_id(own)) {
        fields.refuse(FieldError::field("/generationId", format!("must be {GENERATION_ID_RULE}")));
    }
    match (own, key) {
        (Some(own), Some(key)) => {
            if own != key {
                let detail = "must be equal when both are given, or one left out: one names the job already";
                fields.refuse(FieldError::field("/generationId", format!("{detail} (see Idempotency-Key)")));
                fields.refuse(FieldError::header("Idempotency-Key", format!("{detail} (see generationId)")));
            }
            own
        }
        (Some(own), None) => own,
        (None, Some(key)) => generation_id_for(intake.user_id, &key),
        (None, None) => new_generation_id(intake.moment),
    }
}

fn prompt(fields: &mut Fields<'_>) -> String {
    let (shortest, longest) = PROMPT_CHARACTERS.into_inner();
    let Some(prompt) = fields.text(&[(Scope::Top, "prompt")]) else {
        fields.require("/prompt", &format!("is required: {shortest} to {longest} characters"));
        return String::new();
    };
    if prompt.trim().chars().count() < shortest || prompt.chars().count() > longest {
        fields.refuse(FieldError::field("/prompt", format!("must have {shortest} to {longest} characters")));
    }
    prompt.to_owned()
}

/// What a user says about a prompt that was refused: `{"prompt": "…"}`, `{"response": "…"}`, or answers to questions.
pub fn clarification(body: &Map<String, Value>) -> Result<Clarification, Vec<FieldError>> {
    if let Some((place, text)) = answers(body).map_err(|error| vec![error])? {
        return answered(body, &place, text).map_err(|error| vec![error]);
    }
    let mut fields = Fields::new(body);
    let response = fields.text(&[(Scope::Top, "response")]).map(str::to_owned);
    let clarification = match response {
        Some(_) if body.get("prompt").is_some_and(|prompt| !prompt.is_null()) => {
            fields.refuse(FieldError::field("/response", "must be left out when there is a prompt"));
            None
        }
        Some(response) => {
            let length = response.chars().count();
            if response.trim().is_empty() || length > MAX_PROMPT {
                fields.refuse(FieldError::field("/response", format!("must have 1 to {MAX_PROMPT} characters")));
            }
            Some(Clarification::Response(response))
        }
        None if body.get("response").is_some_and(|response| !response.is_null()) => None,
        None => Some(Clarification::Prompt(prompt(&mut fields))),
    };
    let errors = fields.into_errors();
    clarification.filter(|_| errors.is_empty()).ok_or(errors)
}

/// Answers are a response; a prompt or a response beside them would leave open which one is meant.
fn answered(body: &Map<String, Value>, place: &str, text: String) -> Result<Clarification, FieldError> {
    if ["prompt", "response"].into_iter().any(|other| body.get(other).is_some_and(|value| !value.is_null())) {
        return Err(FieldError::field(place, "must be left out when there is a prompt or a response"));
    }
    if text.is_empty() || text.chars().count() > MAX_PROMPT {
        return Err(FieldError::field(place, format!("must have answers of 1 to {MAX_PROMPT} characters together")));
    }
    Ok(Clarification::Response(text))
}

/// The response and the prompt before it are too long together.
pub fn response_too_long() -> FieldError {
    FieldError::field("/response", format!("must leave the prompt at most {MAX_PROMPT} characters long"))
}

/// A time as RFC 3339; one that has passed means at once.
fn start_after(fields: &mut Fields<'_>, now: Millis) -> Option<Millis> {
    let text = fields.text(&[(Scope::Top, "startAfter")])?;
    let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis().max(0));
    let at = time.and_then(|time| Millis::try_from(time).ok()).filter(|at| *at <= now + MAX_START_DELAY);
    if at.is_none() {
        let days = MAX_START_DELAY / DAY;
        let detail = format!("must be a time such as 2026-01-01T00:00:00Z, at most {days} days ahead");
        fields.refuse(FieldError::field("/startAfter", detail));
    }
    at.filter(|at| *at > now)
}

fn metadata(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let Some(object) = fields.object("metadata") else { return BTreeMap::new() };
    let mut strings = BTreeMap::new();
    for (key, value) in object {
        match value {
            Value::String(text) => {
                strings.insert(key.clone(), text.clone());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                fields.refuse(FieldError::field(format!("/metadata/{}", pointer_token(key)), "must be a string"));
            }
        }
    }
    if json_length(object) > MAX_METADATA {
        fields.refuse(FieldError::field("/metadata", format!("must be at most {MAX_METADATA} bytes of JSON")));
    }
    strings
}

/// `kept` are the parameters as they are stored.
fn limit_parameters(fields: &mut Fields<'_>, kept: &Map<String, Value>) {
    if json_length(kept) > MAX_PARAMETERS {
        let detail = format!("must be at most {MAX_PARAMETERS} bytes of JSON besides the images");
        fields.refuse(FieldError::field("/parameters", detail));
    }
}

/// The model, what it is asked for and the price in millionths of a US dollar.
fn rendering(fields: &mut Fields<'_>, catalogue: Catalogue<'_>) -> Option<(&'static Model, RenderOptions, u64)> {
    let provider = fields.text(&[(Scope::Top, "provider"), (Scope::Parameters, "provider")]);
    let model = fields.text(&[(Scope::Top, "model"), (Scope::Parameters, "model")]);
    let wish = wish(fields);
    let model = match catalogue.find(provider, model) {
        Ok(model) => model,
        Err(offence) => {
            refuse_choice(fields, &offence);
            return None;
        }
    };
    match models::render_options(model, wish) {
        Ok((render, price)) => Some((model, render, price)),
        Err(offences) => {
            for offence in &offences {
                refuse_choice(fields, offence);
            }
            None
        }
    }
}

const ASPECT_RATIO: [(Scope, &str); 4] = [
    (Scope::Top, "aspectRatio"),
    (Scope::Top, "aspect_ratio"),
    (Scope::Parameters, "aspectRatio"),
    (Scope::Parameters, "aspect_ratio"),
];
const RESOLUTION: [(Scope, &str); 4] = [
    (Scope::Top, "resolution"),
    (Scope::Top, "quality"),
    (Scope::Parameters, "resolution"),
    (Scope::Parameters, "quality"),
];

fn wish(fields: &mut Fields<'_>) -> Wish {
    let (image, last_frame, reference_images) = images::present(fields);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let wish = Wish {
        duration: fields.number_or_numeric(&[(Scope::Parameters, "duration")]),
        aspect_ratio: owned(fields.text(&ASPECT_RATIO)),
        resolution: owned(fields.text(&RESOLUTION)),
        negative_prompt: owned(fields.text(&[(Scope::Parameters, "negativePrompt")])).filter(|text| !text.is_empty()),
        seed: fields.whole_number(&[(Scope::Parameters, "seed")], 0..=u32::MAX),
        person_generation: owned(fields.text(&[(Scope::Parameters, "personGeneration")])),
        audio: fields.flag(&[(Scope::Parameters, "generateAudio")]),
        image,
        last_frame,
        reference_images,
    };
    if wish.negative_prompt.as_ref().is_some_and(|text| text.chars().count() > MAX_NEGATIVE_PROMPT) {
        let detail = format!("must have at most {MAX_NEGATIVE_PROMPT} characters");
        fields.refuse(FieldError::field("/parameters/negativePrompt", detail));
    }
    wish
}

/// Names the field a model objects to as the app wrote it.
fn refuse_choice(fields: &mut Fields<'_>, offence: &Offence) {
    let (places, usual): (&[(Scope, &'static str)], &str) = match offence.choice {
        Choice::Provider => (&[(Scope::Top, "provider"), (Scope::Parameters, "provider")], "/provider"),
        Choice::Model => (&[(Scope::Top, "model"), (Scope::Parameters, "model")], "/model"),
        Choice::Duration => (&[], "/parameters/duration"),
        Choice::AspectRatio => (&ASPECT_RATIO, "/parameters/aspectRatio"),
        Choice::Resolution => (&RESOLUTION, "/parameters/resolution"),
        Choice::NegativePrompt => (&[], "/parameters/negativePrompt"),
        Choice::Seed => (&[], "/parameters/seed"),
        Choice::PersonGeneration => (&[], "/parameters/personGeneration"),
        Choice::Audio => (&[], "/parameters/generateAudio"),
        Choice::Image => (&[], "/parameters/image"),
        Choice::LastFrame => (&[], "/parameters/lastFrame"),
        Choice::ReferenceImages => (&[], "/parameters/referenceImages"),
    };
    let pointer = fields.written(places).unwrap_or_else(|| usual.to_owned());
    let error = FieldError::field(pointer, offence.detail.clone());
    fields.refuse(if offence.retired { error.with_code("model_retired") } else { error });
}

fn json_length(object: &Map<String, Value>) -> usize {
    serde_json::to_string(object).map_or(usize::MAX, |text| text.len())
}

/// A key as a part of a JSON pointer (RFC 6901, section 3).
pub(super) fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
