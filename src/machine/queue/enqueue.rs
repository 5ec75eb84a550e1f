//! A job asks for its place.

use super::{Card, Context, Enqueue, EnqueueAgain, Entry, Event, Input, Place, Refused, Rows, Terms};
use crate::machine::lease::WATCH;
use crate::machine::limiter::{Availability, LETS_OTHERS_PROBE};
use crate::time::{MINUTE, Millis, SECOND};

/// What a caller is told to wait when the queue is full.
pub const FULL_RETRY_AFTER: Millis = 30 * SECOND;

impl Input for Enqueue {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let key = self.card.key.clone();
        match context.enqueue(self.card, self.terms, true)? {
            Err(refused) => Ok(Err(refused)),
            Ok(false) => Ok(Ok(None)),
            Ok(true) => {
                context.changed_for(Some(&key))?;
                Ok(Ok(context.standing(&key)?))
            }
        }
    }
}

impl Input for EnqueueAgain {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let key = self.card.key.clone();
        let is_placed = context.enqueue(self.card, self.terms, false)? == Ok(true);
        context.changed_for(Some(&key))?;
        if is_placed { context.standing(&key) } else { Ok(None) }
    }
}

impl<R: Rows> Context<'_, R> {
    /// Gives a job its place unless it has one; a `new` one may be refused. `false` while an earlier job of its name is
    /// in the way.
    fn enqueue(&mut self, mut card: Card, terms: Terms, new: bool) -> Result<Result<bool, Refused>, R::Error> {
        let deliveries = std::mem::take(&mut card.deliveries);
        let mut known = self.rows.find(&card.key)?.filter(|entry| !entry.gives_way_to(&card));
        if known.as_ref().is_some_and(|entry| entry.card.created_at != card.created_at) {
            return Ok(Ok(false));
        }
        let news = self.learn(known.as_mut(), &card, card.submits, terms.availability);
        if let Some(entry) = &known {
            let stale = card.age() < entry.card.age();
            let repeat = card.epoch == entry.card.epoch && !matches!(entry.place, Place::Ended);
            if stale || repeat {
                let mut entry = entry.clone();
                if self.count(&mut entry, &card.tally) || news {
                    self.rows.save(&entry)?;
                }
                self.note_deliveries(&card.key, deliveries)?;
                return Ok(Ok(true));
            }
        }
        if new && let Some(refused) = self.refuses(&card)? {
            return Ok(Err(refused));
        }
        let place = self.place_of(&card, terms)?;
        let (cost, told) = (card.cost_micros, card.tally.clone());
        let mut entry = match known.filter(|_| terms.keeps_place) {
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
        self.rows.save(&entry)?;
        Ok(Ok(true))
    }

    /// Why a new job is refused.
    fn refuses(&self, card: &Card) -> Result<Option<Refused>, R::Error> {
        if let Some(over) = self.over_budget_of_order(card)? {
            return Ok(Some(Refused::OverBudget(over)));
        }
        let full = !card.status.is_pending() && self.is_full()?;
        Ok(full.then_some(Refused::Full { retry_after: FULL_RETRY_AFTER }))
    }

    fn place_of(&self, card: &Card, terms: Terms) -> Result<Place, R::Error> {
        Ok(match terms.not_before {
            _ if card.status.is_pending() => Place::Watched { until: self.now + WATCH },
            Some(until) if until > self.now => Place::Delayed { until },
            Some(_) | None => self.behind_probes_of_others(card, terms)?,
        })
    }

    /// Where a job waits that an upstream takes no submit of. One that is refused for long stands aside for long enough
    /// that in every mode another one is the next probe, if there is one: or a job that the upstream refuses for what
    /// it is, though it says "not now", would hold up all of its model.
    fn behind_probes_of_others(&self, card: &Card, terms: Terms) -> Result<Place, R::Error> {
        let for_long = terms.refused_since.is_some_and(|since| since + LETS_OTHERS_PROBE <= self.now);
        let others = for_long && self.rows.waits_for(&card.upstream)?;
        Ok(match self.book.backoff_of(&card.upstream, self.now) {
            Some(backoff) if others => Place::Delayed { until: backoff.until + MINUTE + SECOND },
            Some(_) | None => Place::Waiting,
        })
    }

    /// An entry with the next place in accept order, and its user's next turn. What its job tells is not counted yet.
    pub(super) fn new_entry(&mut self, card: Card, place: Place) -> Result<Entry, R::Error> {
        let gone = self.rows.find(&card.key)?;
        let card = Card { tally: self.count_new(&card, gone.as_ref()), ..card };
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
        Ok(Entry { card, sequence, enqueued_at, waits_since, round, unspent, late, charges, place })
    }

    /// The turn that is its user's next.
    pub(super) fn next_round(&self, card: &Card) -> Result<u64, R::Error> {
        let own_last = self.rows.last_round(&card.key.user_id, card.priority)?;
        Ok(self.book.next_round(card.priority, own_last))
    }

    fn is_full(&self) -> Result<bool, R::Error> {
        let free = self.policy.slots.saturating_sub(self.rows.count_held()?);
        let room = self.policy.max_waiting + free;
        Ok(self.rows.count_line()? >= room)
    }

    /// Counts the submits it had not heard of, and takes note of what the last one's answer says about the upstream;
    /// whether the entry changed with it. What was heard before is not taken again.
    pub(super) fn learn(
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
}
