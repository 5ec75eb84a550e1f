//! One webhook event on its way to the app. It is sent at least once, always with the same id and
//! body, until it is delivered or exhausted.

mod advice;

pub use advice::advice;

use super::retry;
use crate::time::{Millis, Moment};
use serde::{Deserialize, Serialize};

/// The kinds of webhook events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub enum EventKind {
    #[serde(rename = "generation.started")]
    Started,
    #[serde(rename = "generation.progress")]
    Progress,
    #[serde(rename = "generation.pending_clarification")]
    PendingClarification,
    #[serde(rename = "generation.completed")]
    Completed,
    #[serde(rename = "generation.failed")]
    Failed,
    #[serde(rename = "generation.cancelled")]
    Cancelled,
}

impl EventKind {
    /// Every kind, in the order of a job's life.
    pub const ALL: [Self; 6] = [
        Self::Started,
        Self::Progress,
        Self::PendingClarification,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "generation.started",
            Self::Progress => "generation.progress",
            Self::PendingClarification => "generation.pending_clarification",
            Self::Completed => "generation.completed",
            Self::Failed => "generation.failed",
            Self::Cancelled => "generation.cancelled",
        }
    }

    /// Whether the event reports a terminal status.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// How the receiver answered one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// A 2xx: delivered.
    Accepted { status: u16 },
    /// Any other result that may change on a retry: another status, a redirect, a timeout (`status`
    /// is `None`), a lost connection.
    Failed {
        status: Option<u16>,
        retry_after: Option<Millis>,
    },
    /// 410: the receiver refuses this event for good.
    Gone,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Pending { next_at: Millis },
    Delivered { at: Millis },
    Exhausted { at: Millis },
}

impl DeliveryState {
    /// The names of the states, in the order of an event's life.
    pub const WORDS: [&str; 3] = ["pending", "delivered", "exhausted"];

    /// The name in the catalogue and in the API.
    pub fn as_str(self) -> &'static str {
        let [pending, delivered, exhausted] = Self::WORDS;
        match self {
            Self::Pending { .. } => pending,
            Self::Delivered { .. } => delivered,
            Self::Exhausted { .. } => exhausted,
        }
    }

    fn next_at(self) -> Option<Millis> {
        match self {
            Self::Pending { next_at } => Some(next_at),
            Self::Delivered { .. } | Self::Exhausted { .. } => None,
        }
    }
}

/// An event row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// `msg_…`, equal on every attempt.
    pub id: String,
    pub kind: EventKind,
    /// The event's place among this generation's events, from 1.
    pub sequence: u64,
    pub created_at: Millis,
    /// The exact bytes of the body; `None` only until the step that made the event is saved.
    pub body: Option<String>,
    /// How many attempts have been made.
    pub attempts: u32,
    pub last_status: Option<u16>,
    pub state: DeliveryState,
    /// How many times an operator redelivered it.
    pub redeliveries: u32,
    /// How many attempts had been made when the schedule last restarted.
    pub attempts_before: u32,
}

/// The part of an event that the queue keeps, so that all events can be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverySummary {
    pub id: String,
    pub kind: EventKind,
    pub created_at: Millis,
    pub attempts: u32,
    pub last_status: Option<u16>,
    pub state: DeliveryState,
    pub redeliveries: u32,
}

impl DeliverySummary {
    /// When the next attempt is due, if one is.
    pub fn next_at(&self) -> Option<Millis> {
        self.state.next_at()
    }

    /// Orders the summaries of one event: each change makes an attempt or follows a redelivery.
    pub fn age(&self) -> (u32, u32) {
        (self.redeliveries, self.attempts)
    }
}

impl Delivery {
    /// A new event, due after the schedule's first wait.
    pub fn new(kind: EventKind, sequence: u64, moment: Moment, schedule: &[Millis]) -> Self {
        Self {
            id: event_id(moment, sequence),
            kind,
            sequence,
            created_at: moment.now,
            body: None,
            attempts: 0,
            last_status: None,
            state: DeliveryState::Pending {
                next_at: moment.now + schedule.first().copied().unwrap_or(0),
            },
            redeliveries: 0,
            attempts_before: 0,
        }
    }

    /// The part of it that the queue keeps.
    pub fn summary(&self) -> DeliverySummary {
        DeliverySummary {
            id: self.id.clone(),
            kind: self.kind,
            created_at: self.created_at,
            attempts: self.attempts,
            last_status: self.last_status,
            state: self.state,
            redeliveries: self.redeliveries,
        }
    }

    /// Makes it due at once, whatever its state. It stays the same event, with the same id and body
    /// (I5); the schedule restarts.
    pub fn redeliver(&mut self, moment: Moment) {
        self.redeliveries = self.redeliveries.saturating_add(1);
        self.attempts_before = self.attempts;
        self.state = DeliveryState::Pending {
            next_at: moment.now,
        };
    }

    /// When the next attempt is due, if one is.
    pub fn next_at(&self) -> Option<Millis> {
        self.state.next_at()
    }

