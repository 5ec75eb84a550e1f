//! The app's side: a receiver of signed webhooks that stores all it receives and can be made to
//! fail.

mod mode;
mod page;
mod receive;
mod routes;

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

pub(crate) use mode::Mode;
pub(crate) use routes::{page_routes, routes};

/// The most deliveries stored; older ones are deleted.
const MAX_DELIVERIES: usize = 10_000;

/// One delivery attempt that reached the inbox.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    /// The request's number in the journal.
    pub(crate) seq: u64,
    /// Milliseconds since the epoch.
    pub(crate) received_at: u64,
    pub(crate) headers: BTreeMap<String, String>,
    /// The body as received.
    pub(crate) body: String,
    /// Whether an accepted secret signed it, at most five minutes ago.
    pub(crate) valid: bool,
    /// Why it is not valid.
    pub(crate) reason: Option<String>,
    /// The `webhook-id` header.
    pub(crate) id: String,
    /// Which attempt with this id it is, from 1.
    pub(crate) attempt: u32,
    /// The body's `event`.
    pub(crate) event: Option<String>,
    /// The body's `generationId`.
    pub(crate) generation_id: Option<String>,
    /// The status of the answer; absent while it is held, and for ever if it was hung or cut.
    pub(crate) answered: Option<u16>,
}

/// The deliveries, and the mode for the next one.
#[derive(Default)]
pub(crate) struct Inbox {
    deliveries: VecDeque<Delivery>,
    kept: usize,
    attempts: BTreeMap<String, u32>,
    pub(crate) mode: Mode,
}

impl Inbox {
    /// Stores a delivery; returns which attempt of its id it is.
    pub(crate) fn keep(&mut self, mut delivery: Delivery) -> u32 {
        let attempts = self.attempts.entry(delivery.id.clone()).or_default();
        *attempts = attempts.saturating_add(1);
        delivery.attempt = *attempts;
        if self.deliveries.len() >= MAX_DELIVERIES {
            self.deliveries.pop_front();
        }
        let attempt = delivery.attempt;
        self.kept += 1;
        self.deliveries.push_back(delivery);
        attempt
    }

    /// Records the status of a delivery's answer.
    pub(crate) fn answered(&mut self, seq: u64, status: u16) {
        let delivery = self
            .deliveries
            .iter_mut()
            .rev()
            .find(|delivery| delivery.seq == seq);
        if let Some(delivery) = delivery {
            delivery.answered = Some(status);
        }
    }

    /// How many deliveries were stored, including those deleted since.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// The deliveries stored after the one with this number, oldest first. Positions in the list
    /// decide, because of concurrent requests a later one may be stored first. A number that is not
    /// in the list is compared.
    pub(crate) fn after(&self, seq: u64) -> impl Iterator<Item = &Delivery> {
        let place = self
            .deliveries
            .iter()
            .rposition(|delivery| delivery.seq == seq);
        let first = place.map_or(0, |place| place + 1);
        self.deliveries
            .range(first..)
            .filter(move |delivery| place.is_some() || delivery.seq > seq)
    }

    /// All deliveries, oldest first.
    pub(crate) fn deliveries(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.deliveries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_after_a_delivery_is_found_even_if_it_came_before_it() {
        let mut inbox = Inbox::default();
        let after = |inbox: &Inbox, seq| {
            inbox
                .after(seq)
                .map(|delivery| delivery.seq)
                .collect::<Vec<_>>()
        };
        inbox.keep(delivery(7));
        assert_eq!(after(&inbox, 0), [7]);
        inbox.keep(delivery(6));
        assert_eq!(after(&inbox, 7), [6]);
        assert_eq!(after(&inbox, 6), Vec::<u64>::new());
        assert_eq!(after(&inbox, 5), [7, 6]);
    }

    #[test]
    fn deliveries_that_were_forgotten_still_count() {
        let mut inbox = Inbox::default();
        for seq in 1..=MAX_DELIVERIES as u64 + 1 {
            inbox.keep(delivery(seq));
        }
        assert_eq!(
            (inbox.kept(), inbox.deliveries().count()),
            (MAX_DELIVERIES + 1, MAX_DELIVERIES)
        );
        assert_eq!(inbox.after(1).count(), MAX_DELIVERIES);
    }

    fn delivery(seq: u64) -> Delivery {
        Delivery {
            seq,
            received_at: 0,
            headers: BTreeMap::new(),
            body: String::new(),
            valid: true,
            reason: None,
            id: String::new(),
            attempt: 0,
            event: None,
            generation_id: None,
            answered: None,
        }
    }
}
