//! Shapes of answers whose types are not there yet.

use std::collections::BTreeMap;
use utoipa::ToSchema;

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
