//! Counts by the minute, in the step in which something happens or is reported.
//!
//! What only jobs know arrives with the messages that they send anyway, each time as the total over
//! the job's life. The entry records how much of it was counted and is saved in the same step, so
//! nothing is counted twice (I18): a message that is duplicated, late or out of order adds nothing,
//! and a step that is lost has counted nothing.

use super::{Context, Entry, Memory, Minute, Rows, Sample, Stage, Summary};
use crate::machine::metrics::{Count, Histogram, Metrics, MetricsByUpstream, UpstreamCall};
use crate::machine::outcome::Trouble;
use crate::time::{MINUTE, Millis};

impl<R: Rows> Context<'_, R> {
    /// Counts the increase in a job's totals; returns whether there was any. The caller must save
    /// the entry in this step.
    pub(super) fn count(&mut self, entry: &mut Entry, told: &Metrics) -> bool {
        let counted = &mut entry.summary.metrics;
        let more = told.minus(counted);
        counted.raise(told);
        self.counted.of(&entry.summary.upstream).add(&more);
        let unknown = Count::call(UpstreamCall::Submit, &Err::<(), _>(Trouble::Unknown));
        self.memory.book.unknown_submits += more.of(unknown);
        !more.is_empty()
    }

    /// What has already been counted of a job that gets a new entry in place of `gone`. A different
    /// job of the same name starts at zero.
    pub(super) fn count_new(&mut self, summary: &Summary, gone: Option<&Entry>) -> Metrics {
        if let Some(same) = gone.filter(|gone| gone.summary.created_at == summary.created_at) {
            return same.summary.metrics.clone();
        }
        self.counted.of(&summary.upstream).count(Count::Accepted, 1);
        Metrics::default()
    }

    /// Counts a granted slot, and how long the job waited for it.
    pub(super) fn count_grant(&mut self, entry: &Entry) {
        let metrics = self.counted.of(&entry.summary.upstream);
        metrics.count(Count::Started, 1);
        metrics.observe(Histogram::Wait, self.now.saturating_sub(entry.waits_since));
    }

    /// The earliest time at which an entry that enters this stage now could get a slot.
    pub(super) fn waits_since(&self, stage: Stage) -> Millis {
        if let Stage::Delayed { until } = stage {
            until
        } else {
            self.now
        }
    }

    /// Samples the length of the queue.
    pub(super) fn sample(&mut self) -> Result<(), R::Error> {
        let first = self.rows.waits_since()?;
        let tally = &self.memory.tally;
        self.sample = Some(Sample {
            waiting: tally.waiting(),
            running: tally.held(),
            oldest_wait: first.map_or(0, |at| self.now.saturating_sub(at)),
        });
        Ok(())
    }

    /// Adds the step's counters to the latest minute, which is saved with the book; `false` if
    /// nothing was counted. The first step of a minute adds the minute before it to the sum.
    pub(super) fn record(&mut self) -> Result<bool, R::Error> {
        if self.counted.is_empty() && self.sample.is_none() {
            return Ok(false);
        }
        let now = self.now / MINUTE;
        let (number, mut minute) = match self.memory.latest.take() {
            // If the clock was set back, the latest minute continues, so that the sum remains that
            // of all minutes before it.
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
        self.memory.latest = Some((number, minute));
        Ok(true)
    }
}

/// Everything ever counted.
pub fn totals<R: Rows>(rows: &R, memory: &Memory) -> Result<MetricsByUpstream, R::Error> {
    let mut sum = rows.counted_before()?.counted;
    if let Some((_, latest)) = &memory.latest {
        sum.add(&latest.counted);
    }
    Ok(sum)
}
