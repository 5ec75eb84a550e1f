//! Actions of operators and the cron triggers on the whole queue.

use super::{Context, DeleteOld, Input, MINUTES_KEPT, Pause, Resume, Rows, Sweep, day_of};
use crate::time::{MINUTE, Millis};

impl Input for Pause {
    /// A job that was granted a slot runs to its end, even if it has not started yet.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Millis, R::Error> {
        Ok(*context.memory.book.paused_since.get_or_insert(context.now))
    }
}

impl Input for Resume {
    /// An operator may know more than the upstream's last answer: every upstream that requested a
    /// wait may be probed at once.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        context.memory.book.paused_since = None;
        context.memory.book.probe_now(context.now);
        context.changed()
    }
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
