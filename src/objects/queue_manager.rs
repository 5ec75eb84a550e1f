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

use super::shell::{ALARM_RETRY, Acting, Alarm, CONFIG_RETRY, read, reply};
use crate::config::Config;
use crate::machine::queue::{self, Input, Reply, Rows, Said, Start, Step};
use crate::machine::{Millis, Moment, Status};
use crate::store::queue::{Cursor, QueueStore};
use crate::wire::message::{JobMessage, JobReply, QueueMessage, QueueReply};
use crate::{clock, log, stub};
use futures::StreamExt;
use std::cell::Cell;
use worker::{DurableObject, Env, Error, Request, Response, Result, SqlStorage, State, durable_object};

/// How many holders are asked at the same time: the platform allows six connections.
const ASKED_AT_ONCE: usize = 6;
/// The largest page of a listing.
const MAX_PAGE: u32 = 100;

#[durable_object]
#[derive(Debug)]
pub struct QueueManager {
    state: State,
    env: Env,
    alarm: Alarm,
    acting: Cell<bool>,
}

impl DurableObject for QueueManager {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, alarm: Alarm::default(), acting: Cell::new(false) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let Ok(message) = read::<QueueMessage>(request).await else {
            return Response::error("unreadable message", 400);
        };
        match self.answer(message).await {
            Ok(answer) => reply(&answer),
            Err(error) => {
                log::error(&log::Line {
                    message: "a message to the queue failed",
                    reason: Some(error.to_string()),
                    ..log::Line::default()
                });
                Response::error("the message could not be taken", 500)
            }
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm.fired();
        let now = clock::now();
        let Some(_acting) = Acting::begin(&self.acting) else {
            self.alarm.set(&self.state, Some(now + ALARM_RETRY), now).await?;
            return Response::empty();
        };
        if let Err(error) = self.ask_holders().await {
            log::error(&log::Line {
                message: "the queue's alarm failed",
                reason: Some(error.to_string()),
                ..log::Line::default()
            });
            let now = clock::now();
            self.alarm.set(&self.state, Some(now + ALARM_RETRY), now).await?;
        }
        Response::empty()
    }
}

impl QueueManager {
    fn rows(&self) -> Result<QueueStore<SqlStorage>> {
        QueueStore::open(self.state.storage().sql())
    }

    fn config(&self) -> Result<Config> {
        Config::from_env(&self.env).map_err(|error| Error::RustError(error.to_string()))
    }

    /// One step and the alarm it asks for. Awaits storage only.
    async fn take(&self, config: &Config, input: Input, moment: Moment) -> Result<Step> {
        let step = queue::step(&mut self.rows()?, input, moment, config.queue)?;
        self.alarm.set(&self.state, step.wake_at, moment.now).await?;
        Ok(step)
    }

    async fn answer(&self, message: QueueMessage) -> Result<QueueReply> {
        let moment = clock::moment();
        let config = self.config()?;
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
                let standing = queue::standing(&self.rows()?, &key)?;
                self.wake_at_first_event(moment.now).await?;
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
        self.alarm.set(&self.state, Some(now), now).await
    }

    /// A new instance does not trust that its alarm survived.
    async fn wake_at_first_event(&self, now: Millis) -> Result<()> {
        if self.alarm.is_known() || self.acting.get() {
            return Ok(());
        }
        let next = self.rows()?.next_lease_end()?;
        self.alarm.set(&self.state, next, now).await
    }

    async fn ask_holders(&self) -> Result<()> {
        let config = match self.config() {
            Ok(config) => config,
            Err(error) => {
                let now = clock::now();
                self.alarm.set(&self.state, Some(now + CONFIG_RETRY), now).await?;
                log::error(&log::Line {
                    message: "the queue waits for a valid configuration",
                    reason: Some(error.to_string()),
                    ..log::Line::default()
                });
                return Ok(());
            }
        };
        let step = self.take(&config, Input::Alarm, clock::moment()).await?;
        let asked = step.starts.into_iter().map(|start| async move {
            let said = self.ask(&start).await;
            (start, said)
        });
        let mut answers = futures::stream::iter(asked).buffer_unordered(ASKED_AT_ONCE);
        while let Some((Start { key, epoch }, said)) = answers.next().await {
            self.take(&config, Input::Heard { key, epoch, said }, clock::moment()).await?;
        }
        Ok(())
    }

    async fn ask(&self, start: &Start) -> Said {
        match stub::job(&self.env, &start.key, &JobMessage::Start { epoch: start.epoch }).await {
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
