//! Answers in Google's format, and answers that are not.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use http_body::Frame;
use serde_json::{Value, json};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::journal::Wire;
use crate::ledger::{Job, Operation, video_uri};
use crate::marks::{Raw, Refusal};
use crate::wire::checks::Invalid;
use crate::wire::film::FILM;

/// How long the beginning of a cut body has to be sent.
const SETTLE: Duration = Duration::from_millis(100);
/// At the end of a mark's body: the body breaks off here.
const CUT: &str = "{cut}";

/// The message of a failed render.
pub(crate) const FAILED: &str =
    "Video generation failed due to an internal server issue. Please try again.";

/// The message of a filtered render, with a support code, from a report of a real answer.
pub(crate) fn filtered(code: u64) -> String {
    format!(
        "Veo could not generate 1 videos based on the prompt provided. You will not be charged for this request. \
         Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: {code}"
    )
}

const RATE_LIMITS: &str = "https://ai.google.dev/gemini-api/docs/rate-limits";

/// JSON in Google's layout.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
    (status, content_type, format!("{body:#}\n")).into_response()
}

/// An error without details.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    error_with(status, message, &[])
}

/// Google's error body; `details` is left out when empty.
pub(crate) fn error_with(status: StatusCode, message: &str, details: &[Value]) -> Response {
    let mut error = json!({
        "code": status.as_u16(),
        "message": message,
        "status": name_of(status),
    });
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    json_answer(status, &json!({ "error": error }))
}

/// The name of the `google.rpc` code for a status.
fn name_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "INVALID_ARGUMENT",
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::TOO_MANY_REQUESTS => "RESOURCE_EXHAUSTED",
        StatusCode::INTERNAL_SERVER_ERROR => "INTERNAL",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        _ => "UNKNOWN",
    }
}

/// The answer of a refusal mark.
pub(crate) fn refuse(wire: Wire, refusal: &Refusal, model: &str) -> Response {
    match refusal {
        Refusal::Exhausted => error(
            StatusCode::TOO_MANY_REQUESTS,
            "Resource has been exhausted (e.g. check quota).",
        ),
        Refusal::RetryInfo(delay) => quota(wire, "PerMinutePerProjectPerModel", model, Some(delay)),
        Refusal::DailyQuota(delay) => {
            quota(wire, "PerDayPerProjectPerModel", model, delay.as_deref())
        }
        Refusal::Internal if wire == Wire::Vertex => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal error encountered.",
        ),
        Refusal::Internal => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting",
        ),
        Refusal::Unavailable if wire == Wire::Vertex => error(
            StatusCode::SERVICE_UNAVAILABLE,
            "The service is currently unavailable.",
        ),
        Refusal::Unavailable => error(
            StatusCode::SERVICE_UNAVAILABLE,
            "This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.",
        ),
        Refusal::Unauthenticated => error(
            StatusCode::UNAUTHORIZED,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
        ),
        Refusal::Safety => error(
            StatusCode::BAD_REQUEST,
            "The prompt could not be submitted. Your prompt contains words that violate our safety policies. Please modify your prompt and try again.",
        ),
        Refusal::NotFound => error(StatusCode::NOT_FOUND, "Requested entity was not found."),
    }
}

/// The answer to an invalid request.
pub(crate) fn invalid(invalid: &Invalid) -> Response {
    let status = StatusCode::from_u16(invalid.status).unwrap_or(StatusCode::BAD_REQUEST);
    error(status, &invalid.message)
}

