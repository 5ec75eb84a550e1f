//! A job reports a change.

use super::{Context, Input, Report, Rows, Stage, Summary};
use crate::machine::Status;
use crate::machine::lease::{Lease, WATCH};
use crate::machine::limiter::Availability;

impl Input for Report {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<bool, R::Error> {
        let taken = context.report(self.summary, self.availability)?;
        context.changed()?;
        Ok(taken)
    }
}

impl<R: Rows> Context<'_, R> {
    fn report(
        &mut self,
        mut summary: Summary,
        availability: Option<Availability>,
    ) -> Result<bool, R::Error> {
        let deliveries = std::mem::take(&mut summary.deliveries);
        let settled = std::mem::take(&mut summary.settled) && summary.status.is_terminal();
        let mut known = self
            .find(&summary.key)?
            .filter(|entry| !entry.gives_way_to(&summary));
        if let Some(other) = known
            .as_ref()
            .filter(|entry| entry.summary.created_at != summary.created_at)
        {
            // An earlier job of the same name holds a slot and must be found gone first. Until then
            // the new one must report again.
            let unheard = summary.created_at > other.summary.created_at;
            return Ok(!unheard);
        }
        let news = self.learn(known.as_mut(), &summary, summary.submits, availability);
        let watched = if settled {
            Stage::Ended
        } else {
            Stage::Watched {
                until: self.now + WATCH,
            }
        };
        let Some(mut entry) = known else {
            // The job ended, or waits for its user, before it was ever enqueued: only the catalogue
            // needs it.
            if summary.status.is_terminal() || summary.status.is_pending() {
                let (cost, told) = (summary.cost_micros, summary.metrics.clone());
                let mut entry = self.new_entry(summary, watched)?;
                self.charge(&mut entry, cost)?;
                self.count(&mut entry, &told);
                self.save(&entry)?;
                self.hear_of_deliveries(&entry.summary.key, deliveries)?;
            }
            return Ok(true);
        };
        self.hear_of_deliveries(&summary.key, deliveries)?;
        let news = self.count(&mut entry, &summary.metrics) || news;
        if summary.age() <= entry.summary.age() {
            if news {
                self.save(&entry)?;
            }
            return Ok(true);
        }
        let same_epoch = summary.epoch == entry.summary.epoch;
        let stage = match (summary.status, entry.stage) {
            (Status::Processing, Stage::Held(lease)) if same_epoch => {
                Stage::Held(lease.heard(self.now))
            }
            // The job is authoritative about itself: a running job holds a slot, whatever the entry
            // says.
            (Status::Processing, _) => {
                Stage::Held(Lease::grant(summary.epoch, self.now).heard(self.now))
            }
            (Status::Queued, stage) if same_epoch => stage,
            // A report from a job that is being deleted does not stop its deletion.
            (
                Status::Completed | Status::Failed | Status::Cancelled,
                stage @ Stage::Deleting { .. },
            ) if same_epoch => stage,
            // A new attempt must still enqueue itself; until then only the old one's slot is freed.
            (
                Status::Queued
                | Status::PendingConfirmation
                | Status::PendingClarification
                | Status::Completed
                | Status::Failed
                | Status::Cancelled,
                _,
            ) => watched,
        };
        self.leave(&mut entry, stage);
        // An entry's epoch grows only by enqueueing, so that the new attempt's own enqueue is not
        // taken for a repeat.
        let epoch = if matches!(summary.status, Status::Queued) {
            entry.summary.epoch
        } else {
            summary.epoch
        };
        let counted = std::mem::take(&mut entry.summary.metrics);
        entry.summary = Summary {
            epoch,
            submits: entry.summary.submits,
            metrics: counted,
            ..summary
        };
        entry.late = false;
        let cost = entry.summary.cost_micros;
        self.charge(&mut entry, cost)?;
        self.save(&entry)?;
        Ok(true)
    }
}
