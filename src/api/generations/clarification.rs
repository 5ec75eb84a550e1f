//! The body of `POST /api/generations/{id}/clarify`.

use crate::api::field_error::FieldError;
use crate::api::generations::answers::answers;
use crate::api::order::prompt::{PROMPT_CHARACTERS, check_prompt, check_response};
use crate::machine::job::{Clarify, MAX_PROMPT};
use serde_json::{Map, Value};

/// Parses the clarification of a refused prompt: `{"prompt": "…"}`, `{"response": "…"}`, or answers
/// to questions.
pub fn clarification(body: &Map<String, Value>) -> Result<Clarify, Vec<FieldError>> {
    if let Some((place, text)) = answers(body).map_err(|error| vec![error])? {
        return answered(body, &place, text).map_err(|error| vec![error]);
    }
    let field = |name: &str| body.get(name).filter(|value| !value.is_null());
    let wrong = |pointer: &str, detail: String| Err(vec![FieldError::field(pointer, detail)]);
    match (field("prompt"), field("response")) {
        (Some(_), Some(_)) => wrong(
            "/response",
            "must be left out when a prompt is sent".to_owned(),
        ),
        (None, Some(Value::String(response))) => match check_response(response) {
            Some(detail) => wrong("/response", detail),
            None => Ok(Clarify::Response(response.clone())),
        },
        (None, Some(_)) => wrong("/response", "must be a string".to_owned()),
        (Some(Value::String(prompt)), None) => match check_prompt(prompt) {
            Some(detail) => wrong("/prompt", detail),
            None => Ok(Clarify::Prompt(prompt.clone())),
        },
        (Some(_), None) => wrong("/prompt", "must be a string".to_owned()),
        (None, None) => {
            let (fewest, most) = PROMPT_CHARACTERS.into_inner();
            wrong(
                "/prompt",
                format!("is required: {fewest} to {most} characters"),
            )
        }
    }
}

/// Answers count as a response. A prompt or a response beside them is refused as ambiguous.
fn answered(body: &Map<String, Value>, place: &str, text: String) -> Result<Clarify, FieldError> {
    if ["prompt", "response"]
        .into_iter()
        .any(|other| body.get(other).is_some_and(|value| !value.is_null()))
    {
        return Err(FieldError::field(
            place,
            "must be left out when a prompt or a response is sent",
        ));
    }
    match check_response(&text) {
        Some(detail) => Err(FieldError::field(place, detail)),
        None => Ok(Clarify::Response(text)),
    }
}

/// The error for a response that is too long together with the previous prompt.
pub fn response_too_long() -> FieldError {
    FieldError::field(
        "/response",
        format!("must have at most {MAX_PROMPT} characters together with the prompt"),
    )
}
