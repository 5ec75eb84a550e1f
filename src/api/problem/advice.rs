//! What to do about each problem code: a table of `docs/error-codes.md`. Host only: the worker
//! never reads it.

/// What to do about a problem with this code; `None` if no problem has it.
pub fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_request" => "Correct every field, header or parameter that `errors` names.",
        "malformed_json" => "Send a JSON object as the body.",
        "model_retired" => {
            "Order the model that `detail` names, or map the old name with `MODEL_ALIASES`."
        }
        "invalid_signature" => {
            "Compare `UPSTREAM_WEBHOOK_SECRET` with the secret of the webhook registered with \
             Google."
        }
        "unauthorized" => "Send a valid token. Sign a new JWT when it has expired.",
        "budget_exceeded" => {
            "Wait for `Retry-After`, or order a cheaper video. Without `Retry-After`, the video \
             costs more than a whole day's limit."
        }
        "forbidden" => "Name the token's own user, or use `API_KEY` on your server.",
        "operators_only" => "Use `ADMIN_KEY` or a JWT with `role: \"admin\"`.",
        "window_too_long" => "Ask for at most 6 hours, or use a key.",
        "delivery_not_found" => {
            "Check the id. Events are deleted with their generation, after `CLEANUP_RETENTION_DAYS`."
        }
        "bulk_too_large" => "Narrow the filter, for example by time, and run several bulks.",
        "bulk_running" => "Wait until it has ended, or stop it.",
        "bulk_changed" => "Repeat the dry run, and run with its numbers.",
        "bulk_ended" => "Do nothing. Read the bulk: it has ended.",
        "bulk_not_found" => "Check the id. The latest 100 bulks are kept.",
        "not_found" => {
            "Check the id and the user. With a key, name the user as `?userId=` or `X-User-Id`."
        }
        "route_not_found" => "Check the path; `/docs` lists every route.",
        "video_not_found" => {
            "Wait until the generation is `completed`. A deleted video cannot be restored."
        }
        "method_not_allowed" => "Use a method that `Allow` names.",
        "already_ended" => "Do nothing. Read the status: the generation has ended.",
        "ambiguous_generation" => "Name the user as `?userId=` or `X-User-Id`.",
        "images_deleted" => "Send a new order with the images.",
        "not_pending_clarification" | "not_pending_confirmation" => {
            "Read the status: someone may have answered already, or a day has passed."
        }
        "not_retryable" => "Wait until the generation has failed or was cancelled.",
        "no_alert_receiver" => "Set `ALERT_WEBHOOK_URL`. See [Alerts](alerts.md).",
        "too_many_attempts" => "Send a new order.",
        "payload_too_large" => "Send a smaller body, with smaller or fewer images.",
        "unsupported_media_type" => "Send `Content-Type: application/json`.",
        "range_not_satisfiable" => "Ask for a range within the file; `Content-Range` has its size.",
        "idempotency_conflict" => {
            "Use a new id for a new order. Repeat an order with the same body."
        }
        "queue_full" => "Repeat after `Retry-After`. Operators can raise `MAX_QUEUE_LENGTH`.",
        "too_many_requests" => "Repeat after `Retry-After`, and send fewer requests.",
        "too_many_streams" => {
            "Close other event streams of this generation, or repeat after `Retry-After`."
        }
        "misconfigured" => {
            "Set the variables that `errors` names, each as a `setting`, with the `command` that sets \
             a secret. See [Settings](settings.md)."
        }
        "unavailable" => {
            "Repeat after `Retry-After`. Repeat an order with the same id, because the first one may \
             have been accepted."
        }
        _ => return None,
    })
}
