//! One message about an alert on its way to the receiver.

use super::kind::AlertKind;
use crate::machine::delivery::Receipt;
use crate::time::{HOUR, MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// The wait before each try. Longer than a call takes, so that one message is never sent twice at
/// the same time.
pub(super) const WAITS: [Millis; 10] = [
    0,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
];
/// How long the last try may take to be answered.
const LAST_ANSWER: Millis = 30 * SECOND;

/// A message as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMessage {
    /// `msg_…`, equal on every try.
    pub id: String,
    /// The exact bytes of the body, equal on every try.
    pub body: String,
}

/// A message that the receiver has not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMessage {
    pub id: String,
    pub kind: AlertKind,
    pub upstream: Option<String>,
    pub body: String,
    /// How many tries have begun.
    pub tries: u32,
    pub next_at: Millis,
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    Accepted,
    GoesOn,
    GivenUp,
}

impl PendingMessage {
    pub(super) fn new(
        id: String,
        (kind, upstream): (AlertKind, Option<String>),
        body: String,
        now: Millis,
    ) -> Self {
        Self {
            id,
            kind,
            upstream,
            body,
            tries: 0,
            next_at: now,
        }
    }

    /// Whether both are about the same alert.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        (self.kind, &self.upstream) == (other.kind, &other.upstream)
    }

    /// Begins a try; the next one is planned before the call is made. `None` if all were used.
    pub(super) fn begin(&mut self, now: Millis) -> Option<AlertMessage> {
        if self.tries as usize >= WAITS.len() {
            return None;
        }
        self.tries += 1;
        self.next_at = now + self.wait();
        Some(AlertMessage {
            id: self.id.clone(),
            body: self.body.clone(),
        })
    }

    /// Records the answer of a try.
    pub(super) fn answered(&mut self, receipt: Receipt, now: Millis) -> Tried {
        match receipt {
            Receipt::Accepted { .. } => Tried::Accepted,
            Receipt::Gone => Tried::GivenUp,
            Receipt::Failed { .. } if self.tries as usize >= WAITS.len() => Tried::GivenUp,
            Receipt::Failed { retry_after, .. } => {
                let wait = self.wait();
                let asked = retry_after.unwrap_or(0).clamp(wait, 2 * wait);
                self.next_at = self.next_at.max(now + asked);
                Tried::GoesOn
            }
        }
    }

    /// Ends a wait that is longer than any: the clock was set back meanwhile.
    pub(super) fn settle_clock(&mut self, now: Millis) {
        if self.next_at > now + 2 * self.wait() {
            self.next_at = now;
        }
    }

    /// The wait before the next try.
    fn wait(&self) -> Millis {
        WAITS
            .get(self.tries as usize)
            .copied()
            .unwrap_or(LAST_ANSWER)
    }
}
