//! `QueueManager`: the one object that decides who may start. It never calls the upstream.
//!
//! # Stored (SQLite)
//! * `entry`: one row a job: its place (`waiting`, `delayed`, `held` with a lease, `watched`, `expiring`, `ended`), its
//!   order, and its catalogue card.
//! * `book`: one row: the rounds served, the limiters of each provider and model, when the alarm admits next, since when
//!   the queue is paused, and what was counted within the latest minute.
//! * `spending`: one row for each UTC day and user, and one for each day: what jobs have committed, written in the step
//!   that writes the entry.
//! * `delivery`: one row a webhook event, as its job last told of it; it goes with the job's `entry`.
//! * `metrics`: one row for each earlier minute in which anything happened or was heard of, and one for all of them.
//! * One alarm: the earliest lease, watch, delay or admission that is due, or a moment before.
//!
//! # Messages (see [`QueueMessage`]); all answer 200 with a [`QueueReply`], 400 if unreadable, 500 if storage fails
//! `Enqueue`, `Report`, `Claim`, `Standing`, `Afford`, `Sweep`, `Expire`, `Pause`, `Resume` and `Redelivered` are one
//! synchronous step, admission included: nothing is awaited between reading and writing, so two of them can never grant the
//! same slot, nor spend the same dollar. `List`, `Stats`, `Metrics`, `Totals`, `Deliveries`, `Delivery`, `Owners`
//! and `Exhausted` only read.
//!
//! # Alarm
//! Admits where the mode says so, and sends each job that is due its message, at most six at a time: `Start` to a
//! holder (a newly admitted job begins, a silent one is asked whether it still works), `Check` to one that has
//! ended with something left to do, `Forget` to one that is old. When to ask again is noted before the message
//! leaves, and a slot is freed only on the job's own word.
//!
//! # Traps of the platform, and why they cannot happen here
//! * A lost alarm (3, 4): every step sets it, a new instance sets it at its first event, and the cron's `Sweep` sets it
//!   anew even if its time has not changed.
//! * Leaked slots (4): a lease that is over is asked about until an answer comes.
//! * State in memory (8): only whether this instance is acting, for when it set the alarm, and that its database is of the
//!   newest version.
//! * A global object's ceiling (12): reading one generation does not come here, unless it waits in the queue,
//!   or a key asks for it without its user.
//! * SQLite (13): bound values stay below 40, times and counts below 2^53; what is asked often has an index.

use crate::clock;
use crate::config::Config;
use crate::ids::JobKey;
use crate::machine::queue;
use crate::machine::queue::{Ask, Card, Errand, Event, Input, Reply, Rows, Said, Step};
use crate::machine::tally::Tally;
use crate::objects::messages::{JobMessage, JobReply, QueueMessage, QueueReply};
use crate::objects::series::{Metrics, MetricsBuilder};
use crate::objects::shell::{Shell, reply};
use crate::objects::stub;
use crate::store::catalogue::{Listing, Page};
use crate::store::cursor::Cursor;
use crate::store::metrics;
use crate::store::queue::QueueStore;
use crate::time::Moment;
use futures::StreamExt;
use std::cell::Cell;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, durable_object};

/// How many holders are asked at the same time: the platform allows six connections.
const ASKED_AT_ONCE: usize = 6;
/// The largest page of a listing.
const MAX_PAGE: u32 = 100;

#[durable_object]
#[derive(Debug)]
pub struct QueueManager {
    shell: Shell,
    /// Whether this instance has brought its database to the newest version.
    is_migrated: Cell<bool>,
}

impl DurableObject for QueueManager {
    fn new(state: State, env: Env) -> Self {
        Self { shell: Shell::new(state, env, "QUEUE"), is_migrated: Cell::new(false) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.shell.serve(request, async |message| reply(&self.answer(message).await?)).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.shell.on_alarm(async |config| self.ask_all_due(&config).await).await
    }
}

impl QueueManager {
    fn rows(&self) -> Result<QueueStore<SqlStorage>> {
        let sql = self.shell.sql();
        if self.is_migrated.get() {
            return Ok(QueueStore::opened(sql));
        }
        let rows = QueueStore::open(sql)?;
        self.is_migrated.set(true);
        Ok(rows)
    }

    /// One step and the alarm it asks for. Awaits storage only.
    async fn take(&self, config: &Config, input: Input, moment: Moment) -> Result<Step> {
        let step = queue::step(&mut self.rows()?, input, moment, &config.queue)?;
        step.events.iter().for_each(tell);
        self.shell.set_alarm_by(step.wake_at, moment.now).await?;
        Ok(step)
    }

