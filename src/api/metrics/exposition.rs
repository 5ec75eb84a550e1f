//! The metrics in the formats of Prometheus. Pure.

use crate::machine::Status;
use crate::machine::alerts::AlertKind;
use crate::machine::metrics::{
    Buckets, Metric, MetricKind, Metrics, MetricsByUpstream, TABLE, Unit,
};
use crate::machine::queue::MAX_PRIORITY;
use crate::money::dollars;
use crate::store::stats::{LimitsInForce, PausedUpstream, QueueStats, UpstreamBackoff};
use chrono::DateTime;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{self, Registry};
use std::collections::HashMap;
use std::fmt;

/// The prefix of every metric name.
const PREFIX: &str = "reelay";

/// The format of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus's own text format 0.0.4.
    Classic,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// The format for an `Accept` header: `OpenMetrics` if it is named, else the classic format.
    pub fn asked_for(accept: Option<&str>) -> Self {
        let names = |accept: &str| {
            accept
                .to_ascii_lowercase()
                .contains("application/openmetrics-text")
        };
        if accept.is_some_and(names) {
            Self::OpenMetrics
        } else {
            Self::Classic
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Classic => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Writes all counters, and the current figures of the queue.
pub fn expose(
    totals: MetricsByUpstream,
    stats: QueueStats,
    format: Format,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Exposed { totals, stats }));
    let mut text = String::new();
    match format {
        Format::Classic => prometheus_text::encode(&mut text, &registry)?,
        Format::OpenMetrics => text::encode(&mut text, &registry)?,
    }
    Ok(text)
}

#[derive(Debug)]
struct Exposed {
    totals: MetricsByUpstream,
    stats: QueueStats,
}

/// Labels and their values.
type Labels = Vec<(&'static str, String)>;

impl Collector for Exposed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in TABLE {
            write_metric(&mut encoder, metric, &self.totals)?;
        }
        write_line(&mut encoder, &self.stats)?;
        write_condition(&mut encoder, &self.stats)?;
        write_alerts(&mut encoder, &self.stats)
    }
}

fn write_metric(
    encoder: &mut DescriptorEncoder<'_>,
    metric: &Metric,
    totals: &MetricsByUpstream,
) -> fmt::Result {
    let unit = match metric.unit {
        Unit::None => None,
        Unit::Time => Some(registry::Unit::Seconds),
        Unit::Money => Some(money()),
    };
    let kind = match metric.kind {
        MetricKind::Counter => MetricType::Counter,
        MetricKind::Histogram(_) => MetricType::Histogram,
    };
    let help = format!("{}.", metric.help);
    let mut family = encoder.encode_descriptor(metric.name, &help, unit.as_ref(), kind)?;
    for (upstream, metrics) in totals.iter() {
        for own in label_values(metric, metrics) {
            let mut labels = upstream_labels(upstream);
            labels.extend(
                metric
                    .labels
                    .iter()
                    .copied()
                    .zip(own.iter().map(|value| (*value).to_owned())),
            );
            let mut series = family.encode_family(&labels)?;
            match metric.kind {
                MetricKind::Counter => {
                    let mine = metrics.of_metric(metric).find(|(labels, _)| *labels == own);
                    write_counter(&mut series, mine.map_or(0, |(_, count)| count), metric.unit)?;
                }
                MetricKind::Histogram(_) => {
                    write_histogram(
                        &mut series,
                        &metrics.histogram(metric, own.first().copied()),
                    )?;
                }
            }
        }
    }
    Ok(())
}

/// The combinations of the metric's own label values that have counts.
fn label_values<'a>(metric: &'a Metric, metrics: &'a Metrics) -> Vec<Vec<&'a str>> {
    let length = metric.labels.len();
    let mut values: Vec<Vec<&str>> = Vec::new();
    for (mut parts, _) in metrics.of_metric(metric) {
        parts.truncate(length);
        // The buckets of one histogram are adjacent.
        if values.last() != Some(&parts) {
            values.push(parts);
        }
    }
    values
}

