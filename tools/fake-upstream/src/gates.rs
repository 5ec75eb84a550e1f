//! Gates: a step can be closed, and requests of it then wait until it is opened.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::journal::Step;

/// How a step is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Before anything is done for the request.
    Before,
    /// After the job was accepted, before the answer (submit only).
    AfterAcceptance,
}

/// The closed steps; a step that is not named is open.
pub(crate) struct Gates(watch::Sender<BTreeMap<Step, Closed>>);

impl Gates {
    /// Every step open.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }

    /// Closes a step.
    pub(crate) fn close(&self, step: Step, how: Closed) {
        self.0.send_modify(|closed| {
            closed.insert(step, how);
        });
    }

    /// Opens a step and lets go what it held.
    pub(crate) fn open(&self, step: Step) {
        self.0.send_modify(|closed| {
            closed.remove(&step);
        });
    }

    /// Opens every step.
    pub(crate) fn open_all(&self) {
        self.0.send_modify(BTreeMap::clear);
    }

    /// Whether a request of this step has to wait here.
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
