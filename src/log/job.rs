//! The log lines of a job: one for each timeline entry, or one for an effect that added no entry.
//!
//! The detail of an entry stays in the timeline, which only its user reads: it may be the
//! upstream's sentence, which may repeat the prompt. The error code says the same in one of our own
//! words.

use crate::log::effect::Done;
use crate::log::step;
use crate::machine::delivery::advice;
use crate::machine::job::{Job, TimelineEntry, TimelineStep};
use crate::machine::outcome::{ErrorCode, UpstreamAnswer};
use crate::time::Millis;
use serde::Serialize;
use serde_json::Value;
use tracing::Level;

#[derive(Default)]
struct JobFields<'a> {
    /// The step's word in the timeline.
    step: Option<&'a str>,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    outcome: Option<&'a str>,
    code: Option<ErrorCode>,
    /// The upstream's HTTP status and its error code.
    answer: Option<UpstreamAnswer>,
    bytes: Option<u64>,
    /// A webhook event's kind, its id, the number of the attempt, and the receiver's status.
    event: Option<&'a str>,
    event_id: Option<&'a str>,
    tries: Option<u32>,
    status: Option<u16>,
    /// What that status usually means, if it needs an explanation.
    advice: Option<&'static str>,
    duration: Option<Millis>,
}

/// Logs each entry. `done` is the effect whose answer added the first one, if any.
pub fn steps(job: &Job, timeline: &[TimelineEntry], done: Option<&Done>) {
    for (index, TimelineEntry { step, .. }) in timeline.iter().enumerate() {
        let done = done.filter(|_| index == 0);
        let (message, level) = step::line(*step);
        let mut fields = JobFields {
            step: Some(step.as_str()),
            code: done.and_then(|done| done.code),
            answer: done.and_then(|done| done.upstream.clone()),
            duration: done.map(|done| done.took),
            ..JobFields::default()
        };
        let mut level = level;
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other steps have nothing to add"
        )]
        match step {
            TimelineStep::Completed | TimelineStep::Cancelled => {
                fields.duration = job.processing_time();
            }
            TimelineStep::Failed => {
                fields.duration = job.processing_time();
                fields.code = job.failure().map(|failure| failure.code);
                fields.answer = job.failure().and_then(|failure| failure.upstream);
                level = fields.code.map_or(level, step::level_of_failure);
            }
            TimelineStep::ClarificationNeeded => {
                fields.code = job.failure().map(|failure| failure.code);
            }
            TimelineStep::Stored => fields.bytes = job.stored_video().map(|video| video.size),
            _ => {}
        }
        let ends = matches!(
            step,
            TimelineStep::Completed | TimelineStep::Failed | TimelineStep::Cancelled
        );
        if ends || message.starts_with("[UPSTREAM]") {
            fields.upstream(job);
        }
        if let Some(event_id) = done.and_then(|done| done.event_id.as_deref()) {
            fields.webhook(job, event_id);
        }
        write(level, message, &fields);
    }
}

/// Logs an effect that added no entry.
pub fn effect(job: &Job, done: &Done) {
    let mut fields = JobFields {
        outcome: Some(done.outcome),
        code: done.code,
        answer: done.upstream.clone(),
        duration: Some(done.took),
        ..JobFields::default()
    };
    if done.message.starts_with("[UPSTREAM]") {
        fields.upstream(job);
    }
    write(done.level, done.message, &fields);
}

impl<'a> JobFields<'a> {
    fn upstream(&mut self, job: &'a Job) {
        self.provider = Some(&job.terms.provider);
        self.model = Some(&job.terms.model);
    }

    fn webhook(&mut self, job: &'a Job, event_id: &str) {
        let Some(delivery) = job.outbox.iter().find(|delivery| delivery.id == event_id) else {
            return;
        };
        self.event = Some(delivery.kind.as_str());
        self.event_id = Some(&delivery.id);
        self.tries = Some(delivery.attempts);
        self.status = delivery.last_status;
        self.advice = delivery.last_status.and_then(advice);
    }
}

/// Writes a line. The macros of `tracing` have the level in their names.
fn write(level: Level, message: &str, fields: &JobFields<'_>) {
    let JobFields {
        step,
        provider,
        model,
        outcome,
        code,
        answer,
        bytes,
        event,
        event_id,
        tries,
        status,
        advice,
        duration,
    } = fields;
    let code = code.and_then(word);
    let upstream_status = answer.as_ref().map(|answer| answer.status);
    let upstream_code = answer.as_ref().and_then(|answer| answer.code.as_deref());
    macro_rules! line {
        ($name:ident) => {
            tracing::$name!(
                step,
                provider,
                model,
                outcome,
                errorCode = code,
                upstreamStatus = upstream_status,
                upstreamCode = upstream_code,
                bytes,
                event,
                eventId = event_id,
                webhookAttempt = tries,
                status,
                advice,
                durationMs = duration,
                "{message}"
            )
        };
    }
    match level {
        Level::ERROR => line!(error),
        Level::WARN => line!(warn),
        Level::INFO => line!(info),
        _ => line!(debug),
    }
}

/// The serialized name of a unit variant.
fn word(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value)
        .ok()
        .as_ref()
        .and_then(Value::as_str)
        .map(str::to_owned)
}
