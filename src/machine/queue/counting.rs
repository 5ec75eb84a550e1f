//! What is counted and when: by the minute, in the step in which it happens or is heard of.
//!
//! What only jobs know comes with the messages they send anyway, each time as the sum over the job's life. The entry
//! remembers how much of it was counted, and is saved in the same step, so nothing counts twice (I18): a message that
//! comes again, late or out of order tells nothing new, and a step that is lost has counted nothing.

use super::{Card, Context, Entry, Place, Rows};
use crate::machine::bug::{self, Bug};
use crate::machine::tally::{Count, Spread, Tallies, Tally};
use crate::time::{DAY, MINUTE, Millis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For how long what was counted can be read by the minute.
pub const MINUTES_KEPT: Millis = 7 * DAY;
/// Of how many jobs that had an entry's name before it is remembered what was counted.
const MAX_FORMER: usize = 4;

/// What was counted within one minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    pub counted: Tallies,
    /// The minute's sweep; `None` when none came.
    pub sample: Option<Sample>,
}

/// How the queue stood at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// How many waited that could have been started, had there been a slot.
    pub waiting: u64,
    /// How many held a slot.
    pub running: u64,
    /// How long the one that was enqueued first had waited, in milliseconds; 0 when nobody waited.
    pub oldest_wait: Millis,
}

impl<R: Rows> Context<'_, R> {
    /// Counts what a job tells of itself that was not counted before; whether there was any. The entry has to be saved in
    /// this step.
    pub(super) fn count(&mut self, entry: &mut Entry, told: &Tally) -> bool {
        if is_closed(entry) {
            return false;
        }
        let counted = &mut entry.card.tally;
        let more = if bug::planted(Bug::TallyAddedWhole) { told.clone() } else { told.minus(counted) };
        if bug::planted(Bug::TallyLowered) {
            *counted = told.clone();
        } else {
            counted.raise(told);
        }
        self.counted.of(&entry.card.upstream).add(&more);
        !more.is_empty()
    }

    /// What was counted of the job of this card before it had an entry, and of those that had its name before: it counts
    /// as accepted if the queue has not known it before. `gone` is the entry it takes the place of.
    pub(super) fn count_new(&mut self, card: &Card, gone: Option<&Entry>) -> (Tally, BTreeMap<Millis, Tally>) {
        let mut former = gone.map(|gone| gone.former.clone()).unwrap_or_default();
        match gone {
            Some(same) if same.card.created_at == card.created_at => return (same.card.tally.clone(), former),
            // One of which nothing more is counted is not remembered: the book tells it again.
            Some(other) if former.remove(&other.card.created_at).is_none() => {
                former.insert(other.card.created_at, other.card.tally.clone());
            }
            Some(_) | None => {}
        }
        if bug::planted(Bug::FormerTallyForgotten) {
            former.clear();
        }
        let known = former.remove(&card.created_at);
        let closed = known.is_none() && self.book.may_have_forgotten(card.created_at);
        if known.is_none() && !closed {
            self.counted.of(&card.upstream).count(Count::Accepted, 1);
        }
        while former.len() > MAX_FORMER {
            if let Some((made, _)) = former.pop_first() {
                self.book.note_forgotten(made);
            }
        }
        if closed {
            former.insert(card.created_at, Tally::default());
        }
        (known.unwrap_or_default(), former)
    }

    /// Takes note that an entry goes, and with it what was counted of all that had its name.
    pub(super) fn note_forgotten(&mut self, entry: &Entry) {
        for made in entry.former.keys().chain([&entry.card.created_at]) {
            self.book.note_forgotten(*made);
        }
    }

    /// Counts a slot that is granted, and how long it was waited for.
    pub(super) fn count_grant(&mut self, entry: &Entry) {
        let tally = self.counted.of(&entry.card.upstream);
        tally.count(Count::Started, 1);
        tally.observe(Spread::Wait, self.now.saturating_sub(entry.waits_since));
    }

    /// Since when an entry that is put into this place now could have a slot.
    pub(super) fn waits_since(&self, place: Place) -> Millis {
        if let Place::Delayed { until } = place { until } else { self.now }
    }

    /// Takes a sample of how the queue stands.
    pub(super) fn sample(&mut self) -> Result<(), R::Error> {
        let (waiting, first) = self.rows.waiting_since()?;
        let oldest_wait = first.map_or(0, |at| self.now.saturating_sub(at));
        self.sample = Some(Sample { waiting, running: self.rows.count_held()?, oldest_wait });
        Ok(())
    }

    /// Adds what the step has counted to the latest minute, which is to be saved with the book; `None` if that was nothing.
    /// The first of its minute adds the minute before to the sum.
    pub(super) fn record(&mut self) -> Result<Option<(u64, Minute)>, R::Error> {
        if self.counted.is_empty() && self.sample.is_none() {
            return Ok(None);
        }
        let now = self.now / MINUTE;
        let (number, mut minute) = match self.rows.latest_minute()? {
            // A clock that is set back goes on with the minute it came from, so that the sum stays that of all before it.
            Some((number, minute)) if number >= now => (number, minute),
            Some((_, over)) if over.counted.is_empty() => (now, Minute::default()),
            Some((_, over)) => {
                let mut sum = self.rows.counted_before()?;
                sum.counted.add(&over.counted);
                self.rows.save_counted_before(&sum)?;
                (now, Minute::default())
            }
            None => (now, Minute::default()),
        };
        minute.counted.add(&self.counted);
        minute.sample = self.sample.or(minute.sample);
        Ok(Some((number, minute)))
    }
}

/// Whether nothing is counted of the entry's job, because it may be one that was forgotten; it stands among the former
/// ones then. The book alone could not tell, because it says the same of an old job that the queue has always known.
fn is_closed(entry: &Entry) -> bool {
    entry.former.contains_key(&entry.card.created_at)
}

/// All that was ever counted.
pub fn totals<R: Rows>(rows: &R) -> Result<Tallies, R::Error> {
    let mut sum = rows.counted_before()?.counted;
    if let Some((_, latest)) = rows.latest_minute()? {
        sum.add(&latest.counted);
    }
    Ok(sum)
}
