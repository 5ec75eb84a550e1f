//! `JobManager`: one object per generation, named `{user}/{generation}`. It owns the authoritative
//! record of the generation, and nothing else acts for it.
//!
//! # Stored (SQLite)
//! * `job`: one row, written as a whole: `record`, the versioned record of [`Job`] (phase, money
//!   ledger, effect in flight, outbox); `timeline`, one line of JSON per entry, limited by dropping
//!   the oldest; and `entered`, the number of the last entry.
//! * One alarm: the earliest of the job's timers, or
//!   [`EFFECT_GUARD`](crate::machine::job::EFFECT_GUARD) while an effect other than a poll is in
//!   flight.
//!
//! # Messages; each is answered with 200 and its reply, or 500 if it failed
//! `Create`, `Withdraw`, `View`, `Start`, `Check`, `DeadLetter`, `UpstreamWebhook`, `Delete`, `BulkAct`,
//! `Cancel`, `Retry`, `Confirm`, `Clarify`, `DeleteVideo`, `Deliveries` and `Redeliver`: [`answer`]
//! decides what to save, how to set the alarm and what to reply, without awaiting anything, so each
//! is one atomic write. None of them acts. `Timeline` reads. `Follow` is answered by a stream, see
//! [`Followers`].
//!
//! # Alarm
//! The only executor. It takes the next due effect, saves the intent and re-arms the alarm before
//! it makes any call; carries the effect out within its own time limit; saves the answer together
//! with the next intent; and repeats this, at most [`MAX_EFFECTS`] times and for a limited time
//! (see [`Run`]).
//!
//! # Platform pitfalls, and why they cannot happen here
//! * Submit is not idempotent (1): the ledger row is durable before the call; an effect found in
//!   flight was cut off.
//! * Interleaving (2): an answer carries its effect's number and epoch, and is matched against
//!   freshly loaded state.
//! * A lost alarm (3, 4): every step sets the alarm, each new instance sets it at its first event,
//!   and the queue asks every job that has work left (`Start`, `Check`), which re-arms it. The
//!   handler returns `Ok` and re-arms on failure. `docs/design/alarms.md` describes the remaining
//!   risk.
//! * One alarm (5): its time is the minimum of all timers. Overlong alarms (6): every call has a
//!   time limit, see `clients`.
//! * State in memory (8): whether this instance is acting, for which time it set the alarm, which
//!   streams are open, and a copy of the stored row, which is read again after every failure.
//! * A new build reads an old record (15): the record carries its version.

use crate::clients::r2;
use crate::config::Config;
use crate::machine::delivery::Receipt;
use crate::machine::follow::{Beginning, Follower, begin};
use crate::machine::job::{
    Answer, Answered, BulkAct, Cancel, Change, Check, Clarify, Confirm, Create, DeadLetter, Delete,
    DeleteVideo, Deliveries, Effect, IMAGES, Job, JobMessage, MAX_EFFECTS, Ran, Redeliver, Refusal,
    Retry, Run, Setting, Start, TimelineEntry, UpstreamWebhook, View, Withdraw, answer,
};
use crate::machine::message::{Message, NoAnswer};
use crate::machine::outcome::Outcome;
use crate::objects::calls::Upstream;
use crate::objects::messages::{Follow, GetTimeline, NoStream, WakeUp};
use crate::objects::shell::{Envelope, Shell, reply};
use crate::objects::streams::Followers;
use crate::objects::stub;
use crate::store;
use crate::store::job::JobStore;
use crate::time::{Millis, Moment};
use crate::webhooks::send;
use crate::{clock, log};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::rc::Rc;
use tracing::Instrument;
use worker::{DurableObject, Env, Error, Request, Response, Result, State, durable_object};

#[durable_object]
#[derive(Debug)]
pub struct JobManager {
    shell: Shell,
    store: RefCell<JobStore>,
    followers: Rc<Followers>,
}

