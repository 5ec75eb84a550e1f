//! Admission: the only place where slots are granted, in every mode, and the position of a job.

use super::position::shut;
use super::{
    Claim, Closed, Context, Entry, Event, GetPositions, Input, Memory, Mode, Position, Rows, Stage,
    position_of,
};
use crate::ids::JobKey;
use crate::machine::lease::Lease;
use crate::machine::limiter::Shut;
use crate::time::Millis;

/// The most delayed entries that one step moves into the line.
const MAX_DELAYS: usize = 50;

impl Input for Claim {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Option<Position>, R::Error> {
        context.admit(Some(&self.key))?;
        context.position(&self.key)
    }
}

impl Input for GetPositions {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        context.look_after(&self.key)?;
        let keys = std::iter::once(&self.key).chain(&self.others);
        keys.map(|key| context.position(key)).collect()
    }
}

impl<R: Rows> Context<'_, R> {
    /// Records a change that may let a job start.
    pub(super) fn changed(&mut self) -> Result<(), R::Error> {
        self.changed_for(None)
    }

    /// The same; the caller starts this job itself.
    pub(super) fn changed_for(&mut self, starting: Option<&JobKey>) -> Result<(), R::Error> {
        self.changed = true;
        if self.admits_on_change() {
            self.admit(starting)
        } else {
            Ok(())
        }
    }

    pub(super) fn admits_on_change(&self) -> bool {
        self.policy.mode == Mode::Immediate
    }

    /// Grants free slots in order. The caller of `starting` starts that job itself; the alarm
    /// starts the others at once.
    pub(super) fn admit(&mut self, starting: Option<&JobKey>) -> Result<(), R::Error> {
        self.take_into_line()?;
        if self.memory.book.is_paused() {
            return Ok(());
        }
        while self.memory.tally.held() < self.policy.slots {
            let closed = self.closed();
            // `heads` would read every waiting job if all of them were closed.
            if !self.memory.tally.may_have_open(&closed) {
                break;
            }
            let heads = self.rows.heads(&closed)?;
            let heads = self.seen(heads);
            let Some(entry) = heads
                .into_iter()
                .min_by_key(|entry| (entry.head_start_key(), entry.sequence))
            else {
                break;
            };
            let starting = starting == Some(&entry.summary.key);
            self.grant(entry, starting)?;
        }
        Ok(())
    }

    /// Whether admission would grant this entry a slot in this step, because nobody else is in
    /// line. Then it is stored once, and not in the line first.
    pub(super) fn starts_at_once(&self, entry: &Entry) -> bool {
        let Memory { book, tally, .. } = &self.memory;
        let nobody_else = tally.waiting() == 0 && tally.delayed() == 0;
        let is_free = !book.is_paused() && tally.held() < self.policy.slots;
        let may_start = nobody_else && is_free && self.admits_on_change();
        let slots = self.policy.limited_user_slots();
        let is_full = slots.is_some_and(|slots| tally.held_by(&entry.summary.key.user_id) >= slots);
        let is_open = !is_full && !self.is_shut(&entry.summary.upstream);
        may_start && is_open && entry.stage == Stage::Waiting
    }

    pub(super) fn grant(&mut self, mut entry: Entry, starting: bool) -> Result<(), R::Error> {
        let granted = Lease::grant(entry.summary.epoch, self.now);
        entry.stage = Stage::Held(if starting {
            granted
        } else {
            Lease {
                until: self.now,
                ..granted
            }
        });
        entry.unspent = true;
        self.memory.book.serve(entry.summary.priority, entry.round);
        self.memory.book.use_upstream(&entry.summary);
        self.count_grant(&entry);
        let waited = self.now.saturating_sub(entry.enqueued_at);
        self.events.push(Event::Admitted {
            key: entry.summary.key.clone(),
            waited,
        });
        self.save(&entry)
    }

    /// Moves delayed entries whose time has come into the line.
    pub(super) fn take_into_line(&mut self) -> Result<(), R::Error> {
        if self.memory.tally.delayed() == 0 {
            return Ok(());
        }
        let over = self.rows.delays_over(self.now, MAX_DELAYS)?;
        for mut entry in self.seen(over) {
            self.changed = true;
            // A job that was refused keeps its turn. A job ordered for later counts as enqueued
            // now; otherwise all jobs that a user ordered for the same time would share one turn
            // and go before every priority.
            if entry.summary.submits == 0 {
                entry.round = self.next_round(&entry.summary)?;
                entry.enqueued_at = self.now;
            }
            entry.waits_since = self.waits_since(entry.stage);
            entry.stage = Stage::Waiting;
            self.save(&entry)?;
        }
        Ok(())
    }

    /// The position of a job; `None` if the queue does not know it.
    pub(super) fn position(&mut self, key: &JobKey) -> Result<Option<Position>, R::Error> {
        let Some(entry) = self.find(key)? else {
            return Ok(None);
        };
        let position = position_of(&self.memory, &entry, self.settings, self.now);
        Ok(Some(position))
    }

    fn closed(&self) -> Closed {
        let tally = &self.memory.tally;
        let slots = self.policy.limited_user_slots();
        let shut = tally.upstreams().filter(|upstream| self.is_shut(upstream));
        Closed {
            users: slots.map_or_else(Vec::new, |slots| tally.waiting_holders_of(slots)),
            upstreams: shut.cloned().collect(),
        }
    }

    /// Whether no job of an upstream may start now.
    fn is_shut(&self, upstream: &str) -> bool {
        let is_paused = self.memory.book.pauses_upstream(upstream);
        is_paused || shut(&self.memory, upstream, &self.policy, self.now).is_some()
    }

    /// When the first blocked upstream opens again.
    pub(super) fn next_opening(&self) -> Option<Millis> {
        let opening = |upstream: &String| match shut(&self.memory, upstream, &self.policy, self.now)
        {
            Some(Shut::Backoff { until }) => Some(until),
            Some(Shut::Rate { until }) => until,
            Some(Shut::Probing) | None => None,
        };
        self.memory.book.upstreams().filter_map(opening).min()
    }
}
