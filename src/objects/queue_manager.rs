//! `QueueManager`: the single object that decides which jobs start. It never calls the upstream.
//!
//! # Stored (SQLite)
//! * `entry`: one row per job: its stage (`waiting`, `delayed`, `held` with a lease, `watched`,
//!   `deleting`, `ended`), its order, and its summary.
//! * `book`: one row: the rounds served, the limiters of each provider and model, when the alarm
//!   runs admission next, what is paused, the limits changed at run time, the running bulk, and the
//!   counters of the latest minute.
//! * `spending`: one row per UTC day and user, and one per day: what jobs have committed, written
//!   in the step that writes the entry.
//! * `delivery`: one row per webhook event, as its job last reported it; deleted with the job's
//!   `entry`.
//! * `metrics`: one row per earlier minute with counters, and one for the sum of all of them.
//! * `bulk_item`: one row per job that the running bulk has not heard of; `bulk`: one row per bulk
//!   that has ended.
//! * `alert`: one row: which alerts are firing, and the messages about them that are still to be
//!   sent.
//! * One alarm: set for the earliest lease, watch, delay, admission, alert or question of a bulk, or
//!   earlier.
//!
//! # Messages; each is answered with 200 and its reply, or 500 if it failed
//! `Enqueue`, `EnqueueAgain`, `Report`, `Claim`, `GetPositions`, `Afford`, `Sweep`, `DeleteOld`,
//! `Pause`, `Resume`, `PauseUpstream`, `ResumeUpstream`, `ChangeLimits`, `StartBulk`, `StopBulk`,
//! `Redelivered` and `AlertAnswered` are one synchronous step, admission included: nothing is
//! awaited between reading and writing, so two of them can never grant the same slot or spend the
//! same dollar. `List`, `Owners`, `Stats`, `GetOverrides`, `CountBulk`, `ListBulks`,
//! `Series`, `Totals`, `ListDeliveries`, `FindDelivery` and `Exhausted` only read.
//!
//! # Alarm
//! Runs admission if the mode says so, and sends a message to each job that is due, at most six at
//! a time: `Start` to a holder (a newly admitted job begins, a running one replies with its state),
//! `Check` to a job without a slot that has work left, `Delete` to an old job, `BulkAct` to a job of
//! the running bulk. When to ask again is saved before the message is sent, and a slot is freed only
//! by the job's own reply or report. It also checks the alerts if no sweep did, and sends the
//! messages about them without waiting for the receiver. When to send again is saved before.
//!
//! # Platform pitfalls, and why they cannot happen here
//! * A lost alarm (3, 4): every step sets it, a new instance sets it at its first event, and the
//!   cron's `Sweep` re-arms it even if its time has not changed.
//! * Leaked slots (4): when a lease runs out, the queue asks the holder until it replies.
//! * State in memory (8): whether this instance is acting, for which time it set the alarm, whether
//!   its database has the newest version, and [`Memory`](crate::machine::queue::Memory), which is
//!   read from the rows and read again after every failure.
//! * Throughput of a single object (12): reading one generation does not call this object, unless
//!   it waits in the queue or a key asks for it without its user.
//! * SQLite (13): fewer than 40 bound values per statement, times and counts below 2^53; frequent
//!   queries have an index.

use crate::clock;
use crate::config::Config;
use crate::ids::JobKey;
use crate::machine::job;
use crate::machine::job::{Check, Delete, Start};
use crate::machine::message::{Message, NoAnswer};
use crate::machine::metrics::{Metrics, MetricsByUpstream};
use crate::machine::queue;
use crate::machine::queue::{
    Afford, Alarm, AlertAnswered, AlertsDue, Ask, Bulk, ChangeLimits, Claim, DeleteOld, Enqueue,
    EnqueueAgain, Event, GetPositions, Heard, Input, Overrides, Pause, PauseUpstream, Policy,
    Question, QueueInstance, Redelivered, Report, Resume, ResumeUpstream, StartBulk, Step,
    StopBulk, Summary, Sweep,
};
use crate::objects::alerts;
use crate::objects::messages::{
    BadCursor, CountBulk, Exhausted, FindDelivery, GetOverrides, JobPage, List, ListBulks,
    ListDeliveries, OwnedDeliveries, Owners, Series, Stats, Totals,
};
use crate::objects::series::MetricsBuilder;
use crate::objects::shell::{Envelope, Shell};
use crate::objects::stub;
use crate::objects::stub::StubError;
use crate::store::catalogue::Listing;
use crate::store::cursor::Cursor;
use crate::store::metrics;
use crate::store::queue::QueueStore;
use crate::store::stats::QueueStats;
use crate::time::Moment;
use futures::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, durable_object};

