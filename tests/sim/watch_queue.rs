//! Safety of the queue: checked at every write of it, against models of its own (I6, I9, limits).

use crate::agenda::Object;
use crate::rows::MapRows;
use crate::seen::Seen;
use crate::turns::{Grants, Line};
use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::queue::{Entry, Mode, Stage};
use reelay::time::Millis;
use std::collections::BTreeSet;

impl World {
    /// Observes a step that has just been saved.
    pub(crate) fn observe_queue(&mut self, seen: &Seen, now: Millis) {
        self.tally.steps += 1;
        self.witness.latest_clock = self.witness.latest_clock.max(now);
        // Taken out, so that they can be read while the world is written.
        let rows = std::mem::take(&mut self.queue.rows);
        self.note_steering(&rows, seen);
        self.note_bulk(&rows, seen);
        self.met_places(&rows);
        self.observe_spending(&rows, seen, now);
        self.turns.hear(&rows, seen, now, &mut self.limits);
        self.turns.come_of_age(&rows, seen, now);
        let grants = Grants::of(&rows, seen);
        self.check_pause(&rows, seen, &grants);
        self.check_upstream_pauses(&rows, &grants);
        self.check_catalogue(&rows);
        self.check_slots(&rows, &grants);
        self.count_queue(&rows, &grants);
        self.observe_alerts(&rows, now);
        for key in &grants.admitted {
            self.check_grant(&rows, key, now);
        }
        self.check_turns(&rows, seen, &grants.admitted, now);
        for key in &grants.admitted {
            self.turns.serve(key);
            if let Some(entry) = rows.entries.get(key) {
                self.limits
                    .granted(key.clone(), entry.summary.epoch, self.real);
            }
        }
        let idle = !self
            .turns
            .next(
                &Line::before(&rows, &BTreeSet::new(), now),
                &self.limits,
                &self.policy(),
                now,
            )
            .is_empty();
        let idle = idle && !self.witness.paused;
        self.idle_since = if idle {
            Some(self.idle_since.unwrap_or(self.real))
        } else {
            None
        };
        self.queue.rows = rows;
    }

    fn met_places(&mut self, rows: &MapRows) {
        for key in rows.touched() {
            let (before, Some(after)) = (rows.before(&key), rows.entries.get(&key)) else {
                continue;
            };
            if before.is_none_or(|before| before.stage != after.stage) {
                self.tally.mark("stage", place_name(after.stage));
            }
            if after.late && !before.is_some_and(|before| before.late) {
                self.tally.mark("timer", "found lost and set again");
                if !self
                    .witness
                    .troubled
                    .contains(&Object::Job(self.number_of(&key)))
                {
                    self.violated(
                        Invariant::I2,
                        format!("the alarm of {} is late without a fault", key.object_name()),
                    );
                }
            }
        }
    }

    /// I9: admission never grants more slots than there are. Only a job that runs takes one by
    /// telling so.
    fn check_slots(&mut self, rows: &MapRows, grants: &Grants) {
        let held = rows.held().count() as u64;
        let slots = self.policy().slots;
        if let Some(key) = &grants.told {
            self.tally.mark("slot", "taken by a running job's word");
            self.trace.say(self.real, || {
                format!("{} holds a slot because it runs", key.object_name())
            });
        }
        let untouched = rows
            .held()
            .filter(|entry| !grants.admitted.contains(&entry.summary.key))
            .count() as u64;
        if held > slots && (!grants.admitted.is_empty() || held > untouched) {
            self.violated(Invariant::I9, format!("{held} of {slots} slots are held"));
        }
    }

    /// The conditions of a single grant.
    fn check_grant(&mut self, rows: &MapRows, key: &JobKey, now: Millis) {
        let Some(entry) = rows.entries.get(key) else {
            return;
        };
        let name = key.object_name();
        let of_user = rows
            .held()
            .filter(|held| held.summary.key.user_id == key.user_id)
            .count() as u64;
        let policy = self.policy();
        if of_user > policy.user_slots {
            self.violated(
                Invariant::I9,
                format!("{name} is the {of_user}th of its user to hold a slot"),
            );
        }
        let upstream = &entry.summary.upstream;
        let unspent = rows
            .held()
            .filter(|held| held.unspent && held.summary.upstream == *upstream)
            .count() as u64;
        // Its own grant is among them.
        if self
            .limits
            .is_blocked(upstream, unspent.saturating_sub(1), now)
        {
            self.violated(
                Invariant::Limit,
                format!("{name} got a slot while {upstream} takes no submits"),
            );
        }
        let heard = self.limits.heard(upstream, now);
        if heard + unspent > self.limits.now(upstream) {
            let message = format!(
                "{name} got a slot for {upstream} with {heard} submits reported and {unspent} granted"
            );
            self.violated(Invariant::Limit, message);
        }
        let ordered = self.jobs[self.number_of(key)].request.order.start_after;
        let not_before = self
            .turns
            .places
            .get(key)
            .and_then(|turn| turn.not_before)
            .max(ordered);
        // A delay that was over stays over when the clock is set back.
        if not_before.is_some_and(|not_before| not_before > self.witness.latest_clock) {
            self.violated(
                Invariant::Terms,
                format!("{name} got a slot before {not_before:?}"),
            );
        }
    }

    /// I6: on each occasion those get slots whose turn it is, and all of them.
    fn check_turns(
        &mut self,
        rows: &MapRows,
        seen: &Seen,
        admitted: &BTreeSet<JobKey>,
        now: Millis,
    ) {
        let immediate = self.plan.queue.mode == Mode::Immediate;
        let occasion = match seen {
            _ if self.witness.paused => Some(false),
            Seen::Enqueue { refused, .. } => Some(immediate && refused.is_none()),
            Seen::ChangeLimits { changed } => Some(immediate && !changed.is_empty()),
            Seen::Report { .. }
            | Seen::Heard { .. }
            | Seen::Resume
            | Seen::ResumeUpstream { .. } => Some(immediate),
            Seen::Claim | Seen::Sweep => Some(true),
            Seen::Alarm if immediate => Some(true),
            // The queue itself decides whether it is due.
            Seen::Alarm => None,
            Seen::Afford { .. }
            | Seen::DeleteOld
            | Seen::Pause
            | Seen::PauseUpstream { .. }
            | Seen::StartBulk { .. }
            | Seen::StopBulk { .. }
            | Seen::Other => Some(false),
        };
        let turns = match occasion {
            Some(false) => BTreeSet::new(),
            None if admitted.is_empty() => return,
            Some(true) | None => self.turns.next(
                &Line::before(rows, admitted, now),
                &self.limits,
                &self.policy(),
                now,
            ),
        };
        if *admitted != turns {
            let invariant = if admitted.is_subset(&turns) {
                Invariant::I9
            } else {
                Invariant::I6
            };
            let name =
                |keys: &BTreeSet<JobKey>| keys.iter().map(JobKey::object_name).collect::<Vec<_>>();
            let message = format!(
                "slots went to {:?}, expected {:?}",
                name(admitted),
                name(&turns)
            );
            self.violated(invariant, message);
        }
    }
}

fn place_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => "waiting",
        Stage::Delayed { .. } => "delayed",
        Stage::Held(_) => "held",
        Stage::Watched { .. } => "watched",
        Stage::Deleting { .. } => "expiring",
        Stage::Ended => "ended",
    }
}

/// Whether the queue will check the job by itself.
pub(crate) fn is_looked_after(entry: &Entry) -> bool {
    entry.stage != Stage::Ended
}
