//! The body of `POST /api/generations`. The parser accepts the field names of existing apps, checks
//! all values strictly, and reports every invalid field in one answer.

use crate::api::field_error::FieldError;
use crate::api::order::canonical::fingerprint;
use crate::api::order::field::Field;
use crate::api::order::fields::Fields;
use crate::api::order::images;
use crate::api::order::images::Given;
use crate::api::order::prompt::{PROMPT_CHARACTERS, check_prompt};
use crate::api::order::rendering::rendering;
use crate::api::order::spelling::pointer_token;
use crate::dispatch::Submission;
use crate::ids::JobKey;
use crate::ids::{
    GENERATION_ID_RULE, USER_ID_RULE, generation_id_for, idempotency_key, is_generation_id,
    is_user_id, new_generation_id,
};
use crate::machine::job::{ModelTerms, Order, Origin, Request};
use crate::machine::queue::MAX_PRIORITY;
use crate::models::Catalogue;
use crate::time::{DAY, Millis, Moment};
use chrono::DateTime;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The maximum time from now to `startAfter`.
pub const MAX_START_DELAY: Millis = 30 * DAY;
/// The maximum size of `parameters`, in bytes of JSON.
pub const MAX_PARAMETERS: usize = 64 * 1024;
/// The maximum size of `metadata`, in bytes of JSON.
pub const MAX_METADATA: usize = 16 * 1024;

/// The context of a body.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    /// The user the request acts for; already validated.
    pub user_id: &'a str,
    /// The highest priority that the caller may order.
    pub max_priority: u8,
    /// The `Idempotency-Key` header, as received.
    pub idempotency_key: Option<&'a str>,
    /// The address under which the app reaches this worker, without a final slash.
    pub public_url: &'a str,
    /// The models that can be ordered.
    pub catalogue: Catalogue<'a>,
    /// Whether the upstream's webhooks are configured and can reach this worker.
    pub webhooks: bool,
    /// `START_TIMEOUT_MS`, the operator's limit of the time in the queue.
    pub start_timeout: Option<Millis>,
    pub moment: Moment,
}

/// The `userId` of a body, if it names one.
pub fn body_user_id(body: &Map<String, Value>) -> Result<Option<String>, FieldError> {
    let mut fields = Fields::new(body);
    let pointer = fields.pointer(Field::UserId);
    let user_id = fields.text(Field::UserId);
    if let Some(error) = fields
        .into_errors()
        .into_iter()
        .find(|error| error.name() == pointer)
    {
        return Err(error);
    }
    match user_id {
        Some(user_id) if !is_user_id(&user_id) => Err(FieldError::field(
            pointer,
            format!("must be {USER_ID_RULE}"),
        )),
        user_id => Ok(user_id),
    }
}

/// Parses a body into the submission of a job, or returns all its errors.
pub fn parse(body: &Map<String, Value>, intake: Intake<'_>) -> Result<Submission, Vec<FieldError>> {
    let mut fields = Fields::new(body);
    let generation_id = generation_id(&mut fields, intake);
    let prompt = prompt(&mut fields);
    let priority = priority(&mut fields, intake.max_priority);
    let metadata = metadata(&mut fields);
    let start_after = start_after(&mut fields, intake.moment.now);
    let timeout = fields.whole_number(Field::TimeoutMs).map(Millis::from);
    let start_timeout = fields.whole_number(Field::StartTimeoutMs).map(Millis::from);
    // An order may shorten the operator's limit, but not extend it.
    let start_timeout = start_timeout.into_iter().chain(intake.start_timeout).min();
    let confirm = fields.flag(Field::Confirm).unwrap_or(false);
    require_video(&mut fields);
    let given = images::read(&mut fields);
    let parameters = images::shown_parameters(&fields);
    limit_parameters(&mut fields, &parameters, body);
    let rendering = rendering(&mut fields, intake.catalogue);
    let (fingerprint, warnings) = (fingerprint_of(&fields, &given), fields.warnings());
    let errors = fields.into_errors();
    let Some((model, render, price_micros)) = rendering.filter(|_| errors.is_empty()) else {
        return Err(errors);
    };
    let key = JobKey::new(intake.user_id, generation_id);
    let uploads = images::uploads(given, &key, intake.moment.random);
    let order = Order {
        prompt,
        parameters,
        render,
        images: uploads.iter().map(|upload| upload.image.clone()).collect(),
        metadata,
        priority,
        start_after,
        start_timeout,
        timeout,
        confirm,
    };
    let terms = ModelTerms {
        provider: model.provider.to_owned(),
        model: model.id.to_owned(),
        usual_render: model.usual_render_ms,
        price_micros,
        submits_per_minute: Some(
            intake
                .catalogue
                .submits_per_minute
                .unwrap_or(model.requests_per_minute),
        ),
        cancellable: model.cancellable,
        wants_webhook: intake.webhooks && model.has_webhooks(),
    };
    let origin = Origin {
        public_url: intake.public_url.to_owned(),
        fingerprint,
        warnings,
    };
    Ok(Submission {
        key,
        request: Request {
            order,
            terms,
            origin,
        },
        uploads,
    })
}

/// Two bodies are the same request if their fields are equal, whatever their names, places and
/// order. Unknown keys count only inside `parameters`.
fn fingerprint_of(fields: &Fields<'_>, given: &[Given]) -> String {
    let asked = fields
        .all()
        .filter(|(field, _)| field.is_asked() && !field.holds_images());
    let mut parts: BTreeMap<&str, Cow<'_, Value>> = asked
        .map(|(field, value)| (field.name(), Cow::Borrowed(value)))
        .collect();
    if !given.is_empty() {
        parts.insert(
            "images",
            Cow::Owned(given.iter().map(Given::digest).collect()),
        );
    }
    if !fields.unknown().is_empty() {
        parts.insert("parameters", Cow::Owned(json!(fields.unknown())));
    }
    fingerprint(&parts)
}

