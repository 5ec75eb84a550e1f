//! What the queue hears: a job asking for its place, telling of a change, or answering a question.

use super::admission;
use super::{
    Ask, Card, Entry, Errand, Event, FULL_RETRY_AFTER, Line, MAX_ASKS_PER_ALARM, Place, Reply, Rows, Standing, Terms,
    Turn,
};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::bug::{self, Bug};
use crate::machine::delivery::DeliveryCard;
use crate::machine::lease::{ASK_AGAIN, Lease, WATCH};
use crate::machine::limiter::{Availability, LETS_OTHERS_PROBE};
use crate::machine::tally::Tally;
use crate::time::{DAY, MINUTE, Millis, SECOND};

/// A job's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is at this epoch and status, with this many status changes so far.
    State {
        epoch: u64,
        report_number: u64,
        status: Status,
        /// How many submits it has ever made.
        submits: u64,
        /// What the answer of the last one says about the upstream.
        availability: Option<Availability>,
        /// What it has spent and is yet to spend, if it says so.
        cost_micros: Option<u64>,
        /// Its next timer; `None` when nothing is left to do.
        wake_at: Option<Millis>,
        /// Its timer had been lost and was set again.
        late: bool,
        /// Its events.
        deliveries: Vec<DeliveryCard>,
        /// What it has counted over its life.
        tally: Tally,
    },
    /// There is no such job.
    Missing,
    /// No answer came.
    Nothing,
}