impl DurableObject for JobManager {
    fn new(state: State, env: Env) -> Self {
        Self {
            shell: Shell::new(state, env, "JOB"),
            store: RefCell::default(),
            followers: Rc::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        self.shell
            .serve(request, async |envelope| {
                let answered = self.answer(&envelope).await;
                self.forget_if_failed(answered)
            })
            .instrument(log::object())
            .await
    }

    async fn alarm(&self) -> Result<Response> {
        self.shell
            .on_alarm(async |config| {
                let acted = self.act_while_due(&config).await;
                self.forget_if_failed(acted)
            })
            .instrument(log::object())
            .await
    }
}

impl JobManager {
    /// After a failure nobody knows what was written.
    fn forget_if_failed<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|_| self.store.borrow_mut().forget())
    }

    async fn answer(&self, envelope: &Envelope) -> Result<Response> {
        match envelope.name() {
            GetTimeline::NAME => return self.timeline(),
            Follow::NAME => return self.follow(envelope.read()?),
            _ => {}
        }
        let moment = clock::moment();
        let config = self.shell.config()?;
        let armed = self.shell.alarm().await?;
        let setting = Setting {
            moment,
            rules: config.rules(),
            armed,
            is_acting: self.shell.is_acting(),
        };
        let taken = self.take(envelope, setting)?;
        if taken.was_late {
            tracing::warn!("[JOB] Alarm was missing");
        }
        match taken.change {
            Change::None => {}
            Change::Save(job) => {
                self.save(&job, &taken.timeline)?;
                log::job(&job);
                log::steps(&job, &taken.timeline, None);
            }
            Change::Delete => {
                let deleted = self.shell.delete_all().await;
                self.store.borrow_mut().forget();
                deleted?;
                self.followers.wake();
                if envelope.name() == Withdraw::NAME {
                    tracing::info!("[JOB] Withdrawn");
                } else {
                    tracing::info!("[JOB] Deleted");
                }
            }
        }
        self.shell.arm(taken.alarm, moment.now).await?;
        Response::ok(taken.reply)
    }

    /// What the job answers to a message; the caller saves the change and sets the alarm.
    fn take(&self, envelope: &Envelope, setting: Setting<'_>) -> Result<Answered<String>> {
        match envelope.name() {
            Create::NAME => self.take_as::<Create>(envelope, setting),
            Withdraw::NAME => self.take_as::<Withdraw>(envelope, setting),
            View::NAME => self.take_as::<View>(envelope, setting),
            Start::NAME => self.take_as::<Start>(envelope, setting),
            Check::NAME => self.take_as::<Check>(envelope, setting),
            DeadLetter::NAME => self.take_as::<DeadLetter>(envelope, setting),
            UpstreamWebhook::NAME => self.take_as::<UpstreamWebhook>(envelope, setting),
            Delete::NAME => self.take_as::<Delete>(envelope, setting),
            BulkAct::NAME => self.take_as::<BulkAct>(envelope, setting),
            Cancel::NAME => self.take_as::<Cancel>(envelope, setting),
            Retry::NAME => self.take_as::<Retry>(envelope, setting),
            Confirm::NAME => self.take_as::<Confirm>(envelope, setting),
            Clarify::NAME => self.take_as::<Clarify>(envelope, setting),
            DeleteVideo::NAME => self.take_as::<DeleteVideo>(envelope, setting),
            Deliveries::NAME => self.take_as::<Deliveries>(envelope, setting),
            Redeliver::NAME => self.take_as::<Redeliver>(envelope, setting),
            _ => Err(envelope.unknown()),
        }
    }

    fn take_as<M>(&self, envelope: &Envelope, setting: Setting<'_>) -> Result<Answered<String>>
    where
        M: JobMessage + DeserializeOwned,
        M::Reply: Serialize,
    {
        let answered = answer(self.load()?, envelope.read::<M>()?, setting);
        Ok(Answered {
            reply: serde_json::to_string(&answered.reply)?,
            change: answered.change,
            timeline: answered.timeline,
            alarm: answered.alarm,
            was_late: answered.was_late,
        })
    }

    /// Loads the job from its record.
    fn load(&self) -> Result<Option<Job>> {
        let job = self
            .store
            .borrow_mut()
            .load(&self.shell.sql())
            .map_err(|error| Error::RustError(error.to_string()))?;
        job.iter().for_each(log::job);
        Ok(job)
    }

    /// Saves the job with its timeline.
    fn save(&self, job: &Job, timeline: &[TimelineEntry]) -> Result<()> {
        self.store
            .borrow_mut()
            .save(&self.shell.sql(), job, timeline)
            .map_err(|error| Error::RustError(error.to_string()))?;
        self.followers.wake();
        Ok(())
    }

    fn timeline(&self) -> Result<Response> {
        let timeline = match self.load()? {
            Some(_) => Ok(store::job::timeline(&self.shell.sql())?),
            None => Err(Refusal::NoJob),
        };
        reply(&timeline)
    }

    fn follow(&self, message: Follow) -> Result<Response> {
        let Some(job) = self.load()? else {
            return reply(&Err::<NoStream, _>(Refusal::NoJob));
        };
        let last = store::job::last_number(&self.shell.sql())?;
        match begin(&job, message.after, last) {
            Beginning::NothingLeft => reply(&Ok::<_, Refusal>(NoStream::NothingLeft)),
            Beginning::After(_) if self.followers.are_too_many() => {
                reply(&Ok::<_, Refusal>(NoStream::TooMany))
            }
            Beginning::After(after) => self.followers.stream(
                self.shell.storage(),
                Follower::new(job.created_at, after, clock::now()),
            ),
        }
    }

    /// Carries out a run. Each step is saved before its effect is carried out.
    async fn act_while_due(&self, config: &Config) -> Result<()> {
        let moment = clock::moment();
        let Some(job) = self.load()? else {
            return Ok(());
        };
        let mut run = Run::new(MAX_EFFECTS, moment.now);
        let mut ran = run.begin(&job, moment, config.rules());
        self.carry_out(&ran, None, moment.now).await?;
        let mut asked_at = moment.now;
        while let Some(begun) = ran.effect.take() {
            let answer = self.act(config, &ran.job, begun.effect).await;
            let moments @ [Moment { now, .. }, _] = clock::moments();
            let done = log::Done::of(&answer, now.saturating_sub(asked_at));
            asked_at = now;
            let Some(job) = self.load()? else {
                return Ok(());
            };
            ran = run.go_on(&job, begun.number, answer, moments, config.rules());
            self.carry_out(&ran, Some(&done), now).await?;
        }
        Ok(())
    }

    /// Saves a step, logs it and sets the alarm, without awaiting anything in between.
    async fn carry_out(&self, ran: &Ran, done: Option<&log::Done>, now: Millis) -> Result<()> {
        let Ran {
            job,
            changed,
            answered,
            began,
            alarm,
            ..
        } = ran;
        if *changed {
            let timeline: Vec<TimelineEntry> = answered.iter().chain(began).cloned().collect();
            self.save(job, &timeline)?;
        }
        log::job(job);
        match done {
            Some(done) if answered.is_empty() => log::effect(job, done),
            done => log::steps(job, answered, done),
        }
        log::steps(job, began, None);
        self.shell.arm(*alarm, now).await
    }

    async fn act(&self, config: &Config, job: &Job, effect: Effect) -> Answer {
        let upstream = Upstream {
            env: &self.shell.env,
            config,
            job,
        };
        match effect {
            Effect::Enqueue { epoch } => Answer::Enqueued {
                epoch,
                outcome: self.enqueue(config, job).await,
            },
            Effect::Submit { epoch, .. } => Answer::Submitted {
                epoch,
                outcome: upstream.submit().await,
            },
            Effect::Poll { epoch, operation } => Answer::Polled {
                epoch,
                outcome: upstream.poll(&operation).await,
                operation,
            },
            Effect::Store {
                epoch,
                attempt,
                uri,
            } => Answer::Stored {
                epoch,
                attempt,
                outcome: upstream.store(attempt, &uri).await,
            },
            Effect::Report { number, .. } => Answer::Reported {
                number,
                outcome: self.report(config, job).await,
            },
            Effect::Deliver { event_id } => Answer::Delivered {
                receipt: deliver(config, job, &event_id).await,
                event_id,
            },
            Effect::CancelUpstream { operation } => Answer::UpstreamCancelled {
                outcome: upstream.cancel_upstream(&operation).await,
                operation,
            },
            Effect::DeleteFile { attempt } => Answer::FileDeleted {
                attempt,
                outcome: self.delete_file(job, attempt).await,
            },
        }
    }

    async fn enqueue(&self, config: &Config, job: &Job) -> Outcome<bool> {
        let message = job.enqueue_message(config, clock::now());
        let said = stub::queue(&self.shell.env, &message)
            .await
            .map_err(|_| NoAnswer);
        if job.wants_wake_up(&said, config.queue.mode) {
            let wake_up = WakeUp::of(&job.key, job.epoch, job.created_at);
            stub::wake_up(&self.shell.env, &wake_up, job.not_before, clock::now()).await;
        }
        job.enqueued(&said)
    }

    async fn report(&self, config: &Config, job: &Job) -> Outcome<()> {
        let message = job.report_message(config, clock::now());
        Job::reported(
            &stub::queue(&self.shell.env, &message)
                .await
                .map_err(|_| NoAnswer),
        )
    }

    /// Deletes an attempt's video, or every image of the order.
    async fn delete_file(&self, job: &Job, attempt: u32) -> Outcome<()> {
        let bucket = self.shell.env.bucket("VIDEOS").map_err(r2::lost)?;
        if attempt != IMAGES {
            return r2::delete(&bucket, &job.key.video_key(attempt)).await;
        }
        for image in &job.order.images {
            r2::delete(&bucket, &image.key).await?;
        }
        Ok(())
    }
}

async fn deliver(config: &Config, job: &Job, event_id: &str) -> Receipt {
    let row = job.outbox.iter().find(|delivery| delivery.id == event_id);
    let Some(body) = row.and_then(|delivery| delivery.body.as_deref()) else {
        return Receipt::Failed {
            status: None,
            retry_after: None,
        };
    };
    send::send(
        &config.webhook_url,
        &config.webhook_secrets,
        event_id,
        body,
        clock::now(),
    )
    .await
}
