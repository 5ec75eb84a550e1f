//! The alarm: which jobs the queue asks, and how it handles their replies.

use super::{Context, Entry, Input, Rows, Stage};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{BulkAct, State};
use crate::machine::lease::{ASK_AGAIN, Lease, WATCH};
use crate::machine::message::{NoAnswer, message};
use crate::time::{DAY, Millis};

/// The most jobs that one alarm asks.
pub const MAX_ASKS_PER_ALARM: usize = 50;

/// The alarm fired. Replies which jobs to ask now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm;
message!(Alarm -> Vec<Ask>);

/// A job's reply to an [`Ask`]: `None` if there is no such job.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub ask: Ask,
    pub said: Result<Option<State>, NoAnswer>,
}
message!(Heard -> ());

/// A question to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: JobKey,
    /// Distinguishes the job from a later one of the same name, created after it was withdrawn.
    pub created_at: Millis,
    pub epoch: u64,
    pub question: Question,
}

/// What the queue asks a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// To start; a job that has started replies with its state.
    Start,
    /// Whether its remaining work is done.
    Check,
    /// To delete what is left of it.
    Delete,
    /// To be cancelled or retried by a bulk.
    Bulk(BulkAct),
}

impl Input for Alarm {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Vec<Ask>, R::Error> {
        let due = context
            .memory
            .book
            .admit_at
            .is_some_and(|at| at <= context.now);
        context.swept = due;
        if due || context.admits_on_change() {
            context.admit(None)?;
        } else {
            // Otherwise the alarm of a delay that is over would fire again at once.
            context.take_into_line()?;
        }
        let mut asks = context.ask()?;
        asks.extend(context.ask_for_bulk()?);
        Ok(asks)
    }
}

impl Input for Heard {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        if let Ok(said) = self.said {
            if let Question::Bulk(act) = &self.ask.question {
                context.heard_for_bulk(&self.ask, act, said.as_ref())?;
            }
            context.heard(&self.ask, said)?;
        }
        context.changed()
    }
}

