//! `JobManager`: one object a generation, named `{user}/{generation}`. It owns the generation's truth and is
//! the only place that acts for it.
//!
//! # Stored (SQLite)
//! * `job`: one row, written as a whole: `record`, the versioned record of [`Job`] (phase, money ledger, effect in flight, outbox);
//!   `timeline`, a line of JSON for each note, of which the oldest go beyond a limit; and `noted`, the number of the last note.
//! * One alarm: the earliest of the job's timers, or [`EFFECT_GUARD`](crate::machine::job::EFFECT_GUARD) while an effect other than a
//!   poll is in flight.
//!
//! # Messages (see [`JobMessage`]); all answer 200 with a [`JobReply`], 400 if unreadable, 500 if storage fails
//! `Create`, `Withdraw`, `View`, `Timeline`, `Follow`, `Start`, `Check`, `Cancel`, `Retry`, `Confirm`, `Clarify`, `DeleteVideo`,
//! `DeadLetter`, `Nudge`, `Forget`, `Deliveries`, `Redeliver`. Each loads, steps, saves and sets the alarm without awaiting
//! anything but storage, so each is one atomic write; none acts. `Follow` is answered by a stream, see [`Followers`].
//!
//! # Alarm
//! The only executor. It takes the next due effect, which saves the intent and re-arms the alarm before
//! anything leaves; carries it out within its own time limit; saves the answer together with the next intent; and goes on,
//! at most [`MAX_EFFECTS`] times or for [`MAX_ALARM_TIME`].
//!
//! # Traps of the platform, and why they cannot happen here
//! * Submit is not idempotent (1): the ledger row is durable before the call; an effect found in flight was cut off.
//! * Interleaving (2): an answer carries its effect's number and epoch, and is matched against freshly loaded state.
//! * A lost alarm (3, 4): every step sets the alarm, each new instance sets it at its first event, and the queue asks
//!   whoever has something left to do (`Start`, `Check`), which sets it anew. The handler returns `Ok` and re-arms on
//!   failure. ARCHITECTURE.md, Timers, says what is left.
//! * One alarm (5): its time is the minimum of all timers. Overlong alarms (6): every call has a limit, see `clients`.
//! * State in memory (8): only whether this instance is acting, for when it set the alarm, and which streams are open.
//! * A new build meets an old record (15): the record carries its version.

use crate::clients::r2;
use crate::config::Config;
use crate::generation::{Generation, card};
use crate::ids::JobKey;
use crate::machine::delivery::{EventKind, Receipt};
use crate::machine::follow;
use crate::machine::follow::{Beginning, Follower};
use crate::machine::job;
use crate::machine::job::{Answer, Effect, INPUTS, Input, Job, Note, Step, Wake, WakeReason};
use crate::machine::outcome::Outcome;
use crate::machine::queue::Mode;
use crate::objects::calls::Upstream;
use crate::objects::messages::{Following, JobMessage, JobReply, QueueMessage, QueueReply, WakeUp};
use crate::objects::shell::{Shell, reply};
use crate::objects::streams::Followers;
use crate::objects::stub;
use crate::store;
use crate::time::{MINUTE, Millis, Moment, SECOND};
use crate::webhooks::event;
use crate::webhooks::send;
use crate::{clock, log};
use std::rc::Rc;
use tracing::Instrument;
use worker::{DurableObject, Env, Error, Request, Response, Result, State, durable_object};

/// How many effects one alarm carries out at most.
const MAX_EFFECTS: usize = 32;
/// How long one alarm goes on taking new effects; the platform ends it at 15 minutes.
const MAX_ALARM_TIME: Millis = 5 * MINUTE;

#[durable_object]
#[derive(Debug)]
pub struct JobManager {
    shell: Shell,
    followers: Rc<Followers>,
}

impl DurableObject for JobManager {
    fn new(state: State, env: Env) -> Self {
        Self { shell: Shell::new(state, env, "JOB"), followers: Rc::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let respond = async |message| self.respond(&self.answer(message).await?);
        self.shell.serve(request, respond).instrument(log::object()).await
    }

    async fn alarm(&self) -> Result<Response> {
        self.shell.on_alarm(async |config| self.act_while_due(&config).await).instrument(log::object()).await
    }
}

impl JobManager {
    /// The reply, or the stream that takes its place.
    fn respond(&self, said: &JobReply) -> Result<Response> {
        if let JobReply::Follow { following: Following::Stream { created_at, after } } = said {
            return self.followers.stream(self.shell.storage(), Follower::new(*created_at, *after, clock::now()));
        }
        reply(said)
    }

