//! Errors of the API: problem details (RFC 9457) with the additional fields `success` and `error`.

#[cfg(not(target_arch = "wasm32"))]
pub mod advice;

use crate::api::command;
use crate::api::field_error::FieldError;
use crate::config::{ConfigErrors, Environment};
use crate::machine::queue::{OverBudget, Whose};
use crate::time::{Millis, SECOND};
use serde::Serialize;

/// Millionths of a US dollar in a cent.
const MICROS_PER_CENT: u64 = 10_000;

/// An unsuccessful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    /// A code for programs.
    pub code: &'static str,
    pub title: &'static str,
    /// One sentence for users.
    pub detail: String,
    /// After how many seconds the same request may succeed; `None` if it never will.
    pub retry_after: Option<u32>,
    pub errors: Vec<FieldError>,
    /// Additional headers of the answer.
    pub headers: Vec<(&'static str, String)>,
}

/// Any unsuccessful answer: problem details (RFC 9457) with the additional fields `success` and
/// `error`.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Problem))]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody<'a> {
    /// The code as a URN.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in a few words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, as a sentence for users.
    detail: &'a str,
    /// A code for programs.
    code: &'a str,
    /// The response's `X-Request-Id`, which the log also has.
    request_id: &'a str,
    /// Whether the same request may succeed later; `Retry-After` says when.
    retryable: bool,
    /// Every invalid field, header, parameter or setting.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    success: bool,
    /// The same as `detail`.
    error: &'a str,
}

