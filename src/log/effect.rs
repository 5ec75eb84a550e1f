//! What carrying out an effect came to, taken from its answer before the machine has it.

use crate::machine::delivery::Receipt;
use crate::machine::job::{Answer, Effect, Progress};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, UpstreamAnswer};
use crate::time::Millis;
use tracing::Level;

/// An effect that has been carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What is told of it if the timeline tells nothing.
    pub(super) message: &'static str,
    pub(super) level: Level,
    /// `done`, `retry`, `refused` or `unknown`; of a render also `running` and `ready`.
    pub(super) outcome: &'static str,
    pub(super) code: Option<ErrorCode>,
    /// The upstream's HTTP answer, if the call failed by one.
    pub(super) upstream: Option<UpstreamAnswer>,
    /// The event of which an attempt was made.
    pub(super) event_id: Option<String>,
    /// How long it took, in milliseconds.
    pub(super) took: Millis,
}

impl Done {
    pub fn of(effect: &Effect, answer: &Answer, took: Millis) -> Self {
        let (outcome, failure) = match answer {
            Answer::Enqueued(outcome) => words(outcome),
            Answer::Submitted(outcome) => words(outcome),
            Answer::Polled(Outcome::Done(Progress::Running)) => ("running", None),
            Answer::Polled(Outcome::Done(Progress::Ready { .. })) => ("ready", None),
            Answer::Polled(
                outcome @ (Outcome::Retry { .. } | Outcome::NotNow { .. } | Outcome::Refused(_) | Outcome::Unknown),
            ) => words(outcome),
            Answer::Stored(outcome) => words(outcome),
            Answer::Reported(outcome) | Answer::Abandoned(outcome) | Answer::Discarded(outcome) => words(outcome),
            Answer::Delivered(Receipt::Accepted { .. }) => ("done", None),
            Answer::Delivered(Receipt::Failed { .. }) => ("retry", None),
            Answer::Delivered(Receipt::Gone) => ("refused", None),
        };
        let well = !matches!(outcome, "retry" | "refused" | "unknown");
        let event_id = if let Effect::Deliver { event_id } = effect { Some(event_id.clone()) } else { None };
        Self {
            message: message(effect, well),
            level: level(effect, outcome, well),
            outcome,
            code: failure.map(|failure| failure.code),
            upstream: failure.and_then(|failure| failure.upstream.clone()),
            event_id,
            took,
        }
    }
}

fn words<T>(outcome: &Outcome<T>) -> (&'static str, Option<&Failure>) {
    match outcome {
        Outcome::Done(_) => ("done", None),
        Outcome::Retry { failure, .. } | Outcome::NotNow { failure, .. } => ("retry", Some(failure)),
        Outcome::Refused(failure) => ("refused", Some(failure)),
        Outcome::Unknown => ("unknown", None),
    }
}

fn message(effect: &Effect, well: bool) -> &'static str {
    match (effect, well) {
        (Effect::Enqueue { .. }, true) => "[JOB] Enqueue confirmed",
        (Effect::Enqueue { .. }, false) => "[JOB] Enqueue failed",
        (Effect::Submit { .. }, _) => "[UPSTREAM] Submit unheard",
        (Effect::Poll { .. }, _) => "[UPSTREAM] Polled",
        (Effect::Store { .. }, _) => "[STORAGE] Store unheard",
        (Effect::Report { .. }, true) => "[JOB] Reported",
        (Effect::Report { .. }, false) => "[JOB] Report failed",
        (Effect::Deliver { .. }, _) => "[WEBHOOK] Attempt unheard",
        (Effect::Abandon { .. }, _) => "[UPSTREAM] Render not yet abandoned",
        (Effect::Discard { .. }, true) => "[STORAGE] Deleted",
        (Effect::Discard { .. }, false) => "[STORAGE] Delete failed",
    }
}

/// Messages between our own objects are told where someone looks for them, and so is a look at a render that still runs,
/// of which most jobs have more than of all else; what leaves the worker otherwise always is told.
fn level(effect: &Effect, outcome: &str, well: bool) -> Level {
    match effect {
        Effect::Enqueue { .. } | Effect::Report { .. } if well => Level::DEBUG,
        Effect::Poll { .. } if outcome == "running" => Level::DEBUG,
        Effect::Enqueue { .. }
        | Effect::Submit { .. }
        | Effect::Poll { .. }
        | Effect::Store { .. }
        | Effect::Report { .. }
        | Effect::Deliver { .. }
        | Effect::Abandon { .. }
        | Effect::Discard { .. } => {
            if well {
                Level::INFO
            } else {
                Level::WARN
            }
        }
    }
}
