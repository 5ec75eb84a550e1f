//! One step: takes an input, decides when the alarm fires, and records the counters.

use super::{Book, Policy, Rows, Sample};
use crate::ids::JobKey;
use crate::machine::message::Message;
use crate::machine::metrics::MetricsByUpstream;
use crate::time::{Millis, Moment};

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
    pub(super) book: Book,
    /// The settings.
    pub(super) settings: &'a Policy,
    /// The settings with the values that operators set in place of some of them.
    pub(super) policy: Policy,
    pub(super) now: Millis,
    /// The step's counters so far.
    pub(super) counted: MetricsByUpstream,
    pub(super) sample: Option<Sample>,
    pub(super) events: Vec<Event>,
    /// Something happened that may let a job start.
    pub(super) changed: bool,
    /// Admission ran completely, so the queue's own alarm need not run it for a while.
    pub(super) swept: bool,
}

/// Takes one input; `policy` has the settings.
pub fn step<I: Input, R: Rows>(
    rows: &mut R,
    input: I,
    moment: Moment,
    policy: &Policy,
) -> Result<Step<I::Reply>, R::Error> {
    let before = rows.book()?;
    let mut context = Context {
        book: before.clone(),
        rows,
        settings: policy,
        policy: policy.with(&before.overrides),
        now: moment.now,
        counted: MetricsByUpstream::default(),
        sample: None,
        events: Vec::new(),
        changed: false,
        swept: false,
    };
    let reply = input.take(&mut context)?;
    let wake_at = context.finish(&before)?;
    Ok(Step {
        reply,
        wake_at,
        events: context.events,
    })
}

impl<R: Rows> Context<'_, R> {
    /// Saves what the input changed, and returns the time of the next alarm.
    fn finish(&mut self, before: &Book) -> Result<Option<Millis>, R::Error> {
        self.schedule()?;
        let minute = self.record()?;
        let wake_at = self.wake_at()?;
        if self.book != *before || minute.is_some() {
            let latest = minute.as_ref().map(|(number, minute)| (*number, minute));
            self.rows.save_book(&self.book, latest)?;
        }
        Ok(wake_at)
    }
}
