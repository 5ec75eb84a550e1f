//! What may be spent within a UTC day, by one user and by all together.
//!
//! What a job commits is charged to the day on which the queue hears of it, and what turns out not
//! to be spent is given back to the day it was charged to. The sums are kept, not counted: no step
//! reads more than two of them. Invariant I13: no order is accepted that does not fit into what its
//! day has left.

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
    /// Why today does not leave enough for one more render of this price; `None` when it does.
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

    /// Has so much charged for an entry in all: more is charged to today, less is given back to the
    /// days it was charged to, the last one first.
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

    /// Has nothing charged for a job that is gone but what it spent. One that never submitted was
    /// withdrawn.
    pub(super) fn settle(&mut self, entry: &mut Entry) -> Result<(), R::Error> {
        if entry.summary.submits == 0 && !entry.summary.status.is_terminal() {
            entry.summary.cost_micros = 0;
        }
        let cost = entry.summary.cost_micros;
        self.charge(entry, cost)
    }

    /// Why a new order is refused. One that waits for its confirmation is charged with it, so
    /// today's rest does not matter yet: only a price above the limit does, which no day leaves
    /// enough for.
    pub(super) fn over_budget_of_order(
        &self,
        summary: &Summary,
    ) -> Result<Option<OverBudget>, R::Error> {
        Ok(self
            .over_budget(summary)?
            .filter(|over| !summary.status.is_pending() || over.resets_at.is_none()))
    }

    /// Whether a confirmation or a further attempt may be paid for. Its price is held from now on,
    /// so that those that are asked for at the same time do not all take what is left for one; the
    /// job is asked soon whether it uses it.
    fn afford(&mut self, key: &JobKey) -> Result<Result<(), Unaffordable>, R::Error> {
        // It may have been ordered a moment ago: what is not known yet cannot be charged yet.
        let Some(mut entry) = self.rows.find(key)? else {
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
        self.rows.save(&entry)?;
        Ok(Ok(()))
    }
}

/// What is charged for a job in all once its next render is; `None` for one whose render is charged
/// already, or that pays no more.
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