    /// Records how an attempt ended; `schedule` holds the wait before each attempt, the first one
    /// included.
    pub fn attempted(&mut self, receipt: Receipt, moment: Moment, schedule: &[Millis]) {
        self.attempts = self.attempts.saturating_add(1);
        let retry_after = match receipt {
            Receipt::Accepted { status } => {
                self.last_status = Some(status);
                self.state = DeliveryState::Delivered { at: moment.now };
                return;
            }
            Receipt::Gone => {
                self.last_status = Some(410);
                self.state = DeliveryState::Exhausted { at: moment.now };
                return;
            }
            Receipt::Failed {
                status,
                retry_after,
            } => {
                self.last_status = status;
                retry_after
            }
        };
        let made = self.attempts.saturating_sub(self.attempts_before);
        self.state = match schedule.get(made as usize) {
            None => DeliveryState::Exhausted { at: moment.now },
            Some(&wait) => DeliveryState::Pending {
                next_at: moment.now + next_wait(wait, retry_after, moment.jitter()),
            },
        };
    }
}

/// The schedule's wait ±20 %, or the receiver's `Retry-After`, clamped to between once and twice
/// the schedule's wait.
fn next_wait(wait: Millis, retry_after: Option<Millis>, random: u64) -> Millis {
    match retry_after {
        Some(asked) => asked.clamp(wait, wait.saturating_mul(2)),
        None => retry::spread(wait, random),
    }
}

/// Two events of one step share its random bits; the sequence number makes their ids differ.
pub(super) fn event_id(moment: Moment, sequence: u64) -> String {
    format!(
        "msg_{:032x}",
        moment.random.wrapping_add(u128::from(sequence))
    )
}

#[cfg(test)]
mod tests {
    use super::{Delivery, DeliveryState, EventKind, Receipt};
    use crate::time::Moment;

    const SCHEDULE: [u64; 3] = [0, 5_000, 300_000];

    fn at(now: u64) -> Moment {
        Moment {
            now,
            random: u128::from(now),
        }
    }

    #[test]
    fn the_id_is_equal_on_every_attempt_until_exhausted_i5() {
        let mut delivery = Delivery::new(EventKind::Completed, 1, at(1_000), &SCHEDULE);
        let id = delivery.id.clone();
        let failed = Receipt::Failed {
            status: Some(500),
            retry_after: None,
        };
        for (attempt, now) in [(1, 1_000), (2, 7_000), (3, 400_000)] {
            delivery.attempted(failed, at(now), &SCHEDULE);
            assert_eq!((delivery.attempts, &delivery.id), (attempt, &id));
        }
        assert_eq!(delivery.state, DeliveryState::Exhausted { at: 400_000 });
    }

    #[test]
    fn a_retry_after_is_honoured_up_to_twice_the_step() {
        for (asked, expected) in [(0, 5_000), (7_000, 7_000), (3_600_000, 10_000)] {
            let mut delivery = Delivery::new(EventKind::Failed, 1, at(0), &SCHEDULE);
            delivery.attempted(
                Receipt::Failed {
                    status: Some(429),
                    retry_after: Some(asked),
                },
                at(0),
                &SCHEDULE,
            );
            assert_eq!(delivery.next_at(), Some(expected), "asked for {asked} ms");
        }
    }

    #[test]
    fn a_redelivery_begins_the_schedule_anew_and_attempts_go_on_counting_i5() {
        let mut delivery = Delivery::new(EventKind::Completed, 1, at(1_000), &SCHEDULE);
        let id = delivery.id.clone();
        let failed = Receipt::Failed {
            status: Some(500),
            retry_after: None,
        };
        for round in 1..=3 {
            delivery.redeliver(at(9_000));
            assert_eq!(delivery.next_at(), Some(9_000));
            for _ in &SCHEDULE {
                assert!(delivery.next_at().is_some());
                delivery.attempted(failed, at(9_000), &SCHEDULE);
            }
            assert_eq!(
                (delivery.state, delivery.attempts),
                (DeliveryState::Exhausted { at: 9_000 }, 3 * round)
            );
        }
        assert_eq!(delivery.id, id);
    }

    #[test]
    fn what_is_said_later_of_an_event_is_of_a_greater_age() {
        let mut delivery = Delivery::new(EventKind::Completed, 1, at(1_000), &SCHEDULE);
        let mut ages = vec![delivery.summary().age()];
        let failed = Receipt::Failed {
            status: None,
            retry_after: None,
        };
        for _ in 0..3 {
            delivery.attempted(failed, at(2_000), &SCHEDULE);
            ages.push(delivery.summary().age());
            delivery.redeliver(at(3_000));
            ages.push(delivery.summary().age());
        }
        assert!(ages.is_sorted_by(|one, other| one < other), "{ages:?}");
    }

    #[test]
    fn gone_stops_at_once() {
        let mut delivery = Delivery::new(EventKind::Failed, 1, at(0), &SCHEDULE);
        delivery.attempted(Receipt::Gone, at(9), &SCHEDULE);
        assert_eq!(delivery.state, DeliveryState::Exhausted { at: 9 });
    }
}
