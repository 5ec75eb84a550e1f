//! The table of metrics, and the only ways to count into it.

use crate::machine::Status;
use crate::machine::outcome::{ErrorCode, Outcome, Trouble};
use crate::time::Millis;

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    /// The upper bounds of its buckets, in milliseconds.
    Histogram(&'static [Millis]),
}

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain count.
    None,
    /// Milliseconds here, seconds in the output.
    Time,
    /// Millionths of a US dollar here, dollars in the output.
    Money,
}

/// One metric. All have the labels `provider` and `model` besides their own.
#[derive(Debug)]
pub struct Metric {
    /// The first part of its series.
    pub key: &'static str,
    /// Its name in the output, without prefix, unit and `_total`.
    pub name: &'static str,
    /// One sentence without its full stop.
    pub help: &'static str,
    pub kind: MetricKind,
    pub unit: Unit,
    pub labels: &'static [&'static str],
}

impl Metric {
    const fn counter(
        key: &'static str,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            key,
            name,
            help,
            kind: MetricKind::Counter,
            unit: Unit::None,
            labels,
        }
    }

    const fn money(key: &'static str, name: &'static str, help: &'static str) -> Self {
        Self {
            unit: Unit::Money,
            ..Self::counter(key, name, &[], help)
        }
    }

    const fn times(
        key: &'static str,
        name: &'static str,
        labels: &'static [&'static str],
        bounds: &'static [Millis],
        help: &'static str,
    ) -> Self {
        Self {
            kind: MetricKind::Histogram(bounds),
            unit: Unit::Time,
            ..Self::counter(key, name, labels, help)
        }
    }

    /// The upper bounds of its buckets in milliseconds; none for a counter.
    pub fn bounds(&self) -> &'static [Millis] {
        match self.kind {
            MetricKind::Histogram(bounds) => bounds,
            MetricKind::Counter => &[],
        }
    }
}

/// From an immediate start to a day in line.
const WAITS: &[Millis] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    1_800_000, 3_600_000, 14_400_000, 86_400_000,
];
/// A render takes from 11 s to 6 min; a deadline is usually 10 min.
const WORKS: &[Millis] = &[
    500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000,
    180_000, 240_000, 360_000, 600_000, 1_200_000,
];
/// From an immediate answer to the end of the webhook schedule.
const DELIVERIES: &[Millis] = &[
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    30_000,
    60_000,
    300_000,
    1_800_000,
    7_200_000,
    36_000_000,
    108_000_000,
];

/// The metrics by name.
pub(super) mod table {
    use super::{DELIVERIES, Metric, WAITS, WORKS};

