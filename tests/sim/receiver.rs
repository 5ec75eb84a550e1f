//! The app's webhook receiver.

use crate::faults::Fault;
use crate::plan::NeverHeals;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::delivery::Receipt;
use reelay::time::SECOND;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(crate) struct Receiver {
    /// The first body received of each event id.
    pub(crate) bodies: BTreeMap<String, String>,
    /// The event ids accepted with a 2xx.
    pub(crate) taken: BTreeSet<String>,
    /// The event ids refused with 410.
    pub(crate) gone: BTreeSet<String>,
}

impl World {
    pub(crate) fn hooked(&mut self, job: usize, event_id: &str) -> Receipt {
        if self.jobs[job].job.is_none() {
            // The job was deleted while a cut-off request was still in flight.
            return Receipt::Gone;
        }
        let delivery = self.jobs[job]
            .job
            .as_ref()
            .and_then(|job| job.outbox.iter().find(|row| row.id == event_id));
        let Some(body) = delivery.and_then(|delivery| delivery.body.clone()) else {
            self.violated(
                Invariant::I5,
                format!("job {job} sends {event_id} without a stored body"),
            );
            return Receipt::Gone;
        };
        self.compare_body(event_id, &body);
        self.receive(event_id)
    }

    /// How the receiver answers an event.
    pub(crate) fn receive(&mut self, event_id: &str) -> Receipt {
        if self.still_broken(NeverHeals::Receiver) || self.fault(Fault::HookServerError) {
            return Receipt::Failed {
                status: Some(503),
                retry_after: None,
            };
        }
        if self.fault(Fault::HookTimeout) {
            return Receipt::Failed {
                status: None,
                retry_after: None,
            };
        }
        if self.fault(Fault::HookRetryAfter) {
            let retry_after = Some(self.choices.between(0, 7_200) * SECOND);
            return Receipt::Failed {
                status: Some(429),
                retry_after,
            };
        }
        if self.fault(Fault::HookGone) {
            self.receiver.gone.insert(event_id.to_owned());
            return Receipt::Gone;
        }
        self.receiver.taken.insert(event_id.to_owned());
        if self.fault(Fault::HookTakenAnswerLost) {
            return Receipt::Failed {
                status: None,
                retry_after: None,
            };
        }
        Receipt::Accepted { status: 200 }
    }

    fn compare_body(&mut self, event_id: &str, body: &str) {
        let first = self
            .receiver
            .bodies
            .entry(event_id.to_owned())
            .or_insert_with(|| body.to_owned());
        if first != body {
            let message = format!("{event_id} came with the body {first} and then with {body}");
            self.violated(Invariant::I5, message);
        }
    }
}
