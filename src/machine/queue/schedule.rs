//! When the queue's alarm must fire.

use super::{Context, Memory, Mode, Position, Rows};
use crate::time::{HOUR, MINUTE, Millis, SECOND};

/// In mode `alarm`, how soon after a change the alarm runs admission. Changes within this delay are
/// batched.
pub const ALARM_DELAY: Millis = 250;
/// How long after the last sweep the queue's own alarm replaces it; the cron runs once a minute.
pub const SWEEP_PATIENCE: Millis = 150 * SECOND;
/// The shortest and the longest delay of a message of the platform's queue whose job has no slot
/// yet.
const CLAIM_AGAIN: (Millis, Millis) = (2 * SECOND, HOUR);

/// The assumed wait while the queue is paused and nobody knows its end.
const UNKNOWN_WAIT: Millis = 2 * MINUTE;
/// The assumed position then, so that a message is delivered again after half of that wait.
const UNKNOWN_POSITION: u64 = 12;
/// How much longer a message waits for each job ahead of its own.
const CLAIM_STEP: Millis = 5 * SECOND;

impl<R: Rows> Context<'_, R> {
    /// Decides when the queue's own alarm admits next.
    pub(super) fn schedule(&mut self) {
        // While the queue is paused no job can be admitted, and resuming runs admission itself.
        let Memory { book, tally, .. } = &self.memory;
        if book.is_paused() || tally.waiting() == 0 {
            self.memory.book.admit_at = None;
            return;
        }
        let latest = self.now + SWEEP_PATIENCE;
        let mut at = book
            .admit_at
            .filter(|_| !self.swept)
            .map_or(latest, |at| at.min(latest));
        let free = tally.held() < self.policy.slots;
        let by_itself = matches!(self.policy.mode, Mode::Immediate | Mode::Alarm);
        if by_itself && free {
            at = self.next_opening().map_or(at, |opening| at.min(opening));
        }
        if self.policy.mode == Mode::Alarm && free && self.changed {
            at = at.min(self.now + ALARM_DELAY);
        }
        self.memory.book.admit_at = Some(at);
    }

    pub(super) fn wake_at(&self) -> Result<Option<Millis>, R::Error> {
        Ok(self
            .rows
            .next_due()?
            .into_iter()
            .chain(self.memory.book.admit_at)
            .chain(self.memory.book.alert_at)
            .chain(self.memory.book.bulk_at)
            .min())
    }
}

/// How long a message of the platform's queue waits before its next claim: half of the expected
/// `wait`, but less if few jobs are ahead (`position`), so that a slot is not idle for long; and at
/// least a tenth of the message's `age`, so that no message uses up its retries while its job is
/// waiting normally.
pub(in crate::machine) fn claim_delay(wait: Millis, position: u64, age: Millis) -> Millis {
    let soon = (wait / 2).min(position.saturating_mul(CLAIM_STEP));
    soon.max(age / 10).clamp(CLAIM_AGAIN.0, CLAIM_AGAIN.1)
}

/// The same for a message whose job has this position.
pub fn claim_again(position: &Position, now: Millis, age: Millis) -> Millis {
    match position.estimated_start {
        Some(at) => claim_delay(at.saturating_sub(now), position.number, age),
        None => claim_delay(UNKNOWN_WAIT, position.number.max(UNKNOWN_POSITION), age),
    }
}

#[cfg(test)]
mod tests {
    use super::{CLAIM_AGAIN, CLAIM_STEP, claim_delay};
    use crate::time::{HOUR, MINUTE, SECOND};

    #[test]
    fn a_message_uses_few_of_its_hundred_retries_within_half_an_hour_however_short_the_wait_seems()
    {
        let (mut age, mut retries) = (0, 0);
        while age < 30 * MINUTE {
            age += claim_delay(0, 1, age);
            retries += 1;
        }
        assert!(retries <= 60, "{retries} retries");
    }

    #[test]
    fn a_message_comes_back_when_half_of_the_wait_is_over_but_within_an_hour() {
        assert_eq!(claim_delay(40 * SECOND, 9, 0), 20 * SECOND);
        assert_eq!(claim_delay(9 * HOUR, 9_000, 0), HOUR);
        assert_eq!(claim_delay(0, 0, 0), CLAIM_AGAIN.0);
    }

    #[test]
    fn the_message_of_the_first_in_line_comes_back_soon_however_long_the_wait_seems() {
        assert_eq!(claim_delay(9 * HOUR, 1, 0), CLAIM_STEP);
    }
}
