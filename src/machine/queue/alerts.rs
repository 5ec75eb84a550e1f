//! Alerts of the queue: when they are checked, from which figures, and what is sent.
//!
//! Every sweep checks them. Any other step that changes something may have made a reason for an
//! alert, so it plans a check by the queue's own alarm within [`CHECK_PATIENCE`], in case no sweep
//! comes before. A queue in which nothing happens has no alarm.

use super::{Context, Event, Input, Memory, Rows, day_of};
use crate::machine::alerts::{AlertMessage, Figures, ShutUpstream};
use crate::machine::delivery::Receipt;
use crate::machine::message::message;
use crate::time::{Millis, Moment, SECOND};
use serde::{Deserialize, Serialize};

/// How long after a step the queue's own alarm checks the alerts, unless a sweep does.
pub const CHECK_PATIENCE: Millis = 90 * SECOND;

/// The alarm fired. Checks the alerts if that is due; replies which messages to send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertsDue;
message!(AlertsDue -> Vec<AlertMessage>);

/// The answer to a try of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertAnswered {
    pub id: String,
    pub receipt: Receipt,
}
message!(AlertAnswered -> ());

impl Input for AlertsDue {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error> {
        let due = context
            .memory
            .book
            .alert_at
            .is_some_and(|at| at <= context.now);
        if due {
            context.check_alerts(true)
        } else {
            context.alerts_checked = true;
            Ok(Vec::new())
        }
    }
}

impl Input for AlertAnswered {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        let mut alerts = context.rows.alerts()?;
        if let Some(news) = alerts.answered(&self.id, self.receipt, context.now) {
            context.events.push(Event::Alert(news));
            context.rows.save_alerts(&alerts)?;
        }
        let at = alerts
            .next_send()
            .into_iter()
            .chain(context.memory.book.alert_at);
        context.memory.book.alert_at = at.min();
        Ok(())
    }
}

impl<R: Rows> Context<'_, R> {
    /// Checks the alerts, and begins the messages that are due if they can be `sent` now.
    pub(super) fn check_alerts(&mut self, sent: bool) -> Result<Vec<AlertMessage>, R::Error> {
        let (policy, now) = (self.policy.alerts, self.now);
        let before = self.rows.alerts()?;
        let (mut alerts, figures) = (before.clone(), self.alert_figures()?);
        let moment = Moment {
            now,
            random: self.random,
        };
        let mut news = alerts.check(&figures, &policy, moment);
        let mut begun = Vec::new();
        if sent {
            let (messages, given_up) = alerts.begin_due(now);
            begun = messages;
            news.extend(given_up);
        }
        if alerts != before {
            self.rows.save_alerts(&alerts)?;
        }
        self.events.extend(news.into_iter().map(Event::Alert));
        self.memory.book.alert_at = alerts.next_at(&figures, &policy, now);
        self.alerts_checked = true;
        Ok(begun)
    }

    /// Plans a check if this step `changed` something, unless it made one. A check that is planned
    /// is not put off by a clock that was set back.
    pub(super) fn schedule_alerts(&mut self, changed: bool) {
        if self.policy.alerts.kinds.is_empty() || self.alerts_checked {
            return;
        }
        let latest = self.now + CHECK_PATIENCE;
        let planned = self.memory.book.alert_at.map(|at| at.min(latest));
        self.memory.book.alert_at = planned.or(changed.then_some(latest));
    }

    fn alert_figures(&self) -> Result<Figures, R::Error> {
        let (exhausted, exhausted_since) = self.rows.exhausted()?;
        let Memory { book, tally, .. } = &self.memory;
        let mut shut = Vec::new();
        for (upstream, backoff) in book.all_backoffs(self.now) {
            // While a probe is in flight, no job may wait.
            let is_shut = backoff.until > self.now
                || tally.waits_for(upstream)
                || tally.unspent(upstream) > 0;
            if is_shut {
                shut.push(ShutUpstream {
                    upstream: upstream.to_owned(),
                    since: backoff.since,
                });
            }
        }
        Ok(Figures {
            shut,
            exhausted,
            exhausted_since,
            waiting: tally.waiting(),
            waits_since: self.rows.waits_since()?,
            is_paused: book.is_paused(),
            unknown_submits: book.unknown_submits,
            spent_micros: self.rows.spent(day_of(self.now), None)?,
            limit_micros: self.policy.max_cost_per_day,
            timers_repaired: book.timers_repaired,
        })
    }
}
