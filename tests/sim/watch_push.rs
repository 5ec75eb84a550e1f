//! Pushes of the upstream bring polls of a render, never more than there were pushes (I16).

use crate::agenda::Event;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::job::{Job, Phase};
use reelay::time::{MINUTE, SECOND};
use std::collections::BTreeSet;

/// The webhooks that one job received, and the polls that they caused.
#[derive(Debug, Default)]
pub(crate) struct Pushes {
    heard: BTreeSet<String>,
    /// Polls beyond the one that each run of the alarm handler makes.
    further: usize,
}

impl World {
    /// Draws the upstream's webhooks: early, in time, late, and repeated.
    pub(crate) fn draw_pushes(&mut self, job: usize, operation: &str) {
        if !self.plan.pushes {
            return;
        }
        for _ in 0..self.choices.between(0, 4) {
            let id = format!("{operation}-{}", self.choices.between(0, 2));
            let latest = self.choices.pick(&[10 * SECOND, MINUTE, 10 * MINUTE]);
            self.after(SECOND, latest, Event::Push { job, id });
        }
    }

    pub(crate) fn heard_push(&mut self, number: usize, job: &Job, id: &str) {
        let incarnation = self.witness.incarnation(number);
        let renders = matches!(job.phase, Phase::Rendering { .. });
        let pushes = self
            .witness
            .pushes
            .entry((number, incarnation))
            .or_default();
        let word = match (
            renders,
            job.upstream_webhooks.iter().any(|heard| heard == id),
        ) {
            (false, _) => "in another phase",
            (true, true) => "again",
            (true, false) => "heard",
        };
        if renders {
            pushes.heard.insert(id.to_owned());
        }
        self.tally.mark("push", word);
    }

    /// The job begins a poll. Each run of the alarm handler makes one without a webhook.
    pub(crate) fn polls(&mut self, number: usize, first: bool) {
        self.jobs[number].is_polling = true;
        if first {
            return;
        }
        let incarnation = self.witness.incarnation(number);
        let pushes = self
            .witness
            .pushes
            .entry((number, incarnation))
            .or_default();
        pushes.further += 1;
        let (further, heard) = (pushes.further, pushes.heard.len());
        self.tally.mark("push", "brought a poll");
        if further > heard {
            self.violated(
                Invariant::I16,
                format!("job {number} made {further} further polls for {heard} webhooks"),
            );
        }
    }
}
