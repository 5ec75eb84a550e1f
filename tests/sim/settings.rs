//! The operator changes the mode or the limits, with jobs in flight.

use crate::plan;
use crate::world::World;
use reelay::machine::queue::{Mode, Policy};

impl World {
    pub(crate) fn change_settings(&mut self, mode: bool) {
        let drawn = plan::draw_queue(&mut self.choices);
        let before = self.plan.queue;
        let Policy {
            mode: kept,
            retention,
            alerts,
            ..
        } = before;
        let after = if mode {
            Policy {
                mode: drawn.mode,
                ..before
            }
        } else {
            Policy {
                mode: kept,
                retention,
                alerts,
                ..drawn
            }
        };
        self.set_settings(after);
        // New settings come with a new build, so every object is recreated sooner or later.
        if self.choices.chance(500) {
            self.crash_runtime();
        }
    }

    pub(crate) fn change_mode(&mut self, mode: Mode) {
        self.set_settings(Policy {
            mode,
            ..self.plan.queue
        });
    }

    fn set_settings(&mut self, after: Policy) {
        let before = std::mem::replace(&mut self.plan.queue, after);
        if before.mode != after.mode {
            self.tally.mark("mode changed to", after.mode.as_str());
        }
        if (Policy {
            mode: after.mode,
            ..before
        }) != after
        {
            self.tally.mark("limits", "changed");
        }
        self.allow_rate();
        self.alerts_wait_for_step();
        self.trace
            .say(self.real, || format!("the settings are {after:?}"));
    }
}