    pub static ACCEPTED: Metric = Metric::counter(
        "accepted",
        "jobs_accepted",
        &[],
        "Jobs accepted by the queue",
    );
    pub static STARTED: Metric =
        Metric::counter("started", "jobs_started", &[], "Slots granted to jobs");
    pub static WAIT: Metric = Metric::times(
        "wait",
        "queue_wait",
        &[],
        WAITS,
        "Time from when a job may start until it gets a slot",
    );
    pub static CHARGED: Metric = Metric::money(
        "charged",
        "cost_charged",
        "Cost charged for renders, including amounts reserved for waiting jobs",
    );
    pub static RETURNED: Metric = Metric::money(
        "returned",
        "cost_returned",
        "Charged cost that was returned because it was not spent",
    );
    pub static ATTEMPTS: Metric = Metric::counter(
        "attempts",
        "attempts",
        &["outcome"],
        "Attempts that ended, by outcome",
    );
    pub static FAILURES: Metric = Metric::counter(
        "failures",
        "attempt_failures",
        &["code"],
        "Attempts that failed, by failure code",
    );
    pub static PROCESSING: Metric = Metric::times(
        "processing",
        "processing",
        &["outcome"],
        WORKS,
        "Time from the last start of an attempt to its end",
    );
    pub static PHASE: Metric = Metric::times(
        "phase",
        "phase",
        &["phase"],
        WORKS,
        "Time that attempts spent in each phase",
    );
    pub static RETRIES: Metric = Metric::counter(
        "retries",
        "retries",
        &["phase"],
        "Steps retried after a failure or a lost answer",
    );
    pub static CALLS: Metric = Metric::counter(
        "calls",
        "upstream_calls",
        &["call", "outcome"],
        "Calls to the video service, except polls of a render that is still running",
    );
    pub static ERRORS: Metric = Metric::counter(
        "errors",
        "upstream_errors",
        &["class"],
        "Calls that failed or got no answer (unknown), by failure code",
    );
    pub static RATE_LIMITED: Metric = Metric::counter(
        "rate_limited",
        "upstream_rate_limited",
        &[],
        "Calls refused by a rate limit or a quota",
    );
    pub static WEBHOOK_ATTEMPTS: Metric = Metric::counter(
        "hook_attempts",
        "webhook_attempts",
        &["outcome"],
        "Attempts to deliver a webhook",
    );
    pub static WEBHOOK_RETRIES: Metric = Metric::counter(
        "hook_retries",
        "webhook_retries",
        &[],
        "Attempts to deliver a webhook after a failed one",
    );
    pub static WEBHOOK_EXHAUSTED: Metric = Metric::counter(
        "hook_exhausted",
        "webhook_exhausted",
        &[],
        "Webhooks whose last attempt failed",
    );
    pub static WEBHOOK_DELIVERY: Metric = Metric::times(
        "hook_delivery",
        "webhook_delivery",
        &[],
        DELIVERIES,
        "Time from an event until the app answers its webhook with a 2xx",
    );
}

/// Every metric, in output order.
pub static TABLE: [&Metric; 17] = [
    &table::ACCEPTED,
    &table::STARTED,
    &table::WAIT,
    &table::ATTEMPTS,
    &table::FAILURES,
    &table::PROCESSING,
    &table::PHASE,
    &table::RETRIES,
    &table::CALLS,
    &table::ERRORS,
    &table::RATE_LIMITED,
    &table::WEBHOOK_ATTEMPTS,
    &table::WEBHOOK_RETRIES,
    &table::WEBHOOK_EXHAUSTED,
    &table::WEBHOOK_DELIVERY,
    &table::CHARGED,
    &table::RETURNED,
];

/// A call to the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamCall {
    Submit,
    Poll,
    Fetch,
    Cancel,
}

impl UpstreamCall {
    pub const ALL: [Self; 4] = [Self::Submit, Self::Poll, Self::Fetch, Self::Cancel];

    fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Poll => "poll",
            Self::Fetch => "fetch",
            Self::Cancel => "cancel",
        }
    }
}

/// A phase with a measured duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimedPhase {
    Submitting,
    Rendering,
    Storing,
}

impl TimedPhase {
    pub const ALL: [Self; 3] = [Self::Submitting, Self::Rendering, Self::Storing];

    /// The word of the label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitting => "submitting",
            Self::Rendering => "rendering",
            Self::Storing => "storing",
        }
    }
}

/// Something to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Accepted,
    Started,
    /// In millionths of a US dollar.
    Charged,
    Returned,
    /// An attempt that has ended with this status.
    Attempt(Status),
    Failure(ErrorCode),
    Retry(TimedPhase),
    /// Made by [`Count::call`].
    Called(UpstreamCall, &'static str),
    /// `None`: no answer.
    Error(Option<ErrorCode>),
    RateLimited,
    WebhookSent {
        delivered: bool,
    },
    WebhookRetry,
    WebhookExhausted,
}

/// The words for the outcomes of a call.
const OUTCOMES: [&str; 4] = ["done", "retry", "refused", "unknown"];

impl Count {
    /// A call and its outcome.
    pub fn call<T>(call: UpstreamCall, outcome: &Outcome<T>) -> Self {
        Self::Called(call, outcome.as_ref().err().map_or("done", Trouble::as_str))
    }

