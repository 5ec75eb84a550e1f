//! A job reports a change of itself.

use super::{Card, Context, Input, Place, Report, Rows};
use crate::machine::Status;
use crate::machine::lease::{Lease, WATCH};
use crate::machine::limiter::Availability;

impl Input for Report {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<bool, R::Error> {
        let taken = context.report(self.card, self.availability)?;
        context.changed()?;
        Ok(taken)
    }
}

impl<R: Rows> Context<'_, R> {
    fn report(&mut self, mut card: Card, availability: Option<Availability>) -> Result<bool, R::Error> {
        let deliveries = std::mem::take(&mut card.deliveries);
        let settled = std::mem::take(&mut card.settled) && card.status.is_terminal();
        let mut known = self.rows.find(&card.key)?.filter(|entry| !entry.gives_way_to(&card));
        if let Some(other) = known.as_ref().filter(|entry| entry.card.created_at != card.created_at) {
            // An earlier job of its name that holds a slot has to be found gone first: until then it is to be told again.
            let unheard = card.created_at > other.card.created_at;
            return Ok(!unheard);
        }
        let news = self.learn(known.as_mut(), &card, card.submits, availability);
        let watched = if settled { Place::Ended } else { Place::Watched { until: self.now + WATCH } };
        let Some(mut entry) = known else {
            // It ended, or waits for its user, before it was ever enqueued: only the catalogue needs to know.
            if card.status.is_terminal() || card.status.is_pending() {
                let (cost, told) = (card.cost_micros, card.tally.clone());
                let mut entry = self.new_entry(card, watched)?;
                self.charge(&mut entry, cost)?;
                self.count(&mut entry, &told);
                self.rows.save(&entry)?;
                self.note_deliveries(&entry.card.key, deliveries)?;
            }
            return Ok(true);
        };
        self.note_deliveries(&card.key, deliveries)?;
        let news = self.count(&mut entry, &card.tally) || news;
        if card.age() <= entry.card.age() {
            if news {
                self.rows.save(&entry)?;
            }
            return Ok(true);
        }
        let same_epoch = card.epoch == entry.card.epoch;
        let place = match (card.status, entry.place) {
            (Status::Processing, Place::Held(lease)) if same_epoch => Place::Held(lease.heard(self.now)),
            // The job is the truth about itself: what runs holds a slot, whatever was thought of it.
            (Status::Processing, _) => Place::Held(Lease::grant(card.epoch, self.now).heard(self.now)),
            (Status::Queued, place) if same_epoch => place,
            // What it deletes on its way out is no reason to keep it for longer.
            (Status::Completed | Status::Failed | Status::Cancelled, place @ Place::Expiring { .. }) if same_epoch => {
                place
            }
            // A new attempt still has to enqueue itself; until then only the old one's slot is freed.
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
        self.leave(&mut entry, place);
        // The epoch of an entry grows by enqueueing only, so that the new attempt's own enqueue is not taken for a repeat.
        let epoch = if matches!(card.status, Status::Queued) { entry.card.epoch } else { card.epoch };
        let counted = std::mem::take(&mut entry.card.tally);
        entry.card = Card { epoch, submits: entry.card.submits, tally: counted, ..card };
        entry.late = false;
        let cost = entry.card.cost_micros;
        self.charge(&mut entry, cost)?;
        self.rows.save(&entry)?;
        Ok(true)
    }
}