    async fn answer(&self, message: QueueMessage) -> Result<QueueReply> {
        let moment = clock::moment();
        let config = self.shell.config()?;
        match message {
            QueueMessage::Enqueue { card, promised, terms } => {
                self.place(&config, Input::Enqueue { card, promised, terms }, moment).await
            }
            QueueMessage::Claim { key } => self.place(&config, Input::Claim { key }, moment).await,
            QueueMessage::Report { card, availability } => {
                let step = self.take(&config, Input::Report { card, availability }, moment).await?;
                Ok(if step.reply == Reply::Unknown { QueueReply::Unknown } else { QueueReply::Done })
            }
            QueueMessage::Standing { key } => self.place(&config, Input::Stand { key }, moment).await,
            QueueMessage::Afford { key } => {
                let step = self.take(&config, Input::Afford { key }, moment).await?;
                Ok(match step.reply {
                    Reply::OverBudget(over) => QueueReply::OverBudget { over },
                    Reply::Unknown => QueueReply::Unknown,
                    Reply::Standing(_)
                    | Reply::Full { .. }
                    | Reply::Paused { .. }
                    | Reply::Expiring { .. }
                    | Reply::Nothing => QueueReply::Done,
                })
            }
            QueueMessage::List { user_id, status, search, limit, after } => {
                let Ok(after) = read_cursor(after.as_deref()) else { return Ok(QueueReply::BadCursor) };
                let (user_id, search, limit) = (user_id.as_deref(), search.as_deref(), limit.clamp(1, MAX_PAGE));
                self.list(&config, &Listing { user_id, status, search, limit, after }, moment)
            }
            QueueMessage::Deliveries { state, limit, after } => {
                let Ok(after) = read_cursor(after.as_deref()) else { return Ok(QueueReply::BadCursor) };
                let limit = limit.clamp(1, MAX_PAGE);
                let (deliveries, next) = self.rows()?.list_deliveries(state.as_deref(), limit, after.as_ref())?;
                Ok(QueueReply::Deliveries { deliveries, next: next.map(|cursor| cursor.write()) })
            }
            QueueMessage::Delivery { event_id } => {
                let deliveries = self.rows()?.find_delivery(&event_id)?.into_iter().collect();
                Ok(QueueReply::Deliveries { deliveries, next: None })
            }
            QueueMessage::Owners { generation_id } => {
                Ok(QueueReply::Owners { user_ids: self.rows()?.owners(&generation_id)? })
            }
            QueueMessage::Exhausted { since, limit } => {
                let deliveries = self.rows()?.exhausted_since(since, limit)?;
                Ok(QueueReply::Deliveries { deliveries, next: None })
            }
            QueueMessage::Redelivered { news } => {
                self.take(&config, Input::Redelivered { news }, moment).await?;
                Ok(QueueReply::Done)
            }
            QueueMessage::Pause => self.place(&config, Input::Pause, moment).await,
            QueueMessage::Resume => self.place(&config, Input::Resume, moment).await,
            QueueMessage::Stats => {
                let stats = self.rows()?.stats(&config.queue, moment.now)?;
                Ok(QueueReply::Stats { stats: Box::new(stats) })
            }
            QueueMessage::Metrics { window, cost } => {
                let metrics = self.metrics(MetricsBuilder::new(window, moment.now, cost))?;
                Ok(QueueReply::Metrics { json: serde_json::to_string(&metrics)? })
            }
            QueueMessage::Totals => {
                let rows = self.rows()?;
                let stats = Box::new(rows.stats(&config.queue, moment.now)?);
                Ok(QueueReply::Totals { totals: queue::totals(&rows)?, stats })
            }
            QueueMessage::Sweep => {
                self.shell.distrust_alarm();
                self.take(&config, Input::Sweep, moment).await?;
                Ok(QueueReply::Done)
            }
            QueueMessage::Expire => {
                let before = moment.now.saturating_sub(config.retention);
                self.place(&config, Input::Expire { before }, moment).await
            }
        }
    }

    /// A step whose sender wants to know what came of it.
    async fn place(&self, config: &Config, input: Input, moment: Moment) -> Result<QueueReply> {
        let step = self.take(config, input, moment).await?;
        Ok(match step.reply {
            Reply::Standing(standing) => QueueReply::Standing { standing },
            Reply::Full { retry_after } => QueueReply::Full { retry_after },
            Reply::OverBudget(over) => QueueReply::OverBudget { over },
            Reply::Paused { since } => QueueReply::Paused { since },
            Reply::Expiring { count } => QueueReply::Expiring { count },
            Reply::Unknown | Reply::Nothing => QueueReply::Unknown,
        })
    }

