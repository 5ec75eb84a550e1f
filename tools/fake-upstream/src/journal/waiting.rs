//! Who waits for requests. What matches is counted as it changes: to count all entries anew at each
//! change would make every request cost as much as there are requests.

use serde::Deserialize;
use tokio::sync::oneshot;

use super::{Entry, Outcome, Step};

/// What `GET /__control/wait` waits for.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Only requests of this step.
    pub(crate) step: Option<Step>,
    /// At least so many; one by default.
    pub(crate) count: Option<usize>,
    /// Gives up after this time; 10 s by default.
    pub(crate) timeout_ms: Option<u64>,
    /// Only requests whose body, path or prompt contains this.
    pub(crate) contains: Option<String>,
    /// Only requests with a greater sequence number.
    pub(crate) since: Option<u64>,
    /// Only requests that came to this.
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

/// All who wait.
#[derive(Default)]
pub(super) struct Waiters(Vec<Waiter>);

struct Waiter {
    wanted: Wanted,
    /// How many entries match now.
    matching: usize,
    /// Dropping it tells the waiter that there are enough.
    untold: oneshot::Sender<()>,
}

impl Waiters {
    /// Lets someone wait, with so many entries that match already; what is returned ends once there
    /// are enough.
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

    /// An entry is about to change or to be forgotten.
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

    /// Every entry was forgotten.
    pub(super) fn without_all(&mut self) {
        for waiter in &mut self.0 {
            waiter.matching = 0;
        }
    }

    /// Lets go who has waited for enough, and who has gone away.
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
