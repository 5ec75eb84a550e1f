//! Waits for the render. An error while polling never fails a render that may still succeed in
//! time.
//!
//! Each run of the alarm handler polls once, and again for each webhook of the upstream that
//! arrives meanwhile. A poll is not recorded before it is sent, and a poll that finds the render
//! running writes nothing: a poll is safe to repeat, and the alarm for the next one is set before
//! it is sent.

use super::{Context, Job, Phase, Progress, TimelineStep};
use crate::machine::delivery::EventKind;
use crate::machine::metrics::{self, UpstreamCall};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::machine::retry;
use crate::time::{MINUTE, Millis, SECOND};

/// How many webhooks of the upstream a job remembers.
pub const MAX_UPSTREAM_WEBHOOKS: usize = 8;
/// The longest accepted id of such a webhook, in bytes.
pub const MAX_UPSTREAM_WEBHOOK_ID: usize = 200;
/// The longest backoff between failed polls.
const POLL_BACKOFF_CAP: Millis = 30 * SECOND;
/// The longest wait between polls that the upstream may request. Its request may concern other
/// calls, and this render is paid for.
pub(super) const MAX_POLL_WAIT: Millis = MINUTE;

impl Job {
    /// Whether a poll is due; `first` says that this run of the alarm handler has not polled yet.
    pub(super) fn is_poll_due(&self, first: bool, now: Millis) -> bool {
        let Phase::Rendering {
            webhook_came,
            not_before,
            ..
        } = self.phase
        else {
            return false;
        };
        webhook_came || (first && not_before.min(now + MAX_POLL_WAIT) <= now)
    }

    /// Begins a poll. It covers every webhook received until now.
    pub(super) fn begin_poll(&mut self) {
        if let Phase::Rendering { webhook_came, .. } = &mut self.record.phase {
            *webhook_came = false;
        }
    }

    pub(super) fn poll_answered(
        &mut self,
        epoch: u64,
        operation: &str,
        outcome: Outcome<Progress>,
        context: &mut Context,
    ) {
        if outcome != Ok(Progress::Running) {
            self.count_call(UpstreamCall::Poll, &outcome);
        }
        match &outcome {
            Ok(Progress::Ready {
                cost_micros: Some(cost),
                ..
            }) => self.charge_render(epoch, *cost),
            // A render that the upstream itself aborts or filters is not charged.
            Err(Trouble::Refused(_)) => self.charge_render(epoch, 0),
            Ok(
                Progress::Running
                | Progress::Ready {
                    cost_micros: None, ..
                },
            )
            | Err(Trouble::Retry { .. } | Trouble::NotNow { .. } | Trouble::Unknown) => {}
        }
        if matches!(
            outcome,
            Ok(Progress::Ready { .. }) | Err(Trouble::Refused(_))
        ) {
            self.found_over(operation, context);
        }
        if !self.is_current(epoch) {
            return;
        }
        let now = context.moment.now;
        let Phase::Rendering {
            tries, not_before, ..
        } = &mut self.record.phase
        else {
            return;
        };
        let asked = match outcome {
            Ok(Progress::Running) => {
                (*tries, *not_before) = (0, 0);
                return;
            }
            Ok(Progress::Ready { uri, .. }) => {
                self.record.phase = Phase::Storing {
                    next_at: now,
                    tries: 0,
                    uri,
                    rendered_at: now,
                };
                context.enter(TimelineStep::Rendered, None);
                return self.announce(EventKind::Progress, context);
            }
            Err(Trouble::Refused(failure)) => {
                context.enter(TimelineStep::RenderFailed, Some(failure.message.clone()));
                return self.refused(failure, context);
            }
            Err(Trouble::Retry { after, failure } | Trouble::NotNow { after, failure }) => {
                context.enter(TimelineStep::PollFailed, Some(failure.message));
                after.unwrap_or(0)
            }
            Err(Trouble::Unknown) => 0,
        };
        let wait = retry::backoff(
            *tries,
            context.policy.poll_interval,
            POLL_BACKOFF_CAP,
            context.moment.jitter(),
        );
        *not_before = now + asked.min(MAX_POLL_WAIT).max(wait);
        *tries += 1;
        self.count_retry(metrics::TimedPhase::Rendering);
    }

    /// Records a webhook of the upstream. It says only that the render may be done, so each new
    /// webhook triggers one poll at once. It may arrive too early, so polls then return to the
    /// usual pace, as if no webhook were expected.
    pub(super) fn hear_upstream_webhook(&mut self, id: String) {
        let Phase::Rendering {
            webhook_came,
            awaits_webhook,
            ..
        } = &mut self.record.phase
        else {
            return;
        };
        if self.record.upstream_webhooks.contains(&id) || id.len() > MAX_UPSTREAM_WEBHOOK_ID {
            return;
        }
        *webhook_came = true;
        *awaits_webhook = false;
        self.record.upstream_webhooks.push(id);
        if self.upstream_webhooks.len() > MAX_UPSTREAM_WEBHOOKS {
            self.record.upstream_webhooks.remove(0);
        }
    }

    /// Fails a job that was not rendered in time, or whose user did not act in time. A rendered
    /// video is paid for, so storing it has its own limits.
    pub(super) fn check_deadline(&mut self, context: &mut Context) {
        let (until, failure) = match &self.phase {
            Phase::Queued { .. } => match self.start_deadline() {
                Some(at) => (at, self.not_started(at)),
                None => return,
            },
            Phase::Submitting { deadline_at, .. } | Phase::Rendering { deadline_at, .. } => (
                *deadline_at,
                late("The video was not ready before the job's deadline."),
            ),
            Phase::Confirming { expires_at } => (
                *expires_at,
                late("The order was not confirmed within a day."),
            ),
            Phase::Clarifying {
                expires_at,
                failure,
            } => (*expires_at, failure.clone()),
            Phase::Storing { .. } | Phase::Ended { .. } => return,
        };
        if context.now() < until {
            return;
        }
        if let Phase::Rendering { operation, .. } = &self.phase {
            self.cancel_upstream(operation.clone(), context);
        }
        self.fail(failure, context);
    }
}

pub(super) fn late(sentence: &str) -> Failure {
    Failure::new(ErrorCode::DeadlineExceeded, sentence)
}