/// A 429 with a violated quota and, if given, the retry delay.
fn quota(wire: Wire, period: &str, model: &str, delay: Option<&str>) -> Response {
    let (metric, id) = match wire {
        Wire::Gemini => (
            "generativelanguage.googleapis.com/predict_long_running_requests",
            "PredictLongRunningRequests",
        ),
        Wire::Omni => (
            "generativelanguage.googleapis.com/create_interaction_requests",
            "CreateInteractionRequests",
        ),
        Wire::Vertex => (
            "aiplatform.googleapis.com/long_running_online_prediction_requests_per_base_model",
            "LongRunningOnlinePredictionRequests",
        ),
    };
    let mut details = vec![
        json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": metric,
                "quotaId": format!("{id}{period}"),
                "quotaDimensions": { "location": "global", "model": model },
                "quotaValue": "10",
            }],
        }),
        json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{ "description": "Learn more about Gemini API quotas", "url": RATE_LIMITS }],
        }),
    ];
    if let Some(delay) = delay {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": delay,
        }));
    }
    let message = if wire == Wire::Vertex {
        format!(
            "Quota exceeded for {metric} with base model: {model}. Please submit a quota increase request. \
             https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
        )
    } else {
        format!(
            "You exceeded your current quota, please check your plan and billing details. \
             For more information on this error, head to: {RATE_LIMITS}."
        )
    };
    error_with(StatusCode::TOO_MANY_REQUESTS, &message, &details)
}

/// 200 with a body that begins like JSON but is not JSON.
pub(crate) fn garbage() -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
    (content_type, "{\"name\": \"models/\u{fffd}\u{0}").into_response()
}

/// A body that breaks off once its beginning was sent.
struct CutBody {
    begun: Option<Bytes>,
    wait: Pin<Box<tokio::time::Sleep>>,
}

impl CutBody {
    fn of(begun: &str) -> Self {
        Self {
            begun: Some(Bytes::from(begun.to_owned())),
            wait: Box::pin(tokio::time::sleep(SETTLE)),
        }
    }
}

impl http_body::Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(begun) = self.begun.take() {
            return Poll::Ready(Some(Ok(Frame::data(begun))));
        }
        self.wait
            .as_mut()
            .poll(context)
            .map(|()| Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

/// The complete answer in a mark, with `name` and `uri` replaced.
pub(crate) fn raw(raw: &Raw, operation: Option<&Operation>) -> Response {
    let body = filled(raw, operation);
    let content_type = match body.trim_start().chars().next() {
        Some('<') => "text/html; charset=UTF-8",
        Some('{' | '[' | '"') => "application/json; charset=UTF-8",
        _ => "text/plain; charset=UTF-8",
    };
    let status = StatusCode::from_u16(raw.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = match body.strip_suffix(CUT) {
        Some(begun) => Body::new(CutBody::of(begun)),
        None => Body::from(body),
    };
    let mut answer = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    if let Some(value) = raw
        .retry_after
        .as_ref()
        .and_then(|value| HeaderValue::from_str(value).ok())
    {
        answer.headers_mut().insert(header::RETRY_AFTER, value);
    }
    answer
}

/// The body of such an answer as JSON, with placeholders for the film's bytes.
pub(crate) fn raw_json(raw: &Raw, operation: &Operation) -> Value {
    let film = FILM.replace('\u{1}', "\\u0001");
    serde_json::from_str(&filled(raw, Some(operation)).replace("{film}", &film)).unwrap_or_default()
}

fn filled(raw: &Raw, operation: Option<&Operation>) -> String {
    let Some(operation) = operation else {
        return raw.body.clone();
    };
    let uri = match &operation.job {
        Job::Vertex(job) => job
            .objects(&operation.file)
            .into_iter()
            .next()
            .unwrap_or_default(),
        Job::Gemini | Job::Omni(_) => video_uri(&operation.file),
    };
    raw.body
        .replace("{name}", &operation.name())
        .replace("{uri}", &uri)
}

/// A proxy's web page.
pub(crate) fn web_page(status: StatusCode) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=en><title>Error</title><p><b>{}.</b> That's all we know.</p></html>",
        status.as_u16()
    );
    (status, Html(page)).into_response()
}

/// A redirect with an absolute address.
pub(crate) fn redirect(status: StatusCode, to: String) -> Response {
    (status, [(header::LOCATION, to)]).into_response()
}
