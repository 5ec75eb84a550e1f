//! The metrics of a window of time, minute by minute, as `GET /api/metrics` returns them.

use crate::machine::Status;
use crate::machine::metrics::{Buckets, Count, Metrics, MetricsByUpstream, TimedPhase, table};
use crate::machine::queue::{MINUTES_KEPT, Minute};
use crate::time::rfc3339;
use crate::time::{MINUTE, Millis, SECOND};
use serde::Serialize;
use std::collections::BTreeMap;

/// All lists are parallel to `times`, and every minute of the window is included. Times are in
/// milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Metrics))]
#[serde(rename_all = "camelCase")]
pub struct MetricsReport {
    /// Start of the first minute, and end of the last one, which is the current minute.
    pub from: String,
    pub to: String,
    pub step_seconds: u64,
    /// The start of each minute, oldest first.
    pub times: Vec<String>,
    pub queue: QueueSeries,
    pub processing: ProcessingSeries,
    pub upstream: UpstreamSeries,
    pub webhooks: WebhookSeries,
    /// Only for operators and the app's own server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostSeries>,
    /// By `{provider}/{model}`, for the whole window.
    pub by_model: BTreeMap<String, ModelFigures>,
    /// By error code, or `unknown` for calls without a response, for the whole window.
    pub upstream_errors: BTreeMap<String, u64>,
}

/// The first three are samples, null if none was taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueSeries {
    pub waiting: Vec<Option<u64>>,
    pub running: Vec<Option<u64>>,
    pub oldest_wait_ms: Vec<Option<Millis>>,
    pub accepted: Vec<u64>,
    pub started: Vec<u64>,
    pub wait_ms: PercentileSeries,
}

/// Attempts that ended, retried steps, and durations of completed attempts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessingSeries {
    pub completed: Vec<u64>,
    pub failed: Vec<u64>,
    pub cancelled: Vec<u64>,
    pub retried: Vec<u64>,
    pub duration_ms: PercentileSeries,
}

/// Calls to the video services.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpstreamSeries {
    pub calls: Vec<u64>,
    pub errors: Vec<u64>,
    pub rate_limited: Vec<u64>,
}

/// Delivery attempts, exhausted events, and the time from event to 2xx.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookSeries {
    pub delivered: Vec<u64>,
    pub failed: Vec<u64>,
    pub exhausted: Vec<u64>,
    pub delivery_ms: PercentileSeries,
}

/// Cost charged, less cost returned.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CostSeries {
    pub dollars: Vec<f64>,
}

/// Null if nothing was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct PercentileSeries {
    pub p50: Vec<Option<Millis>>,
    pub p95: Vec<Option<Millis>>,
}

/// One model, for the whole window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelFigures {
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub retried: u64,
    /// Of completed attempts.
    pub duration_ms: Duration,
    pub phases: BTreeMap<String, PhaseFigures>,
}

/// A duration; null if nothing was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = ModelDuration))]
pub struct Duration {
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub p50: Option<Millis>,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub p95: Option<Millis>,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub mean: Option<Millis>,
}

/// One phase of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct PhaseFigures {
    pub count: u64,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub p50: Option<Millis>,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub p95: Option<Millis>,
}

/// Builds a [`MetricsReport`] from one minute after the other, so that they are never all in
/// memory.
#[derive(Debug)]
pub struct MetricsBuilder {
    first: u64,
    report: MetricsReport,
    whole: MetricsByUpstream,
}