impl<R: Rows> Turn<'_, R> {
    /// `admits` says whether this is an occasion on which slots are granted.
    pub(super) fn enqueue(
        &mut self,
        mut card: Card,
        promised: bool,
        terms: Terms,
        admits: bool,
    ) -> Result<Reply, R::Error> {
        let deliveries = std::mem::take(&mut card.deliveries);
        let mut known = self.rows.find(&card.key)?.filter(|entry| !entry.gives_way_to(&card));
        if known.as_ref().is_some_and(|entry| entry.card.created_at != card.created_at) {
            return Ok(Reply::Unknown);
        }
        let news = self.learn(known.as_mut(), &card, card.submits, terms.availability);
        if let Some(entry) = &known {
            let stale = card.age() < entry.card.age() && !bug::planted(Bug::StaleEnqueueTaken);
            let repeat = card.epoch == entry.card.epoch && !matches!(entry.place, Place::Ended);
            if stale || repeat {
                let mut entry = entry.clone();
                if self.count(&mut entry, &card.tally) || news {
                    self.save(&entry)?;
                }
                self.note_deliveries(&card.key, deliveries)?;
                return Ok(Reply::Unknown);
            }
        }
        if let Some(over) = if promised { None } else { self.refuses(&card)? } {
            return Ok(Reply::OverBudget(over));
        }
        if !promised && !card.status.is_pending() && self.is_full()? {
            return Ok(Reply::Full { retry_after: FULL_RETRY_AFTER });
        }
        let place = match terms.not_before.filter(|_| !bug::planted(Bug::DelayIgnored)) {
            _ if card.status.is_pending() => Place::Watched { until: self.now + WATCH },
            Some(until) if until > self.now => Place::Delayed { until },
            Some(_) | None => self.behind_probes_of_others(&card, terms),
        };
        let keeps = terms.keeps_place && !bug::planted(Bug::PlaceLost);
        let (cost, told) = (card.cost_micros, card.tally.clone());
        let mut entry = match known.filter(|_| keeps) {
            Some(entry) => {
                let card = Card { tally: entry.card.tally, ..card };
                Entry { card, place, waits_since: self.waits_since(place), unspent: false, late: false, ..entry }
            }
            None => self.new_entry(card, place)?,
        };
        self.charge(&mut entry, cost)?;
        self.count(&mut entry, &told);
        self.note_deliveries(&entry.card.key, deliveries)?;
        if entry.is_in_line() {
            self.events.push(Event::Enqueued { key: entry.card.key.clone() });
        }
        if admits && self.starts_at_once(&entry)? {
            self.grant(entry, true)?;
        } else {
            self.save(&entry)?;
        }
        Ok(Reply::Unknown)
    }

    /// Where a job waits that an upstream takes no submit of. One that is refused for long stands aside for long enough
    /// that in every mode another one is the next probe, if there is one: or a job that the upstream refuses for what
    /// it is, though it says "not now", would hold up all of its model.
    fn behind_probes_of_others(&self, card: &Card, terms: Terms) -> Place {
        let for_long = terms.refused_since.is_some_and(|since| since + LETS_OTHERS_PROBE <= self.now);
        let others = self.book.line.as_ref().is_some_and(|line| line.waits_for(&card.upstream));
        match self.book.backoff_of(&card.upstream, self.now) {
            Some(backoff) if for_long && others => Place::Delayed { until: backoff.until + MINUTE + SECOND },
            Some(_) | None => Place::Waiting,
        }
    }

    /// An entry with the next place in accept order, and its user's next turn. What its job tells is not counted yet.
    fn new_entry(&mut self, card: Card, place: Place) -> Result<Entry, R::Error> {
        let gone = self.rows.find(&card.key)?;
        let (tally, former) = self.count_new(&card, gone.as_ref());
        let card = Card { tally, ..card };
        let charges = match gone {
            Some(same) if same.card.created_at == card.created_at => same.charges,
            Some(mut gone) => {
                self.settle(&mut gone)?;
                self.rows.remove_deliveries(&card.key)?;
                Vec::new()
            }
            None => Vec::new(),
        };
        let (sequence, enqueued_at) = self.rows.last_accepted()?;
        let round = self.next_round(&card)?;
        let enqueued_at = enqueued_at.max(self.now);
        let sequence = sequence + 1;
        let waits_since = self.waits_since(place);
        let (unspent, late) = (false, false);
        Ok(Entry { card, sequence, enqueued_at, waits_since, round, unspent, late, charges, former, place })
    }

    /// The turn that is its user's next.
    pub(super) fn next_round(&self, card: &Card) -> Result<u64, R::Error> {
        let own_last = self.rows.last_round(&card.key.user_id, card.priority)?;
        Ok(self.book.next_round(card.priority, own_last))
    }

    fn is_full(&self) -> Result<bool, R::Error> {
        let free = self.policy.slots.saturating_sub(self.rows.count_held()?);
        Ok(self.book.line.as_ref().map_or(0, Line::total) >= self.policy.max_waiting + free)
    }

    /// The standing of whoever asked, after the step.
    pub(super) fn reply_standing(&self, key: &JobKey) -> Result<Reply, R::Error> {
        let Some(entry) = self.rows.find(key)? else { return Ok(Reply::Unknown) };
        let standing: Standing = admission::standing_of(self.rows, &self.book, &entry, self.policy, self.now)?;
        Ok(Reply::Standing(standing))
    }

    /// Counts the submits it had not heard of, and takes note of what the last one's answer says about the upstream;
    /// whether the entry changed with it. What was heard before is not taken again.
    fn learn(
        &mut self,
        known: Option<&mut Entry>,
        card: &Card,
        submits: u64,
        availability: Option<Availability>,
    ) -> bool {
        let counted = known.as_ref().map_or(0, |entry| entry.card.submits);
        let new = submits.saturating_sub(counted);
        let before = self.book.backoff_of(&card.upstream, self.now);
        self.book.learn(card, new, availability, self.now);
        let upstream = card.upstream.clone();
        match (before, self.book.backoff_of(&card.upstream, self.now)) {
            (before, Some(after)) if before != Some(after) => {
                self.events.push(Event::Unavailable { upstream, until: after.until });
            }
            (Some(before), None) => {
                self.events.push(Event::Available { upstream, took: self.now.saturating_sub(before.since) });
            }
            _ => {}
        }
        if let Some(entry) = known.filter(|_| new > 0) {
            entry.card.submits = submits;
            entry.unspent = false;
            return true;
        }
        false
    }

    pub(super) fn report(&mut self, mut card: Card, availability: Option<Availability>) -> Result<Reply, R::Error> {
        let deliveries = std::mem::take(&mut card.deliveries);
        let settled = std::mem::take(&mut card.settled) && card.status.is_terminal();
        let mut known = self.rows.find(&card.key)?.filter(|entry| !entry.gives_way_to(&card));
        if let Some(other) = known.as_ref().filter(|entry| entry.card.created_at != card.created_at) {
            // An earlier job of its name that holds a slot has to be found gone first: until then it is to be told again.
            let unheard = card.created_at > other.card.created_at;
            return Ok(if unheard { Reply::Unknown } else { Reply::Nothing });
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
                self.save(&entry)?;
                self.note_reported(&entry.card.key, deliveries)?;
            }
            return Ok(Reply::Nothing);
        };
        self.note_reported(&card.key, deliveries)?;
        let news = self.count(&mut entry, &card.tally) || news;
        if card.age() <= entry.card.age() {
            let ends = settled && self.ends_watch(&entry, &card)?;
            if ends {
                entry.place = Place::Ended;
                entry.late = false;
            }
            if news || ends {
                self.save(&entry)?;
            }
            return Ok(Reply::Nothing);
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
        self.save(&entry)?;
        Ok(Reply::Nothing)
    }

    /// Whether a job's word that nothing is left to do is its latest. Of one that holds a price for a further attempt, or has
    /// since had an event sent again, it is not known: such a one is asked.
    fn ends_watch(&self, entry: &Entry, card: &Card) -> Result<bool, R::Error> {
        let latest = card.age() == entry.card.age() && card.cost_micros == entry.charged();
        if !latest || !matches!(entry.place, Place::Watched { .. }) {
            return Ok(false);
        }
        Ok(self.rows.deliveries(&card.key)?.iter().all(|event| event.next_at().is_none()))
    }

    /// Gives an entry another place; how long it held a slot is remembered.
    fn leave(&mut self, entry: &mut Entry, place: Place) {
        if let Place::Held(lease) = entry.place
            && !matches!(place, Place::Held(_))
        {
            self.book.observe_hold(self.now.saturating_sub(lease.granted_at));
            entry.unspent = false;
        }
        entry.place = place;
    }

    /// A job that waits and is not in line is on its way there: a user's retry, confirmation or clarification has just
    /// put it there. Should its own timer be lost before it has told so, it is asked.
    pub(super) fn look_after(&mut self, key: &JobKey) -> Result<(), R::Error> {
        let Some(mut entry) = self.rows.find(key)? else { return Ok(()) };
        let soon = self.now + WATCH;
        let unwatched = match entry.place {
            Place::Ended => true,
            Place::Watched { until } => until > soon,
            Place::Waiting | Place::Delayed { .. } | Place::Held(_) | Place::Expiring { .. } => false,
        };
        if unwatched {
            entry.place = Place::Watched { until: soon };
            self.save(&entry)?;
        }
        Ok(())
    }

    /// Whom the alarm asks now; each is asked again soon unless an answer comes.
    pub(super) fn ask(&mut self) -> Result<Vec<Ask>, R::Error> {
        let mut asks = Vec::new();
        for mut entry in self.rows.to_ask(self.now, MAX_ASKS_PER_ALARM)? {
            let again = self.now + ASK_AGAIN;
            let (place, epoch, errand) = match entry.place {
                Place::Held(lease) if bug::planted(Bug::SlotFreedUnasked) && lease.until < self.now => {
                    entry.place = Place::Ended;
                    self.save(&entry)?;
                    continue;
                }
                Place::Held(lease) => (Place::Held(lease.asked(self.now)), lease.epoch, Errand::Start),
                Place::Watched { .. } => (Place::Watched { until: again }, entry.card.epoch, Errand::Check),
                Place::Expiring { .. } => (Place::Expiring { until: again }, entry.card.epoch, Errand::Forget),
                Place::Waiting | Place::Delayed { .. } | Place::Ended => continue,
            };
            entry.place = place;
            self.save(&entry)?;
            asks.push(Ask { key: entry.card.key, created_at: entry.card.created_at, epoch, errand });
        }
        Ok(asks)
    }

    pub(super) fn heard(&mut self, ask: &Ask, said: &Said) -> Result<(), R::Error> {
        let Ask { key, created_at, epoch, .. } = ask;
        let known = self.rows.find(key)?.filter(|entry| entry.card.created_at == *created_at);
        let Some(mut entry) = known else { return Ok(()) };
        let epoch = *epoch;
        if let Said::State { deliveries, .. } = said {
            self.note_deliveries(key, deliveries.clone())?;
        }
        if let &Said::State { epoch: theirs, report_number, submits, availability, cost_micros, ref tally, .. } = said {
            self.count(&mut entry, tally);
            let card = entry.card.clone();
            self.learn(Some(&mut entry), &card, submits, availability);
            // What is no older than the card is the job's own word, also on whether a price that is held will be used.
            let is_news = (theirs, report_number) >= card.age() && (cost_micros.is_some() || theirs == card.epoch);
            if is_news {
                entry.card.cost_micros = cost_micros.unwrap_or(card.cost_micros);
                let cost = entry.card.cost_micros;
                self.charge(&mut entry, cost)?;
            }
        }
        match (entry.place, said) {
            (_, Said::Nothing) => return Ok(()),
            (Place::Held(lease), _) if lease.epoch != epoch && !bug::planted(Bug::SlotFreedTwice) => {}
            (Place::Held(_), Said::State { .. }) => self.heard_of_holder(&mut entry, epoch, said),
            (Place::Watched { .. }, &Said::State { epoch: theirs, report_number, status, wake_at, late, .. }) => {
                // What it has told since then may have given it more to do, and is not answered for: it is asked again.
                if (theirs, report_number) >= entry.card.age() {
                    entry.place = self.watched_on(status, wake_at);
                }
                self.note_late(&mut entry, late);
            }
            (Place::Held(_) | Place::Watched { .. }, Said::Missing) => {
                self.settle(&mut entry)?;
                self.rows.remove_deliveries(key)?;
                self.leave(&mut entry, Place::Ended);
                if !entry.card.status.is_terminal() {
                    entry.card.status = Status::Failed;
                }
            }
            (Place::Expiring { .. }, Said::Missing) => {
                self.settle(&mut entry)?;
                self.rows.remove_deliveries(key)?;
                self.note_forgotten(&entry);
                return self.remove(&entry);
            }
            // It lives again: its own enqueue gives it a place.
            (Place::Expiring { .. }, Said::State { status, .. }) if !status.is_terminal() => {
                entry.place = Place::Watched { until: self.now + WATCH };
            }
            (Place::Expiring { .. } | Place::Waiting | Place::Delayed { .. } | Place::Ended, _) => {}
        }
        self.save(&entry)
    }

    fn heard_of_holder(&mut self, entry: &mut Entry, epoch: u64, said: &Said) {
        let (Place::Held(lease), &Said::State { epoch: theirs, report_number, status, wake_at, late, .. }) =
            (entry.place, said)
        else {
            return;
        };
        self.note_late(entry, late);
        if theirs > epoch {
            // It has moved on, and its next attempt enqueues itself.
            self.leave(entry, Place::Watched { until: self.now + WATCH });
            return;
        }
        let works = !status.is_terminal() && !status.is_pending();
        let place = if works { Place::Held(lease.heard(self.now)) } else { self.watched_on(status, wake_at) };
        self.leave(entry, place);
        // The report itself follows with its snapshot and must still count as newer.
        entry.card.report_number = entry.card.report_number.max(report_number.saturating_sub(1));
        entry.card.status = status;
    }

    /// Where a job goes that holds no slot: nothing more is asked of one that has nothing left to do.
    fn watched_on(&self, status: Status, wake_at: Option<Millis>) -> Place {
        match wake_at {
            None if status.is_terminal() => Place::Ended,
            Some(_) if bug::planted(Bug::WatchForgotten) => Place::Ended,
            None => Place::Watched { until: self.now + WATCH },
            Some(at) => Place::Watched { until: at.clamp(self.now, self.now + DAY) + WATCH },
        }
    }

    fn note_late(&mut self, entry: &mut Entry, late: bool) {
        entry.late = late;
        self.book.timers_repaired += u64::from(late);
    }
}
