//! The alarm: which jobs are asked what, and what they answer.

use super::{Context, Entry, Input, Rows, Stage};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::State;
use crate::machine::lease::{ASK_AGAIN, Lease, WATCH};
use crate::machine::message::{NoAnswer, message};
use crate::time::{DAY, Millis};

/// How many jobs one alarm asks at most.
pub const MAX_ASKS_PER_ALARM: usize = 50;

/// The alarm fired. Answers which jobs are to be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm;
message!(Alarm -> Vec<Ask>);

/// What a job said when it was asked: `None` if there is no such job.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub ask: Ask,
    pub said: Result<Option<State>, NoAnswer>,
}
message!(Heard -> ());

/// A job to be asked something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: JobKey,
    /// Tells the job from one that is made anew under its name after it was withdrawn.
    pub created_at: Millis,
    pub epoch: u64,
    pub question: Question,
}

/// What a job is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// To start; one that has is asked whether it still works.
    Start,
    /// Whether it has done what was left to do.
    Check,
    /// To delete what is left of it.
    Delete,
}

impl Input for Alarm {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Vec<Ask>, R::Error> {
        let due = context.book.admit_at.is_some_and(|at| at <= context.now);
        context.swept = due;
        if due || context.admits_on_change() {
            context.admit(None)?;
        } else {
            // Or the alarm of a delay that is over would be due again at once.
            context.take_into_line()?;
        }
        context.ask()
    }
}

impl Input for Heard {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<(), R::Error> {
        if let Ok(said) = self.said {
            context.heard(&self.ask, said)?;
        }
        context.changed()
    }
}

impl<R: Rows> Context<'_, R> {
    /// Gives an entry another place; how long it held a slot is remembered.
    pub(super) fn leave(&mut self, entry: &mut Entry, stage: Stage) {
        if let Stage::Held(lease) = entry.stage
            && !matches!(stage, Stage::Held(_))
        {
            self.book
                .observe_hold(self.now.saturating_sub(lease.granted_at));
            entry.unspent = false;
        }
        entry.stage = stage;
    }

    /// A job that waits and is not in line is on its way there: a user's retry, confirmation or
    /// clarification has just put it there. Should its own timer be lost before it has told so, it
    /// is asked.
    pub(super) fn look_after(&mut self, key: &JobKey) -> Result<(), R::Error> {
        let Some(mut entry) = self.rows.find(key)? else {
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
            self.rows.save(&entry)?;
        }
        Ok(())
    }

    /// Whom the alarm asks now; each is asked again soon unless an answer comes.
    fn ask(&mut self) -> Result<Vec<Ask>, R::Error> {
        let mut asks = Vec::new();
        for mut entry in self.rows.to_ask(self.now, MAX_ASKS_PER_ALARM)? {
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
            self.rows.save(&entry)?;
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
            .rows
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
            // An answer about an older slot says nothing of this one.
            None if matches!(entry.stage, Stage::Held(lease) if lease.epoch != epoch) => {}
            None => {
                self.settle(&mut entry)?;
                self.rows.remove_deliveries(key)?;
                if let Stage::Deleting { .. } = entry.stage {
                    return self.rows.remove(&entry.summary.key);
                }
                self.leave(&mut entry, Stage::Ended);
                if !entry.summary.status.is_terminal() {
                    entry.summary.status = Status::Failed;
                }
            }
        }
        self.rows.save(&entry)
    }

    fn hear_of_costs(&mut self, entry: &mut Entry, state: &State) -> Result<(), R::Error> {
        self.count(entry, &state.metrics);
        let summary = entry.summary.clone();
        self.learn(Some(entry), &summary, state.submits, state.availability);
        // What is no older than the summary is the job's own word, also on whether a reserved price
        // will be used.
        if (state.epoch, state.report_number) >= summary.age() {
            entry.summary.cost_micros = state.cost_micros;
            self.charge(entry, state.cost_micros)?;
        }
        Ok(())
    }

    /// `epoch` is the one that was asked.
    fn hear_of_place(&mut self, entry: &mut Entry, epoch: u64, state: &State) {
        match entry.stage {
            Stage::Held(lease) if lease.epoch != epoch => {}
            Stage::Held(lease) => self.hear_of_holder(entry, lease, epoch, state),
            Stage::Watched { .. } => {
                // What it has told since then may have given it more to do, and is not answered
                // for: it is asked again.
                if (state.epoch, state.report_number) >= entry.summary.age() {
                    entry.stage = self.watched_on(state.status, state.wake_at);
                }
                self.hear_if_late(entry, state.late);
            }
            // It lives again: its own enqueue gives it a place.
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
            // It has moved on, and its next attempt enqueues itself.
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

    /// Where a job goes that holds no slot: nothing more is asked of one that has nothing left to
    /// do.
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
        self.book.timers_repaired += u64::from(late);
    }
}
