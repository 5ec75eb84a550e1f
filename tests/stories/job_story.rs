//! One job and one clock, with short methods for what happens to the job.

use crate::altered::altered;
pub(crate) use crate::answer::Answer;
use crate::usual_order::request;
use reelay::ids::JobKey;
use reelay::machine::delivery::{Delivery, EventKind, Receipt};
use reelay::machine::job;
use reelay::machine::job::{
    Answered, Cancel, Change, Clarify, Confirm, DeadLetter, Delete, DeleteVideo, Effect, InFlight,
    Job, JobMessage, JobRecord, Phase, Policy, Progress, Redeliver, Refusal, Request, Retry, Rules,
    Setting, Start, State, Step, Texts, TimelineStep, UnknownSubmit, UpstreamWebhook, Video,
    answer, answered, wake,
};
use reelay::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use reelay::time::{MINUTE, Millis, Moment, SECOND};
use std::collections::BTreeSet;

pub(crate) const BEGINNING: Millis = 1_000_000;

pub(crate) struct JobStory {
    pub(crate) job: Job,
    pub(crate) now: Millis,
    pub(crate) policy: Policy,
    /// The last effect that began.
    pub(crate) begun: Option<InFlight>,
    /// When the alarm handler last acted: as long as time does not pass, it is the same run.
    acted_at: Option<Millis>,
    pub(crate) timeline: Vec<TimelineStep>,
    random: u128,
}

impl JobStory {
    pub(crate) fn accepted() -> Self {
        let policy = Policy {
            max_retries: 3,
            store_timeout: 0,
            job_timeout: 10 * MINUTE,
            unknown_submit: UnknownSubmit::Fail,
            poll_interval: 5 * SECOND,
            webhook_schedule: vec![0, 5 * SECOND, 5 * MINUTE],
            events: BTreeSet::from([
                EventKind::Completed,
                EventKind::Failed,
                EventKind::Cancelled,
            ]),
            clarifications: false,
        };
        let (begun, acted_at) = (None, None);
        let job = created(request());
        Self {
            job,
            now: BEGINNING,
            policy,
            begun,
            acted_at,
            timeline: Vec::new(),
            random: 1,
        }
    }

    /// Changes the record directly, to a state that no transition led to.
    pub(crate) fn alter(&mut self, change: impl FnOnce(&mut JobRecord)) {
        self.job = altered(&self.job, change);
    }

    /// An accepted order with this change.
    pub(crate) fn ordered(order: impl Fn(&mut Request)) -> Self {
        let mut story = Self::accepted();
        let mut request = request();
        order(&mut request);
        story.job = created(request);
        story
    }

    pub(crate) fn started() -> Self {
        let mut story = Self::accepted();
        story.start(1);
        story
    }

    pub(crate) fn rendering() -> Self {
        let mut story = Self::started();
        assert!(matches!(story.acts(), Effect::Submit { .. }));
        story.hears(Answer::Submitted(Ok("operations/1".to_owned())));
        assert!(matches!(story.job.phase, Phase::Rendering { .. }));
        story
    }

    pub(crate) fn storing() -> Self {
        let mut story = Self::rendering();
        story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
        story.hears(Answer::Polled(Ok(Progress::Ready {
            uri: "files/1".to_owned(),
            cost_micros: None,
        })));
        assert!(matches!(story.acts(), Effect::Store { .. }));
        story
    }

    /// What the job replies to a message; keeps the change.
    pub(crate) fn says<M: JobMessage>(&mut self, message: M) -> M::Reply {
        let (moment, armed) = (self.moment(), self.job.wake(self.now).map(|wake| wake.at));
        let setting = Setting {
            moment,
            rules: rules(&self.policy),
            armed,
            is_acting: false,
        };
        let Answered {
            reply,
            change,
            timeline,
            ..
        } = answer(Some(self.job.clone()), message, setting);
        self.timeline
            .extend(timeline.into_iter().map(|entry| entry.step));
        if let Change::Save(job) = change {
            self.job = *job;
        }
        reply
    }