    /// The job as its record says.
    fn load(&self) -> Result<Option<Job>> {
        let job = store::job::load(&self.shell.sql()).map_err(|error| Error::RustError(error.to_string()))?;
        job.iter().for_each(log::job);
        Ok(job)
    }

    /// Gives every new event its body.
    fn seal(config: &Config, job: &mut Job) {
        job.seal_events(|job, delivery| {
            let expires_at = delivery.created_at / SECOND + config.webhook_video_url_ttl;
            let completed = delivery.kind == EventKind::Completed;
            let url = completed.then(|| config.url_signer.sign(&job.request.public_url, &job.key, expires_at));
            event::compose(job, delivery, url)
        });
    }

    /// Saves the job with its notes.
    fn save(&self, job: &Job, notes: &[Note]) -> Result<()> {
        store::job::save(&self.shell.sql(), job, notes).map_err(|error| Error::RustError(error.to_string()))?;
        self.followers.wake();
        Ok(())
    }

    /// Loads, steps and saves, without awaiting anything, and tells of it; `None` when there is no job.
    fn take(&self, config: &Config, input: Input, moment: Moment) -> Result<Option<Step>> {
        let step = self.advance(config, vec![(input, moment)])?.pop();
        if let Some(step) = &step {
            log::job(&step.job);
            log::steps(&step.job, &step.notes, None);
        }
        Ok(step)
    }

    /// The same of the answer of an effect and, unless that was to be the last one, of what is due then.
    fn take_answer(&self, config: &Config, answer: Input, done: &log::Done, last: bool) -> Result<Option<Step>> {
        let mut inputs = vec![(answer, clock::moment())];
        if !last {
            inputs.push((Input::Alarm { first: false }, clock::moment()));
        }
        let mut steps = self.advance(config, inputs)?;
        for (index, Step { job, notes, .. }) in steps.iter().enumerate() {
            log::job(job);
            match index {
                0 if notes.is_empty() => log::effect(job, done),
                0 => log::steps(job, notes, Some(done)),
                _ => log::steps(job, notes, None),
            }
        }
        let settled = steps.iter().any(|step| step.settled);
        Ok(steps.pop().map(|step| Step { settled, ..step }))
    }

    /// Takes the inputs one after the other and saves what they come to in one write, unless nothing changed; no step when
    /// there is no job.
    fn advance(&self, config: &Config, inputs: Vec<(Input, Moment)>) -> Result<Vec<Step>> {
        let Some(before) = self.load()? else { return Ok(Vec::new()) };
        let mut steps: Vec<Step> = Vec::new();
        for (input, moment) in inputs {
            let job = steps.last().map_or(&before, |step| &step.job).clone();
            let mut step = job::step(job, input, moment, &config.job);
            Self::seal(config, &mut step.job);
            steps.push(step);
        }
        let notes: Vec<Note> = steps.iter().flat_map(|step| step.notes.iter().cloned()).collect();
        if let Some(Step { job, .. }) = steps.last().filter(|step| step.job != before || !notes.is_empty()) {
            self.save(job, &notes)?;
        }
        Ok(steps)
    }

    /// Sets the alarm a step asks for.
    async fn arm(&self, step: &Step, now: Millis) -> Result<()> {
        match step.wake {
            Some(Wake { at, reason: WakeReason::Guard }) => self.shell.set_alarm_by(Some(at), now).await,
            wake => self.shell.set_alarm(wake.map(|wake| wake.at), now).await,
        }
    }