impl MetricsBuilder {
    /// A builder for the last `window` milliseconds, clamped to between a minute and
    /// [`MINUTES_KEPT`]; the minute of `now` is the last one.
    pub fn new(window: Millis, now: Millis, with_cost: bool) -> Self {
        let minutes = window.clamp(MINUTE, MINUTES_KEPT) / MINUTE;
        let last = now / MINUTE;
        let first = (last + 1).saturating_sub(minutes);
        let length = usize::try_from(last + 1 - first).unwrap_or(0);
        let none = || vec![None; length];
        let zeros = || vec![0; length];
        let percentiles = || PercentileSeries {
            p50: none(),
            p95: none(),
        };
        let report = MetricsReport {
            from: rfc3339(first * MINUTE),
            to: rfc3339((last + 1) * MINUTE),
            step_seconds: MINUTE / SECOND,
            times: (first..=last)
                .map(|number| rfc3339(number * MINUTE))
                .collect(),
            queue: QueueSeries {
                waiting: none(),
                running: none(),
                oldest_wait_ms: none(),
                accepted: zeros(),
                started: zeros(),
                wait_ms: percentiles(),
            },
            processing: ProcessingSeries {
                completed: zeros(),
                failed: zeros(),
                cancelled: zeros(),
                retried: zeros(),
                duration_ms: percentiles(),
            },
            upstream: UpstreamSeries {
                calls: zeros(),
                errors: zeros(),
                rate_limited: zeros(),
            },
            webhooks: WebhookSeries {
                delivered: zeros(),
                failed: zeros(),
                exhausted: zeros(),
                delivery_ms: percentiles(),
            },
            cost: with_cost.then(|| CostSeries {
                dollars: vec![0.0; length],
            }),
            by_model: BTreeMap::new(),
            upstream_errors: BTreeMap::new(),
        };
        Self {
            first,
            report,
            whole: MetricsByUpstream::default(),
        }
    }

    /// The first minute of the window, in minutes since the Unix epoch.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Adds the counters of a minute; a minute outside the window is ignored.
    pub fn take(&mut self, number: u64, minute: &Minute) {
        let Some(at) = number
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok())
        else {
            return;
        };
        if at >= self.report.times.len() {
            return;
        }
        let MetricsReport {
            queue,
            processing,
            upstream,
            webhooks,
            cost,
            ..
        } = &mut self.report;
        if let Some(sample) = minute.sample {
            queue.waiting[at] = Some(sample.waiting);
            queue.running[at] = Some(sample.running);
            queue.oldest_wait_ms[at] = Some(sample.oldest_wait);
        }
        let metrics = minute.counted.whole();
        queue.accepted[at] = metrics.of(Count::Accepted);
        queue.started[at] = metrics.of(Count::Started);
        queue
            .wait_ms
            .put(at, &metrics.histogram(&table::WAIT, None));
        processing.completed[at] = metrics.of(Count::Attempt(Status::Completed));
        processing.failed[at] = metrics.of(Count::Attempt(Status::Failed));
        processing.cancelled[at] = metrics.of(Count::Attempt(Status::Cancelled));
        processing.retried[at] = metrics.sum(&table::RETRIES);
        processing.duration_ms.put(at, &completed(&metrics));
        upstream.calls[at] = metrics.sum(&table::CALLS);
        upstream.errors[at] = metrics.sum(&table::ERRORS);
        upstream.rate_limited[at] = metrics.of(Count::RateLimited);
        webhooks.delivered[at] = metrics.of(Count::WebhookSent { delivered: true });
        webhooks.failed[at] = metrics.of(Count::WebhookSent { delivered: false });
        webhooks.exhausted[at] = metrics.of(Count::WebhookExhausted);
        webhooks
            .delivery_ms
            .put(at, &metrics.histogram(&table::WEBHOOK_DELIVERY, None));
        if let Some(cost) = cost {
            cost.dollars[at] = crate::money::dollars(metrics.of(Count::Charged))
                - crate::money::dollars(metrics.of(Count::Returned));
        }
        self.whole.add(&minute.counted);
    }

    /// Returns the finished report.
    pub fn finish(self) -> MetricsReport {
        let Self {
            mut report, whole, ..
        } = self;
        // Inserted one by one: collecting a map sorts first, which is more code.
        for (upstream, metrics) in whole.iter() {
            report
                .by_model
                .insert(upstream.to_owned(), figures(metrics));
        }
        for (labels, count) in whole.whole().of_metric(&table::ERRORS) {
            report.upstream_errors.insert(labels.concat(), count);
        }
        report
    }
}

impl PercentileSeries {
    fn put(&mut self, at: usize, histogram: &Buckets) {
        self.p50[at] = histogram.percentile(50);
        self.p95[at] = histogram.percentile(95);
    }
}

fn completed(metrics: &Metrics) -> Buckets {
    metrics.histogram(&table::PROCESSING, Some(Status::Completed.as_str()))
}