/// How many jobs are asked at the same time: the platform allows six connections.
const ASKED_AT_ONCE: usize = 6;
/// The largest page of a listing.
const MAX_PAGE: u32 = 100;

#[durable_object]
#[derive(Debug)]
pub struct QueueManager {
    shell: Shell,
    /// Whether this instance has migrated its database to the newest version.
    is_migrated: Cell<bool>,
    instance: RefCell<QueueInstance>,
}

impl DurableObject for QueueManager {
    fn new(state: State, env: Env) -> Self {
        Self {
            shell: Shell::new(state, env, "QUEUE"),
            is_migrated: Cell::new(false),
            instance: RefCell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.shell
            .serve(request, async |envelope| {
                let answered = self.answer(&envelope).await;
                self.forget_if_failed(answered)
            })
            .await
    }

    async fn alarm(&self) -> Result<Response> {
        self.shell
            .on_alarm(async |config| {
                let acted = self.act(&config).await;
                self.forget_if_failed(acted)
            })
            .await
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

    /// After a failure nobody knows what was written.
    fn forget_if_failed<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|_| self.instance.borrow_mut().forget())
    }

    async fn answer(&self, envelope: &Envelope) -> Result<Response> {
        if let Some(read) = self.read(envelope)? {
            return Response::ok(read);
        }
        if envelope.name() == Sweep::NAME {
            self.shell.distrust_alarm();
        }
        let (moment, config) = (clock::moment(), self.shell.config()?);
        let step = self.step(envelope, &config.queue, moment)?;
        self.shell.set_alarm_by(step.wake_at, moment.now).await?;
        Response::ok(step.reply)
    }

    /// The reply to a message that changes nothing; `None` for any other.
    fn read(&self, envelope: &Envelope) -> Result<Option<String>> {
        let reply = match envelope.name() {
            List::NAME => text(&self.list(&envelope.read::<List>()?)?),
            Owners::NAME => {
                let Owners { generation_id } = envelope.read()?;
                text(&self.rows()?.owners(&generation_id)?)
            }
            Stats::NAME => text(&self.stats()?),
            GetOverrides::NAME => text(&self.overrides()?),
            CountBulk::NAME => {
                let CountBulk { action, filter } = envelope.read()?;
                text(&queue::matching(&self.rows()?, action, &filter)?)
            }
            ListBulks::NAME => text(&self.bulks()?),
            Series::NAME => text(&self.series(&envelope.read::<Series>()?)?),
            Totals::NAME => text(&(self.totals()?, self.stats()?)),
            ListDeliveries::NAME => {
                text(&self.list_deliveries(&envelope.read::<ListDeliveries>()?)?)
            }
            FindDelivery::NAME => {
                let FindDelivery { event_id } = envelope.read()?;
                text(&self.rows()?.find_delivery(&event_id)?)
            }
            Exhausted::NAME => {
                let Exhausted { since, limit } = envelope.read()?;
                text(&self.rows()?.exhausted_since(since, limit)?)
            }
            _ => return Ok(None),
        };
        reply.map(Some)
    }

