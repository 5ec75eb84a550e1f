//! Who is in line, in numbers: the book remembers them, so that no step counts a long line from its front.
//!
//! Those of one priority who wait are divided into sections, in the order of their turns. How many are before someone is the
//! sum of the sections before its own and what is counted within that one.

use super::{Book, Context, Entry, Place, Rows};
use crate::machine::bug::{self, Bug};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many a section has at most: counting them takes well below a millisecond.
const SECTION: u64 = 1_000;
/// A line of more than so many full sections has larger ones, so that the record stays below ten kilobytes or
/// so for each priority in use.
const SECTIONS: u64 = 128;
/// Before every turn.
const FRONT: Standpoint = (0, 0);
/// After every turn: SQL's numbers are exact up to here.
const END: Standpoint = ((1 << 53) - 1, 0);

/// The order of one priority: [`Entry::turn`].
pub type Standpoint = (u64, u64);

/// How many wait, by priority and upstream.
pub type Waiting = BTreeMap<(u8, String), u64>;

/// A place in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    Waiting {
        priority: u8,
        turn: Standpoint,
        /// [`Entry::head_start_key`].
        key: i64,
        upstream: String,
    },
    Delayed,
}

/// How many are in line, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// By priority; none is empty.
    waiting: BTreeMap<u8, Vec<Section>>,
    /// How many of those who wait want which upstream; none is 0.
    upstreams: BTreeMap<String, u64>,
    delayed: u64,
}

/// Some who follow each other in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, i64, u64)", into = "(u64, u64, i64, u64)")]
struct Section {
    /// None of them stands before this, and none of the sections before it after it.
    begins: Standpoint,
    /// The head start key of the one it was begun with.
    key: i64,
    count: u64,
}

impl From<(u64, u64, i64, u64)> for Section {
    fn from((round, sequence, key, count): (u64, u64, i64, u64)) -> Self {
        Self { begins: (round, sequence), key, count }
    }
}

impl From<Section> for (u64, u64, i64, u64) {
    fn from(Section { begins: (round, sequence), key, count }: Section) -> Self {
        (round, sequence, key, count)
    }
}

impl Line {
    /// Takes the numbers of all entries: reads every one in line.
    pub fn count<R: Rows>(rows: &R) -> Result<Self, R::Error> {
        let (counts, delayed) = rows.count_line()?;
        let (priorities, upstreams) = sums(counts);
        let mut line = Self { waiting: BTreeMap::new(), upstreams, delayed };
        for (priority, count) in priorities {
            line.waiting.insert(priority, vec![Section { begins: FRONT, key: i64::MIN, count }]);
            line.divide(rows, priority, SECTION)?;
        }
        Ok(line)
    }

    /// How many are in line, delayed ones included.
    pub fn total(&self) -> u64 {
        self.waiting.values().flatten().map(|section| section.count).sum::<u64>() + self.delayed
    }

    /// Whether anyone waits for another upstream than these.
    pub fn waits_for_others(&self, upstreams: &[String]) -> bool {
        self.upstreams.keys().any(|upstream| !upstreams.contains(upstream))
    }

    /// Whether anyone waits for this upstream.
    pub fn waits_for(&self, upstream: &str) -> bool {
        self.upstreams.contains_key(upstream)
    }