fn upstream_labels(upstream: &str) -> Labels {
    let (provider, model) = upstream.split_once('/').unwrap_or(("", upstream));
    vec![
        ("provider", provider.to_owned()),
        ("model", model.to_owned()),
    ]
}

fn write_counter(series: &mut MetricEncoder<'_>, count: u64, unit: Unit) -> fmt::Result {
    let no_exemplar = None::<&Exemplar<NoLabelSet, u64>>;
    match unit {
        Unit::None | Unit::Time => series.encode_counter(&count, no_exemplar),
        Unit::Money => series.encode_counter(&dollars(count), no_exemplar),
    }
}

fn write_histogram(series: &mut MetricEncoder<'_>, histogram: &Buckets) -> fmt::Result {
    let buckets: Vec<(f64, u64)> = histogram
        .buckets
        .iter()
        .map(|(end, count)| (seconds(*end), *count))
        .chain([(f64::INFINITY, histogram.beyond)])
        .collect();
    let no_exemplars = None::<&HashMap<usize, Exemplar<NoLabelSet, f64>>>;
    series.encode_histogram(
        seconds(histogram.sum),
        histogram.count(),
        &buckets,
        no_exemplars,
    )
}

/// Writes a gauge with all its series.
fn write_gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&registry::Unit>,
    values: &[(Labels, f64)],
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
    for (labels, value) in values {
        if labels.is_empty() {
            family.encode_gauge(value)?;
        } else {
            family.encode_family(labels)?.encode_gauge(value)?;
        }
    }
    Ok(())
}

/// The values of a gauge that has one series.
fn alone(value: u64) -> [(Labels, f64); 1] {
    [(Labels::new(), whole(value))]
}

/// Writes the gauges of waiting jobs, stored jobs and slots.
fn write_line(encoder: &mut DescriptorEncoder<'_>, stats: &QueueStats) -> fmt::Result {
    let of = |counts: &std::collections::BTreeMap<String, u64>, name: &str| {
        whole(counts.get(name).copied().unwrap_or(0))
    };
    let depth: Vec<_> = (0..=MAX_PRIORITY)
        .map(|priority| priority.to_string())
        .map(|priority| {
            (
                vec![("priority", priority.clone())],
                of(&stats.waiting_by_priority, &priority),
            )
        })
        .collect();
    let jobs: Vec<_> = Status::ALL
        .map(Status::as_str)
        .map(|status| {
            (
                vec![("status", status.to_owned())],
                of(&stats.by_status, status),
            )
        })
        .into();
    write_gauge(
        encoder,
        "queue_waiting",
        "Jobs waiting for a slot, by priority.",
        None,
        &depth,
    )?;
    let oldest = [(Labels::new(), seconds(stats.oldest_wait_ms.unwrap_or(0)))];
    let help = "How long the first job in line has waited.";
    write_gauge(
        encoder,
        "queue_oldest_wait",
        help,
        Some(&registry::Unit::Seconds),
        &oldest,
    )?;
    write_gauge(encoder, "jobs", "Stored jobs, by status.", None, &jobs)?;
    write_gauge(
        encoder,
        "slots",
        "Jobs that may run at once.",
        None,
        &alone(stats.slots.total),
    )?;
    write_gauge(
        encoder,
        "slots_used",
        "Slots in use.",
        None,
        &alone(stats.slots.used),
    )?;
    Ok(())
}