    async fn answer(&self, message: JobMessage) -> Result<JobReply> {
        let moment = clock::moment();
        let config = self.shell.config()?;
        let input = match message {
            JobMessage::Create { key, request } => return self.create(&config, key, *request, moment).await,
            JobMessage::Withdraw { created_at } => return self.withdraw(created_at).await,
            JobMessage::Timeline => return self.timeline(),
            JobMessage::Follow { after } => return self.follow(after, moment.now).await,
            JobMessage::View => return self.view(moment.now).await,
            JobMessage::Deliveries => return self.deliveries(),
            JobMessage::Redeliver { event_id } => return self.redeliver(&config, event_id, moment).await,
            JobMessage::Check { created_at } => return self.asked_as(&config, created_at, None, moment).await,
            JobMessage::Start { epoch, created_at } => {
                return self.asked_as(&config, created_at, Some(Input::Start { epoch }), moment).await;
            }
            JobMessage::DeadLetter { epoch, created_at } => {
                return self.asked_as(&config, created_at, Some(Input::DeadLetter { epoch }), moment).await;
            }
            JobMessage::Nudge { id } => return self.asked(&config, Some(Input::Nudge { id }), moment).await,
            JobMessage::Forget { created_at } => return self.forget(&config, created_at, moment).await,
            JobMessage::Cancel => Input::Cancel,
            JobMessage::Retry => Input::Retry,
            JobMessage::Confirm => Input::Confirm,
            JobMessage::Clarify { clarification } => Input::Clarify { clarification },
            JobMessage::DeleteVideo => Input::DeleteVideo,
        };
        let Some(step) = self.take(&config, input, moment)? else { return Ok(JobReply::Missing) };
        self.arm(&step, moment.now).await?;
        Ok(step.refusal.map_or_else(|| shown(&step.job, moment.now), |refusal| JobReply::Refused { refusal }))
    }

    /// Answers whoever asks how the job stands. The queue may ask because the alarm was lost, so the alarm is set anew even
    /// if its time has not changed.
    async fn asked(&self, config: &Config, input: Option<Input>, moment: Moment) -> Result<JobReply> {
        let armed = self.shell.alarm().await?;
        let Some(before) = self.load()? else { return Ok(JobReply::Missing) };
        let late = !self.shell.is_acting() && before.is_late(armed, moment.now);
        if late {
            tracing::warn!("[JOB] Timer was lost");
        }
        let job = match input {
            Some(input) => self.take(config, input, moment)?.map_or(before, |step| step.job),
            None => before,
        };
        self.shell.distrust_alarm();
        self.shell.set_alarm(job.wake(moment.now).map(|wake| wake.at), moment.now).await?;
        Ok(state(&job, moment.now, late))
    }

    /// The same of what is meant for the job made at `created_at` alone: another one of its name is not that job.
    async fn asked_as(
        &self,
        config: &Config,
        created_at: Option<Millis>,
        input: Option<Input>,
        moment: Moment,
    ) -> Result<JobReply> {
        if !self.load()?.is_some_and(|job| job.was_made_at(created_at)) {
            self.asked(config, None, moment).await?;
            return Ok(JobReply::Missing);
        }
        self.asked(config, input, moment).await
    }

    /// Deletes everything once nothing is left of the job but its record.
    async fn forget(&self, config: &Config, created_at: Option<Millis>, moment: Moment) -> Result<JobReply> {
        if !self.load()?.is_some_and(|job| job.was_made_at(created_at)) {
            return self.asked_as(config, created_at, None, moment).await;
        }
        let Some(step) = self.take(config, Input::Forget, moment)? else { return Ok(JobReply::Missing) };
        if step.refusal.is_some() {
            self.arm(&step, moment.now).await?;
            return Ok(state(&step.job, moment.now, false));
        }
        self.shell.delete_all().await?;
        self.followers.wake();
        tracing::info!("[JOB] Forgotten");
        Ok(JobReply::Missing)
    }

    async fn create(&self, config: &Config, key: JobKey, request: job::Request, moment: Moment) -> Result<JobReply> {
        if let Some(mut job) = self.load()? {
            if job.request.fingerprint != request.fingerprint {
                return Ok(JobReply::Conflict);
            }
            if job.promise() {
                self.save(&job, &[])?;
            }
            self.shell.ensure_alarm(job.wake(moment.now).map(|wake| wake.at), moment.now).await?;
            // The same message once more: the images that it names are the job's.
            let new = !request.images.is_empty() && job.request.images == request.images;
            return Ok(JobReply::Created { new, card: card(&job, moment.now) });
        }
        let (mut job, note) = Job::create(key, request, moment);
        Self::seal(config, &mut job);
        self.save(&job, std::slice::from_ref(&note))?;
        log::job(&job);
        log::steps(&job, &[note], None);
        let wake = job.wake(moment.now);
        self.shell.set_alarm(wake.map(|wake| wake.at), moment.now).await?;
        Ok(JobReply::Created { new: true, card: card(&job, moment.now) })
    }