    fn list(&self, config: &Config, listing: &Listing<'_>, moment: Moment) -> Result<QueueReply> {
        let rows = self.rows()?;
        let Page { entries, next } = rows.list(listing)?;
        let next = next.map(|cursor| cursor.write());
        let book = rows.book()?;
        let stands = |entry: &queue::Entry| {
            let standing = || queue::standing_of(&rows, &book, entry, &config.queue, moment.now).map(Some);
            if entry.is_in_line() { standing() } else { Ok(None) }
        };
        let standings = entries.iter().map(stands).collect::<Result<_>>()?;
        // What was counted of a job is nobody's business but the queue's.
        let shown = |entry: queue::Entry| Card { tally: Tally::default(), ..entry.card };
        Ok(QueueReply::Page { cards: entries.into_iter().map(shown).collect(), standings, next })
    }

    /// A page of minutes after the other: a week of them is never in memory together.
    fn metrics(&self, mut builder: MetricsBuilder) -> Result<Metrics> {
        let rows = self.rows()?;
        let mut from = builder.first();
        loop {
            let page = rows.minutes(from)?;
            for (number, minute) in &page {
                builder.take(*number, minute);
            }
            match page.last() {
                Some((last, _)) if page.len() >= metrics::PAGE as usize => from = last + 1,
                Some(_) | None => return Ok(builder.finish()),
            }
        }
    }

    async fn ask_all_due(&self, config: &Config) -> Result<()> {
        let step = self.take(config, Input::Alarm, clock::moment()).await?;
        let asked = step.asks.into_iter().map(|ask| async move {
            let said = self.ask(&ask).await;
            (ask, said)
        });
        let mut answers = futures::stream::iter(asked).buffer_unordered(ASKED_AT_ONCE);
        while let Some((ask, said)) = answers.next().await {
            self.take(config, Input::Heard { ask, said }, clock::moment()).await?;
        }
        Ok(())
    }

    async fn ask(&self, ask: &Ask) -> Said {
        let message = match ask.errand {
            Errand::Start => JobMessage::Start { epoch: ask.epoch, created_at: Some(ask.created_at) },
            Errand::Check => JobMessage::Check { created_at: Some(ask.created_at) },
            Errand::Forget => JobMessage::Forget { created_at: Some(ask.created_at) },
        };
        match stub::job(&self.shell.env, &ask.key, &message).await {
            Ok(JobReply::State {
                epoch,
                report_number,
                status,
                submits,
                availability,
                cost_micros,
                wake_at,
                late,
                deliveries,
                tally,
            }) => Said::State {
                epoch,
                report_number,
                status,
                submits,
                availability,
                cost_micros,
                wake_at,
                late,
                deliveries,
                tally,
            },
            Ok(JobReply::Missing) => Said::Missing,
            Ok(
                JobReply::Created { .. }
                | JobReply::Conflict
                | JobReply::Withdrawn
                | JobReply::Follow { .. }
                | JobReply::View { .. }
                | JobReply::Timeline { .. }
                | JobReply::Deliveries { .. }
                | JobReply::Refused { .. },
            )
            | Err(_) => Said::Nothing,
        }
    }
}

/// What is no cursor of ours.
struct NoCursor;

fn read_cursor(after: Option<&str>) -> std::result::Result<Option<Cursor>, NoCursor> {
    after.map(|text| Cursor::read(text).ok_or(NoCursor)).transpose()
}

fn tell(event: &Event) {
    match event {
        Event::Enqueued { key } => {
            tracing::info!(generationId = key.generation_id, userId = key.user_id, "[QUEUE] Enqueued");
        }
        Event::Admitted { key, waited } => {
            let JobKey { user_id, generation_id } = key;
            tracing::info!(generationId = generation_id, userId = user_id, waitMs = waited, "[QUEUE] Admitted");
        }
        Event::Unavailable { upstream, until } => {
            let waits = until.saturating_sub(clock::now());
            tracing::warn!(upstream = upstream, probeInMs = waits, "[QUEUE] Upstream takes no orders");
        }
        Event::Available { upstream, took } => {
            tracing::info!(upstream = upstream, outageMs = took, "[QUEUE] Upstream takes orders again");
        }
    }
}
