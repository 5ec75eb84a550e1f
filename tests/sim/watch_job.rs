//! Safety of one job: checked at every write of it.

use crate::witness::{Ended, Invariant};
use crate::world::World;
use reelay::machine::delivery::{Delivery, DeliveryState, EventKind};
use reelay::machine::job::{End, Job, Phase};
use reelay::machine::outcome::ErrorCode;
use reelay::time::DAY;

impl World {
    pub(crate) fn observe_job(&mut self, number: usize, before: Option<&Job>, after: &Job) {
        self.tally.steps += 1;
        self.tally.mark("phase", after.phase_name());
        if let Some(before) = before {
            self.check_epoch(number, before, after);
            self.check_final(number, before, after);
            self.check_outbox(number, before, after);
            self.follow(number, before, after);
            self.observe_renders(number, before, after);
        }
        self.check_operation(number, after);
        self.check_images(number, after);
        self.check_end(number, after);
    }

    /// I3: the epoch only grows, and the attempt with it.
    fn check_epoch(&mut self, number: usize, before: &Job, after: &Job) {
        if after.epoch < before.epoch || after.attempt < before.attempt {
            self.violated(
                Invariant::I3,
                format!(
                    "job {number} went from epoch {} to {}",
                    before.epoch, after.epoch
                ),
            );
        }
        if after.report_number < before.report_number
            || after.event_sequence < before.event_sequence
        {
            self.violated(Invariant::I3, format!("job {number} counts backwards"));
        }
    }

    /// I8: what has ended stays as it ended, unless a user's retry begins a new attempt.
    fn check_final(&mut self, number: usize, before: &Job, after: &Job) {
        let ended = matches!(before.phase, Phase::Ended { .. });
        let completed = matches!(
            before.phase,
            Phase::Ended {
                end: End::Completed { .. }
            }
        );
        if ended && before.phase != after.phase && (after.epoch == before.epoch || completed) {
            self.violated(
                Invariant::I8,
                format!("job {number} had ended as {:?}", before.phase),
            );
        }
        if completed
            && before.video_deleted_at.is_some()
            && after.video_deleted_at != before.video_deleted_at
        {
            self.violated(
                Invariant::I8,
                format!("job {number}'s deleted video came back"),
            );
        }
    }

    /// I5: an event keeps its id, its kind and its body, and is never taken out; a settled one
    /// stays settled unless an operator has it sent again.
    fn check_outbox(&mut self, number: usize, before: &Job, after: &Job) {
        for (index, old) in before.outbox.iter().enumerate() {
            let same =
                |new: &Delivery| new.id == old.id && new.kind == old.kind && new.body == old.body;
            let Some(new) = after.outbox.get(index).filter(|new| same(new)) else {
                self.violated(
                    Invariant::I5,
                    format!("job {number}'s event {} changed", old.id),
                );
                continue;
            };
            if new.redeliveries > old.redeliveries {
                self.tally.mark("redelivered", old.state.as_str());
            } else if old.next_at().is_none() && new.state != old.state {
                self.violated(
                    Invariant::I5,
                    format!("job {number}'s event {} was settled", old.id),
                );
            }
            match new.state {
                _ if new.state == old.state => {}
                DeliveryState::Delivered { .. } => self.tally.mark("delivery", "delivered"),
                DeliveryState::Exhausted { .. } => self.tally.mark("delivery", "exhausted"),
                DeliveryState::Pending { .. } => {}
            }
        }
    }

    /// Notes what the user and the queue do to a job.
    fn follow(&mut self, number: usize, before: &Job, after: &Job) {
        let met = match (&before.phase, &after.phase) {
            (Phase::Submitting { .. }, Phase::Queued { .. }) if before.attempt == after.attempt => {
                "requeued"
            }
            (Phase::Confirming { .. }, Phase::Queued { .. }) => "confirmed",
            (
                Phase::Confirming { .. } | Phase::Clarifying { .. },
                Phase::Ended {
                    end: End::Failed { .. },
                },
            ) => "expired",
            (
                Phase::Queued { .. },
                Phase::Ended {
                    end: End::Failed { failure },
                },
            ) if failure.code != ErrorCode::Internal => {
                self.check_start_deadline(number, before, after);
                "not started in time"
            }
            (
                Phase::Queued { .. },
                Phase::Ended {
                    end: End::Failed { .. },
                },
            ) => "dead-lettered",
            (Phase::Clarifying { .. }, Phase::Queued { .. }) => {
                self.witness.clarifications.entry(number).or_default().1 += 1;
                "clarified"
            }
            (old, Phase::Clarifying { .. }) if !matches!(old, Phase::Clarifying { .. }) => {
                self.witness.clarifications.entry(number).or_default().0 += 1;
                "asked for another prompt"
            }
            _ => return,
        };
        if met == "dead-lettered" && self.witness.dead_letters == 0 {
            self.violated(
                Invariant::I1,
                format!("job {number} failed while queued, and no message was given up"),
            );
        }
        self.tally.mark("job", met);
        self.check_clarifications(number, after);
    }

