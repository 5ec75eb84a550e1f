//! The result of an effect for the log, taken from its answer before the machine takes it.

use crate::machine::delivery::Receipt;
use crate::machine::job::{Answer, Progress};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, UpstreamAnswer};
use crate::time::Millis;
use tracing::Level;

/// An effect that has been carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The message, if the effect adds no timeline entry.
    pub(super) message: &'static str,
    pub(super) level: Level,
    /// `done`, `retry`, `refused` or `unknown`; for a poll also `running` and `ready`.
    pub(super) outcome: &'static str,
    pub(super) code: Option<ErrorCode>,
    /// The upstream's HTTP answer, if the call failed with one.
    pub(super) upstream: Option<UpstreamAnswer>,
    /// The event that was sent, for a webhook attempt.
    pub(super) event_id: Option<String>,
    /// How long it took, in milliseconds.
    pub(super) took: Millis,
}

impl Done {
    pub fn of(answer: &Answer, took: Millis) -> Self {
        let (outcome, failure) = match answer {
            Answer::Enqueued { outcome, .. } => words(outcome),
            Answer::Submitted { outcome, .. } => words(outcome),
            Answer::Polled {
                outcome: Ok(Progress::Running),
                ..
            } => ("running", None),
            Answer::Polled {
                outcome: Ok(Progress::Ready { .. }),
                ..
            } => ("ready", None),
            Answer::Polled { outcome, .. } => words(outcome),
            Answer::Stored { outcome, .. } => words(outcome),
            Answer::Reported { outcome, .. }
            | Answer::UpstreamCancelled { outcome, .. }
            | Answer::FileDeleted { outcome, .. } => words(outcome),
            Answer::Delivered {
                receipt: Receipt::Accepted { .. },
                ..
            } => ("done", None),
            Answer::Delivered {
                receipt: Receipt::Failed { .. },
                ..
            } => ("retry", None),
            Answer::Delivered {
                receipt: Receipt::Gone,
                ..
            } => ("refused", None),
        };
        let well = !matches!(outcome, "retry" | "refused" | "unknown");
        let event_id = if let Answer::Delivered { event_id, .. } = answer {
            Some(event_id.clone())
        } else {
            None
        };
        Self {
            message: message(answer, well),
            level: level(answer, outcome, well),
            outcome,
            code: failure.map(|failure| failure.code),
            upstream: failure.and_then(|failure| failure.upstream.clone()),
            event_id,
            took,
        }
    }
}

fn words<T>(outcome: &Outcome<T>) -> (&'static str, Option<&Failure>) {
    outcome.as_ref().err().map_or(("done", None), |trouble| {
        (trouble.as_str(), trouble.failure())
    })
}

fn message(answer: &Answer, well: bool) -> &'static str {
    match (answer, well) {
        (Answer::Enqueued { .. }, true) => "[JOB] Enqueue confirmed",
        (Answer::Enqueued { .. }, false) => "[JOB] Enqueue failed",
        (Answer::Submitted { .. }, _) => "[UPSTREAM] Submit answer dropped",
        (Answer::Polled { .. }, _) => "[UPSTREAM] Polled",
        (Answer::Stored { .. }, _) => "[STORAGE] Store answer dropped",
        (Answer::Reported { .. }, true) => "[JOB] Reported",
        (Answer::Reported { .. }, false) => "[JOB] Report failed",
        (Answer::Delivered { .. }, _) => "[WEBHOOK] Attempt answer dropped",
        (Answer::UpstreamCancelled { .. }, _) => "[UPSTREAM] Cancel failed",
        (Answer::FileDeleted { .. }, true) => "[STORAGE] Deleted",
        (Answer::FileDeleted { .. }, false) => "[STORAGE] Delete failed",
    }
}

/// Messages between our own objects are logged only at level debug. So is a poll of a render that
/// is still running, the most frequent effect of most jobs. Every other call is always logged.
fn level(answer: &Answer, outcome: &str, well: bool) -> Level {
    match answer {
        Answer::Enqueued { .. } | Answer::Reported { .. } if well => Level::DEBUG,
        Answer::Polled { .. } if outcome == "running" => Level::DEBUG,
        Answer::Enqueued { .. }
        | Answer::Submitted { .. }
        | Answer::Polled { .. }
        | Answer::Stored { .. }
        | Answer::Reported { .. }
        | Answer::Delivered { .. }
        | Answer::UpstreamCancelled { .. }
        | Answer::FileDeleted { .. } => {
            if well {
                Level::INFO
            } else {
                Level::WARN
            }
        }
    }
}
