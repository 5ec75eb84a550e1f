//! Veo over the Gemini API wire: `:predictLongRunning`, operations, files.
//!
//! Source: the bodies Google's SDK sends and reads (google-genai 2.34) and Google's error model
//! (`google.rpc.Status` with `RetryInfo` and `QuotaFailure` details).

use super::retry_after;
use crate::machine::job::{Progress, Request};
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::machine::{HOUR, Millis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest text of the upstream that is passed on to the app, in characters.
const MAX_REASON: usize = 500;
/// How long a day's quota that is used up is left alone before it is tried again.
pub const DAILY_QUOTA_WAIT: Millis = HOUR;
/// HTTP statuses by which an edge says that it never reached the server behind it.
const NEVER_REACHED: [u16; 4] = [521, 523, 525, 526];

#[derive(Serialize)]
struct SubmitBody<'a> {
    instances: [Instance<'a>; 1],
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
struct Instance<'a> {
    prompt: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    sample_count: u8,
    /// A JSON number: the server refuses `"8"`.
    duration_seconds: u32,
    aspect_ratio: &'a str,
    resolution: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person_generation: Option<&'a str>,
}

/// The body of a submit.
pub fn submit_body(request: &Request) -> String {
    let render = &request.render;
    let body = SubmitBody {
        instances: [Instance { prompt: &request.prompt }],
        parameters: Parameters {
            sample_count: 1,
            duration_seconds: render.duration_seconds,
            aspect_ratio: &render.aspect_ratio,
            resolution: &render.resolution,
            negative_prompt: render.negative_prompt.as_deref(),
            seed: render.seed,
            person_generation: render.person_generation.as_deref(),
        },
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// An HTTP answer of the upstream, with its body read whole.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    pub status: u16,
    pub retry_after: Option<&'a str>,
    pub body: &'a [u8],
    /// When it was received, in milliseconds since the Unix epoch.
    pub now: Millis,
}

#[derive(Deserialize)]
struct Operation {
    name: Option<String>,
    #[serde(default)]
    done: bool,
    error: Option<RpcStatus>,
    response: Option<Value>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: RpcStatus,
}

#[derive(Deserialize)]
struct RpcStatus {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Value>,
}

/// What the answer of a submit proves. Anything that leaves room for an accepted render is `Unknown`.
pub fn read_submit(reply: Reply) -> Outcome<String> {
    if reply.status == 200 {
        let operation = serde_json::from_slice::<Operation>(reply.body).ok();
        return match operation.and_then(|operation| operation.name).filter(|name| is_operation_name(name)) {
            Some(name) => Outcome::Done(name),
            None => Outcome::Unknown,
        };
    }
    let error = serde_json::from_slice::<ErrorBody>(reply.body).ok().map(|body| body.error);
    match (reply.status, error) {
        (429, error) => rate_limited(reply, error.as_ref()),
        // Google's own word that the call has failed: a method that ends with an error has created no operation.
        (500, Some(error)) if error.code == 500 => Outcome::Retry {
            after: asked_wait(reply, Some(&error)),
            failure: unavailable("The video service failed to take the order."),
        },
        (503, _) => {
            Outcome::Retry { after: asked_wait(reply, None), failure: unavailable("The video service is overloaded.") }
        }
        (status, _) if NEVER_REACHED.contains(&status) => {
            Outcome::Retry { after: None, failure: unavailable("The video service could not be reached.") }
        }
        // A timeout of the request itself says nothing about what became of it.
        (408 | 499, _) => Outcome::Unknown,
        (400..=499, Some(error)) => Outcome::Refused(refusal(reply.status, &error)),
        _ => Outcome::Unknown,
    }
}

/// What a poll found. Only the operation's own final word ends a render; every other trouble is asked again.
pub fn read_poll(reply: Reply) -> Outcome<Progress> {
    if reply.status != 200 {
        let failure = unavailable(&format!("Asking for the render was answered with HTTP {}.", reply.status));
        return Outcome::Retry { after: asked_wait(reply, None), failure };
    }
    let Ok(operation) = serde_json::from_slice::<Operation>(reply.body) else { return Outcome::Unknown };
    if !operation.done {
        return Outcome::Done(Progress::Running);
    }
    if let Some(error) = operation.error {
        return Outcome::Refused(failed_operation(&error));
    }
    let answer = operation.response.as_ref().and_then(|response| response.get("generateVideoResponse"));
    let uri = answer.and_then(|answer| answer.pointer("/generatedSamples/0/video/uri")).and_then(Value::as_str);
    if let Some(uri) = uri {
        return Outcome::Done(Progress::Ready { uri: uri.to_owned(), cost_micros: None });
    }
    let reason = answer.and_then(|answer| answer.pointer("/raiMediaFilteredReasons/0")).and_then(Value::as_str);
    let filtered = answer.and_then(|answer| answer.get("raiMediaFilteredCount")).and_then(Value::as_u64).unwrap_or(0);
    Outcome::Refused(match reason {
        Some(reason) => Failure::new(ErrorCode::ProviderRejectedContent, shortened(reason)),
        None if filtered > 0 => {
            Failure::new(ErrorCode::ProviderRejectedContent, "The video service's safety filter refused the video.")
        }
        None => unavailable("The video service finished without a video."),
    })
}

/// Whether a name can be put into a path: `models/{model}/operations/{id}` or a longer one of plain segments.
fn is_operation_name(name: &str) -> bool {
    let plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
    };
    name.len() <= 512 && name.contains("operations/") && name.split('/').all(plain)
}

fn rate_limited(reply: Reply, error: Option<&RpcStatus>) -> Outcome<String> {
    if error.is_some_and(is_daily_quota) {
        let sentence = "The day's quota of the video service is used up.";
        let failure = Failure::new(ErrorCode::ProviderQuotaExhausted, sentence);
        // The delay that comes with it is that of the quota a minute.
        return Outcome::Retry { after: Some(DAILY_QUOTA_WAIT), failure };
    }
    Outcome::Retry {
        after: asked_wait(reply, error),
        failure: Failure::new(ErrorCode::ProviderRateLimited, "The video service's rate limit was reached."),
    }
}

/// `RetryInfo` of the error, else `Retry-After`.
fn asked_wait(reply: Reply, error: Option<&RpcStatus>) -> Option<Millis> {
    let delay = error.and_then(|error| error.details.iter().find_map(|detail| detail.get("retryDelay")?.as_str()));
    let seconds = delay.and_then(|delay| delay.strip_suffix('s')).and_then(|delay| delay.parse::<f64>().ok());
    let from_error = seconds.filter(|seconds| (0.0..=86_400.0).contains(seconds)).map(milliseconds);
    from_error.or_else(|| retry_after::parse(reply.retry_after?, reply.now))
}

/// Whole milliseconds, rounded up; the caller has bounded `seconds` to a day.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn milliseconds(seconds: f64) -> Millis {
    (seconds * 1_000.0).ceil() as Millis
}

