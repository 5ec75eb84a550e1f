//! Actions of operators and the cron triggers on the whole queue.

use super::{
    ChangeLimits, Context, DeleteOld, Input, Limit, LimitConflict, MINUTES_KEPT, Override,
    Overrides, Pause, PauseUpstream, Pauses, Policy, Resume, ResumeUpstream, Rows, Sweep,
    UpstreamPause, day_of,
};
use crate::time::MINUTE;

impl Input for Pause {
    /// A job that was granted a slot runs to its end, even if it has not started yet.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Pauses, R::Error> {
        let book = &mut context.memory.book;
        book.paused_since.get_or_insert(context.now);
        Ok(book.pauses())
    }
}

impl Input for Resume {
    /// An operator may know more than the upstream's last answer: every upstream that requested a
    /// wait may be probed at once.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Pauses, R::Error> {
        context.memory.book.paused_since = None;
        context.memory.book.probe_now(context.now, |_| true);
        context.changed()?;
        Ok(context.memory.book.pauses())
    }
}

impl Input for PauseUpstream {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Pauses, R::Error> {
        let now = context.now;
        let paused = &mut context.memory.book.paused_upstreams;
        if !paused.iter().any(|pause| pause.scope == self.scope) {
            paused.push(UpstreamPause {
                scope: self.scope,
                since: now,
            });
        }
        Ok(context.memory.book.pauses())
    }
}

impl Input for ResumeUpstream {
    /// As after the pause of the whole queue, an upstream that requested a wait is probed at once.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Pauses, R::Error> {
        let Self { scope } = self;
        let now = context.now;
        context
            .memory
            .book
            .paused_upstreams
            .retain(|pause| pause.scope != scope);
        context
            .memory
            .book
            .probe_now(now, |upstream| scope.covers(upstream));
        context.changed()?;
        Ok(context.memory.book.pauses())
    }
}

impl Input for ChangeLimits {
    /// Applies all changes or none. Raised limits let jobs start in the same step.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let mut overrides = context.memory.book.overrides.clone();
        for (limit, value) in &self.changes {
            match *value {
                Some(value) => overrides.set(Override {
                    limit: *limit,
                    value,
                    changed_by: self.operator.clone(),
                    changed_at: context.now,
                }),
                None => overrides.reset(*limit),
            }
        }
        if let Some(conflict) = conflict(&self, context.settings, &overrides) {
            return Ok(Err(conflict));
        }
        context.policy = context.settings.with(&overrides);
        context.memory.book.overrides = overrides.clone();
        context.changed()?;
        Ok(Ok(overrides))
    }
}

/// Why the changed limits do not fit together. Limits that are not changed are not checked: a
/// deploy may have changed the settings under an override.
fn conflict(
    changes: &ChangeLimits,
    settings: &Policy,
    overrides: &Overrides,
) -> Option<LimitConflict> {
    let changes_any = |limits: [Limit; 2]| {
        let mut all = changes.changes.iter();
        all.any(|(limit, _)| limits.contains(limit))
    };
    let policy = settings.with(overrides);
    let slots = [Limit::MaxConcurrentJobs, Limit::MaxConcurrentJobsPerUser];
    // A setting above the number of slots only means that there is no such limit.
    let per_user = overrides.value(Limit::MaxConcurrentJobsPerUser);
    if let Some(per_user) = per_user.filter(|per_user| *per_user > policy.slots)
        && changes_any(slots)
    {
        return Some(LimitConflict::PerUserAboveTotal {
            per_user,
            total: policy.slots,
        });
    }
    let budgets = [Limit::MaxCostPerDay, Limit::MaxCostPerUserPerDay];
    let without = policy.max_cost_per_day.is_some() && policy.max_cost_per_user_per_day.is_none();
    (without && changes_any(budgets)).then_some(LimitConflict::NoBudgetPerUser)
}

impl Input for Sweep {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        context.swept = true;
        context.admit(None)?;
        context.sample()?;
        // The alarm sends the messages.
        context.check_alerts(false).map(drop)
    }
}

impl Input for DeleteOld {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<u64, R::Error> {
        let now = context.now;
        let count = context
            .rows
            .mark_for_deletion(now.saturating_sub(context.policy.retention), now)?;
        // Yesterday's is kept in case the clock is set back.
        context
            .rows
            .delete_spending(day_of(now).saturating_sub(1))?;
        context
            .rows
            .delete_minutes(now.saturating_sub(MINUTES_KEPT) / MINUTE)?;
        Ok(count)
    }
}