    /// Forgets a job that nobody was told of.
    async fn withdraw(&self, created_at: Millis) -> Result<JobReply> {
        let Some(job) = self.load()? else { return Ok(JobReply::Withdrawn) };
        if !job.can_withdraw(created_at) {
            return Ok(shown(&job, clock::now()));
        }
        self.shell.delete_all().await?;
        self.followers.wake();
        tracing::info!("[JOB] Withdrawn");
        Ok(JobReply::Withdrawn)
    }

    async fn view(&self, now: Millis) -> Result<JobReply> {
        let Some(job) = self.load()? else { return Ok(JobReply::Missing) };
        self.shell.ensure_alarm(job.wake(now).map(|wake| wake.at), now).await?;
        Ok(shown(&job, now))
    }

    fn deliveries(&self) -> Result<JobReply> {
        Ok(self.load()?.map_or(JobReply::Missing, |job| JobReply::Deliveries { deliveries: job.delivery_cards() }))
    }

    async fn redeliver(&self, config: &Config, event_id: String, moment: Moment) -> Result<JobReply> {
        let Some(step) = self.take(config, Input::Redeliver { event_id }, moment)? else {
            return Ok(JobReply::Missing);
        };
        self.arm(&step, moment.now).await?;
        Ok(match step.refusal {
            Some(refusal) => JobReply::Refused { refusal },
            None => JobReply::Deliveries { deliveries: step.job.delivery_cards() },
        })
    }

    fn timeline(&self) -> Result<JobReply> {
        if self.load()?.is_none() {
            return Ok(JobReply::Missing);
        }
        Ok(JobReply::Timeline { notes: store::job::timeline(&self.shell.sql())? })
    }

    async fn follow(&self, after: u64, now: Millis) -> Result<JobReply> {
        let Some(job) = self.load()? else { return Ok(JobReply::Missing) };
        let last = store::job::last_number(&self.shell.sql())?;
        self.shell.ensure_alarm(job.wake(now).map(|wake| wake.at), now).await?;
        let following = match follow::begin(&job, after, last) {
            Beginning::NothingLeft => Following::NothingLeft,
            Beginning::After(_) if self.followers.are_too_many() => Following::TooMany,
            Beginning::After(after) => Following::Stream { created_at: job.created_at, after },
        };
        Ok(JobReply::Follow { following })
    }

    /// The executor's loop: intent saved, effect carried out, answer saved together with the next intent, until nothing is
    /// due.
    async fn act_while_due(&self, config: &Config) -> Result<()> {
        let woken_at = clock::now();
        let mut taken = self.take(config, Input::Alarm { first: true }, clock::moment())?;
        for effects in 1..=MAX_EFFECTS {
            let Some(step) = taken else { return Ok(()) };
            let asked_at = clock::now();
            self.arm(&step, asked_at).await?;
            let Some(begun) = step.effect else {
                if step.settled {
                    self.say_settled(&step.job).await;
                }
                return Ok(());
            };
            let answer = self.act(config, &step.job, begun.effect.clone()).await;
            let now = clock::now();
            let done = log::Done::of(&begun.effect, &answer, now.saturating_sub(asked_at));
            let last = effects == MAX_EFFECTS || now.saturating_sub(woken_at) > MAX_ALARM_TIME;
            taken = self.take_answer(config, Input::Answer { begun, answer }, &done, last)?;
            if last {
                break;
            }
        }
        // The rest is due in an alarm of its own.
        let now = clock::now();
        self.shell.set_alarm(Some(now), now).await
    }

    /// Tells the queue that nothing is left to do, so that it need not ask. Nothing is noted of it: if it is lost, it asks.
    async fn say_settled(&self, job: &Job) {
        let told = self.report(job).await;
        tracing::debug!(told = told == Outcome::Done(()), "[JOB] Settled");
    }

    async fn report(&self, job: &Job) -> Outcome<()> {
        let message = QueueMessage::Report { card: card(job, clock::now()), availability: job.availability };
        match stub::queue(&self.shell.env, &message).await {
            // The queue still has to find out that an earlier job of this name is gone.
            Ok(QueueReply::Unknown) | Err(_) => Outcome::Unknown,
            Ok(_) => Outcome::Done(()),
        }
    }

