//! The spending limits for a UTC day, per user and in total.
//!
//! A job's committed cost is charged to the day on which the queue learns of it. What turns out not
//! to be spent is returned to the day it was charged to. The sums are stored, not computed from
//! entries: no step reads more than two of them. Invariant I13: no order is accepted that exceeds
//! what its day has left.

use super::{
    Afford, Charge, Context, Entry, Input, OverBudget, Rows, Stage, Summary, Unaffordable, Whose,
    day_of,
};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::lease::WATCH;
use crate::machine::metrics::Count;
use crate::time::DAY;

impl Input for Afford {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        context.afford(&self.key)
    }
}

impl<R: Rows> Context<'_, R> {
    /// Why one more render of this price exceeds today's budget; `None` if it fits.
    fn over_budget(&self, summary: &Summary) -> Result<Option<OverBudget>, R::Error> {
        let user = summary.key.user_id.as_str();
        let limits = [
            (Some(user), self.policy.max_cost_per_user_per_day),
            (None, self.policy.max_cost_per_day),
        ];
        for (whose, limit) in limits {
            let Some(limit) = limit else { continue };
            let price = summary.price_micros;
            let spent = self.rows.spent(day_of(self.now), whose)?;
            if spent.saturating_add(price) > limit {
                let left_micros = limit.saturating_sub(spent);
                let whose = whose.map_or(Whose::Everyone, |_| Whose::User {
                    limit_micros: limit,
                    left_micros,
                });
                let resets_at = (price <= limit).then(|| (day_of(self.now) + 1) * DAY);
                return Ok(Some(OverBudget {
                    whose,
                    price_micros: price,
                    resets_at,
                }));
            }
        }
        Ok(None)
    }

    /// Sets the total charged for an entry to `cost`. An increase is charged to today. A decrease
    /// is returned to the days it was charged to, the latest one first.
    pub(super) fn charge(&mut self, entry: &mut Entry, cost: u64) -> Result<(), R::Error> {
        let (today, user) = (day_of(self.now), entry.summary.key.user_id.as_str());
        let charged = entry.charged();
        let more = cost.saturating_sub(charged);
        if more > 0 {
            self.rows.spend(today, user, more)?;
            self.counted
                .of(&entry.summary.upstream)
                .count(Count::Charged, more);
            match entry.charges.last_mut().filter(|last| last.day == today) {
                Some(last) => last.micros = last.micros.saturating_add(more),
                None => entry.charges.push(Charge {
                    day: today,
                    micros: more,
                }),
            }
        }
        let mut less = charged.saturating_sub(cost);
        while less > 0 {
            let Some(Charge { day, micros }) = entry.charges.pop() else {
                break;
            };
            let back = less.min(micros);
            self.rows.give_back(day, user, back)?;
            self.counted
                .of(&entry.summary.upstream)
                .count(Count::Returned, back);
            if micros > back {
                entry.charges.push(Charge {
                    day,
                    micros: micros - back,
                });
            }
            less -= back;
        }
        Ok(())
    }

    /// Reduces the charge for a job that is gone to what it spent. A job that never submitted was
    /// withdrawn and spent nothing.
    pub(super) fn settle(&mut self, entry: &mut Entry) -> Result<(), R::Error> {
        if entry.summary.submits == 0 && !entry.summary.status.is_terminal() {
            entry.summary.cost_micros = 0;
        }
        let cost = entry.summary.cost_micros;
        self.charge(entry, cost)
    }

    /// Why a new order is refused by the budget. An order that waits for its confirmation is
    /// charged when it is confirmed, so today's remaining budget does not matter yet: only a price
    /// above the limit itself refuses it.
    pub(super) fn over_budget_of_order(
        &self,
        summary: &Summary,
    ) -> Result<Option<OverBudget>, R::Error> {
        Ok(self
            .over_budget(summary)?
            .filter(|over| !summary.status.is_pending() || over.resets_at.is_none()))
    }

    /// Whether a confirmation or a further attempt may be paid for. Its price is reserved from now
    /// on, so that simultaneous requests cannot all spend the same remaining budget. The queue soon
    /// checks whether the job uses the reservation. Without a budget nothing needs to be reserved.
    pub(super) fn afford(&mut self, key: &JobKey) -> Result<Result<(), Unaffordable>, R::Error> {
        if !self.policy.limits_cost() {
            return Ok(Ok(()));
        }
        // The order may be so new that the queue does not know it yet; an unknown job cannot be
        // charged.
        let Some(mut entry) = self.find(key)? else {
            return Ok(Err(Unaffordable::Unknown));
        };
        let Some(wanted) = wanted(&entry.summary).filter(|wanted| *wanted > entry.charged()) else {
            return Ok(Ok(()));
        };
        if let Some(over) = self.over_budget(&entry.summary)? {
            return Ok(Err(Unaffordable::OverBudget(over)));
        }
        self.charge(&mut entry, wanted)?;
        let soon = self.now + WATCH;
        match entry.stage {
            Stage::Ended => entry.stage = Stage::Watched { until: soon },
            Stage::Watched { until } => {
                entry.stage = Stage::Watched {
                    until: until.min(soon),
                }
            }
            Stage::Waiting | Stage::Delayed { .. } | Stage::Held(_) | Stage::Deleting { .. } => {}
        }
        self.save(&entry)?;
        Ok(Ok(()))
    }
}

/// The total charge for a job once its next render is paid for; `None` if that render is charged
/// already, or if the job pays for nothing more.
fn wanted(summary: &Summary) -> Option<u64> {
    match summary.status {
        // Nothing was rendered for it.
        Status::PendingConfirmation => Some(summary.price_micros),
        Status::Processing | Status::Failed | Status::Cancelled | Status::PendingClarification => {
            Some(summary.cost_micros.saturating_add(summary.price_micros))
        }
        Status::Queued | Status::Completed => None,
    }
}