    /// A queued job fails only after its order's start timeout, or a day after its first refusal.
    fn check_start_deadline(&mut self, number: usize, before: &Job, after: &Job) {
        let own = before
            .order
            .start_timeout
            .map(|timeout| before.queued_at + timeout);
        let patience = before.not_now.as_ref().map(|refused| refused.since + DAY);
        let deadline = own.into_iter().chain(patience).min();
        if after.ended_at < deadline || deadline.is_none() {
            self.violated(
                Invariant::I1,
                format!("job {number} failed while queued before {deadline:?}"),
            );
        }
    }

    /// I5: the app hears of each time that another prompt is wanted, once.
    fn check_clarifications(&mut self, number: usize, job: &Job) {
        let asked = self
            .witness
            .clarifications
            .get(&number)
            .map_or(0, |(asked, _)| *asked);
        let wanted = if self
            .plan
            .policy
            .events
            .contains(&EventKind::PendingClarification)
        {
            asked
        } else {
            0
        };
        let made = job
            .outbox
            .iter()
            .filter(|row| row.kind == EventKind::PendingClarification)
            .count();
        if made != wanted {
            self.violated(
                Invariant::I5,
                format!("job {number} asked for a prompt {made} times, expected {wanted}"),
            );
        }
    }

    /// I3: what an attempt waits for or stores is what that attempt submitted.
    fn check_operation(&mut self, number: usize, after: &Job) {
        let operation = match &after.phase {
            Phase::Rendering { operation, .. } => operation,
            Phase::Storing { uri, .. } => uri,
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Submitting { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => return,
        };
        let begun = self.upstream.operations.get(operation);
        if begun.is_none_or(|begun| begun.job != number || begun.attempt != after.attempt) {
            let message = format!(
                "job {number} attempt {} works on {operation}: {begun:?}",
                after.attempt
            );
            self.violated(Invariant::I3, message);
        }
    }

    /// I5 and I8: one end and one event for each attempt; completed means the whole video is there.
    fn check_end(&mut self, number: usize, after: &Job) {
        let Phase::Ended { end } = &after.phase else {
            return;
        };
        let events: Vec<_> = after
            .outbox
            .iter()
            .filter(|row| row.kind.is_terminal())
            .collect();
        let event_id = events.last().map(|row| row.id.clone());
        let ended = Ended {
            status: after.status(),
            event_id,
        };
        let first = self.witness.ended.get(&(number, after.epoch)).cloned();
        if first.as_ref().is_some_and(|first| *first != ended) {
            self.violated(
                Invariant::I5,
                format!(
                    "job {number} epoch {} ended as {first:?} and {ended:?}",
                    after.epoch
                ),
            );
        }
        // An attempt whose prompt was replaced ended with the event that asked for another prompt.
        let clarified = self
            .witness
            .clarifications
            .get(&number)
            .map_or(0, |(_, given)| *given);
        let (wanted, made) = (after.attempt as usize - clarified, events.len());
        let ends = 1 + self
            .witness
            .ended
            .keys()
            .filter(|(job, epoch)| *job == number && *epoch < after.epoch)
            .count();
        if made != wanted || ends != wanted {
            self.violated(
                Invariant::I5,
                format!("job {number} ended {ends} of {wanted} attempts, with {made} events"),
            );
        }
        if first.is_none() {
            self.met_end(end);
            self.witness.ended.insert((number, after.epoch), ended);
            self.check_video(number, after);
        }
    }

    fn met_end(&mut self, end: &End) {
        match end {
            End::Completed { .. } => self.tally.mark("end", "completed"),
            End::Cancelled => self.tally.mark("end", "cancelled"),
            End::Failed { failure } => {
                self.tally.mark("end", "failed");
                let code = serde_json::to_value(failure.code).expect("a code is a word");
                self.tally
                    .mark("failure", code.as_str().unwrap_or_default().to_owned());
            }
        }
    }

    /// I8: the recorded size is the stored size, and the size of what was rendered.
    pub(crate) fn check_video(&mut self, number: usize, job: &Job) {
        let Some(video) = job.video() else { return };
        let stored = self.bucket.objects.get(&video.key).copied();
        let rendered = self
            .upstream
            .operations
            .values()
            .filter(|made| made.job == number && made.attempt == job.attempt);
        let whole = rendered.into_iter().any(|made| made.size == video.size);
        if stored != Some(video.size) || !whole {
            self.violated(
                Invariant::I8,
                format!("job {number} completed with {video:?}, but {stored:?} is stored"),
            );
        }
    }
}