    /// Takes one step; the caller sets its alarm.
    fn step(&self, envelope: &Envelope, policy: &Policy, moment: Moment) -> Result<Step<String>> {
        match envelope.name() {
            Enqueue::NAME => self.step_as::<Enqueue>(envelope, policy, moment),
            EnqueueAgain::NAME => self.step_as::<EnqueueAgain>(envelope, policy, moment),
            Report::NAME => self.step_as::<Report>(envelope, policy, moment),
            Claim::NAME => self.step_as::<Claim>(envelope, policy, moment),
            GetPositions::NAME => self.step_as::<GetPositions>(envelope, policy, moment),
            Afford::NAME => self.step_as::<Afford>(envelope, policy, moment),
            Sweep::NAME => self.step_as::<Sweep>(envelope, policy, moment),
            DeleteOld::NAME => self.step_as::<DeleteOld>(envelope, policy, moment),
            Pause::NAME => self.step_as::<Pause>(envelope, policy, moment),
            Resume::NAME => self.step_as::<Resume>(envelope, policy, moment),
            PauseUpstream::NAME => self.step_as::<PauseUpstream>(envelope, policy, moment),
            ResumeUpstream::NAME => self.step_as::<ResumeUpstream>(envelope, policy, moment),
            ChangeLimits::NAME => self.step_as::<ChangeLimits>(envelope, policy, moment),
            StartBulk::NAME => self.step_as::<StartBulk>(envelope, policy, moment),
            StopBulk::NAME => self.step_as::<StopBulk>(envelope, policy, moment),
            Redelivered::NAME => self.step_as::<Redelivered>(envelope, policy, moment),
            AlertAnswered::NAME => self.step_as::<AlertAnswered>(envelope, policy, moment),
            _ => Err(envelope.unknown()),
        }
    }

    fn step_as<I>(
        &self,
        envelope: &Envelope,
        policy: &Policy,
        moment: Moment,
    ) -> Result<Step<String>>
    where
        I: Input + DeserializeOwned,
        I::Reply: Serialize,
    {
        let input = envelope.read::<I>()?;
        let step = self.step_of(input, moment, policy)?;
        Ok(Step {
            reply: text(&step.reply)?,
            wake_at: step.wake_at,
            events: Vec::new(),
        })
    }

    /// Takes one step and sets its alarm. Awaits storage only.
    async fn take<I: Input>(&self, config: &Config, input: I) -> Result<I::Reply> {
        let moment = clock::moment();
        let step = self.step_of(input, moment, &config.queue)?;
        self.shell.set_alarm_by(step.wake_at, moment.now).await?;
        Ok(step.reply)
    }

    fn step_of<I: Input>(
        &self,
        input: I,
        moment: Moment,
        policy: &Policy,
    ) -> Result<Step<I::Reply>> {
        let mut rows = self.rows()?;
        let step = self
            .instance
            .borrow_mut()
            .step(&mut rows, input, moment, policy)?;
        step.events.iter().for_each(tell);
        Ok(step)
    }

    fn stats(&self) -> Result<QueueStats> {
        let (rows, config) = (self.rows()?, self.shell.config()?);
        let mut instance = self.instance.borrow_mut();
        rows.stats(instance.memory(&rows)?, &config.queue, clock::now())
    }

    fn overrides(&self) -> Result<Overrides> {
        let rows = self.rows()?;
        let mut instance = self.instance.borrow_mut();
        Ok(instance.memory(&rows)?.book.overrides.clone())
    }

    /// The running bulk, then the latest that have ended.
    fn bulks(&self) -> Result<Vec<Bulk>> {
        let rows = self.rows()?;
        let mut instance = self.instance.borrow_mut();
        let running = instance.memory(&rows)?.book.bulk.clone();
        rows.bulks(running)
    }

    fn totals(&self) -> Result<MetricsByUpstream> {
        let rows = self.rows()?;
        queue::totals(&rows, self.instance.borrow_mut().memory(&rows)?)
    }

    fn list(&self, message: &List) -> Result<<List as Message>::Reply> {
        let Ok(after) = read_cursor(message.after.as_deref()) else {
            return Ok(Err(BadCursor));
        };
        let listing = Listing {
            user_id: message.user_id.as_deref(),
            status: message.status,
            search: message.search.as_deref(),
            limit: message.limit.clamp(1, MAX_PAGE),
            after,
        };
        let (rows, config, now) = (self.rows()?, self.shell.config()?, clock::now());
        let page = rows.list(&listing)?;
        let mut instance = self.instance.borrow_mut();
        let memory = instance.memory(&rows)?;
        let mut jobs = Vec::new();
        for entry in page.entries {
            let position = if entry.is_in_line() {
                Some(queue::position_of(memory, &entry, &config.queue, now))
            } else {
                None
            };
            // Only the queue needs a job's counters.
            jobs.push((
                Summary {
                    metrics: Metrics::default(),
                    ..entry.summary
                },
                position,
            ));
        }
        Ok(Ok(JobPage {
            jobs,
            next: page.next.map(|cursor| cursor.write()),
        }))
    }