    async fn act(&self, config: &Config, job: &Job, effect: Effect) -> Answer {
        let upstream = Upstream { env: &self.shell.env, config, job };
        match effect {
            Effect::Enqueue { .. } => Answer::Enqueued(self.enqueue(config, job).await),
            Effect::Submit { .. } => Answer::Submitted(upstream.submit().await),
            Effect::Poll { operation, .. } => Answer::Polled(upstream.poll(&operation).await),
            Effect::Store { attempt, uri, .. } => Answer::Stored(upstream.store(attempt, &uri).await),
            Effect::Report { .. } => Answer::Reported(self.report(job).await),
            Effect::Deliver { event_id } => Answer::Delivered(deliver(config, job, &event_id).await),
            Effect::Abandon { operation } => Answer::Abandoned(upstream.abandon(&operation).await),
            Effect::Discard { attempt } => Answer::Discarded(self.discard(job, attempt).await),
        }
    }

    async fn enqueue(&self, config: &Config, job: &Job) -> Outcome<bool> {
        let message = QueueMessage::Enqueue { card: card(job, clock::now()), promised: true, terms: job.terms() };
        match stub::queue(&self.shell.env, &message).await {
            // The queue still has to find out that an earlier job of this name is gone.
            Ok(QueueReply::Standing { standing }) if !job.was_made_at(standing.created_at) => Outcome::Unknown,
            Ok(QueueReply::Standing { standing }) => {
                let admitted = standing.admitted == Some(job.epoch);
                // The accepting request sends the first message. One that is lost costs time only: the sweep admits too.
                let again = job.epoch > 1 && !job.enqueued;
                if config.queue.mode == Mode::Queue && standing.position > 0 && again {
                    let wake_up = WakeUp::of(&job.key, job.epoch, job.created_at);
                    stub::wake_up(&self.shell.env, &wake_up, job.not_before, clock::now()).await;
                }
                Outcome::Done(admitted)
            }
            Ok(
                QueueReply::Full { .. }
                | QueueReply::OverBudget { .. }
                | QueueReply::Unknown
                | QueueReply::Page { .. }
                | QueueReply::BadCursor
                | QueueReply::Stats { .. }
                | QueueReply::Paused { .. }
                | QueueReply::Expiring { .. }
                | QueueReply::Deliveries { .. }
                | QueueReply::Metrics { .. }
                | QueueReply::Totals { .. }
                | QueueReply::Owners { .. }
                | QueueReply::Done,
            )
            | Err(_) => Outcome::Unknown,
        }
    }

    /// Deletes an attempt's video, or every image of the order.
    async fn discard(&self, job: &Job, attempt: u32) -> Outcome<()> {
        let Ok(bucket) = self.shell.env.bucket("VIDEOS") else { return Outcome::Unknown };
        if attempt != INPUTS {
            return r2::delete(&bucket, &job.key.video_key(attempt)).await;
        }
        for image in &job.request.images {
            let deleted = r2::delete(&bucket, &image.key).await;
            if deleted != Outcome::Done(()) {
                return deleted;
            }
        }
        Outcome::Done(())
    }
}

async fn deliver(config: &Config, job: &Job, event_id: &str) -> Receipt {
    let row = job.outbox.iter().find(|delivery| delivery.id == event_id);
    let Some(body) = row.and_then(|delivery| delivery.body.as_deref()) else {
        return Receipt::Failed { status: None, retry_after: None };
    };
    send::send(&config.webhook_url, &config.webhook_secrets, event_id, body, clock::now()).await
}

fn state(job: &Job, now: Millis, late: bool) -> JobReply {
    JobReply::State {
        epoch: job.epoch,
        report_number: job.report_number,
        status: job.status_told(),
        submits: job.submits_made(),
        availability: job.availability,
        cost_micros: Some(job.committed_micros()),
        wake_at: job.wake(now).map(|wake| wake.at),
        late,
        deliveries: job.delivery_cards(),
        tally: job.tally.clone(),
    }
}

fn shown(job: &Job, now: Millis) -> JobReply {
    JobReply::View { generation: Box::new(Generation::of(job, now)), video: job.video().cloned() }
}
