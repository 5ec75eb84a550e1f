//! What operators and the cron triggers do to the queue as a whole.

use super::{Context, DeleteOld, Input, MINUTES_KEPT, Pause, Resume, Rows, Sweep, day_of};
use crate::time::{MINUTE, Millis};

impl Input for Pause {
    /// Who was granted a slot goes on to the end, and begins if it has yet to.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Millis, R::Error> {
        Ok(*context.book.paused_since.get_or_insert(context.now))
    }
}

impl Input for Resume {
    /// An operator may know more than the last answer of an upstream: whoever asked for a wait is
    /// probed at once.
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        context.book.paused_since = None;
        context.book.probe_now(context.now);
        context.changed()
    }
}

impl Input for Sweep {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        context.swept = true;
        context.admit(None)?;
        context.sample()
    }
}

impl Input for DeleteOld {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<u64, R::Error> {
        let now = context.now;
        let count = context
            .rows
            .mark_for_deletion(now.saturating_sub(context.policy.retention), now)?;
        // Yesterday's is kept for a clock that is set back.
        context
            .rows
            .delete_spending(day_of(now).saturating_sub(1))?;
        context
            .rows
            .delete_minutes(now.saturating_sub(MINUTES_KEPT) / MINUTE)?;
        Ok(count)
    }
}
