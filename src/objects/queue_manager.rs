//! `QueueManager`: the one object that decides who may start. It never calls the upstream.
//!
//! # Stored (SQLite)
//! * `entry`: one row a job: its place (`waiting`, `held` with a lease, `ended`), its order, and its catalogue card.
//! * One alarm: the end of the earliest lease.
//!
//! # Messages (see [`QueueMessage`]); all answer 200 with a [`QueueReply`], 400 if unreadable, 500 if storage fails
//! `Enqueue` and `Report` are one synchronous step, admission included: nothing is awaited between reading and
//! writing, so two of them can never grant the same slot. `Standing`, `List` and `Stats` only read. `Sweep` sets
//! the alarm for now.
//!
//! # Alarm
//! Sends `Start` to each holder whose lease is over, at most six at a time: a newly admitted job begins, a silent
//! one is asked whether it still works. The lease is extended before the message leaves, and a slot is freed
//! only on the job's own word.
//!
//! # Traps of the platform, and why they cannot happen here
//! * A lost alarm (3, 4): every step sets it, a new instance sets it at its first event, and the cron sends `Sweep`.
//! * Leaked slots (4): a lease that is over is asked about until an answer comes.
//! * State in memory (8): only whether this instance is acting, and for when it set the alarm.
//! * A global object's ceiling (12): reading one generation does not come here, unless it waits in the queue.
//! * SQLite (13): bound values stay below 20, times and counts below 2^53; what is asked often has an index.

use super::shell::Shell;
use crate::config::Config;
use crate::machine::queue::{self, Input, Reply, Rows, Said, Start, Step};
use crate::machine::{Millis, Moment, Status};
use crate::store::queue::{Cursor, QueueStore};
use crate::wire::message::{JobMessage, JobReply, QueueMessage, QueueReply};
use crate::{clock, stub};
use futures::StreamExt;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, durable_object};

/// How many holders are asked at the same time: the platform allows six connections.
const ASKED_AT_ONCE: usize = 6;
/// The largest page of a listing.
const MAX_PAGE: u32 = 100;

#[durable_object]
#[derive(Debug)]
pub struct QueueManager {
    shell: Shell,
}

impl DurableObject for QueueManager {
    fn new(state: State, env: Env) -> Self {
        Self { shell: Shell::new(state, env) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.shell.serve(request, async |message| self.answer(message).await).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.shell.on_alarm(async |config| self.ask_holders(&config).await).await
    }
}

impl QueueManager {
    fn rows(&self) -> Result<QueueStore<SqlStorage>> {
        QueueStore::open(self.shell.sql())
    }

    /// One step and the alarm it asks for. Awaits storage only.
    async fn take(&self, config: &Config, input: Input, moment: Moment) -> Result<Step> {
        let step = queue::step(&mut self.rows()?, input, moment, config.queue)?;
        self.shell.set_alarm(step.wake_at, moment.now).await?;
        Ok(step)
    }

    async fn answer(&self, message: QueueMessage) -> Result<QueueReply> {
        let moment = clock::moment();
        let config = self.shell.config()?;
        match message {
            QueueMessage::Enqueue { card, promised } => {
                let step = self.take(&config, Input::Enqueue { card, promised }, moment).await?;
                Ok(match step.reply {
                    Reply::Standing(standing) => QueueReply::Standing { standing },
                    Reply::Full { retry_after } => QueueReply::Full { retry_after },
                    Reply::Nothing => QueueReply::Unknown,
                })
            }
            QueueMessage::Report { card } => {
                self.take(&config, Input::Report { card }, moment).await?;
                Ok(QueueReply::Done)
            }
            QueueMessage::Standing { key } => {
                let rows = self.rows()?;
                let standing = queue::standing(&rows, &key)?;
                self.shell.ensure_alarm(rows.next_lease_end()?, moment.now).await?;
                Ok(standing.map_or(QueueReply::Unknown, |standing| QueueReply::Standing { standing }))
            }
            QueueMessage::List { user_id, status, limit, after } => {
                self.list(&user_id, status, limit, after.as_deref())
            }
            QueueMessage::Stats => {
                let stats = self.rows()?.stats(config.dispatch_mode.as_str(), config.queue.slots, moment.now)?;
                Ok(QueueReply::Stats { stats: Box::new(stats) })
            }
            QueueMessage::Sweep => {
                self.sweep(moment.now).await?;
                Ok(QueueReply::Done)
            }
        }
    }

    fn list(&self, user_id: &str, status: Option<Status>, limit: u32, after: Option<&str>) -> Result<QueueReply> {
        let before = match after.map(Cursor::read) {
            Some(None) => return Ok(QueueReply::BadCursor),
            Some(Some(cursor)) => Some(cursor),
            None => None,
        };
        let limit = limit.clamp(1, MAX_PAGE);
        let mut cards = self.rows()?.list(user_id, status, limit + 1, before.as_ref())?;
        let more = cards.len() > limit as usize;
        cards.truncate(limit as usize);
        let next = cards.last().filter(|_| more).map(|card| Cursor::of(card).write());
        Ok(QueueReply::Page { cards, next })
    }

    /// Has the alarm look after everything, if there is anything.
    async fn sweep(&self, now: Millis) -> Result<()> {
        let rows = self.rows()?;
        if rows.next_lease_end()?.is_none() && rows.count_waiting()? == 0 {
            return Ok(());
        }
        self.shell.set_alarm(Some(now), now).await
    }

    async fn ask_holders(&self, config: &Config) -> Result<()> {
        let step = self.take(config, Input::Alarm, clock::moment()).await?;
        let asked = step.starts.into_iter().map(|start| async move {
            let said = self.ask(&start).await;
            (start, said)
        });
        let mut answers = futures::stream::iter(asked).buffer_unordered(ASKED_AT_ONCE);
        while let Some((Start { key, epoch }, said)) = answers.next().await {
            self.take(config, Input::Heard { key, epoch, said }, clock::moment()).await?;
        }
        Ok(())
    }

    async fn ask(&self, start: &Start) -> Said {
        match stub::job(&self.shell.env, &start.key, &JobMessage::Start { epoch: start.epoch }).await {
            Ok(JobReply::State { epoch, report_number, status }) => Said::State { epoch, report_number, status },
            Ok(JobReply::Missing) => Said::Missing,
            Ok(
                JobReply::Created { .. }
                | JobReply::Conflict
                | JobReply::Withdrawn
                | JobReply::View { .. }
                | JobReply::Timeline { .. }
                | JobReply::Refused { .. },
            )
            | Err(_) => Said::Nothing,
        }
    }
}