fn is_daily_quota(error: &RpcStatus) -> bool {
    let violations = error.details.iter().filter_map(|detail| detail.get("violations")?.as_array()).flatten();
    violations.filter_map(|violation| violation.get("quotaId")?.as_str()).any(|quota| quota.contains("PerDay"))
}

fn refusal(status: u16, error: &RpcStatus) -> Failure {
    match status {
        401 | 403 => unavailable("The video service refused the API key."),
        404 if error.message.contains("no longer available") => {
            Failure::new(ErrorCode::ModelRetired, "The model has been retired by its provider.")
        }
        404 => unavailable("The video service does not know the model, or the API key may not use it."),
        400 if mentions_api_key(error) => unavailable("The video service refused the API key."),
        400 if mentions_safety(error) => Failure::new(ErrorCode::ProviderRejectedContent, shortened(&error.message)),
        _ => Failure::new(ErrorCode::InvalidRequest, shortened(&error.message)),
    }
}

fn mentions_api_key(error: &RpcStatus) -> bool {
    error.details.iter().any(|detail| detail.get("reason").and_then(Value::as_str) == Some("API_KEY_INVALID"))
}

fn mentions_safety(error: &RpcStatus) -> bool {
    let message = error.message.to_lowercase();
    ["safety", "usage guidelines", "responsible ai", "prohibited"].iter().any(|word| message.contains(word))
}

/// The word of a failed operation, by its gRPC code.
fn failed_operation(error: &RpcStatus) -> Failure {
    const INVALID_ARGUMENT: i64 = 3;
    const RESOURCE_EXHAUSTED: i64 = 8;
    match error.code {
        INVALID_ARGUMENT if mentions_safety(error) => {
            Failure::new(ErrorCode::ProviderRejectedContent, shortened(&error.message))
        }
        INVALID_ARGUMENT => Failure::new(ErrorCode::InvalidRequest, shortened(&error.message)),
        RESOURCE_EXHAUSTED => Failure::new(ErrorCode::ProviderQuotaExhausted, "The video service's quota is used up."),
        _ => unavailable("The video service failed to render the video."),
    }
}

