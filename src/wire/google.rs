//! What Google's wires have in common: answers, errors, operations, and the words of the safety filters.
//!
//! Source: the bodies Google's SDK reads (google-genai 2.34 and 3.4), Google's error model (`google.rpc.Status` with
//! `RetryInfo` and `QuotaFailure` details), and its list of the safety filters' support codes.

use super::retry_after;
use crate::machine::job::Progress;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::machine::{HOUR, Millis};
use serde::Deserialize;
use serde_json::Value;

/// The longest text of the upstream that is passed on to the app, in characters.
const MAX_REASON: usize = 500;
/// How long a day's quota that is used up is left alone before it is tried again.
pub const DAILY_QUOTA_WAIT: Millis = HOUR;
/// HTTP statuses by which an edge says that it never reached the server behind it.
const NEVER_REACHED: [u16; 4] = [521, 523, 525, 526];

/// An HTTP answer of the upstream, with its body read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
    /// When it was received, in milliseconds since the Unix epoch.
    pub now: Millis,
}

/// A long-running operation.
#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) name: Option<String>,
    #[serde(default)]
    done: bool,
    error: Option<RpcStatus>,
    response: Option<Value>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: RpcStatus,
}

/// `google.rpc.Status`, or its form in the body of an HTTP error.
#[derive(Deserialize)]
pub(super) struct RpcStatus {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Value>,
}

/// What an answer to a submit proves that did not accept it. Anything that leaves room for an accepted render is
/// `Unknown`. `credential` is what the upstream may have objected to, such as `the API key`.
pub(super) fn refused_submit(reply: &Reply, credential: &str) -> Outcome<String> {
    let error = serde_json::from_slice::<ErrorBody>(&reply.body).ok().map(|body| body.error);
    match (reply.status, error) {
        (429, error) => rate_limited(reply, error.as_ref()),
        // Google's own word that the call has failed: a method that ends with an error has created no operation.
        (500, Some(error)) if error.code == 500 => Outcome::Retry {
            after: asked_wait(reply, Some(&error)),
            failure: unavailable("The video service failed to take the order."),
        },
        (503 | 529, error) => Outcome::NotNow {
            after: asked_wait(reply, error.as_ref()),
            failure: unavailable("The video service is overloaded."),
        },
        (status, _) if NEVER_REACHED.contains(&status) => {
            Outcome::Retry { after: None, failure: unavailable("The video service could not be reached.") }
        }
        // A timeout of the request itself says nothing about what became of it.
        (408 | 499, _) => Outcome::Unknown,
        (400..=499, Some(error)) => Outcome::Refused(refusal(reply.status, &error, credential)),
        _ => Outcome::Unknown,
    }
}

/// An answer to a poll that says nothing about the render.
pub(super) fn failed_poll<T>(reply: &Reply) -> Outcome<T> {
    let failure = unavailable(&format!("Asking for the render was answered with HTTP {}.", reply.status));
    Outcome::Retry { after: asked_wait(reply, None), failure }
}

/// What a poll found. Only the operation's own final word ends a render; every other trouble is asked again.
/// `video` finds the address of the video in the operation's response, and `results` the part that tells of filters.
pub(super) fn read_operation(
    reply: &Reply,
    results: impl Fn(&Value) -> Option<&Value>,
    video: impl Fn(&Value) -> Option<String>,
) -> Outcome<Progress> {
    if reply.status != 200 {
        return failed_poll(reply);
    }
    let Ok(operation) = serde_json::from_slice::<Operation>(&reply.body) else { return Outcome::Unknown };
    if !operation.done {
        return Outcome::Done(Progress::Running);
    }
    if let Some(error) = operation.error {
        return Outcome::Refused(failed_operation(&error));
    }
    let answer = operation.response.as_ref().and_then(results);
    if let Some(uri) = answer.and_then(video) {
        return Outcome::Done(Progress::Ready { uri, cost_micros: None });
    }
    let reason = answer.and_then(|answer| answer.pointer("/raiMediaFilteredReasons/0")).and_then(Value::as_str);
    let filtered = answer.and_then(|answer| answer.get("raiMediaFilteredCount")).and_then(Value::as_u64).unwrap_or(0);
    Outcome::Refused(match reason {
        Some(reason) => rejected(reason),
        None if filtered > 0 => rejected("The video service's safety filter refused the video."),
        None => unavailable("The video service finished without a video."),
    })
}

/// Whether a name can be put into a path: `{…}/operations/{id}`, of plain segments.
pub(super) fn is_operation_name(name: &str) -> bool {
    name.len() <= 512 && name.contains("operations/") && name.split('/').all(is_plain_segment)
}

