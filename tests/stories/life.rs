//! More of a job's life: the phases in between, and helpers that run until nothing is left to do.

use crate::job_story::{Answer, Input, JobStory, never, video};
use reelay::machine::Status;
use reelay::machine::delivery::{EventKind, Receipt};
use reelay::machine::job::{Cancel, Effect, Job, Phase, Progress, Refusal, Retry, SubmitAnswer};
use reelay::machine::outcome::ErrorCode;
use reelay::time::Millis;

/// More steps than any life in these stories takes.
const MANY: usize = 1_000;

impl JobStory {
    /// The paid call is in flight.
    pub(crate) fn submitting() -> Self {
        let mut story = Self::started();
        assert!(matches!(story.acts(), Effect::Submit { .. }));
        story
    }

    /// The render is ready and waits to be stored.
    pub(crate) fn rendered() -> Self {
        let mut story = Self::rendering();
        assert!(matches!(story.next(), Effect::Poll { .. }));
        story.hears(ready());
        story
    }

    pub(crate) fn completed() -> Self {
        let mut story = Self::storing();
        story.hears(stored());
        story
    }

    pub(crate) fn failed() -> Self {
        let mut story = Self::submitting();
        story.hears(Answer::Submitted(never(ErrorCode::InvalidRequest)));
        story
    }

    pub(crate) fn cancelled() -> Self {
        Self::accepted().then(Cancel)
    }

    /// The same story after one more input, which must be accepted.
    pub(crate) fn then(mut self, input: impl Into<Input>) -> Self {
        assert_eq!(self.takes(input), None);
        self
    }

    /// The user retries, and the new attempt gets its slot.
    pub(crate) fn then_tried_again(self) -> Self {
        let mut story = self.then(Retry);
        story.start(story.job.epoch);
        story
    }

    /// Takes an input, accepted or refused, and asserts the invariants that every step must keep.
    pub(crate) fn takes_any(&mut self, input: impl Into<Input>) -> Option<Refusal> {
        let before = self.job.clone();
        let refusal = self.takes(input);
        self.assert_kept(&before);
        refusal
    }

    /// Sleeps from alarm to alarm until an effect other than a report begins; reports succeed.
    pub(crate) fn next(&mut self) -> Effect {
        self.next_or_rest()
            .unwrap_or_else(|| panic!("nothing is left to do in {:?}", self.job.phase))
    }

    /// The last change is reported to the queue.
    pub(crate) fn reports(&mut self) {
        assert!(matches!(self.acts(), Effect::Report { .. }));
        self.hears(Answer::Reported(Ok(())));
    }

    /// As [`Self::next`]; `None` when nothing is left to do.
    pub(crate) fn next_or_rest(&mut self) -> Option<Effect> {
        for _ in 0..MANY {
            let before = self.job.clone();
            let effect = self.may_act();
            self.assert_kept(&before);
            match effect {
                Some(Effect::Report { .. }) => self.hears(Answer::Reported(Ok(()))),
                Some(effect) => return Some(effect),
                None => self.now = self.now.max(self.job.wake(self.now)?.at),
            }
        }
        panic!(
            "the job always has something left to do: {:?}",
            self.job.phase
        );
    }

    /// Answers every effect with success until nothing is left to do; returns the effects.
    pub(crate) fn rests(&mut self) -> Vec<Effect> {
        let mut left = Vec::new();
        while let Some(effect) = self.next_or_rest() {
            let before = self.job.clone();
            self.hears(match &effect {
                Effect::Enqueue { .. } => Answer::Enqueued(Ok(false)),
                Effect::Submit { .. } => submitted(),
                Effect::Poll { .. } => ready(),
                Effect::Store { .. } => stored(),
                Effect::Report { .. } => Answer::Reported(Ok(())),
                Effect::Deliver { .. } => Answer::Delivered(Receipt::Accepted { status: 204 }),
                Effect::CancelUpstream { .. } => Answer::UpstreamCancelled(Ok(())),
                Effect::DeleteFile { .. } => Answer::FileDeleted(Ok(())),
            });
            self.assert_kept(&before);
            left.push(effect);
        }
        left
    }

    pub(crate) fn status(&self) -> Status {
        self.job.status()
    }

    pub(crate) fn ledger(&self) -> Vec<(u64, SubmitAnswer)> {
        self.job
            .submits
            .iter()
            .map(|row| (row.epoch, row.answer))
            .collect()
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        match self.job.phase {
            Phase::Submitting { deadline_at, .. } | Phase::Rendering { deadline_at, .. } => {
                Some(deadline_at)
            }
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Storing { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => None,
        }
    }

    pub(crate) fn events(&self) -> Vec<EventKind> {
        self.job
            .outbox
            .iter()
            .map(|delivery| delivery.kind)
            .collect()
    }

    fn assert_kept(&self, before: &Job) {
        let job = &self.job;
        let unfinished = job.report.is_some()
            || job.in_flight.is_some()
            || !job.upstream_cancels.is_empty()
            || !job.deletions.is_empty()
            || job
                .outbox
                .iter()
                .any(|delivery| delivery.next_at().is_some());
        if unfinished || !job.status().is_terminal() {
            assert!(
                job.wake(self.now).is_some(),
                "I2: nothing wakes a job in {:?}",
                job.phase
            );
        }
        assert!(job.epoch >= before.epoch, "I3: the epoch went back");
        assert!(
            job.submits.len() >= before.submits.len(),
            "I4: the ledger forgot a call"
        );
    }
}

pub(crate) fn submitted() -> Answer {
    Answer::Submitted(Ok("operations/1".to_owned()))
}

pub(crate) fn ready() -> Answer {
    Answer::Polled(Ok(Progress::Ready {
        uri: "files/1".to_owned(),
        cost_micros: None,
    }))
}

pub(crate) fn stored() -> Answer {
    Answer::Stored(Ok(video(1)))
}