fn unavailable(sentence: &str) -> Failure {
    Failure::new(ErrorCode::ProviderUnavailable, sentence)
}

fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::{DAILY_QUOTA_WAIT, Reply, read_poll, read_submit};
    use crate::machine::job::Progress;
    use crate::machine::outcome::{ErrorCode, Outcome};

    fn reply(status: u16, body: &str) -> Reply<'_> {
        Reply { status, retry_after: None, body: body.as_bytes(), now: 0 }
    }

    #[test]
    fn only_a_proof_of_refusal_allows_a_second_submit_i4() {
        let error = |code: u16| format!(r#"{{"error":{{"code":{code},"message":"m","status":"S"}}}}"#);
        for status in [429, 500, 503, 521] {
            assert!(matches!(read_submit(reply(status, &error(status))), Outcome::Retry { .. }), "{status}");
        }
        for status in [400, 401, 403, 404] {
            assert!(matches!(read_submit(reply(status, &error(status))), Outcome::Refused(_)), "{status}");
        }
        for (status, body) in [(200, "<html>"), (200, "{}"), (400, "<html>"), (302, ""), (408, "{}")] {
            assert_eq!(read_submit(reply(status, body)), Outcome::Unknown, "{status} {body}");
        }
        for status in [502, 504, 524] {
            assert_eq!(read_submit(reply(status, &error(status))), Outcome::Unknown, "{status}");
        }
        for body in ["<html>", "{}", r#"{"error":{"code":13,"message":"m"}}"#] {
            assert_eq!(read_submit(reply(500, body)), Outcome::Unknown, "500 {body}");
        }
    }

    #[test]
    fn an_operation_name_that_could_leave_its_path_is_not_taken() {
        for name in ["models/m/operations/../../x", "http://evil/operations/x", "models/m/operations/a?b", "x"] {
            let body = format!(r#"{{"name":"{name}"}}"#);
            assert_eq!(read_submit(reply(200, &body)), Outcome::Unknown, "{name}");
        }
        let body = r#"{"name":"models/veo-3.1/operations/abc_1"}"#;
        assert_eq!(read_submit(reply(200, body)), Outcome::Done("models/veo-3.1/operations/abc_1".to_owned()));
    }

    #[test]
    fn the_wait_asked_for_by_retry_info_is_taken_but_a_daily_quota_is_left_alone_for_long() {
        let body = r#"{"error":{"code":429,"message":"q","details":[{"@type":"x","retryDelay":"22.5s"}]}}"#;
        assert!(matches!(read_submit(reply(429, body)), Outcome::Retry { after: Some(22_500), .. }));
        let body = r#"{"error":{"code":429,"details":[{"violations":[{"quotaId":"GeneratePerDayPerProject"}]},
            {"retryDelay":"22s"}]}}"#;
        let Outcome::Retry { after, failure } = read_submit(reply(429, body)) else { panic!("it may be repeated") };
        assert_eq!((after, failure.code), (Some(DAILY_QUOTA_WAIT), ErrorCode::ProviderQuotaExhausted));
    }

    #[test]
    fn every_state_of_an_operation_is_understood() {
        assert_eq!(read_poll(reply(200, r#"{"name":"n"}"#)), Outcome::Done(Progress::Running));
        assert_eq!(read_poll(reply(200, r#"{"name":"n","done":false}"#)), Outcome::Done(Progress::Running));
        assert_eq!(read_poll(reply(200, "<html>")), Outcome::Unknown);
        assert!(matches!(read_poll(reply(404, "{}")), Outcome::Retry { .. }));
        let done = r#"{"done":true,"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"uri":"https://h/f"}}]}}}"#;
        assert_eq!(
            read_poll(reply(200, done)),
            Outcome::Done(Progress::Ready { uri: "https://h/f".to_owned(), cost_micros: None })
        );
        let code = |body: &str| {
            let outcome = read_poll(reply(200, body));
            let Outcome::Refused(failure) = outcome else { panic!("{outcome:?}") };
            (failure.code, failure.message)
        };
        let filtered = r#"{"done":true,"response":{"generateVideoResponse":{"raiMediaFilteredCount":1,"raiMediaFilteredReasons":["No."]}}}"#;
        assert_eq!(code(filtered), (ErrorCode::ProviderRejectedContent, "No.".to_owned()));
        assert_eq!(code(r#"{"done":true,"error":{"code":13,"message":"x"}}"#).0, ErrorCode::ProviderUnavailable);
        assert_eq!(code(r#"{"done":true}"#).0, ErrorCode::ProviderUnavailable);
    }
}
