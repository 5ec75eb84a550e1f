//! Waiters for requests. The count of matches is updated with each change: counting all entries
//! again at each change would make every request as expensive as the number of requests.

use serde::Deserialize;
use tokio::sync::oneshot;

use super::{Entry, Outcome, Step};

/// The conditions of `GET /__control/wait`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Only requests of this step.
    pub(crate) step: Option<Step>,
    /// At least this many; one by default.
    pub(crate) count: Option<usize>,
    /// Stops waiting after this time; 10 s by default.
    pub(crate) timeout_ms: Option<u64>,
    /// Only requests whose body, path or prompt contains this.
    pub(crate) contains: Option<String>,
    /// Only requests with a greater sequence number.
    pub(crate) since: Option<u64>,
    /// Only requests with this outcome.
    pub(crate) outcome: Option<Outcome>,
}

impl Wanted {
    /// How many requests are enough.
    pub(super) fn enough(&self) -> usize {
        self.count.unwrap_or(1)
    }

    pub(super) fn matches(&self, entry: &Entry) -> bool {
        entry.visible
            && self.step.is_none_or(|step| entry.step == step)
            && self.since.is_none_or(|since| entry.seq > since)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && self.contains.as_ref().is_none_or(|text| {
                entry.body.contains(text)
                    || entry.path.contains(text)
                    || entry
                        .prompt
                        .as_ref()
                        .is_some_and(|prompt| prompt.contains(text))
            })
    }
}

/// All waiters.
#[derive(Default)]
pub(super) struct Waiters(Vec<Waiter>);

struct Waiter {
    wanted: Wanted,
    /// How many entries match now.
    matching: usize,
    /// Dropping it notifies the waiter that there are enough.
    untold: oneshot::Sender<()>,
}

impl Waiters {
    /// Adds a waiter, with the number of entries that match already. The returned channel closes
    /// once there are enough.
    pub(super) fn add(&mut self, wanted: Wanted, matching: usize) -> oneshot::Receiver<()> {
        let (untold, told) = oneshot::channel();
        self.0.push(Waiter {
            wanted,
            matching,
            untold,
        });
        self.tell();
        told
    }

    /// An entry is about to change or to be deleted.
    pub(super) fn without(&mut self, entry: &Entry) {
        for waiter in self
            .0
            .iter_mut()
            .filter(|waiter| waiter.wanted.matches(entry))
        {
            waiter.matching = waiter.matching.saturating_sub(1);
        }
    }

    /// An entry has changed.
    pub(super) fn with(&mut self, entry: &Entry) {
        for waiter in self
            .0
            .iter_mut()
            .filter(|waiter| waiter.wanted.matches(entry))
        {
            waiter.matching += 1;
        }
        self.tell();
    }

    /// Every entry was deleted.
    pub(super) fn without_all(&mut self) {
        for waiter in &mut self.0 {
            waiter.matching = 0;
        }
    }

    /// Releases the waiters that have enough matches, and those that are gone.
    fn tell(&mut self) {
        self.0.retain(|waiter| {
            waiter.matching < waiter.wanted.enough() && !waiter.untold.is_closed()
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
