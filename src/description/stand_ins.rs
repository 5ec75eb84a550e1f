//! Shapes of answers whose types are not there yet.

use crate::machine::Status;
use crate::machine::delivery::EventKind;
use crate::wire::api::Problem;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An event for the app and how its delivery stands.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
pub(super) struct Delivery {
    /// `msg_…`, the `webhook-id` of every attempt.
    id: String,
    event: EventKind,
    generation_id: String,
    user_id: String,
    state: DeliveryState,
    /// How many attempts have been made.
    attempts: u32,
    /// The status that the app answered last; absent when it gave no answer.
    last_status: Option<u16>,
    created_at: String,
    next_attempt_at: Option<String>,
    delivered_at: Option<String>,
    exhausted_at: Option<String>,
}

/// Whether the app has taken an event: not yet, yes, or it was given up.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "a shape")]
enum DeliveryState {
    Pending,
    Delivered,
    Exhausted,
}

/// A page of events.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
pub(super) struct DeliveryPage {
    success: bool,
    data: Vec<Delivery>,
    has_more: bool,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What became of the exhausted events.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
pub(super) struct Recovered {
    success: bool,
    /// How many were made pending again.
    recovered: u64,
    /// Whether there are more of them.
    has_more: bool,
}

/// Whether the queue starts anything.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
pub(super) struct Gate {
    success: bool,
    paused: bool,
    paused_since: Option<String>,
}

/// `data` of an event `step`: an entry of the timeline, and how the generation stands now.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
pub(super) struct StreamedStep {
    step: String,
    /// When it happened, RFC 3339.
    at: String,
    detail: Option<String>,
    attempt: u32,
    status: Status,
    phase: String,
    /// Per cent.
    progress: u8,
}

/// `data` of an event `progress`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a shape")]
pub(super) struct StreamedProgress {
    status: Status,
    phase: String,
    /// Per cent.
    progress: u8,
}

/// `data` of the event `end`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a shape")]
pub(super) struct StreamedEnd {
    status: Status,
}

/// Series by minute: each list is parallel to `times`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
pub(super) struct Metrics {
    /// Where the window begins, RFC 3339.
    from: String,
    /// Where it ends, RFC 3339.
    to: String,
    /// 60.
    step_seconds: u32,
    /// The beginning of each minute, oldest first.
    times: Vec<String>,
    queue: QueueSeries,
    processing: ProcessingSeries,
    upstream: UpstreamSeries,
    webhooks: WebhookSeries,
    /// For keys and admins only.
    cost: Option<CostSeries>,
    /// By `{provider}/{model}`, over the whole window.
    by_model: BTreeMap<String, ModelFigures>,
    /// Failed calls of the window by class of error.
    upstream_errors: BTreeMap<String, u64>,
}

/// Samples of the queue (null where none was taken) and what it did.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
struct QueueSeries {
    waiting: Vec<Option<u64>>,
    running: Vec<Option<u64>>,
    oldest_wait_ms: Vec<Option<u64>>,
    accepted: Vec<u64>,
    started: Vec<u64>,
    wait_ms: Quantiles,
}

/// How attempts ended and how long they took.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
struct ProcessingSeries {
    completed: Vec<u64>,
    failed: Vec<u64>,
    cancelled: Vec<u64>,
    retried: Vec<u64>,
    duration_ms: Quantiles,
}

/// Calls of the video service.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
struct UpstreamSeries {
    calls: Vec<u64>,
    errors: Vec<u64>,
    rate_limited: Vec<u64>,
}

/// Events for the app.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
struct WebhookSeries {
    delivered: Vec<u64>,
    failed: Vec<u64>,
    exhausted: Vec<u64>,
    delivery_ms: Quantiles,
}

/// US dollars.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a shape")]
struct CostSeries {
    dollars: Vec<f64>,
}

/// Milliseconds; null for a minute in which nothing was measured.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a shape")]
struct Quantiles {
    p50: Vec<Option<f64>>,
    p95: Vec<Option<f64>>,
}

/// How one model did.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "a shape")]
struct ModelFigures {
    completed: u64,
    failed: u64,
    cancelled: u64,
    retried: u64,
    duration_ms: ModelDuration,
    /// By `submitting`, `rendering` and `storing`.
    phases: BTreeMap<String, PhaseFigures>,
}

/// Milliseconds from start to end.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a shape")]
struct ModelDuration {
    #[schema(required = true)]
    p50: Option<f64>,
    #[schema(required = true)]
    p95: Option<f64>,
    #[schema(required = true)]
    mean: Option<f64>,
}

/// How long a phase took, in milliseconds.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a shape")]
struct PhaseFigures {
    count: u64,
    #[schema(required = true)]
    p50: Option<f64>,
    #[schema(required = true)]
    p95: Option<f64>,
}

/// 404: there is no such event.
pub(super) fn no_delivery() -> Problem {
    Problem { code: "delivery_not_found", detail: "There is no such delivery.".to_owned(), ..Problem::no_generation() }
}