    /// Everything that can be counted.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Accepted,
            Self::Started,
            Self::Charged,
            Self::Returned,
            Self::RateLimited,
        ];
        all.extend([
            Self::WebhookRetry,
            Self::WebhookExhausted,
            Self::Error(None),
        ]);
        all.extend([true, false].map(|delivered| Self::WebhookSent { delivered }));
        all.extend(
            Status::ALL
                .into_iter()
                .filter(|status| status.is_terminal())
                .map(Self::Attempt),
        );
        all.extend(TimedPhase::ALL.map(Self::Retry));
        all.extend(
            ErrorCode::ALL
                .into_iter()
                .flat_map(|code| [Self::Failure(code), Self::Error(Some(code))]),
        );
        all.extend(
            UpstreamCall::ALL
                .into_iter()
                .flat_map(|call| OUTCOMES.map(|outcome| Self::Called(call, outcome))),
        );
        all
    }

    pub(super) fn series(self) -> String {
        let (metric, labels): (&Metric, &[&str]) = match &self {
            Self::Accepted => (&table::ACCEPTED, &[]),
            Self::Started => (&table::STARTED, &[]),
            Self::Charged => (&table::CHARGED, &[]),
            Self::Returned => (&table::RETURNED, &[]),
            Self::Attempt(status) => (&table::ATTEMPTS, &[status.as_str()]),
            Self::Failure(code) => (&table::FAILURES, &[code.as_str()]),
            Self::Retry(phase) => (&table::RETRIES, &[phase.as_str()]),
            Self::Called(call, outcome) => (&table::CALLS, &[call.as_str(), outcome]),
            Self::Error(class) => (
                &table::ERRORS,
                &[class.map_or("unknown", ErrorCode::as_str)],
            ),
            Self::RateLimited => (&table::RATE_LIMITED, &[]),
            Self::WebhookSent { delivered: true } => (&table::WEBHOOK_ATTEMPTS, &["delivered"]),
            Self::WebhookSent { delivered: false } => (&table::WEBHOOK_ATTEMPTS, &["failed"]),
            Self::WebhookRetry => (&table::WEBHOOK_RETRIES, &[]),
            Self::WebhookExhausted => (&table::WEBHOOK_EXHAUSTED, &[]),
        };
        joined(metric, labels)
    }
}

/// A duration to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Histogram {
    /// From when a job could first have had a slot until it got one.
    Wait,
    /// From the last start of an attempt to its end, with this status.
    Processing(Status),
    Phase(TimedPhase),
    /// From an event to the 2xx of its webhook.
    Delivery,
}

impl Histogram {
    /// Every duration that can be recorded.
    pub fn all() -> Vec<Self> {
        let ends = Status::ALL
            .into_iter()
            .filter(|status| status.is_terminal())
            .map(Self::Processing);
        [Self::Wait, Self::Delivery]
            .into_iter()
            .chain(ends)
            .chain(TimedPhase::ALL.map(Self::Phase))
            .collect()
    }

    pub(super) fn metric(self) -> &'static Metric {
        match self {
            Self::Wait => &table::WAIT,
            Self::Processing(_) => &table::PROCESSING,
            Self::Phase(_) => &table::PHASE,
            Self::Delivery => &table::WEBHOOK_DELIVERY,
        }
    }

    pub(super) fn series(self) -> String {
        let labels: &[&str] = match &self {
            Self::Wait | Self::Delivery => &[],
            Self::Processing(status) => &[status.as_str()],
            Self::Phase(phase) => &[phase.as_str()],
        };
        joined(self.metric(), labels)
    }
}

fn joined(metric: &Metric, labels: &[&str]) -> String {
    std::iter::once(&metric.key)
        .chain(labels)
        .copied()
        .collect::<Vec<_>>()
        .join(";")
}