impl Problem {
    fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            retry_after: None,
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    fn retryable(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The JSON body of this problem for one request.
    pub fn body<'a>(&'a self, request_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            kind: format!("urn:reelay:problem:{}", self.code.replace('_', "-")),
            title: self.title,
            status: self.status,
            detail: &self.detail,
            code: self.code,
            request_id,
            retryable: self.retry_after.is_some(),
            errors: &self.errors,
            success: false,
            error: &self.detail,
        }
    }

    /// 400: the body is not a JSON object.
    pub fn malformed_json(why: &str) -> Self {
        Self::new(
            400,
            "malformed_json",
            "Malformed JSON",
            format!("The body is not a JSON object: {why}."),
        )
    }

    /// 400: fields, headers or query parameters are missing or invalid. The problem lists all of
    /// them. If there is one and it has a code, the problem has that code.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let named: Vec<String> = errors
            .iter()
            .map(|error| format!("{} {}", error.name(), error.detail))
            .collect();
        let detail = format!("The request is not valid: {}.", named.join("; "));
        let code = if let [
            FieldError {
                code: Some(code), ..
            },
        ] = errors.as_slice()
        {
            code
        } else {
            "invalid_request"
        };
        Self {
            errors,
            ..Self::new(400, code, "Invalid request", detail)
        }
    }

    /// 401.
    pub fn unauthorized(detail: &str) -> Self {
        let challenge = ("WWW-Authenticate", r#"Bearer realm="reelay""#.to_owned());
        Self {
            headers: vec![challenge],
            ..Self::new(401, "unauthorized", "No valid token", detail)
        }
    }

    /// 401: a webhook without a valid signature.
    pub fn unsigned() -> Self {
        let detail = "The webhook's headers are missing, out of date, or do not sign its body.";
        Self::new(401, "invalid_signature", "No valid signature", detail)
    }

    /// 402: the render would cost more than is left of today's limit. The amounts of a limit for
    /// all users are not shown.
    pub fn over_budget(over: &OverBudget, now: Millis) -> Self {
        let price = cents(over.price_micros.div_ceil(MICROS_PER_CENT));
        let left = |micros: u64| cents(micros / MICROS_PER_CENT);
        let detail = match (over.whose, over.resets_at) {
            (Whose::User { limit_micros, .. }, None) => {
                format!(
                    "This video would cost {price}, more than the {} that you may spend in a day.",
                    left(limit_micros)
                )
            }
            (Whose::Everyone, None) => {
                format!("This video would cost {price}, more than may be spent in a day.")
            }
            (
                Whose::User {
                    limit_micros,
                    left_micros,
                },
                Some(_),
            ) => format!(
                "This video would cost {price}, and of today's limit of {} only {} is left; \
                 the limit resets at 00:00 UTC.",
                left(limit_micros),
                left(left_micros)
            ),
            (Whose::Everyone, Some(_)) => format!(
                "This video would cost {price}, more than is left of today's limit for all users; \
                 the limit resets at 00:00 UTC."
            ),
        };
        let wait = over.resets_at.map(|at| seconds(at.saturating_sub(now)));
        Self {
            retry_after: wait,
            ..Self::new(402, "budget_exceeded", "Budget exceeded", detail)
        }
    }

    /// 403: a user's token names another user.
    pub fn foreign_user() -> Self {
        Self::new(
            403,
            "forbidden",
            "Forbidden",
            "This token cannot act for another user.",
        )
    }

    /// 403: a valid token that may not use the operator routes.
    pub fn operators_only() -> Self {
        Self::new(
            403,
            "operators_only",
            "Forbidden",
            "Only operators may do this: use an admin's token or the admin key.",
        )
    }

    /// 403: only keys and admins may request so long a window.
    pub fn window_too_long() -> Self {
        let detail = "With a user's token the window may be at most 6h.";
        Self::new(403, "window_too_long", "Forbidden", detail)
    }

    /// 404: the generation does not exist or belongs to another user.
    pub fn no_generation() -> Self {
        Self::new(
            404,
            "not_found",
            "Not found",
            "There is no such generation.",
        )
    }

    /// 404: a key or an admin named no user, and the queue knows no owner of this id, or not yet.
    pub fn no_known_generation() -> Self {
        let detail = "There is no such generation, or the queue does not know it yet: name its user as ?userId= or \
                      X-User-Id.";
        Self::new(404, "not_found", "Not found", detail)
    }

    /// 409: several users have a generation with this id, and the request names no user.
    pub fn ambiguous_generation() -> Self {
        let detail =
            "Several users have a generation of this id; name the user as ?userId= or X-User-Id.";
        let errors = vec![FieldError::parameter("userId", "must name the user")];
        Self {
            errors,
            ..Self::conflict("ambiguous_generation", detail)
        }
    }

    /// 404: the generation has no stored video, or its video was deleted.
    pub fn no_video() -> Self {
        Self::new(
            404,
            "video_not_found",
            "Not found",
            "This generation has no stored video.",
        )
    }

    /// 400: a bulk would choose more generations than one bulk may.
    pub fn bulk_too_large(limit: u64) -> Self {
        let detail =
            format!("More than {limit} generations match; one bulk takes at most {limit}.");
        let wrong = FieldError::field("/filter", format!("must match at most {limit} generations"));
        Self {
            errors: vec![wrong],
            ..Self::new(400, "bulk_too_large", "Too many generations", detail)
        }
    }

    /// 409: another bulk runs.
    pub fn bulk_running(id: u64) -> Self {
        let detail = format!("Bulk {id} is still running; wait for its end, or stop it.");
        Self::conflict("bulk_running", &detail)
    }

    /// 409: a bulk would choose more, or cost more, than its request says.
    pub fn bulk_changed(count: u64, cost: f64) -> Self {
        let detail = format!(
            "Now {count} generations match, and retrying them costs up to ${cost:.2}: more than the \
             request says."
        );
        let errors = vec![
            FieldError::field("/count", format!("must be at least {count}")),
            FieldError::field("/maxCost", format!("must be at least {cost}")),
        ];
        Self {
            errors,
            ..Self::conflict("bulk_changed", &detail)
        }
    }

    /// 409: the bulk cannot be stopped any more.
    pub fn bulk_ended() -> Self {
        Self::conflict("bulk_ended", "The bulk has already ended.")
    }

    /// 404: there is no bulk with this id, or no longer.
    pub fn no_bulk() -> Self {
        Self::new(404, "bulk_not_found", "Not found", "There is no such bulk.")
    }

    /// 404: the event does not exist or was deleted.
    pub fn no_delivery() -> Self {
        Self::new(
            404,
            "delivery_not_found",
            "Not found",
            "There is no such webhook event.",
        )
    }

    /// 404: no such route.
    pub fn no_route() -> Self {
        Self::new(
            404,
            "route_not_found",
            "Not found",
            "There is nothing at this address.",
        )
    }

    /// 405.
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This address accepts only {allow}.");
        let headers = vec![("Allow", allow)];
        Self {
            headers,
            ..Self::new(405, "method_not_allowed", "Method not allowed", detail)
        }
    }

    /// 409: the generation's status does not allow the request.
    pub fn conflict(code: &'static str, detail: &str) -> Self {
        Self::new(409, code, "Conflict", detail)
    }

    /// 409: no receiver of alerts is set.
    pub fn no_alert_receiver() -> Self {
        let detail = "There is no receiver of alerts: set ALERT_WEBHOOK_URL.";
        Self::conflict("no_alert_receiver", detail)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("The body is larger than {limit} bytes.");
        Self::new(413, "payload_too_large", "Payload too large", detail)
    }

    /// 415.
    pub fn unsupported_media_type() -> Self {
        let detail = "The body must be JSON, sent with Content-Type: application/json.";
        Self::new(
            415,
            "unsupported_media_type",
            "Unsupported media type",
            detail,
        )
    }

    /// 416: the range starts past the end of the file of `size` bytes.
    pub fn range_not_satisfiable(size: u64) -> Self {
        let headers = vec![("Content-Range", format!("bytes */{size}"))];
        let detail = format!("The range lies outside the file of {size} bytes.");
        Self {
            headers,
            ..Self::new(
                416,
                "range_not_satisfiable",
                "Range not satisfiable",
                detail,
            )
        }
    }

    /// 422: the id or key was already used for a different order.
    pub fn idempotency_conflict() -> Self {
        let detail = "This generation id or idempotency key was already used with another body.";
        Self::new(422, "idempotency_conflict", "Conflicting repeat", detail)
    }

    /// 429: the queue is full; `retry_after` in milliseconds.
    pub fn queue_full(retry_after: Millis) -> Self {
        Self::new(
            429,
            "queue_full",
            "Queue full",
            "Too many generations are waiting; try again later.",
        )
        .retryable(seconds(retry_after))
    }

    /// 429: the caller sends too many requests; `seconds` is the period of the limit.
    pub fn too_many_requests(seconds: u32) -> Self {
        Self::new(
            429,
            "too_many_requests",
            "Too many requests",
            "You are sending too many requests; slow down.",
        )
        .retryable(seconds)
    }

    /// 429: the generation has the maximum number of open streams; one may be free after `seconds`.
    pub fn too_many_streams(seconds: u32) -> Self {
        let detail =
            "Too many event streams of this generation are open; close some or try again later.";
        Self::new(429, "too_many_streams", "Too many streams", detail).retryable(seconds)
    }

    /// 500: a setting is missing or invalid. The sentence names the variable, never its value.
    pub fn misconfigured(errors: &ConfigErrors, environment: Environment) -> Self {
        let fields = errors.list().iter().map(|error| FieldError {
            command: command::that_sets(error.variable, error.is_missing, environment),
            ..FieldError::setting(error.variable, format!("must be {}", error.wanted))
        });
        let detail = format!("The worker is misconfigured: {errors}.");
        Self {
            errors: fields.collect(),
            ..Self::new(500, "misconfigured", "Misconfigured", detail)
        }
    }

    /// 503: a part of the service did not answer. The request may have been accepted and may be
    /// repeated.
    pub fn unavailable() -> Self {
        Self::new(
            503,
            "unavailable",
            "Unavailable",
            "The service did not answer in time; try again.",
        )
        .retryable(2)
    }
}

fn seconds(wait: Millis) -> u32 {
    u32::try_from(wait.div_ceil(SECOND)).unwrap_or(u32::MAX)
}

/// An amount such as `$12.50`.
fn cents(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}
