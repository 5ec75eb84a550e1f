//! A user's actions on a job (cancel, confirm, clarify, retry, delete the video), and the deletion
//! of an old job.

use super::{Clarify, Context, End, Job, MAX_ATTEMPTS, Phase, Refusal, TimelineStep};

/// The longest prompt, in characters.
pub const MAX_PROMPT: usize = 5_000;

impl Job {
    /// Ends a live job at once. An effect in flight still finishes, but its answer no longer
    /// changes the phase; a video that it may still store is deleted.
    pub(super) fn cancel(&mut self, context: &mut Context) -> Result<(), Refusal> {
        match &self.phase {
            Phase::Ended { .. } => return Err(Refusal::AlreadyEnded),
            Phase::Storing { .. } => self.delete_file(self.attempt, context.now()),
            Phase::Rendering { operation, .. } => self.cancel_upstream(operation.clone(), context),
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Submitting { .. }
            | Phase::Clarifying { .. } => {}
        }
        self.end(End::Cancelled, context);
        Ok(())
    }

    /// Schedules the deletion of a completed generation's video.
    pub(super) fn delete_video(&mut self, context: &mut Context) -> Result<(), Refusal> {
        if self.video().is_none() {
            return Err(Refusal::NoVideo);
        }
        self.delete_stored_video(context);
        Ok(())
    }

    fn delete_stored_video(&mut self, context: &mut Context) {
        self.record.video_deleted_at = Some(context.now());
        self.delete_file(self.attempt, context.now());
        context.enter(TimelineStep::VideoDeleted, None);
        self.report_change(context.now());
    }

    /// Starts a new attempt with a new epoch. Only this lets a user pay again for the same job.
    pub(super) fn retry(&mut self, context: &mut Context) -> Result<(), Refusal> {
        if !matches!(
            self.phase,
            Phase::Ended {
                end: End::Failed { .. } | End::Cancelled
            }
        ) {
            return Err(Refusal::NotRetryable);
        }
        if self.attempt >= MAX_ATTEMPTS {
            return Err(Refusal::TooManyAttempts);
        }
        if self.images_deleted_at.is_some() {
            return Err(Refusal::ImagesGone);
        }
        self.begin_attempt(context);
        context.enter(
            TimelineStep::Retried,
            Some(format!("attempt {}", self.attempt)),
        );
        Ok(())
    }

    /// Confirms the order, so that it waits for a slot.
    pub(super) fn confirm(&mut self, context: &mut Context) -> Result<(), Refusal> {
        if !matches!(self.phase, Phase::Confirming { .. }) {
            return Err(Refusal::NotConfirmable);
        }
        self.record.queued_at = context.now().max(self.not_before.unwrap_or(0));
        self.wait_in_line(context.now());
        context.enter(TimelineStep::Confirmed, None);
        Ok(())
    }

    /// Starts a new attempt with another prompt.
    pub(super) fn clarify(
        &mut self,
        clarification: Clarify,
        context: &mut Context,
    ) -> Result<(), Refusal> {
        if !matches!(self.phase, Phase::Clarifying { .. }) {
            return Err(Refusal::NotClarifiable);
        }
        let prompt = match clarification {
            Clarify::Prompt(prompt) => prompt,
            Clarify::Response(response) => format!("{}\n\n{response}", self.order.prompt),
        };
        if prompt.chars().count() > MAX_PROMPT {
            return Err(Refusal::PromptTooLong);
        }
        self.record.order.prompt = prompt;
        self.begin_attempt(context);
        context.enter(
            TimelineStep::Clarified,
            Some(format!("attempt {}", self.attempt)),
        );
        Ok(())
    }

    fn begin_attempt(&mut self, context: &mut Context) {
        self.record.attempt += 1;
        self.record.started_at = None;
        self.record.ended_at = None;
        self.record.keeps_place = false;
        self.record.not_before = self.order.start_after;
        self.record.queued_at = context.now().max(self.not_before.unwrap_or(0));
        self.record.not_now = None;
        self.wait_in_line(context.now());
    }

    /// Schedules the deletion of an ended job's images and video. Returns whether only its record
    /// is left.
    pub(super) fn delete(&mut self, context: &mut Context) -> bool {
        if self.is_deletable() {
            return true;
        }
        if self.wake(context.now()).is_none() {
            self.delete_images(context.now());
            if self.video().is_some() {
                self.delete_stored_video(context);
            }
        }
        false
    }

    /// Whether only the record of an ended job is left.
    pub fn is_deletable(&self) -> bool {
        let nothing_in_r2 = self.video().is_none() && !self.keeps_inputs();
        matches!(self.phase, Phase::Ended { .. }) && nothing_in_r2 && self.wake(0).is_none()
    }
}