    /// Any input a job may get; returns the refusal, if any.
    pub(crate) fn takes(&mut self, input: impl Into<Input>) -> Option<Refusal> {
        match input.into() {
            Input::Alarm => {
                self.may_act();
                None
            }
            Input::Answer { number, answer } => {
                let step = answered(
                    self.job.clone(),
                    number,
                    answer,
                    self.moment(),
                    rules(&self.policy),
                );
                self.keep(step);
                None
            }
            Input::Start(message) => self.says(message).refusal(),
            Input::DeadLetter(message) => self.says(message).refusal(),
            Input::UpstreamWebhook(message) => self.says(message).refusal(),
            Input::Delete(message) => self.says(message).refusal(),
            Input::Cancel(message) => self.says(message).refusal(),
            Input::Retry(message) => self.says(message).refusal(),
            Input::Confirm(message) => self.says(message).refusal(),
            Input::Clarify(message) => self.says(message).refusal(),
            Input::DeleteVideo(message) => self.says(message).refusal(),
            Input::Redeliver(message) => self.says(message).refusal(),
        }
    }

    pub(crate) fn start(&mut self, epoch: u64) {
        assert_eq!(self.takes(slot(epoch)), None);
    }

    /// The queue asks the job to delete itself; whether nothing was left.
    pub(crate) fn is_deleted(&mut self) -> bool {
        self.says(DELETE).is_none()
    }

    /// The alarm fires now; returns the effect that begins.
    pub(crate) fn acts(&mut self) -> Effect {
        self.may_act().expect("something is due")
    }

    pub(crate) fn may_act(&mut self) -> Option<Effect> {
        let first = self.acted_at != Some(self.now);
        let step = wake(self.job.clone(), first, self.moment(), rules(&self.policy));
        let begun = self.keep(step)?;
        self.acted_at = Some(self.now);
        self.begun = Some(begun.clone());
        Some(begun.effect)
    }

    /// An answer to the current effect, under the number of another.
    pub(crate) fn answer_of(&self, number: u64, heard: Answer) -> Input {
        let begun = self.begun.clone().expect("something began");
        Input::Answer {
            number,
            answer: heard.to(begun.effect),
        }
    }

    /// The effect in flight gets its answer.
    pub(crate) fn hears(&mut self, heard: Answer) {
        let begun = self.begun.clone().expect("something is under way");
        self.takes(Input::Answer {
            number: begun.number,
            answer: heard.to(begun.effect),
        });
        self.acted_at = Some(self.now);
    }

    /// Time passes until the job's next wake-up.
    pub(crate) fn sleeps(&mut self) {
        let wake = self.job.wake(self.now).expect("a wake-up is set");
        self.now = self.now.max(wake.at);
    }

    /// Wakes the job at each wake-up, answers reports and webhooks with success, and stops at the
    /// wanted effect.
    pub(crate) fn until_it_acts(&mut self, wanted: impl Fn(&Effect) -> bool) -> Effect {
        for _ in 0..100 {
            self.sleeps();
            let Some(effect) = self.may_act() else {
                continue;
            };
            if wanted(&effect) {
                return effect;
            }
            match effect {
                Effect::Report { .. } => self.hears(Answer::Reported(Ok(()))),
                Effect::Deliver { .. } => {
                    self.hears(Answer::Delivered(Receipt::Accepted { status: 200 }));
                }
                Effect::Enqueue { .. } => self.is_granted_a_slot(),
                other => panic!("{other:?} was not expected"),
            }
        }
        panic!("the wanted effect never began");
    }

    /// The queue knows the job, has a free slot, and starts the job as soon as its delay is over.
    pub(crate) fn is_granted_a_slot(&mut self) {
        self.hears(Answer::Enqueued(Ok(false)));
        self.now = self.now.max(self.job.not_before.unwrap_or(0));
        self.start(self.job.epoch);
    }

    /// The report of the start; the submit before it is answered first.
    pub(crate) fn until_it_acts_beside_submit(&mut self) -> Effect {
        assert!(matches!(self.acts(), Effect::Submit { .. }));
        self.hears(Answer::Submitted(Ok("operations/1".to_owned())));
        self.acts()
    }