    /// Takes note that an entry, which is saved, has changed its place. No section gets larger than `largest`, or the line's
    /// share.
    pub fn change<R: Rows>(
        &mut self,
        rows: &R,
        was: Option<Spot>,
        is: Option<Spot>,
        largest: u64,
    ) -> Result<(), R::Error> {
        if was == is {
            return Ok(());
        }
        if let Some(spot) = was.filter(|_| !bug::planted(Bug::LeaverCounted) || is.is_some()) {
            self.leave(spot, largest);
        }
        match is {
            Some(Spot::Waiting { priority, turn, key, upstream }) => {
                *self.upstreams.entry(upstream).or_default() += 1;
                let sections = self.waiting.entry(priority).or_default();
                let own = index_of(sections, turn);
                match sections.get_mut(own) {
                    Some(own) => {
                        if turn < own.begins {
                            (own.begins, own.key) = (turn, key);
                        }
                        own.count += 1;
                    }
                    None => sections.push(Section { begins: turn, key, count: 1 }),
                }
                self.divide(rows, priority, largest)
            }
            Some(Spot::Delayed) => {
                self.delayed += 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn leave(&mut self, spot: Spot, largest: u64) {
        let Spot::Waiting { priority, turn, upstream, .. } = spot else {
            self.delayed = self.delayed.saturating_sub(1);
            return;
        };
        if let Some(count) = self.upstreams.get_mut(&upstream) {
            *count = count.saturating_sub(1);
        }
        self.upstreams.retain(|_, count| *count > 0);
        let Some(sections) = self.waiting.get_mut(&priority) else { return };
        let own = index_of(sections, turn);
        if let Some(section) = sections.get_mut(own) {
            section.count = section.count.saturating_sub(1);
        }
        // It joins a neighbour rather than be nearly empty.
        let first = own.saturating_sub(1);
        if let [one, other, ..] = &mut sections[first..]
            && (one.count.min(other.count) == 0 || one.count + other.count <= largest / 2)
        {
            one.count += other.count;
            sections.remove(first + 1);
        }
        if sections.iter().all(|section| section.count == 0) {
            self.waiting.remove(&priority);
        }
    }

    /// Halves whatever section is too large.
    fn divide<R: Rows>(&mut self, rows: &R, priority: u8, largest: u64) -> Result<(), R::Error> {
        let Some(sections) = self.waiting.get_mut(&priority) else { return Ok(()) };
        let largest = largest.max(sections.iter().map(|section| section.count).sum::<u64>() / SECTIONS);
        let mut index = 0;
        while let Some(section) = sections.get_mut(index) {
            let count = section.count;
            let middle = if count > largest { rows.stands_at(priority, section.begins, count / 2)? } else { None };
            // Numbers that are not those of the entries stay as they are.
            let Some((begins, key)) = middle else {
                index += 1;
                continue;
            };
            section.count = count / 2;
            sections.insert(index + 1, Section { begins, key, count: count - count / 2 });
        }
        Ok(())
    }

    /// How many are before an entry in line: exactly those of its own priority with an earlier turn; of another one those
    /// with an earlier [`Entry::head_start_key`], whole sections behind the first [`SECTION`] entries by that of the one they
    /// were begun with.
    pub fn count_before<R: Rows>(&self, rows: &R, entry: &Entry) -> Result<u64, R::Error> {
        let mut before = 0;
        let own = (entry.head_start_key(), entry.sequence);
        for (&priority, sections) in &self.waiting {
            if priority == entry.card.priority {
                let index = index_of(sections, entry.turn());
                before += sections[..index].iter().map(|section| section.count).sum::<u64>();
                let begins = sections.get(index).map_or(FRONT, |section| section.begins);
                before += rows.count_turns(priority, begins, entry.turn())?;
                continue;
            }
            let near = near(sections);
            let end = sections.get(near).map_or(END, |section| section.begins);
            before += rows.count_sooner(priority, end, own)?;
            let sooner = sections.iter().skip(near).filter(|section| (section.key, section.begins.1) < own);
            before += sooner.map(|section| section.count).sum::<u64>();
        }
        Ok(before)
    }

    /// What is not as the entries are, if anything is.
    pub fn error<R: Rows>(&self, rows: &R) -> Result<Option<String>, R::Error> {
        let (counts, delayed) = rows.count_line()?;
        let counted = sums(counts);
        let of_priority = |sections: &Vec<Section>| sections.iter().map(|section| section.count).sum();
        let priorities = self.waiting.iter().map(|(&priority, sections)| (priority, of_priority(sections))).collect();
        let known = (priorities, self.upstreams.clone());
        if (&known, self.delayed) != (&counted, delayed) {
            return Ok(Some(format!("{known:?} and {} delayed are remembered: {counted:?}, {delayed}", self.delayed)));
        }
        for (&priority, sections) in &self.waiting {
            for (index, section) in sections.iter().enumerate() {
                let end = sections.get(index + 1).map_or(END, |next| next.begins);
                let count = rows.count_turns(priority, section.begins, end)?;
                if count != section.count {
                    return Ok(Some(format!("{count} of priority {priority} before {end:?}: {section:?}")));
                }
            }
        }
        Ok(None)
    }
}

/// By priority, and by upstream.
fn sums(counts: Waiting) -> (BTreeMap<u8, u64>, BTreeMap<String, u64>) {
    let (mut priorities, mut upstreams) = (BTreeMap::new(), BTreeMap::new());
    for ((priority, upstream), count) in counts {
        *priorities.entry(priority).or_default() += count;
        *upstreams.entry(upstream).or_default() += count;
    }
    (priorities, upstreams)
}

/// Which section this turn belongs to.
fn index_of(sections: &[Section], turn: Standpoint) -> usize {
    sections.partition_point(|section| section.begins <= turn).saturating_sub(1)
}

/// How many of the first sections hold as many as a full one.
fn near(sections: &[Section]) -> usize {
    let mut before = 0;
    let is_near = |section: &&Section| {
        let is_near = before < SECTION;
        before += section.count;
        is_near
    };
    sections.iter().take_while(is_near).count()
}

impl Entry {
    /// Its place in line, if it is in line.
    pub fn spot(&self) -> Option<Spot> {
        match self.place {
            Place::Waiting => {
                let (priority, upstream) = (self.card.priority, self.card.upstream.clone());
                Some(Spot::Waiting { priority, turn: self.turn(), key: self.head_start_key(), upstream })
            }
            Place::Delayed { .. } => Some(Spot::Delayed),
            Place::Held(_) | Place::Watched { .. } | Place::Expiring { .. } | Place::Ended => None,
        }
    }
}

impl<R: Rows> Context<'_, R> {
    /// Saves an entry. Whatever changes places goes through here or [`Self::remove`].
    pub(super) fn save(&mut self, entry: &Entry) -> Result<(), R::Error> {
        let was = self.rows.save(entry)?;
        self.book.line.get_or_insert_default().change(&*self.rows, was, entry.spot(), SECTION)
    }

    pub(super) fn remove(&mut self, entry: &Entry) -> Result<(), R::Error> {
        self.rows.remove(&entry.card.key)?;
        self.book.line.get_or_insert_default().change(&*self.rows, entry.spot(), None, SECTION)
    }
}

impl Book {
    /// The numbers in line, counted if there are none yet.
    pub(super) fn line<R: Rows>(&self, rows: &R) -> Result<Cow<'_, Line>, R::Error> {
        match &self.line {
            Some(line) => Ok(Cow::Borrowed(line)),
            None => Line::count(rows).map(Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FRONT, Section, near};

    #[test]
    fn small_sections_in_front_are_looked_at_together() {
        let sections = |counts: &[u64]| -> Vec<Section> {
            counts.iter().map(|&count| Section { begins: FRONT, key: 0, count }).collect()
        };
        assert_eq!(near(&sections(&[1, 500, 700, 900])), 3);
        assert_eq!(near(&sections(&[1_000, 1])), 1);
        assert_eq!(near(&sections(&[])), 0);
    }
}
