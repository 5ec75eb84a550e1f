//! Waiting for the render: trouble while asking never fails a render that may still succeed in time.
//!
//! A poll stays in flight until something else begins or another answer comes. Whether it was answered that the render
//! runs or cut off is then not known, and does not matter: the next poll comes as planned, and both count as one that found
//! the render running. So it costs the alarm for the next one and, while the render runs, hardly a write: see
//! [`Job::has_only_looked_since`].

use super::{Answer, Effect, InFlight, Job, LATE, MAX_NUDGE_ID, MAX_NUDGES, Phase, Progress, Turn};
use crate::machine::bug::{self, Bug};
use crate::machine::delivery::EventKind;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::machine::retry;
use crate::machine::tally::{self, Call};
use crate::time::{MINUTE, Millis, SECOND};

/// The longest wait between polls that fail.
const POLL_BACKOFF_CAP: Millis = 30 * SECOND;
/// The longest wait between polls that the upstream is granted: it may be about other calls, and the render is paid for.
const MAX_POLL_WAIT: Millis = MINUTE;
/// How far the time of the next poll may be beyond the one in the record. Within [`LATE`], so that whoever finds the record
/// alone does not take the timer for lost.
const MOST_BEHIND: Millis = LATE / 2;

impl Job {
    /// Plans the next poll along with the one that begins.
    pub(super) fn plan_next_poll(&mut self, turn: &Turn) {
        let Phase::Rendering { submitted_at, .. } = self.phase else { return };
        let next = self.next_poll(submitted_at, turn.now(), turn.policy);
        if let Phase::Rendering { deadline_at, next_at, nudged, .. } = &mut self.phase {
            *next_at = next.min(*deadline_at);
            *nudged = false;
        }
    }

    /// Whether a poll is under way, or was the last effect and found the render running.
    pub(super) fn is_polling(&self) -> bool {
        matches!(self.in_flight, Some(InFlight { effect: Effect::Poll { .. }, .. }))
    }

    /// Whether this is the answer that a poll was begun with: the render runs, and the next poll is still to come.
    pub(super) fn runs_as_planned(&self, number: u64, answer: &Answer, now: Millis) -> bool {
        let Some(InFlight { number: polled, effect: Effect::Poll { epoch, .. } }) = self.in_flight else {
            return false;
        };
        let Phase::Rendering { next_at, tries: 0, nudged, .. } = self.phase else { return false };
        let running = *answer == Answer::Polled(Outcome::Done(Progress::Running));
        running && polled == number && self.is_current(epoch) && (nudged || next_at > now)
    }

    /// Whether this is the job of `record` with nothing new but polls that found the render running or are still to be
    /// answered, so that it need not be written yet. Whoever knows the record alone polls once more, and has not counted
    /// those polls.
    pub fn has_only_looked_since(&self, record: &Self) -> bool {
        let begun = record.in_flight.is_none() || record.is_polling();
        let Phase::Rendering { next_at, .. } = self.phase else { return false };
        if bug::planted(Bug::RecordLeftBehind) {
            return true;
        }
        let mut looked = record.clone();
        let Phase::Rendering { next_at: recorded, .. } = &mut looked.phase else { return false };
        if !begun || !self.is_polling() || next_at.saturating_sub(*recorded) > MOST_BEHIND {
            return false;
        }
        *recorded = next_at;
        looked.in_flight.clone_from(&self.in_flight);
        looked.effect_number = self.effect_number;
        looked.tally.clone_from(&self.tally);
        looked == *self
    }

    /// Another effect begins, so that nothing more is heard of a poll.
    pub(super) fn close_poll(&mut self) {
        if self.is_polling() {
            self.in_flight = None;
            self.count_call(Call::Poll, &Outcome::Done(()));
        }
    }

