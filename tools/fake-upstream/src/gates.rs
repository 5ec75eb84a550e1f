//! Gates: requests of a closed step wait until it is opened.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::journal::Step;

/// How a step is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Before the request has any effect.
    Before,
    /// After the job was accepted, before the answer (submit only).
    AfterAcceptance,
}

/// The closed steps; all others are open.
pub(crate) struct Gates(watch::Sender<BTreeMap<Step, Closed>>);

impl Gates {
    /// Opens every step.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }

    /// Closes a step.
    pub(crate) fn close(&self, step: Step, how: Closed) {
        self.0.send_modify(|closed| {
            closed.insert(step, how);
        });
    }

    /// Opens a step and releases the requests that it held.
    pub(crate) fn open(&self, step: Step) {
        self.0.send_modify(|closed| {
            closed.remove(&step);
        });
    }

    /// Opens every step.
    pub(crate) fn open_all(&self) {
        self.0.send_modify(BTreeMap::clear);
    }

    /// Whether a request of this step must wait here.
    pub(crate) fn is_closed(&self, step: Step, how: Closed) -> bool {
        self.0.borrow().get(&step) == Some(&how)
    }

    /// Returns once requests of this step may pass.
    pub(crate) async fn opened(&self, step: Step, how: Closed) {
        let mut closed = self.0.subscribe();
        // It fails only when the gates are gone, and then nothing is closed.
        let _ = closed
            .wait_for(|closed| closed.get(&step) != Some(&how))
            .await;
    }
}
