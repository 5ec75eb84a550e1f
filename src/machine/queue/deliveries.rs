//! The catalogue of events: a copy of the jobs' events, so that all can be listed and counted.
//!
//! A job's own outbox is authoritative. Summaries of it travel on messages that are sent anyway,
//! and a summary is stored only if it is newer than the known one. The events of a job are deleted
//! with its entry.

use super::{Context, Input, Redelivered, RedeliveredEvent, Rows, Stage};
use crate::ids::JobKey;
use crate::machine::delivery::DeliverySummary;
use crate::machine::lease::WATCH;

impl Input for Redelivered {
    /// Stored at once, so that these events are not listed as exhausted again. The jobs report by
    /// themselves; a job whose alarm is lost before that is checked.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        for event in self.events {
            context.redelivered(event)?;
        }
        Ok(())
    }
}

impl<R: Rows> Context<'_, R> {
    /// Stores the newer summaries of a job's events. The job's entry exists.
    pub(super) fn hear_of_deliveries(
        &mut self,
        key: &JobKey,
        said: Vec<DeliverySummary>,
    ) -> Result<(), R::Error> {
        if said.is_empty() {
            return Ok(());
        }
        let known = self.rows.deliveries(key)?;
        for delivery in said {
            let before = known.iter().find(|known| known.id == delivery.id);
            let is_news =
                before.is_none_or(|before| delivery.age() >= before.age() && *before != delivery);
            if is_news {
                self.rows.save_delivery(key, &delivery)?;
                self.writes += 1;
            }
        }
        Ok(())
    }

    fn redelivered(&mut self, event: RedeliveredEvent) -> Result<(), R::Error> {
        let RedeliveredEvent {
            key,
            event_id,
            delivery,
        } = event;
        let Some(mut entry) = self.find(&key)? else {
            return Ok(());
        };
        if !self
            .rows
            .deliveries(&key)?
            .iter()
            .any(|known| known.id == event_id)
        {
            return Ok(());
        }
        let Some(delivery) = delivery else {
            self.writes += 1;
            return self.rows.remove_delivery(&key, &event_id);
        };
        self.hear_of_deliveries(&key, vec![delivery])?;
        if entry.stage == Stage::Ended {
            entry.stage = Stage::Watched {
                until: self.now + WATCH,
            };
            self.save(&entry)?;
        }
        Ok(())
    }
}
