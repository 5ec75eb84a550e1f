//! From the upstream's file to a verified object in R2, and the deletion of unwanted videos and of
//! the order's images.

use super::{Context, End, IMAGES, Job, Phase, RetryTask, TimelineStep, Video};
use crate::machine::metrics::{self, UpstreamCall};
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::machine::retry;
use crate::time::{MINUTE, Millis, SECOND};

impl Video {
    /// Accepts the object in R2 as the stored video only if it has the announced or counted size
    /// (I8).
    pub fn verified(self, expected: u64) -> Outcome<Self> {
        if self.size == expected {
            return Ok(self);
        }
        Err(Trouble::retry(Failure::storage(
            "The stored video does not have the expected size.",
        )))
    }
}

impl Job {
    pub(super) fn store_answered(
        &mut self,
        epoch: u64,
        attempt: u32,
        outcome: Outcome<Video>,
        context: &mut Context,
    ) {
        self.count_call(UpstreamCall::Fetch, &outcome);
        let (
            Phase::Storing {
                tries,
                uri,
                rendered_at,
                ..
            },
            true,
        ) = (&self.phase, self.is_current(epoch))
        else {
            return self.delete_file(attempt, context.now());
        };
        let (tries, uri, rendered_at) = (*tries, uri.clone(), *rendered_at);
        let (after, failure) = match outcome {
            Ok(video) => {
                context.enter(TimelineStep::Stored, Some(format!("{} bytes", video.size)));
                return self.end(End::Completed { video }, context);
            }
            Err(Trouble::Refused(failure)) => return self.give_up_storing(failure, context),
            Err(Trouble::Retry { after, failure } | Trouble::NotNow { after, failure }) => {
                (after, failure)
            }
            Err(Trouble::Unknown) => (None, Failure::storage("Storing the video was cut off.")),
        };
        context.enter(TimelineStep::StoreFailed, Some(failure.message.clone()));
        // The video is paid for, and the error may pass: give up only when both the tries and the
        // time are used up.
        let in_time = context.now() < rendered_at.saturating_add(context.policy.store_timeout);
        if tries >= context.policy.max_retries && !in_time {
            return self.give_up_storing(failure, context);
        }
        let wait = retry::backoff(tries, SECOND, MINUTE, context.moment.jitter());
        let next_at = context.now() + after.unwrap_or(0).min(10 * MINUTE).max(wait);
        self.count_retry(metrics::TimedPhase::Storing);
        self.record.phase = Phase::Storing {
            next_at,
            tries: tries + 1,
            uri,
            rendered_at,
        };
    }

    fn give_up_storing(&mut self, failure: Failure, context: &mut Context) {
        self.delete_file(self.attempt, context.now());
        self.fail(failure, context);
    }

    /// Schedules the deletion of an unwanted attempt's video from R2.
    pub(super) fn delete_file(&mut self, attempt: u32, now: Millis) {
        self.record.deletions.insert(
            attempt,
            RetryTask {
                next_at: now,
                tries: 0,
            },
        );
    }

    /// Schedules the deletion of the order's images, which are no longer needed.
    pub(super) fn delete_images(&mut self, now: Millis) {
        if self.keeps_inputs() {
            self.record.images_deleted_at = Some(now);
            self.delete_file(IMAGES, now);
        }
    }

    /// Whether images of the order are in R2 and not scheduled for deletion.
    pub(super) fn keeps_inputs(&self) -> bool {
        !self.order.images.is_empty() && self.images_deleted_at.is_none()
    }

    pub(super) fn file_deleted(
        &mut self,
        attempt: u32,
        outcome: &Outcome<()>,
        context: &mut Context,
    ) {
        if outcome.is_ok() {
            self.record.deletions.remove(&attempt);
        } else if let Some(task) = self.record.deletions.get_mut(&attempt) {
            task.next_at = context.now()
                + retry::backoff(task.tries, 5 * SECOND, 60 * MINUTE, context.moment.jitter());
            task.tries += 1;
        }
    }
}