    /// The steps of the timeline so far.
    pub(crate) fn timeline(&self) -> Vec<&str> {
        self.timeline.iter().map(|step| step.as_str()).collect()
    }

    pub(crate) fn failure(&self) -> Option<ErrorCode> {
        self.job.failure().map(|failure| failure.code)
    }

    fn keep(&mut self, step: Step) -> Option<InFlight> {
        self.job = step.job;
        self.timeline
            .extend(step.timeline.into_iter().map(|entry| entry.step));
        step.effect
    }

    fn moment(&mut self) -> Moment {
        self.random += 1 << 70;
        Moment {
            now: self.now,
            random: self.random,
        }
    }
}

/// Any input a job may get.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Alarm,
    Answer { number: u64, answer: job::Answer },
    Start(Start),
    DeadLetter(DeadLetter),
    UpstreamWebhook(UpstreamWebhook),
    Delete(Delete),
    Cancel(Cancel),
    Retry(Retry),
    Confirm(Confirm),
    Clarify(Clarify),
    DeleteVideo(DeleteVideo),
    Redeliver(Redeliver),
}

macro_rules! inputs {
    ($($message:ident),*) => {
        $(impl From<$message> for Input {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        })*
    };
}
inputs!(
    Start,
    DeadLetter,
    UpstreamWebhook,
    Delete,
    Cancel,
    Retry,
    Confirm,
    Clarify,
    DeleteVideo,
    Redeliver
);

/// A reply that may be a refusal.
trait Refusable {
    fn refusal(self) -> Option<Refusal>;
}

impl<T> Refusable for Result<T, Refusal> {
    fn refusal(self) -> Option<Refusal> {
        self.err()
    }
}

impl Refusable for Option<State> {
    fn refusal(self) -> Option<Refusal> {
        None
    }
}

/// A slot for this epoch of the story's job.
pub(crate) fn slot(epoch: u64) -> Start {
    Start {
        epoch,
        created_at: BEGINNING,
    }
}

pub(crate) fn dead_letter(epoch: u64) -> DeadLetter {
    DeadLetter {
        epoch,
        created_at: BEGINNING,
    }
}

pub(crate) const DELETE: Delete = Delete {
    created_at: BEGINNING,
};

struct Plain;

impl Texts for Plain {
    fn snapshot(&self, _: &Job, _: Millis) -> String {
        String::new()
    }

    fn event(&self, job: &Job, delivery: &Delivery) -> String {
        format!("{} {}", job.attempt, delivery.kind.as_str())
    }
}

/// Acts under the rules of a new story.
pub(crate) fn with_rules<T>(act: impl FnOnce(Rules<'_>) -> T) -> T {
    act(rules(&JobStory::accepted().policy))
}

fn rules(policy: &Policy) -> Rules<'_> {
    Rules {
        policy,
        texts: &Plain,
    }
}

pub(crate) fn video(attempt: u32) -> Video {
    Video {
        key: format!("videos/ada/lighthouse/{attempt}.mp4"),
        size: 9,
        etag: "e".to_owned(),
        format: "mp4".to_owned(),
    }
}

/// An upstream that takes no submits from anyone and asks for this wait.
pub(crate) fn not_now<T>(after: Option<Millis>) -> Outcome<T> {
    Err(Trouble::NotNow {
        after,
        failure: Failure::new(ErrorCode::ProviderRateLimited, "Too many requests."),
    })
}

pub(crate) fn again<T>(code: ErrorCode, after: Option<Millis>) -> Outcome<T> {
    Err(Trouble::Retry {
        after,
        failure: Failure::new(code, "Not now."),
    })
}

pub(crate) fn never<T>(code: ErrorCode) -> Outcome<T> {
    Err(Trouble::Refused(Failure::new(code, "Not ever.")))
}

fn created(request: Request) -> Job {
    Job::create(
        JobKey::new("ada", "lighthouse"),
        request,
        Moment {
            now: BEGINNING,
            random: 0,
        },
    )
    .0
}