/// The id: the app's own, one derived from its idempotency key, or a new one.
fn generation_id(fields: &mut Fields<'_>, intake: Intake<'_>) -> String {
    let key = intake.idempotency_key.and_then(|header| {
        let key = idempotency_key(header);
        if key.is_none() {
            fields.refuse(FieldError::header(
                "Idempotency-Key",
                "must be a string of 1 to 255 visible characters",
            ));
        }
        key
    });
    let own = fields.text(Field::GenerationId);
    let pointer = fields.pointer(Field::GenerationId);
    if own.as_deref().is_some_and(|own| !is_generation_id(own)) {
        fields.refuse(FieldError::field(
            pointer.clone(),
            format!("must be {GENERATION_ID_RULE}"),
        ));
    }
    match (own, key) {
        (Some(own), Some(key)) => {
            if own != key {
                let detail = "must be equal when both are given: either one identifies the job";
                fields.refuse(FieldError::field(
                    pointer,
                    format!("{detail} (see Idempotency-Key)"),
                ));
                fields.refuse(FieldError::header(
                    "Idempotency-Key",
                    format!("{detail} (see generationId)"),
                ));
            }
            own
        }
        (Some(own), None) => own,
        (None, Some(key)) => generation_id_for(intake.user_id, &key),
        (None, None) => new_generation_id(intake.moment),
    }
}

/// The priority, at most `most`.
fn priority(fields: &mut Fields<'_>, most: u8) -> u8 {
    let asked = fields.whole_number(Field::Priority).unwrap_or(0);
    let asked = u8::try_from(asked).unwrap_or(MAX_PRIORITY);
    if asked > most {
        let detail = format!(
            "must be at most {most} with this token; MAX_USER_PRIORITY or the token's claim \
             maxPriority sets the limit"
        );
        fields.refuse(FieldError::field(fields.pointer(Field::Priority), detail));
    }
    asked
}

fn prompt(fields: &mut Fields<'_>) -> String {
    let (fewest, most) = PROMPT_CHARACTERS.into_inner();
    let Some(prompt) = fields.text(Field::Prompt) else {
        fields.require(
            Field::Prompt,
            &format!("is required: {fewest} to {most} characters"),
        );
        return String::new();
    };
    if let Some(wrong) = check_prompt(&prompt) {
        fields.refuse(FieldError::field(fields.pointer(Field::Prompt), wrong));
    }
    prompt
}

/// Existing apps send a `type`; only `video` is accepted.
fn require_video(fields: &mut Fields<'_>) {
    if fields.text(Field::Type).is_some_and(|kind| kind != "video") {
        fields.refuse(FieldError::field(
            fields.pointer(Field::Type),
            "must be \"video\": Reelay makes only videos",
        ));
    }
}

/// The time in `startAfter`; `None` if it has passed, because the job may then start at once.
fn start_after(fields: &mut Fields<'_>, now: Millis) -> Option<Millis> {
    let text = fields.text(Field::StartAfter)?;
    let time = DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|time| time.timestamp_millis().max(0));
    let at = time
        .and_then(|time| Millis::try_from(time).ok())
        .filter(|at| *at <= now + MAX_START_DELAY);
    if at.is_none() {
        let days = MAX_START_DELAY / DAY;
        let detail =
            format!("must be a time such as 2026-01-01T00:00:00Z, at most {days} days ahead");
        fields.refuse(FieldError::field(fields.pointer(Field::StartAfter), detail));
    }
    at.filter(|at| *at > now)
}

fn metadata(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let Some(object) = fields.object(Field::Metadata) else {
        return BTreeMap::new();
    };
    let pointer = fields.pointer(Field::Metadata);
    let mut strings = BTreeMap::new();
    for (key, value) in &object {
        if let Value::String(text) = value {
            strings.insert(key.clone(), text.clone());
        } else {
            fields.refuse(FieldError::field(
                format!("{pointer}/{}", pointer_token(key)),
                "must be a string",
            ));
        }
    }
    if json_length(&object) > MAX_METADATA {
        fields.refuse(FieldError::field(
            pointer,
            format!("must be at most {MAX_METADATA} bytes of JSON"),
        ));
    }
    strings
}

/// Refuses parameters that are too large. `kept` are the parameters as stored. The error names the
/// largest key beside the prompt if it has more than half of the limit, otherwise `/parameters`.
fn limit_parameters(fields: &mut Fields<'_>, kept: &Map<String, Value>, body: &Map<String, Value>) {
    if json_length(kept) <= MAX_PARAMETERS {
        return;
    }
    let beside = kept
        .iter()
        .filter(|(key, _)| body.contains_key(key.as_str()));
    let largest = beside
        .map(|(key, value)| (key.len() + value.to_string().len(), key))
        .max();
    let pointer = largest.filter(|(length, _)| *length > MAX_PARAMETERS / 2);
    let pointer = pointer.map_or_else(
        || "/parameters".to_owned(),
        |(_, key)| format!("/{}", pointer_token(key)),
    );
    let detail = format!(
        "must be at most {MAX_PARAMETERS} bytes of JSON with all other parameters, without the images"
    );
    fields.refuse(FieldError::field(pointer, detail));
}

fn json_length(object: &Map<String, Value>) -> usize {
    serde_json::to_string(object).map_or(usize::MAX, |text| text.len())
}
