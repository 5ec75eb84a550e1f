//! The context of a change to a job.

use super::{Policy, TimelineEntry, TimelineStep};
use crate::time::{Millis, Moment};

/// What one step may read and where it writes.
pub struct Context<'a> {
    pub(super) moment: Moment,
    pub(super) policy: &'a Policy,
    pub(super) timeline: Vec<TimelineEntry>,
}

impl Context<'_> {
    pub(super) fn now(&self) -> Millis {
        self.moment.now
    }

    /// Adds a step to the timeline.
    pub(super) fn enter(&mut self, step: TimelineStep, detail: Option<String>) {
        self.timeline.push(TimelineEntry {
            at: self.moment.now,
            step,
            detail,
        });
    }
}
