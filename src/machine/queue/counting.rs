//! What is counted and when: by the minute, in the step in which it happens or is heard of.
//!
//! What only jobs know comes with the messages they send anyway, each time as the sum over the
//! job's life. The entry remembers how much of it was counted, and is saved in the same step, so
//! nothing counts twice (I18): a message that comes again, late or out of order tells nothing new,
//! and a step that is lost has counted nothing.

use super::{Context, Entry, Minute, Rows, Sample, Stage, Summary};
use crate::machine::metrics::{Count, Histogram, Metrics, MetricsByUpstream};
use crate::time::{MINUTE, Millis};

impl<R: Rows> Context<'_, R> {
    /// Counts what a job tells of itself that was not counted before; whether there was any. The
    /// entry has to be saved in this step.
    pub(super) fn count(&mut self, entry: &mut Entry, told: &Metrics) -> bool {
        let counted = &mut entry.summary.metrics;
        let more = told.minus(counted);
        counted.raise(told);
        self.counted.of(&entry.summary.upstream).add(&more);
        !more.is_empty()
    }

    /// What has been counted of a job that gets a new entry, in place of `gone`. Another job of the
    /// name is counted from its beginning.
    pub(super) fn count_new(&mut self, summary: &Summary, gone: Option<&Entry>) -> Metrics {
        if let Some(same) = gone.filter(|gone| gone.summary.created_at == summary.created_at) {
            return same.summary.metrics.clone();
        }
        self.counted.of(&summary.upstream).count(Count::Accepted, 1);
        Metrics::default()
    }

    /// Counts a slot that is granted, and how long it was waited for.
    pub(super) fn count_grant(&mut self, entry: &Entry) {
        let metrics = self.counted.of(&entry.summary.upstream);
        metrics.count(Count::Started, 1);
        metrics.observe(Histogram::Wait, self.now.saturating_sub(entry.waits_since));
    }

    /// Since when an entry that is put into this place now could have a slot.
    pub(super) fn waits_since(&self, stage: Stage) -> Millis {
        if let Stage::Delayed { until } = stage {
            until
        } else {
            self.now
        }
    }

    /// Takes a sample of how the queue stands.
    pub(super) fn sample(&mut self) -> Result<(), R::Error> {
        let (waiting, first) = self.rows.waiting_since()?;
        let oldest_wait = first.map_or(0, |at| self.now.saturating_sub(at));
        self.sample = Some(Sample {
            waiting,
            running: self.rows.count_held()?,
            oldest_wait,
        });
        Ok(())
    }

    /// Adds what the step has counted to the latest minute, which is to be saved with the book;
    /// `None` if that was nothing. The first of its minute adds the minute before to the sum.
    pub(super) fn record(&mut self) -> Result<Option<(u64, Minute)>, R::Error> {
        if self.counted.is_empty() && self.sample.is_none() {
            return Ok(None);
        }
        let now = self.now / MINUTE;
        let (number, mut minute) = match self.rows.latest_minute()? {
            // A clock that is set back goes on with the minute it came from, so that the sum stays
            // that of all before it.
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

/// All that was ever counted.
pub fn totals<R: Rows>(rows: &R) -> Result<MetricsByUpstream, R::Error> {
    let mut sum = rows.counted_before()?.counted;
    if let Some((_, latest)) = rows.latest_minute()? {
        sum.add(&latest.counted);
    }
    Ok(sum)
}