    fn list_deliveries(
        &self,
        message: &ListDeliveries,
    ) -> Result<<ListDeliveries as Message>::Reply> {
        let Ok(after) = read_cursor(message.after.as_deref()) else {
            return Ok(Err(BadCursor));
        };
        let limit = message.limit.clamp(1, MAX_PAGE);
        let (deliveries, next) =
            self.rows()?
                .list_deliveries(message.state.as_deref(), limit, after.as_ref())?;
        Ok(Ok(OwnedDeliveries {
            deliveries,
            next: next.map(|cursor| cursor.write()),
        }))
    }

    /// Reads the minutes page by page, so that a week of them is never in memory at once.
    fn series(&self, message: &Series) -> Result<String> {
        let mut builder = MetricsBuilder::new(message.window, clock::now(), message.cost);
        let rows = self.rows()?;
        let mut from = builder.first();
        loop {
            let page = rows.minutes(from)?;
            for (number, minute) in &page {
                builder.take(*number, minute);
            }
            match page.last() {
                Some((last, _)) if page.len() >= metrics::PAGE as usize => from = last + 1,
                Some(_) | None => return Ok(serde_json::to_string(&builder.finish())?),
            }
        }
    }

    async fn act(&self, config: &Rc<Config>) -> Result<()> {
        let due = self.take(config, Alarm).await?;
        self.send_alerts(config).await?;
        self.ask_all(config, due).await
    }

    /// Sends the messages about alerts that are due. It does not wait for the receiver: in the mode
    /// `alarm`, a slow one would delay admission.
    async fn send_alerts(&self, config: &Rc<Config>) -> Result<()> {
        for message in self.take(config, AlertsDue).await? {
            let (env, config) = (self.shell.env.clone(), Rc::clone(config));
            self.shell.detach(alerts::send(env, config, message));
        }
        Ok(())
    }

    async fn ask_all(&self, config: &Config, due: Vec<Ask>) -> Result<()> {
        let asked = due.into_iter().map(|ask| async move {
            let said = self.ask(&ask).await.map_err(|_| NoAnswer);
            Heard { ask, said }
        });
        let mut answers = futures::stream::iter(asked).buffer_unordered(ASKED_AT_ONCE);
        while let Some(heard) = answers.next().await {
            self.take(config, heard).await?;
        }
        Ok(())
    }

    async fn ask(&self, ask: &Ask) -> std::result::Result<Option<job::State>, StubError> {
        let Ask {
            key,
            epoch,
            created_at,
            question,
        } = ask;
        let (env, epoch, created_at) = (&self.shell.env, *epoch, *created_at);
        match question {
            Question::Start => stub::job(env, key, &Start { epoch, created_at }).await,
            Question::Check => {
                stub::job(
                    env,
                    key,
                    &Check {
                        created_at: Some(created_at),
                    },
                )
                .await
            }
            Question::Delete => stub::job(env, key, &Delete { created_at }).await,
            Question::Bulk(act) => stub::job(env, key, act).await,
        }
    }
}

/// The cursor is invalid.
struct NoCursor;

fn read_cursor(after: Option<&str>) -> std::result::Result<Option<Cursor>, NoCursor> {
    after
        .map(|text| Cursor::read(text).ok_or(NoCursor))
        .transpose()
}

fn text(reply: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(reply)?)
}

fn tell(event: &Event) {
    match event {
        Event::Enqueued { key } => {
            tracing::info!(
                generationId = key.generation_id,
                userId = key.user_id,
                "[QUEUE] Enqueued"
            );
        }
        Event::Admitted { key, waited } => {
            let JobKey {
                user_id,
                generation_id,
            } = key;
            tracing::info!(
                generationId = generation_id,
                userId = user_id,
                waitMs = waited,
                "[QUEUE] Admitted"
            );
        }
        Event::Unavailable { upstream, until } => {
            let waits = until.saturating_sub(clock::now());
            tracing::warn!(
                upstream = upstream,
                probeInMs = waits,
                "[QUEUE] Upstream unavailable"
            );
        }
        Event::Alert(news) => alerts::tell(news),
        Event::BulkEnded { id } => tracing::info!(bulk = id, "[QUEUE] Bulk ended"),
        Event::Available { upstream, took } => {
            tracing::info!(
                upstream = upstream,
                outageMs = took,
                "[QUEUE] Upstream available again"
            );
        }
    }
}