/// Whether a word is one segment of a path and nothing else.
pub(super) fn is_plain_segment(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && segment.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

fn rate_limited(reply: &Reply, error: Option<&RpcStatus>) -> Outcome<String> {
    if error.is_some_and(is_daily_quota) {
        let sentence = "The day's quota of the video service is used up.";
        let failure = Failure::new(ErrorCode::ProviderQuotaExhausted, sentence);
        // The delay that comes with it is that of the quota a minute.
        return Outcome::NotNow { after: Some(DAILY_QUOTA_WAIT), failure };
    }
    Outcome::NotNow {
        after: asked_wait(reply, error),
        failure: Failure::new(ErrorCode::ProviderRateLimited, "The video service's rate limit was reached."),
    }
}

/// `RetryInfo` of the error, else `Retry-After`.
fn asked_wait(reply: &Reply, error: Option<&RpcStatus>) -> Option<Millis> {
    let delay = error.and_then(|error| error.details.iter().find_map(|detail| detail.get("retryDelay")?.as_str()));
    let seconds = delay.and_then(|delay| delay.strip_suffix('s')).and_then(|delay| delay.parse::<f64>().ok());
    let from_error = seconds.filter(|seconds| (0.0..=86_400.0).contains(seconds)).map(milliseconds);
    from_error.or_else(|| retry_after::parse(reply.retry_after.as_deref()?, reply.now))
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

fn refusal(status: u16, error: &RpcStatus, credential: &str) -> Failure {
    match status {
        401 | 403 => unavailable(&format!("The video service refused {credential}.")),
        404 if error.message.contains("no longer available") => {
            Failure::new(ErrorCode::ModelRetired, "The model has been retired by its provider.")
        }
        404 => unavailable(&format!("The video service does not know the model, or {credential} may not use it.")),
        400 if mentions_api_key(error) => unavailable(&format!("The video service refused {credential}.")),
        400 if mentions_safety(&error.message) => rejected(&error.message),
        _ => Failure::new(ErrorCode::InvalidRequest, shortened(&error.message)),
    }
}

fn mentions_api_key(error: &RpcStatus) -> bool {
    let named = |detail: &Value| detail.get("reason").and_then(Value::as_str) == Some("API_KEY_INVALID");
    error.details.iter().any(named) || error.message.starts_with("API key not valid")
}

/// Whether the body of an error with status 400 is about the API key.
pub(super) fn refuses_api_key(body: &[u8]) -> bool {
    serde_json::from_slice::<ErrorBody>(body).is_ok_and(|body| mentions_api_key(&body.error))
}

pub(super) fn mentions_safety(message: &str) -> bool {
    let message = message.to_lowercase();
    ["safety", "usage guidelines", "responsible ai", "prohibited", "support codes"]
        .iter()
        .any(|word| message.contains(word))
}

/// The word of a failed operation, by its gRPC code.
pub(super) fn failed_operation(error: &RpcStatus) -> Failure {
    const INVALID_ARGUMENT: i64 = 3;
    const RESOURCE_EXHAUSTED: i64 = 8;
    match error.code {
        INVALID_ARGUMENT if mentions_safety(&error.message) => rejected(&error.message),
        INVALID_ARGUMENT => Failure::new(ErrorCode::InvalidRequest, shortened(&error.message)),
        RESOURCE_EXHAUSTED => Failure::new(ErrorCode::ProviderQuotaExhausted, "The video service's quota is used up."),
        _ => unavailable("The video service failed to render the video."),
    }
}

pub fn unavailable(sentence: &str) -> Failure {
    Failure::new(ErrorCode::ProviderUnavailable, sentence)
}

/// The safety filter's own words, its support codes explained.
pub(super) fn rejected(reason: &str) -> Failure {
    let categories = categories(reason);
    let explained = if categories.is_empty() {
        shortened(reason)
    } else {
        let reason = shortened(reason);
        format!("{}. The filter found: {}.", reason.trim_end_matches('.'), categories.join(", "))
    };
    Failure::new(ErrorCode::ProviderRejectedContent, explained)
}

/// What the safety filters' support codes mean, each once.
fn categories(reason: &str) -> Vec<&'static str> {
    let Some((_, codes)) = reason.split_once("upport code") else { return Vec::new() };
    let mut found = Vec::new();
    for code in codes.split(|character: char| !character.is_ascii_digit()) {
        if let Some(category) = category(code).filter(|category| !found.contains(category)) {
            found.push(category);
        }
    }
    found
}

fn category(code: &str) -> Option<&'static str> {
    Some(match code {
        "58061214" | "17301594" => "children",
        "29310472" | "15236754" => "a celebrity",
        "64151117" | "42237218" => "a general safety violation",
        "62263041" => "dangerous content",
        "57734940" | "22137204" => "hate",
        "74803281" | "29578790" | "42876398" => "another safety issue",
        "39322892" => "people or faces",
        "92201652" => "personal information",
        "89371032" | "49114662" | "63429089" | "72817394" | "60599140" => "prohibited content",
        "35561574" | "35561575" => "third-party content",
        "90789179" | "43188360" => "sexual content",
        "78610348" => "toxic content",
        "61493863" | "56562880" => "violence",
        "32635315" => "vulgarity",
        _ => return None,
    })
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::rejected;

    #[test]
    fn support_codes_are_explained_once_each() {
        let reason = "Veo could not generate the video. Support codes: 15236754, 29310472, 61493863";
        assert_eq!(rejected(reason).message, format!("{reason}. The filter found: a celebrity, violence."));
        assert_eq!(rejected("No. Support codes: 1").message, "No. Support codes: 1");
        assert_eq!(rejected("15236754 boats").message, "15236754 boats");
    }
}