impl<R: Rows> Context<'_, R> {
    /// Moves an entry to another stage. If it gives up a slot, how long it held the slot is
    /// recorded.
    pub(super) fn leave(&mut self, entry: &mut Entry, stage: Stage) {
        if let Stage::Held(lease) = entry.stage
            && !matches!(stage, Stage::Held(_))
        {
            self.memory
                .book
                .observe_hold(self.now.saturating_sub(lease.granted_at));
            entry.unspent = false;
        }
        entry.stage = stage;
    }

    /// A job that waits but is not in line is about to enqueue itself after a user's retry,
    /// confirmation or clarification. Its alarm may be lost before it does, so the queue checks it
    /// soon.
    pub(super) fn look_after(&mut self, key: &JobKey) -> Result<(), R::Error> {
        let Some(mut entry) = self.find(key)? else {
            return Ok(());
        };
        let soon = self.now + WATCH;
        let unwatched = match entry.stage {
            Stage::Ended => true,
            Stage::Watched { until } => until > soon,
            Stage::Waiting | Stage::Delayed { .. } | Stage::Held(_) | Stage::Deleting { .. } => {
                false
            }
        };
        if unwatched {
            entry.stage = Stage::Watched { until: soon };
            self.save(&entry)?;
        }
        Ok(())
    }

    /// The jobs to ask now. Each is asked again soon unless it replies.
    fn ask(&mut self) -> Result<Vec<Ask>, R::Error> {
        let mut asks = Vec::new();
        let due = self.rows.to_ask(self.now, MAX_ASKS_PER_ALARM)?;
        for mut entry in self.seen(due) {
            let again = self.now + ASK_AGAIN;
            let (stage, epoch, question) = match entry.stage {
                Stage::Held(lease) => (
                    Stage::Held(lease.asked(self.now)),
                    lease.epoch,
                    Question::Start,
                ),
                Stage::Watched { .. } => (
                    Stage::Watched { until: again },
                    entry.summary.epoch,
                    Question::Check,
                ),
                Stage::Deleting { .. } => (
                    Stage::Deleting { until: again },
                    entry.summary.epoch,
                    Question::Delete,
                ),
                Stage::Waiting | Stage::Delayed { .. } | Stage::Ended => continue,
            };
            entry.stage = stage;
            self.save(&entry)?;
            asks.push(Ask {
                key: entry.summary.key,
                created_at: entry.summary.created_at,
                epoch,
                question,
            });
        }
        Ok(asks)
    }

    fn heard(&mut self, ask: &Ask, said: Option<State>) -> Result<(), R::Error> {
        let Ask {
            key,
            created_at,
            epoch,
            ..
        } = ask;
        let known = self
            .find(key)?
            .filter(|entry| entry.summary.created_at == *created_at);
        let Some(mut entry) = known else {
            return Ok(());
        };
        let epoch = *epoch;
        match said {
            Some(state) => {
                self.hear_of_costs(&mut entry, &state)?;
                self.hear_of_deliveries(key, state.deliveries.clone())?;
                self.hear_of_place(&mut entry, epoch, &state);
            }
            None if entry.is_in_line() || entry.stage == Stage::Ended => {}
            // A reply about an older slot says nothing about this one.
            None if matches!(entry.stage, Stage::Held(lease) if lease.epoch != epoch) => {}
            None => {
                self.settle(&mut entry)?;
                self.rows.remove_deliveries(key)?;
                if let Stage::Deleting { .. } = entry.stage {
                    return self.remove(&entry.summary.key);
                }
                self.leave(&mut entry, Stage::Ended);
                if !entry.summary.status.is_terminal() {
                    entry.summary.status = Status::Failed;
                }
            }
        }
        self.save(&entry)
    }

    fn hear_of_costs(&mut self, entry: &mut Entry, state: &State) -> Result<(), R::Error> {
        self.count(entry, &state.metrics);
        let summary = entry.summary.clone();
        self.learn(Some(entry), &summary, state.submits, state.availability);
        // A reply no older than the summary is authoritative, also on whether a reserved price will
        // be used.
        if (state.epoch, state.report_number) >= summary.age() {
            entry.summary.cost_micros = state.cost_micros;
            self.charge(entry, state.cost_micros)?;
        }
        Ok(())
    }

    /// `epoch` is the one in the question.
    fn hear_of_place(&mut self, entry: &mut Entry, epoch: u64, state: &State) {
        match entry.stage {
            Stage::Held(lease) if lease.epoch != epoch => {}
            Stage::Held(lease) => self.hear_of_holder(entry, lease, epoch, state),
            Stage::Watched { .. } => {
                // A report since the question may have added work that this reply does not cover:
                // ask again.
                if (state.epoch, state.report_number) >= entry.summary.age() {
                    entry.stage = self.watched_on(state.status, state.wake_at);
                }
                self.hear_if_late(entry, state.late);
            }
            // The job is live again; it will enqueue itself.
            Stage::Deleting { .. } if !state.status.is_terminal() => {
                entry.stage = Stage::Watched {
                    until: self.now + WATCH,
                };
            }
            Stage::Deleting { .. } | Stage::Waiting | Stage::Delayed { .. } | Stage::Ended => {}
        }
    }

    fn hear_of_holder(&mut self, entry: &mut Entry, lease: Lease, epoch: u64, state: &State) {
        self.hear_if_late(entry, state.late);
        if state.epoch > epoch {
            // The job has a newer epoch and will enqueue itself.
            self.leave(
                entry,
                Stage::Watched {
                    until: self.now + WATCH,
                },
            );
            return;
        }
        let works = !state.status.is_terminal() && !state.status.is_pending();
        let next = if works {
            Stage::Held(lease.heard(self.now))
        } else {
            self.watched_on(state.status, state.wake_at)
        };
        self.leave(entry, next);
        // The report itself follows with its snapshot and must still count as newer.
        entry.summary.report_number = entry
            .summary
            .report_number
            .max(state.report_number.saturating_sub(1));
        entry.summary.status = state.status;
    }

    /// The next stage of a job without a slot: [`Stage::Ended`] if it has no work left.
    fn watched_on(&self, status: Status, wake_at: Option<Millis>) -> Stage {
        match wake_at {
            None if status.is_terminal() => Stage::Ended,
            None => Stage::Watched {
                until: self.now + WATCH,
            },
            Some(at) => Stage::Watched {
                until: at.clamp(self.now, self.now + DAY) + WATCH,
            },
        }
    }

    fn hear_if_late(&mut self, entry: &mut Entry, late: bool) {
        entry.late = late;
        self.memory.book.timers_repaired += u64::from(late);
    }
}
