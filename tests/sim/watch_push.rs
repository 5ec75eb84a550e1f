//! Pushes of the upstream bring looks at a render, never more than there were pushes (I16).

use crate::agenda::Event;
use crate::job_alarm::is_poll;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::job::{Job, Phase};
use reelay::time::{MINUTE, Millis, SECOND};
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
        let nudged = match before.phase {
            Phase::Rendering { nudged, .. } => Some(nudged),
            _ => None,
        };
        let (looked, looks) = (look(before), look(after));
        let scheduled = match nudged {
            None => next_at,
            Some(_) if looks.is_some() && looks != looked => {
                self.check_look(number);
                next_at
            }
            // The look that a push asked for meanwhile comes before any that the schedule may want.
            Some(true) if looks != looked => self.now() + self.plan.policy.poll_interval / 4,
            Some(false) if looks != looked => next_at,
            Some(_) => return,
        };
        let incarnation = self.witness.incarnation(number);
        self.witness.pushes.entry((number, incarnation)).or_default().scheduled = Some(scheduled);
    }

    /// The looks since are forgotten, so that the one that the record wants comes again.
    pub(crate) fn want_look_again(&mut self, number: usize, recorded: &Job) {
        let Phase::Rendering { next_at, .. } = recorded.phase else { return };
        let incarnation = self.witness.incarnation(number);
        self.witness.pushes.entry((number, incarnation)).or_default().scheduled = Some(next_at);
    }

    /// The job begins to look at its render.
    fn check_look(&mut self, number: usize) {
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

/// The number of the last look, until something else is heard or done.
fn look(job: &Job) -> Option<u64> {
    job.in_flight.as_ref().filter(|in_flight| is_poll(in_flight)).map(|in_flight| in_flight.number)
}
