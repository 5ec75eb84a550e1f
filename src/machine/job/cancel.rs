//! What a user does to a job: cancel a live one, retry one that ended without a video.

use super::{End, Job, MAX_ATTEMPTS, Phase, Refusal, Turn};
use crate::machine::bug::{self, Bug};
use crate::machine::outcome::{ErrorCode, Failure};

pub(super) fn failure() -> Failure {
    Failure::new(ErrorCode::Cancelled, "The generation was cancelled.")
}

impl Job {
    /// Ends a live job at once. What is in flight finishes unheard; a video it may still store is deleted.
    pub(super) fn cancel(&mut self, turn: &mut Turn) -> Result<(), Refusal> {
        match self.phase {
            Phase::Ended { .. } if !bug::planted(Bug::EndOverwritten) => return Err(Refusal::AlreadyEnded),
            Phase::Storing { .. } => self.discard(self.attempt, turn.now()),
            Phase::Queued { .. } | Phase::Submitting { .. } | Phase::Rendering { .. } | Phase::Ended { .. } => {}
        }
        self.end(End::Cancelled, turn);
        Ok(())
    }

    /// Has a completed generation's video deleted.
    pub(super) fn delete_video(&mut self, turn: &mut Turn) -> Result<(), Refusal> {
        if self.video().is_none() {
            return Err(Refusal::NoVideo);
        }
        self.video_deleted_at = Some(turn.now());
        self.discard(self.attempt, turn.now());
        turn.note("video_deleted", None);
        self.report_change(turn.now());
        Ok(())
    }

    /// Starts a new attempt with a new epoch: the only way a user pays again for the same job.
    pub(super) fn retry(&mut self, turn: &mut Turn) -> Result<(), Refusal> {
        if !matches!(self.phase, Phase::Ended { end: End::Failed { .. } | End::Cancelled }) {
            return Err(Refusal::NotRetryable);
        }
        if self.attempt >= MAX_ATTEMPTS {
            return Err(Refusal::TooManyAttempts);
        }
        self.attempt += 1;
        self.epoch += 1;
        self.started_at = None;
        self.ended_at = None;
        self.enqueued = false;
        self.phase = Phase::Queued { enqueue_at: turn.now(), tries: 0 };
        turn.note("retried", Some(format!("attempt {}", self.attempt)));
        Ok(())
    }
}
