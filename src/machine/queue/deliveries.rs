//! The catalogue of events: a copy of what the jobs say of theirs, so that all can be listed and counted.
//!
//! A job's own outbox is the truth. Summaries of it travel on messages that are sent anyway, and each counts only if it
//! is newer than what is known of the same event. The events of a job go with its entry.

use super::{Place, Rows, Turn};
use crate::ids::JobKey;
use crate::machine::bug::{self, Bug};
use crate::machine::delivery::DeliveryCard;
use crate::machine::lease::WATCH;
use serde::{Deserialize, Serialize};

/// What a job answered to an operator who wanted an event sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redelivered {
    pub key: JobKey,
    pub event_id: String,
    /// The event as it is now; `None` when the job, or the event, is no longer there.
    pub delivery: Option<DeliveryCard>,
}

impl<R: Rows> Turn<'_, R> {
    /// Takes over what is news of the events of a job whose entry is there.
    pub(super) fn note_deliveries(&mut self, key: &JobKey, said: Vec<DeliveryCard>) -> Result<(), R::Error> {
        if said.is_empty() {
            return Ok(());
        }
        let known = self.rows.deliveries(key)?;
        for delivery in said {
            let before = known.iter().find(|known| known.id == delivery.id);
            let is_news = before.is_none_or(|before| {
                let stale = delivery.age() < before.age() && !bug::planted(Bug::StaleDeliveryTaken);
                !stale && *before != delivery
            });
            if is_news {
                self.rows.save_delivery(key, &delivery)?;
            }
        }
        Ok(())
    }

    /// The same of what a job reports. An event that is being sent for the first time is not listed before the job tells
    /// what came of it: most are delivered at once, and each time an event is written is paid for.
    pub(super) fn note_reported(&mut self, key: &JobKey, mut said: Vec<DeliveryCard>) -> Result<(), R::Error> {
        said.retain(|event| event.age() > (0, 0) || event.next_at().is_none_or(|at| at > self.now));
        self.note_deliveries(key, said)
    }

    /// Takes over what came of redeliveries at once, so that the same ones are not taken for exhausted again. The jobs
    /// report by themselves; one whose timer is lost before that is asked.
    pub(super) fn redelivered(&mut self, news: Vec<Redelivered>) -> Result<(), R::Error> {
        for Redelivered { key, event_id, delivery } in news {
            let Some(mut entry) = self.rows.find(&key)? else { continue };
            if !self.rows.deliveries(&key)?.iter().any(|known| known.id == event_id) {
                continue;
            }
            let Some(delivery) = delivery else {
                self.rows.remove_delivery(&key, &event_id)?;
                continue;
            };
            self.note_deliveries(&key, vec![delivery])?;
            if entry.place == Place::Ended {
                entry.place = Place::Watched { until: self.now + WATCH };
                self.save(&entry)?;
            }
        }
        Ok(())
    }
}
