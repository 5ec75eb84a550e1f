//! One step: takes an input, decides when the alarm fires, and records the counters.

use super::{Book, Entry, Memory, Policy, Rows, Sample};
use crate::ids::JobKey;
use crate::machine::alerts::AlertNews;
use crate::machine::message::Message;
use crate::machine::metrics::MetricsByUpstream;
use crate::time::{Millis, Moment};
use std::collections::BTreeMap;

/// What the queue logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A job has a place in line.
    Enqueued { key: JobKey },
    /// A job was granted a slot, `waited` milliseconds after it was enqueued.
    Admitted { key: JobKey, waited: Millis },
    /// An upstream takes no submits; it is probed at `until`.
    Unavailable { upstream: String, until: Millis },
    /// An upstream takes submits again, after `took` milliseconds.
    Available { upstream: String, took: Millis },
    /// An alert fired or was resolved, or a message about one was tried.
    Alert(AlertNews),
    /// A bulk has no generation left to ask.
    BulkEnded { id: u64 },
}

/// An input of the queue: a message, a job's reply, or its alarm.
pub trait Input: Message {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error>;
}

/// The result of one step; the entries were saved through [`Rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<T> {
    pub reply: T,
    /// When the alarm must fire next.
    pub wake_at: Option<Millis>,
    /// In the order in which they happened.
    pub events: Vec<Event>,
}

/// What one step reads and writes.
pub struct Context<'a, R> {
    pub(super) rows: &'a mut R,
    pub(super) memory: Memory,
    /// The entries that this step has found or saved, as they are stored.
    stored: BTreeMap<JobKey, Option<Entry>>,
    /// The settings.
    pub(super) settings: &'a Policy,
    /// The settings with the values that operators set in place of some of them.
    pub(super) policy: Policy,
    pub(super) now: Millis,
    pub(super) random: u128,
    /// The step's counters so far.
    pub(super) counted: MetricsByUpstream,
    pub(super) sample: Option<Sample>,
    pub(super) events: Vec<Event>,
    /// Something happened that may let a job start.
    pub(super) changed: bool,
    /// Admission ran completely, so the queue's own alarm need not run it for a while.
    pub(super) swept: bool,
    /// How many entries and events were written.
    pub(super) writes: u32,
    /// The alerts were checked, or need no check.
    pub(super) alerts_checked: bool,
}

/// Takes one input; `policy` has the settings. Returns the memory as the step leaves it.
pub(super) fn take<I: Input, R: Rows>(
    rows: &mut R,
    memory: Memory,
    input: I,
    moment: Moment,
    policy: &Policy,
) -> Result<(Step<I::Reply>, Memory), R::Error> {
    let before = memory.book.clone();
    let mut context = Context {
        memory,
        stored: BTreeMap::new(),
        rows,
        settings: policy,
        policy: policy.with(&before.overrides),
        now: moment.now,
        random: moment.random,
        counted: MetricsByUpstream::default(),
        sample: None,
        events: Vec::new(),
        changed: false,
        swept: false,
        writes: 0,
        alerts_checked: false,
    };
    let reply = input.take(&mut context)?;
    let wake_at = context.finish(&before)?;
    let step = Step {
        reply,
        wake_at,
        events: context.events,
    };
    Ok((step, context.memory))
}

impl<R: Rows> Context<'_, R> {
    /// Finds an entry; each is read once in a step.
    pub(super) fn find(&mut self, key: &JobKey) -> Result<Option<Entry>, R::Error> {
        if let Some(stored) = self.stored.get(key) {
            return Ok(stored.clone());
        }
        let found = self.rows.find(key)?;
        self.stored.insert(key.clone(), found.clone());
        Ok(found)
    }

    /// Notes entries that a query has read.
    pub(super) fn seen(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        for entry in &entries {
            self.stored
                .insert(entry.summary.key.clone(), Some(entry.clone()));
        }
        entries
    }

    /// Saves an entry, unless it is stored like this already.
    pub(super) fn save(&mut self, entry: &Entry) -> Result<(), R::Error> {
        let before = self.find(&entry.summary.key)?;
        if before.as_ref() == Some(entry) {
            return Ok(());
        }
        self.rows.save(before.as_ref(), entry)?;
        self.writes += 1;
        if let Some(before) = &before {
            self.memory.tally.subtract(before);
            self.memory.ranks.subtract(before);
        }
        self.memory.tally.add(entry);
        self.memory.ranks.add(entry);
        if entry.sequence >= self.memory.last_accepted.0 {
            self.memory.last_accepted = (entry.sequence, entry.enqueued_at);
        }
        self.stored
            .insert(entry.summary.key.clone(), Some(entry.clone()));
        Ok(())
    }

    /// Removes an entry.
    pub(super) fn remove(&mut self, key: &JobKey) -> Result<(), R::Error> {
        let Some(before) = self.find(key)? else {
            return Ok(());
        };
        self.rows.remove(key)?;
        self.writes += 1;
        self.memory.tally.subtract(&before);
        self.memory.ranks.subtract(&before);
        if before.sequence == self.memory.last_accepted.0 {
            self.memory.last_accepted = self.rows.last_accepted()?;
        }
        self.stored.insert(key.clone(), None);
        Ok(())
    }

    /// Saves what the input changed, and returns the time of the next alarm.
    fn finish(&mut self, before: &Book) -> Result<Option<Millis>, R::Error> {
        self.schedule();
        let counted = self.record()?;
        self.schedule_alerts(self.writes > 0 || counted || self.memory.book != *before);
        let wake_at = self.wake_at()?;
        let Memory { book, latest, .. } = &self.memory;
        if book != before || counted {
            let latest = latest.as_ref().filter(|_| counted);
            self.rows
                .save_book(book, latest.map(|(number, minute)| (*number, minute)))?;
        }
        Ok(wake_at)
    }
}