/// Writes the gauges of missing alarms, pausing, webhooks, backoffs and costs.
fn write_condition(encoder: &mut DescriptorEncoder<'_>, stats: &QueueStats) -> fmt::Result {
    let help = "Jobs whose alarm is missing or that do not answer; 0 in a healthy system.";
    write_gauge(
        encoder,
        "jobs_without_timer",
        help,
        None,
        &alone(stats.jobs_without_timer),
    )?;
    write_gauge(
        encoder,
        "queue_paused",
        "1 while an operator has paused the whole queue, else 0.",
        None,
        &alone(u64::from(stats.paused)),
    )?;
    let pauses: Vec<_> = stats.paused_upstreams.iter().map(paused).collect();
    write_gauge(
        encoder,
        "upstream_paused",
        "1 for each video service or model that an operator paused; model is empty for all models.",
        None,
        &pauses,
    )?;
    write_limits(encoder, &stats.limits)?;
    let help = "Webhooks not yet accepted by the app.";
    write_gauge(
        encoder,
        "webhooks_pending",
        help,
        None,
        &alone(stats.webhooks.pending),
    )?;
    write_gauge(
        encoder,
        "webhooks_exhausted",
        "Webhooks that were given up.",
        None,
        &alone(stats.webhooks.exhausted),
    )?;
    let backoffs: Vec<_> = stats.upstreams.iter().map(backoff).collect();
    let help = "When an upstream in backoff is probed next, in seconds since the Unix epoch; absent for others.";
    write_gauge(
        encoder,
        "upstream_backoff_until_timestamp",
        help,
        Some(&registry::Unit::Seconds),
        &backoffs,
    )?;
    if let Some(cost) = stats.cost {
        let help = "Charged today (UTC).";
        write_gauge(
            encoder,
            "cost_today",
            help,
            Some(&money()),
            &[(Labels::new(), cost.today)],
        )?;
        if let Some(limit) = cost.limit {
            write_gauge(
                encoder,
                "cost_limit",
                "The limit MAX_COST_PER_DAY in force.",
                Some(&money()),
                &[(Labels::new(), limit)],
            )?;
        }
    }
    let help = "Missing alarms that were found and re-armed.";
    let mut repaired =
        encoder.encode_descriptor("timers_repaired", help, None, MetricType::Counter)?;
    write_counter(&mut repaired, stats.timers_repaired, Unit::None)
}

/// Writes the gauge of the alerts that are firing.
fn write_alerts(encoder: &mut DescriptorEncoder<'_>, stats: &QueueStats) -> fmt::Result {
    let firing = AlertKind::ALL.map(|kind| {
        let alerts = stats.alerts.iter().flatten();
        let count = alerts.filter(|alert| alert.kind == kind).count();
        (
            vec![("kind", kind.as_str().to_owned())],
            whole(count as u64),
        )
    });
    let help = "Alerts that are firing, by kind.";
    write_gauge(encoder, "alerts_firing", help, None, &firing)
}

/// Writes the gauges of the limits in force that no other gauge has. A limit that is not set has
/// none.
fn write_limits(encoder: &mut DescriptorEncoder<'_>, limits: &LimitsInForce) -> fmt::Result {
    write_gauge(
        encoder,
        "slots_per_user",
        "Jobs of one user that may run at once.",
        None,
        &alone(limits.max_concurrent_jobs_per_user),
    )?;
    if let Some(limit) = limits.max_submits_per_minute {
        let help = "The limit MAX_SUBMITS_PER_MINUTE in force.";
        write_gauge(
            encoder,
            "submits_per_minute_limit",
            help,
            None,
            &alone(limit),
        )?;
    }
    if let Some(limit) = limits.max_cost_per_user_per_day {
        let help = "The limit MAX_COST_PER_USER_PER_DAY in force.";
        let value = [(Labels::new(), limit)];
        write_gauge(encoder, "cost_per_user_limit", help, Some(&money()), &value)?;
    }
    Ok(())
}

fn paused(pause: &PausedUpstream) -> (Labels, f64) {
    let model = pause.model.clone().unwrap_or_default();
    let labels = vec![("provider", pause.provider.clone()), ("model", model)];
    (labels, 1.0)
}

fn backoff(upstream: &UpstreamBackoff) -> (Labels, f64) {
    let until = DateTime::parse_from_rfc3339(&upstream.backoff_until)
        .map_or(0, |until| until.timestamp_millis());
    (
        upstream_labels(&upstream.upstream),
        seconds(u64::try_from(until).unwrap_or(0)),
    )
}

fn money() -> registry::Unit {
    registry::Unit::Other("dollars".to_owned())
}

/// Converts milliseconds to seconds.
fn seconds(millis: u64) -> f64 {
    whole(millis) / 1_000.0
}

/// Converts a count to the nearest floating-point number.
fn whole(count: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    half(count >> 32) * 4_294_967_296.0 + half(count & u64::from(u32::MAX))
}