fn figures(metrics: &Metrics) -> ModelFigures {
    let took = completed(metrics);
    let mut phases = BTreeMap::new();
    for phase in TimedPhase::ALL {
        let took = metrics.histogram(&table::PHASE, Some(phase.as_str()));
        let figures = PhaseFigures {
            count: took.count(),
            p50: took.percentile(50),
            p95: took.percentile(95),
        };
        phases.insert(phase.as_str().to_owned(), figures);
    }
    ModelFigures {
        completed: metrics.of(Count::Attempt(Status::Completed)),
        failed: metrics.of(Count::Attempt(Status::Failed)),
        cancelled: metrics.of(Count::Attempt(Status::Cancelled)),
        retried: metrics.sum(&table::RETRIES),
        duration_ms: Duration {
            p50: took.percentile(50),
            p95: took.percentile(95),
            mean: took.mean(),
        },
        phases,
    }
}

#[cfg(test)]
mod tests {
    use super::MetricsBuilder;
    use crate::machine::Status;
    use crate::machine::metrics::{Count, Histogram};
    use crate::machine::outcome::ErrorCode;
    use crate::machine::queue::{MINUTES_KEPT, Minute, Sample};
    use crate::time::{DAY, HOUR, MINUTE};

    /// 2027-01-15T08:00:30Z.
    const NOW: u64 = 1_800_000_030_000;

    #[test]
    fn every_minute_of_the_window_is_there_and_the_last_is_the_one_under_way() {
        let metrics = MetricsBuilder::new(HOUR, NOW, false).finish();
        assert_eq!((metrics.times.len(), metrics.step_seconds), (60, 60));
        assert_eq!(metrics.times[59], "2027-01-15T08:00:00.000Z");
        assert_eq!(
            [metrics.from.as_str(), metrics.to.as_str()],
            ["2027-01-15T07:01:00.000Z", "2027-01-15T08:01:00.000Z"]
        );
        assert_eq!(metrics.times[0], metrics.from);
        for (window, length) in [
            (1, 1),
            (MINUTE, 1),
            (MINUTES_KEPT, 10_080),
            (9 * DAY, 10_080),
        ] {
            assert_eq!(
                MetricsBuilder::new(window, NOW, false)
                    .finish()
                    .queue
                    .accepted
                    .len(),
                length
            );
        }
    }

    #[test]
    fn what_was_counted_stands_in_its_minute_and_nothing_else_in_any() {
        let mut builder = MetricsBuilder::new(3 * MINUTE, NOW, true);
        let mut minute = Minute {
            sample: Some(Sample {
                waiting: 2,
                running: 1,
                oldest_wait: 7,
            }),
            ..Minute::default()
        };
        let metrics = minute.counted.of("a/b");
        metrics.count(Count::Attempt(Status::Completed), 2);
        metrics.count(Count::Error(Some(ErrorCode::StorageFailed)), 3);
        metrics.count(Count::Charged, 3_200_000);
        metrics.count(Count::Returned, 1_000_000);
        metrics.observe(Histogram::Processing(Status::Completed), 40_000);
        metrics.observe(Histogram::Processing(Status::Failed), 1);
        let now = NOW / MINUTE;
        builder.take(now - 1, &minute);
        for outside in [0, now - 3, now + 1] {
            builder.take(outside, &minute);
        }
        let metrics = builder.finish();
        assert_eq!(metrics.queue.waiting, [None, Some(2), None]);
        assert_eq!(metrics.queue.oldest_wait_ms, [None, Some(7), None]);
        assert_eq!(metrics.processing.completed, [0, 2, 0]);
        assert_eq!(metrics.upstream.errors, [0, 3, 0]);
        assert_eq!(
            metrics.processing.duration_ms.p50,
            [None, Some(37_500), None]
        );
        let dollars = metrics.cost.expect("everyone's cost").dollars;
        assert!(
            (dollars[1] - 2.2).abs() < 1e-9 && dollars[0].abs() < 1e-9,
            "{dollars:?}"
        );
        let model = &metrics.by_model["a/b"];
        assert_eq!(
            (
                model.completed,
                model.duration_ms.mean,
                model.phases["storing"].count
            ),
            (2, Some(40_000), 0)
        );
        assert_eq!(
            metrics.upstream_errors,
            [("storage_failed".to_owned(), 3)].into()
        );
    }
}
