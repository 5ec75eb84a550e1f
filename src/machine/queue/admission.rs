//! Admission: the only place where slots are granted, in every mode, and the position of a job.

use super::position::shut;
use super::{
    Claim, Closed, Context, Entry, Event, GetPosition, Input, Mode, Position, Rows, Stage,
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

impl Input for GetPosition {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Option<Position>, R::Error> {
        context.look_after(&self.key)?;
        context.position(&self.key)
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
        if self.book.is_paused() {
            return Ok(());
        }
        let mut held = self.rows.count_held()?;
        while held < self.policy.slots && self.rows.has_waiting()? {
            let closed = self.closed()?;
            // Skip the scan when every waiting job targets a blocked upstream: `heads` would read
            // all of them.
            if !closed.upstreams.is_empty() && !self.waits_for_others(&closed.upstreams)? {
                break;
            }
            let heads = self.rows.heads(&closed)?;
            let Some(entry) = heads
                .into_iter()
                .min_by_key(|entry| (entry.head_start_key(), entry.sequence))
            else {
                break;
            };
            let starting = starting == Some(&entry.summary.key);
            self.grant(entry, starting)?;
            held += 1;
        }
        Ok(())
    }

    fn grant(&mut self, mut entry: Entry, starting: bool) -> Result<(), R::Error> {
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
        self.book.serve(entry.summary.priority, entry.round);
        self.book.use_upstream(&entry.summary);
        self.count_grant(&entry);
        let waited = self.now.saturating_sub(entry.enqueued_at);
        self.events.push(Event::Admitted {
            key: entry.summary.key.clone(),
            waited,
        });
        self.rows.save(&entry)
    }

    /// Whether any job waits for an upstream other than these.
    fn waits_for_others(&self, upstreams: &[String]) -> Result<bool, R::Error> {
        let mut next = self.rows.next_upstream(None)?;
        while let Some(upstream) = next {
            if !upstreams.contains(&upstream) {
                return Ok(true);
            }
            next = self.rows.next_upstream(Some(&upstream))?;
        }
        Ok(false)
    }

    /// Moves delayed entries whose time has come into the line.
    pub(super) fn take_into_line(&mut self) -> Result<(), R::Error> {
        for mut entry in self.rows.delays_over(self.now, MAX_DELAYS)? {
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
            self.rows.save(&entry)?;
        }
        Ok(())
    }

    /// The position of a job; `None` if the queue does not know it.
    pub(super) fn position(&self, key: &JobKey) -> Result<Option<Position>, R::Error> {
        let Some(entry) = self.rows.find(key)? else {
            return Ok(None);
        };
        position_of(self.rows, &self.book, &entry, &self.policy, self.now).map(Some)
    }

    fn closed(&self) -> Result<Closed, R::Error> {
        let mut upstreams = self.paused_upstreams()?;
        for upstream in self.book.upstreams() {
            if shut(self.rows, &self.book, upstream, &self.policy, self.now)?.is_some() {
                upstreams.push(upstream.clone());
            }
        }
        Ok(Closed {
            user_slots: self.policy.limited_user_slots(),
            upstreams,
        })
    }

    /// When the first blocked upstream opens again.
    pub(super) fn next_opening(&self) -> Result<Option<Millis>, R::Error> {
        let mut first = None;
        for upstream in self.book.upstreams() {
            let opening = match shut(self.rows, &self.book, upstream, &self.policy, self.now)? {
                Some(Shut::Backoff { until }) => Some(until),
                Some(Shut::Rate { until }) => until,
                Some(Shut::Probing) | None => None,
            };
            first = first.into_iter().chain(opening).min();
        }
        Ok(first)
    }
}