    pub(super) fn poll_answered(&mut self, epoch: u64, operation: &str, outcome: Outcome<Progress>, turn: &mut Turn) {
        self.count_call(Call::Poll, &outcome);
        match &outcome {
            Outcome::Done(Progress::Ready { cost_micros: Some(cost), .. }) => self.charge_render(epoch, *cost),
            // What the upstream itself gives up or filters is not charged.
            Outcome::Refused(_) => self.charge_render(epoch, 0),
            Outcome::Done(Progress::Running | Progress::Ready { cost_micros: None, .. })
            | Outcome::Retry { .. }
            | Outcome::NotNow { .. }
            | Outcome::Unknown => {}
        }
        if matches!(outcome, Outcome::Done(Progress::Ready { .. }) | Outcome::Refused(_)) {
            self.found_over(operation, turn);
        }
        if !self.is_current(epoch) {
            return;
        }
        let now = turn.moment.now;
        let Phase::Rendering { submitted_at, .. } = self.phase else { return };
        let next = self.next_poll(submitted_at, now, turn.policy);
        let Phase::Rendering { deadline_at, next_at, tries, nudged, .. } = &mut self.phase else { return };
        let look_now = std::mem::take(nudged);
        let mut failed = false;
        match outcome {
            Outcome::Done(Progress::Running) => {
                *tries = 0;
                // Slow to answer.
                if *next_at <= now {
                    *next_at = next.min(*deadline_at);
                }
            }
            Outcome::Done(Progress::Ready { uri, .. }) => {
                self.phase = Phase::Storing { next_at: now, tries: 0, uri, rendered_at: now };
                turn.note("rendered", None);
                self.announce(EventKind::Progress, turn);
                return;
            }
            Outcome::Refused(failure) => {
                turn.note("render_failed", Some(failure.message.clone()));
                self.refused(failure, turn);
                return;
            }
            Outcome::Retry { after, failure } | Outcome::NotNow { after, failure } => {
                let wait = retry::backoff(*tries, turn.policy.poll_interval, POLL_BACKOFF_CAP, turn.moment.jitter());
                *next_at = (now + after.unwrap_or(0).min(MAX_POLL_WAIT).max(wait)).min(*deadline_at);
                *tries += 1;
                failed = true;
                turn.note("poll_failed", Some(failure.message));
            }
            Outcome::Unknown => {
                let wait = retry::backoff(*tries, turn.policy.poll_interval, POLL_BACKOFF_CAP, turn.moment.jitter());
                *next_at = (now + wait).min(*deadline_at);
                *tries += 1;
                failed = true;
            }
        }
        if look_now {
            *next_at = now;
        }
        if failed {
            self.count_retry(tally::Phase::Rendering);
        }
    }

    /// A push of the upstream says that there is something to see, and nothing more: a look at the render follows at
    /// once, one for each push that was not heard before. It may have come before there is, so that from then on looks are
    /// as frequent as if none were to come.
    pub(super) fn nudge(&mut self, id: String, turn: &Turn) {
        let polling = self.is_polling();
        let Phase::Rendering { next_at, nudged, awaits_push, .. } = &mut self.phase else { return };
        let heard = self.nudges.contains(&id) && !bug::planted(Bug::PushHeardAgain);
        if heard || id.len() > MAX_NUDGE_ID {
            return;
        }
        *next_at = turn.now().min(*next_at);
        *nudged = polling;
        *awaits_push = false;
        self.nudges.push(id);
        if self.nudges.len() > MAX_NUDGES {
            self.nudges.remove(0);
        }
    }

    /// Fails a job that has not been rendered in time, or of which its user has said nothing for too long. A rendered one
    /// is paid for, so storing it has bounds of its own.
    pub(super) fn check_deadline(&mut self, turn: &mut Turn) {
        let (until, failure) = match &self.phase {
            Phase::Queued { .. } => match self.start_deadline() {
                Some(at) => (at, self.not_started(at)),
                None => return,
            },
            Phase::Submitting { deadline_at, .. } | Phase::Rendering { deadline_at, .. } => {
                (*deadline_at, late("The video was not ready before the job's deadline."))
            }
            Phase::Confirming { expires_at } => (*expires_at, late("The order was not confirmed within a day.")),
            Phase::Clarifying { expires_at, failure } => (*expires_at, failure.clone()),
            Phase::Storing { .. } | Phase::Ended { .. } => return,
        };
        if turn.now() < until {
            return;
        }
        if let Phase::Rendering { operation, .. } = &self.phase {
            self.abandon(operation.clone(), turn);
        }
        self.fail(failure, turn);
    }
}

pub(super) fn late(sentence: &str) -> Failure {
    Failure::new(ErrorCode::DeadlineExceeded, sentence)
}
