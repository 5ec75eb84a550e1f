//! One job, a clock, and a short way to say what happens to it.

use reelay::ids::JobKey;
use reelay::machine::delivery::{EventKind, Receipt};
use reelay::machine::job;
use reelay::machine::job::{
    Answer, Effect, InFlight, Input, Job, Phase, Policy, Progress, Refusal, RenderOptions, Request, UnknownSubmit,
    Video,
};
use reelay::machine::outcome::{ErrorCode, Failure, Outcome};
use reelay::time::{MINUTE, Millis, Moment, SECOND};
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const BEGINNING: Millis = 1_000_000;

pub(crate) struct JobStory {
    pub(crate) job: Job,
    pub(crate) now: Millis,
    pub(crate) policy: Policy,
    /// Whether the latest step left nothing to do, with no report to say so.
    pub(crate) settled: bool,
    /// The last effect that began.
    pub(crate) begun: Option<InFlight>,
    /// When the alarm handler last acted: while no time passes, it is the same run.
    acted_at: Option<Millis>,
    /// The timeline.
    notes: Vec<String>,
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
            events: BTreeSet::from([EventKind::Completed, EventKind::Failed, EventKind::Cancelled]),
            clarifications: false,
        };
        let (begun, acted_at) = (None, None);
        let job = created(request());
        Self { job, now: BEGINNING, policy, settled: false, begun, acted_at, notes: Vec::new(), random: 1 }
    }

    /// An order with something special to it.
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
        story.hears(Answer::Submitted(Outcome::Done("operations/1".to_owned())));
        assert!(matches!(story.job.phase, Phase::Rendering { .. }));
        story
    }

    pub(crate) fn storing() -> Self {
        let mut story = Self::rendering();
        story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
        story.hears(Answer::Polled(Outcome::Done(Progress::Ready { uri: "files/1".to_owned(), cost_micros: None })));
        assert!(matches!(story.acts(), Effect::Store { .. }));
        story
    }

    pub(crate) fn takes(&mut self, input: Input) -> Option<Refusal> {
        let step = self.step(input);
        assert!(step.effect.is_none(), "only an alarm acts");
        step.refusal
    }

    pub(crate) fn start(&mut self, epoch: u64) {
        assert_eq!(self.takes(Input::Start { epoch }), None);
    }

    /// The alarm fires now, and this is what the job does.
    pub(crate) fn acts(&mut self) -> Effect {
        self.may_act().expect("something is due")
    }

    pub(crate) fn may_act(&mut self) -> Option<Effect> {
        let first = self.acted_at != Some(self.now);
        let begun = self.step(Input::Alarm { first }).effect?;
        self.acted_at = Some(self.now);
        self.begun = Some(begun.clone());
        Some(begun.effect)
    }

    /// An answer as if of the effect with this number.
    pub(crate) fn answer_of(&self, number: u64, answer: Answer) -> Input {
        let begun = self.begun.clone().expect("something began");
        Input::Answer { begun: InFlight { number, ..begun }, answer }
    }

    /// The effect in flight is answered.
    pub(crate) fn hears(&mut self, answer: Answer) {
        let begun = self.begun.clone().expect("something is under way");
        assert_eq!(self.takes(Input::Answer { begun, answer }), None);
        self.acted_at = Some(self.now);
    }

    /// Time passes until the job is due to wake.
    pub(crate) fn sleeps(&mut self) {
        let wake = self.job.wake(self.now).expect("a wake-up is set");
        self.now = self.now.max(wake.at);
    }

    /// Wakes the job when it wants to be woken, answers reports and webhooks well, and stops at the effect looked for.
    pub(crate) fn until_it_acts(&mut self, wanted: impl Fn(&Effect) -> bool) -> Effect {
        for _ in 0..100 {
            self.sleeps();
            let Some(effect) = self.may_act() else { continue };
            if wanted(&effect) {
                return effect;
            }
            match effect {
                Effect::Report { .. } => self.hears(Answer::Reported(Outcome::Done(()))),
                Effect::Deliver { .. } => self.hears(Answer::Delivered(Receipt::Accepted { status: 200 })),
                Effect::Enqueue { .. } => self.is_granted_a_slot(),
                other => panic!("{other:?} was not expected"),
            }
        }
        panic!("it never acted so");
    }

    /// The queue hears of the job and, having a free slot, starts it as soon as it may be started.
    pub(crate) fn is_granted_a_slot(&mut self) {
        self.hears(Answer::Enqueued(Outcome::Done(false)));
        self.now = self.now.max(self.job.not_before.unwrap_or(0));
        self.start(self.job.epoch);
    }

    /// The report of the start, once the submit before it is answered.
    pub(crate) fn until_it_acts_beside_submit(&mut self) -> Effect {
        assert!(matches!(self.acts(), Effect::Submit { .. }));
        self.hears(Answer::Submitted(Outcome::Done("operations/1".to_owned())));
        self.acts()
    }

    /// The steps of the timeline so far.
    pub(crate) fn notes(&self) -> Vec<&str> {
        self.notes.iter().map(String::as_str).collect()
    }

    pub(crate) fn failure(&self) -> Option<ErrorCode> {
        self.job.failure().map(|failure| failure.code)
    }

    fn step(&mut self, input: Input) -> job::Step {
        self.random += 1 << 70;
        let moment = Moment { now: self.now, random: self.random };
        let mut step = job::step(self.job.clone(), input, moment, &self.policy);
        step.job.seal_events(|job, delivery| format!("{} {}", job.attempt, delivery.kind.as_str()));
        self.job = step.job.clone();
        self.settled = step.settled;
        self.notes.extend(step.notes.iter().map(|note| note.step.clone()));
        step
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

/// An upstream that takes no submits of anyone, and asks for this wait.
pub(crate) fn not_now<T>(after: Option<Millis>) -> Outcome<T> {
    Outcome::NotNow { after, failure: Failure::new(ErrorCode::ProviderRateLimited, "Too many requests.") }
}

pub(crate) fn again<T>(code: ErrorCode, after: Option<Millis>) -> Outcome<T> {
    Outcome::Retry { after, failure: Failure::new(code, "Not now.") }
}

pub(crate) fn never<T>(code: ErrorCode) -> Outcome<T> {
    Outcome::Refused(Failure::new(code, "Not ever."))
}

fn created(request: Request) -> Job {
    Job::create(JobKey::new("ada", "lighthouse"), request, Moment { now: BEGINNING, random: 0 }).0
}

fn request() -> Request {
    Request {
        prompt: "a lighthouse at dusk".to_owned(),
        provider: "veo3".to_owned(),
        model: "veo-3.1".to_owned(),
        priority: 0,
        parameters: Map::new(),
        render: RenderOptions {
            duration_seconds: 8,
            aspect_ratio: "16:9".to_owned(),
            resolution: "720p".to_owned(),
            negative_prompt: None,
            seed: None,
            person_generation: None,
            audio: None,
        },
        metadata: BTreeMap::new(),
        usual_render: 60 * SECOND,
        price_micros: 3_200_000,
        fingerprint: "f".to_owned(),
        public_url: "https://reelay.example".to_owned(),
        start_after: None,
        timeout: None,
        start_timeout: None,
        confirm: false,
        images: Vec::new(),
        submits_per_minute: None,
        cancellable: false,
        told: false,
        warnings: Vec::new(),
    }
}
