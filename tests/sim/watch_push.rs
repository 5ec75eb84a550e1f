//! Pushes of the upstream bring looks at a render, never more than there were pushes (I16).

use crate::agenda::Event;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::job::{Effect, Job, Phase};
use reelay::machine::{MINUTE, Millis, SECOND};
use std::collections::BTreeSet;

/// What one job has heard, and when it looked.
#[derive(Debug, Default)]
pub(crate) struct Pushes {
    heard: BTreeSet<String>,
    /// How many looks came before the schedule wanted one.
    early: usize,
    /// When the schedule wants the next look at the earliest.
    scheduled: Option<Millis>,
}

impl World {
    /// The upstream will push: early, in time, late, and the same again.
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
        let pushes = self.witness.pushes.entry((number, incarnation)).or_default();
        let word = match (renders, job.nudges.iter().any(|heard| heard == id)) {
            (false, _) => "in another phase",
            (true, true) => "again",
            (true, false) => "heard",
        };
        if renders {
            pushes.heard.insert(id.to_owned());
        }
        self.tally.mark("push", word);
    }

    /// Follows when the schedule wants to look, at each write of the job.
    pub(crate) fn observe_schedule(&mut self, number: usize, before: &Job, after: &Job) {
        let Phase::Rendering { next_at, .. } = after.phase else { return };
        let (now, incarnation) = (self.now(), self.witness.incarnation(number));
        let polled = before.in_flight.as_ref().filter(|in_flight| matches!(in_flight.effect, Effect::Poll { .. }));
        let began = !matches!(before.phase, Phase::Rendering { .. });
        let pushes = self.witness.pushes.entry((number, incarnation)).or_default();
        if began {
            pushes.scheduled = Some(next_at);
        } else if polled.is_some() && polled != after.in_flight.as_ref() {
            pushes.scheduled = Some(now + self.plan.policy.poll_interval / 4);
        }
    }

    /// The job begins to look at its render.
    pub(crate) fn check_look(&mut self, number: usize) {
        let (now, incarnation) = (self.now(), self.witness.incarnation(number));
        let pushes = self.witness.pushes.entry((number, incarnation)).or_default();
        if pushes.scheduled.is_none_or(|scheduled| now >= scheduled) {
            return;
        }
        pushes.early += 1;
        let (early, heard) = (pushes.early, pushes.heard.len());
        self.tally.mark("push", "brought a look");
        if early > heard {
            self.violated(Invariant::I16, format!("job {number} looked {early} times for {heard} pushes"));
        }
    }
}
