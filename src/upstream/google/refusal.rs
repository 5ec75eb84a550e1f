//! What the answer to a submit proves: first by the HTTP status, then by the body.

use crate::clients::error_body::ErrorBody;
use crate::clients::reply::{Reply, answer};
use crate::clients::{delay, sentence};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::time::{Millis, SECOND};
use crate::upstream::google::daily_quota;
use crate::upstream::google::{NEVER_REACHED, filter, unavailable, with_words};
use serde_json::Value;

/// How long after its reset a daily quota is tried again, because clocks differ.
const RESET_MARGIN: Millis = 30 * SECOND;
/// Words about an account without credit.
const NO_FUNDS: [&str; 6] = [
    "quota",
    "budget",
    "balance",
    "credit",
    "insufficient funds",
    "payment",
];
/// Words about a model that is retired.
const RETIRED: [&str; 5] = [
    "no longer available",
    "retired",
    "has been shut down",
    "discontinued",
    "decommissioned",
];

/// What the answer to a submit proves. `name` finds the usable name of an accepted render in the
/// body, and `credential` is what the upstream may refuse, such as `the API key`. Anything that may
/// mean an accepted render is `Unknown`.
pub(crate) fn read_submit(
    reply: &Reply,
    credential: &str,
    name: impl Fn(&Value) -> Option<String>,
) -> Outcome<String> {
    let body = ErrorBody::read(&reply.body);
    if reply.is_success() {
        let accepted = name(&body.json).or_else(|| name(body.json.as_array()?.first()?));
        if let Some(name) = accepted {
            return Ok(name);
        }
    }
    Err(refused(reply, &body, credential).answered(answer(reply, &body)))
}

/// Whether the body of an error with status 400 is about the API key.
pub(crate) fn refuses_api_key(body: &[u8]) -> bool {
    mentions_api_key(&ErrorBody::read(body))
}

fn refused(reply: &Reply, body: &ErrorBody, credential: &str) -> Trouble {
    let status = match (reply.is_success(), body.meaning()) {
        (false, _) => reply.status,
        // If a gateway reports an error with status 200, its code counts, but only for refusals.
        (true, Some(status)) if body.is_error() && matches!(status, 400..=499 | 503 | 529) => {
            status
        }
        (true, _) => return Trouble::Unknown,
    };
    match status {
        429 | 503 | 529 => not_now(status, reply, body),
        // Google itself says that the call failed: a method that ends with an error has created no
        // operation.
        500 if is_googles_own(&body.json) => Trouble::Retry {
            after: delay::asked(reply, body),
            failure: unavailable(&with_words(
                "The video service failed to accept the order.",
                body.sentence.as_deref(),
            )),
        },
        status if NEVER_REACHED.contains(&status) => Trouble::NotNow {
            after: delay::asked(reply, body),
            failure: unavailable("The video service could not be reached."),
        },
        // A redirect accepts nothing, except 303, which would name the place of the result.
        301 | 302 | 307 | 308 => Trouble::Refused(unavailable(&format!(
            "The video service's address redirects (HTTP {status}): check the address in the settings."
        ))),
        400..=405 | 410 | 413 | 415 | 422 | 451 => {
            Trouble::Refused(refusal(status, body, credential))
        }
        // A timeout of the request itself, or a conflict, does not prove what happened to it.
        408 | 409 | 499 => Trouble::Unknown,
        400..=499 if body.is_error() => Trouble::Refused(refusal(status, body, credential)),
        _ => Trouble::Unknown,
    }
}

/// The upstream takes no calls for now: a rate limit, the daily quota, or overload.
fn not_now(status: u16, reply: &Reply, body: &ErrorBody) -> Trouble {
    let (asked, words) = (delay::asked(reply, body), body.sentence.as_deref());
    if status == 429 && daily_quota::is_used_up(body) {
        let sentence = with_words("The video service's daily quota is used up.", words);
        // A shorter delay in the same answer belongs to the quota per minute.
        let reset = daily_quota::until_reset(reply.now) + RESET_MARGIN;
        let after = Some(asked.unwrap_or(0).max(reset));
        return Trouble::NotNow {
            after,
            failure: Failure::new(ErrorCode::ProviderQuotaExhausted, sentence),
        };
    }
    let failure = if status == 429 {
        let sentence = with_words("The video service's rate limit was reached.", words);
        Failure::new(ErrorCode::ProviderRateLimited, sentence)
    } else {
        unavailable(&with_words("The video service is overloaded.", words))
    };
    Trouble::NotNow {
        after: asked,
        failure,
    }
}

/// Whether the body is an error of Google itself: `{"error": {"code": 500, …}}` with a numeric code
/// and without the `type` of other services.
fn is_googles_own(body: &Value) -> bool {
    let error = body
        .get("error")
        .or_else(|| body.as_array()?.first()?.get("error"));
    error.is_some_and(|error| {
        error.get("code").and_then(Value::as_u64) == Some(500) && error.get("type").is_none()
    })
}

fn refusal(status: u16, body: &ErrorBody, credential: &str) -> Failure {
    let words = body.sentence.as_deref();
    let lower = words.unwrap_or_default().to_lowercase();
    let has_no_funds = body.meaning() == Some(402)
        || status == 402
        || (status == 403 && NO_FUNDS.iter().any(|word| lower.contains(word)));
    let is_retired = status == 410 || RETIRED.iter().any(|word| lower.contains(word));
    let is_of_policy = body.mentions(&["content_policy"]) || lower.contains("usage guidelines");
    let is_filtered = is_of_policy && status == 403
        || matches!(status, 400 | 422 | 451) && (filter::is_meant(&lower) || is_of_policy);
    match status {
        400 if mentions_api_key(body) => unavailable(&with_words(
            &format!("The video service refused {credential}."),
            words,
        )),
        _ if has_no_funds => {
            let sentence = "The account at the video service has no credit or quota left.";
            Failure::new(
                ErrorCode::ProviderQuotaExhausted,
                with_words(sentence, words),
            )
        }
        _ if is_filtered => filter::rejected(words.unwrap_or_default()),
        401 | 403 => unavailable(&with_words(
            &format!("The video service refused {credential}."),
            words,
        )),
        404 | 410 if is_retired => Failure::new(
            ErrorCode::ModelRetired,
            with_words("The model has been retired by its provider.", words),
        ),
        404 => {
            let sentence = format!(
                "The video service does not know the model, or {credential} may not use it."
            );
            unavailable(&with_words(&sentence, words))
        }
        400 | 413 | 422 => Failure::new(
            ErrorCode::InvalidRequest,
            match words {
                Some(words) => sentence::ended(words),
                None => format!("The video service refused the order with HTTP {status}."),
            },
        ),
        _ => unavailable(&with_words(
            &format!("The video service refused the order with HTTP {status}."),
            words,
        )),
    }
}

fn mentions_api_key(body: &ErrorBody) -> bool {
    let named = body
        .fields(&["reason"])
        .into_iter()
        .any(|reason| reason == "API_KEY_INVALID");
    named
        || body.meaning() == Some(401)
        || body.mentions(&[
            "api key not valid",
            "invalid api key",
            "api key expired",
            "invalid_api_key",
        ])
}
