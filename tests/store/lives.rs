//! Jobs in every phase, each reached by inputs to the machine.

use crate::altered::altered;
use crate::answer::Answer;
use crate::usual_order;
use reelay::ids::JobKey;
use reelay::machine::delivery::{Delivery, EventKind, Receipt};
use reelay::machine::job::{
    Cancel, Change, DeleteVideo, Effect, ImageRole, InFlight, InputImage, Job, JobMessage, Policy,
    Progress, Redeliver, Request, Retry, Rules, Setting, Start, Step, Texts, UnknownSubmit,
    UpstreamWebhook, Video, answer, answered, wake,
};
use reelay::machine::outcome::{ErrorCode, Failure, Trouble};
use reelay::time::{Millis, Moment};
use serde_json::{Map, Value, json};

/// 2026-01-02T03:04:05Z.
const BORN: Millis = 1_767_323_045_000;
/// The time between two steps of a life.
const STEP: Millis = 700_000;

/// A job in each phase, and one with almost every kind of history.
pub(crate) fn all() -> Vec<(&'static str, Job)> {
    vec![
        ("queued", queued()),
        ("submitting", submitting().job),
        ("rendering", rendering().job),
        ("storing", storing().job),
        ("completed", completed()),
        ("failed", failed()),
        ("rich", rich()),
        ("confirming", confirming()),
        ("clarifying", clarifying()),
        ("requeued", requeued()),
        ("storing_told", storing_told()),
        ("cancelled_abandoning", cancelled_abandoning()),
        ("rendering_nudged", rendering_nudged()),
        ("completed_discarding", completed_discarding()),
        ("failed_redelivering", failed_redelivering()),
    ]
}

/// Just accepted.
pub(crate) fn queued() -> Job {
    Life::new().job
}

fn submitting() -> Life {
    let mut life = Life::new();
    life.start(1);
    life
}

fn rendering() -> Life {
    let mut life = submitting();
    life.act(Answer::Submitted(
        Ok("models/veo/operations/one".to_owned()),
    ));
    life
}

fn storing() -> Life {
    let mut life = rendering();
    life.now += STEP / 10;
    life.act(Answer::Polled(Ok(Progress::Ready {
        uri: "https://files.example.com/one?alt=media".to_owned(),
        cost_micros: None,
    })));
    life
}

fn completed() -> Job {
    let mut life = storing();
    life.act(Answer::Stored(Ok(video())));
    life.act(Answer::Reported(Ok(())));
    life.act(Answer::Delivered(Receipt::Accepted { status: 204 }));
    life.take(DeleteVideo);
    life.job
}

fn failed() -> Job {
    let mut life = submitting();
    let failure = Failure::new(
        ErrorCode::ProviderRejectedContent,
        "The prompt was refused: “no”.",
    );
    life.act(Answer::Submitted(Err(Trouble::Refused(failure))));
    life.act(Answer::Reported(Err(Trouble::Unknown)));
    life.act(Answer::Delivered(Receipt::Gone));
    life.job
}

/// A third attempt with a paid call in flight, a file to delete, a report, and earlier events in
/// every state.
fn rich() -> Job {
    let mut life = rendering();
    life.act(Answer::Delivered(Receipt::Accepted { status: 200 }));
    life.now += STEP / 10;
    life.act(Answer::Polled(Ok(Progress::Ready {
        uri: "https://files.example.com/two".to_owned(),
        cost_micros: None,
    })));
    life.take(Cancel);
    life.act(Answer::Reported(Err(Trouble::Unknown)));
    life.act(Answer::Delivered(Receipt::Failed {
        status: Some(503),
        retry_after: Some(9_000),
    }));
    life.act(Answer::FileDeleted(Err(Trouble::Unknown)));
    life.take(Retry);
    life.start(2);
    let failure = Failure::new(ErrorCode::ProviderRateLimited, "Too many renders.");
    life.act(Answer::Submitted(Err(Trouble::Retry {
        after: Some(30_000),
        failure,
    })));
    life.now += STEP / 10;
    life.start(3);
    life.act(Answer::Submitted(Err(Trouble::Unknown)));
    life.act(Answer::Delivered(Receipt::Gone));
    life.take(Retry);
    life.start(4);
    let effect = life.wake(true);
    assert!(
        matches!(
            effect,
            Some(InFlight {
                effect: Effect::Submit { epoch: 4, .. },
                ..
            })
        ),
        "{effect:?}"
    );
    life.job
}

/// Delayed, with its own timeout, and not confirmed yet.
fn confirming() -> Job {
    let mut ordered = request();
    ordered.order.start_after = Some(BORN + STEP);
    ordered.order.timeout = Some(STEP / 2);
    ordered.order.confirm = true;
    Job::create(JobKey::new("user-7", "clip_1"), ordered, moment(BORN)).0
}

/// Its prompt was refused, and it waits for another one.
fn clarifying() -> Job {
    let mut life = submitting();
    life.policy.clarifications = true;
    let failure = Failure::new(
        ErrorCode::ProviderRejectedContent,
        "The prompt was refused: “no”.",
    );
    life.act(Answer::Submitted(Err(Trouble::Refused(failure))));
    life.job
}

/// The upstream's limit refused the first submit; the attempt is back in line.
fn requeued() -> Job {
    let mut life = submitting();
    let failure = Failure::new(ErrorCode::ProviderRateLimited, "Too many renders.");
    life.act(Answer::Submitted(Err(Trouble::Retry {
        after: Some(30_000),
        failure,
    })));
    life.job
}

/// The upstream has reported the cost of the render.
fn storing_told() -> Job {
    let mut life = rendering();
    life.now += STEP / 10;
    let uri = "https://files.example.com/one?alt=media".to_owned();
    life.act(Answer::Polled(Ok(Progress::Ready {
        uri,
        cost_micros: Some(2_750_000),
    })));
    life.job
}

/// Cancelled during a render that can be cancelled at the upstream, which has not answered the
/// first cancel call.
fn cancelled_abandoning() -> Job {
    let mut life = rendering();
    life.job = altered(&life.job, |record| record.terms.cancellable = true);
    life.take(Cancel);
    life.act(Answer::Reported(Ok(())));
    for _ in 0..3 {
        life.act(Answer::Delivered(Receipt::Accepted { status: 204 }));
    }
    life.act(Answer::UpstreamCancelled(Err(Trouble::Unknown)));
    life.job
}

/// Two webhooks arrived, the second while a poll was in flight.
fn rendering_nudged() -> Job {
    let mut life = rendering();
    life.take(UpstreamWebhook {
        id: "push-1".to_owned(),
    });
    let effect = life.wake(true);
    assert!(
        matches!(
            effect,
            Some(InFlight {
                effect: Effect::Poll { .. },
                ..
            })
        ),
        "{effect:?}"
    );
    life.take(UpstreamWebhook {
        id: "push-2".to_owned(),
    });
    life.job
}

/// Its images, no longer needed, could not be deleted yet.
fn completed_discarding() -> Job {
    let mut life = storing();
    let images = [
        ImageRole::FirstFrame,
        ImageRole::LastFrame,
        ImageRole::Reference,
    ]
    .into_iter()
    .zip(1..)
    .map(|(role, number)| InputImage {
        role,
        mime_type: "image/png".to_owned(),
        key: format!("inputs/user-7/clip_1/{number}"),
        size: 7_000 * number,
    })
    .collect();
    life.job = altered(&life.job, |record| record.order.images = images);
    life.act(Answer::Stored(Ok(video())));
    life.act(Answer::FileDeleted(Err(Trouble::Unknown)));
    life.job
}

/// An exhausted event was redelivered, and has failed once more.
fn failed_redelivering() -> Job {
    let mut life = submitting();
    let failure = Failure::new(
        ErrorCode::ProviderRejectedContent,
        "The prompt was refused: “no”.",
    );
    life.act(Answer::Submitted(Err(Trouble::Refused(failure))));
    for _ in 0..2 {
        life.act(Answer::Delivered(Receipt::Gone));
    }
    let event_id = life.job.outbox[0].id.clone();
    life.take(Redeliver { event_id });
    life.act(Answer::Delivered(Receipt::Failed {
        status: Some(503),
        retry_after: None,
    }));
    life.job
}

struct Life {
    job: Job,
    now: Millis,
    policy: Policy,
}

impl Life {
    fn new() -> Self {
        let (job, _) = Job::create(JobKey::new("user-7", "clip_1"), request(), moment(BORN));
        Self {
            job,
            now: BORN,
            policy: policy(),
        }
    }

    fn take<M: JobMessage>(&mut self, message: M) {
        self.now += 100;
        let setting = Setting {
            moment: moment(self.now),
            rules: rules(&self.policy),
            armed: None,
            is_acting: false,
        };
        if let Change::Save(job) = answer(Some(self.job.clone()), message, setting).change {
            self.job = *job;
        }
    }

    fn start(&mut self, epoch: u64) {
        self.take(Start {
            epoch,
            created_at: BORN,
        });
    }

    fn wake(&mut self, first: bool) -> Option<InFlight> {
        self.now += 100;
        self.keep(wake(
            self.job.clone(),
            first,
            moment(self.now),
            rules(&self.policy),
        ))
    }

    fn hears(&mut self, begun: InFlight, heard: Answer) {
        self.now += 100;
        let answer = heard.to(begun.effect);
        self.keep(answered(
            self.job.clone(),
            begun.number,
            answer,
            moment(self.now),
            rules(&self.policy),
        ));
    }

    fn keep(&mut self, step: Step) -> Option<InFlight> {
        self.job = step.job;
        step.effect
    }

    /// Fires alarms until an effect of the answer's kind begins, and answers it; other effects get
    /// no answer.
    fn act(&mut self, answer: Answer) {
        let mut first = true;
        for _ in 0..100 {
            match self.wake(std::mem::take(&mut first)) {
                Some(begun) if fits(&begun.effect, &answer) => return self.hears(begun, answer),
                Some(begun) if matches!(begun.effect, Effect::Report { .. }) => {
                    self.hears(begun, Answer::Reported(Ok(())));
                }
                Some(_) => {}
                None => (self.now, first) = (self.job.wake(self.now).unwrap().at, true),
            }
        }
        panic!("nothing fits {answer:?} in {:?}", self.job.phase);
    }
}

struct Plain;

impl Texts for Plain {
    fn snapshot(&self, _: &Job, _: Millis) -> String {
        String::new()
    }

    fn event(&self, _: &Job, delivery: &Delivery) -> String {
        format!("{{\"sequence\":{}}}", delivery.sequence)
    }
}

fn rules(policy: &Policy) -> Rules<'_> {
    Rules {
        policy,
        texts: &Plain,
    }
}

fn fits(effect: &Effect, answer: &Answer) -> bool {
    matches!(
        (effect, answer),
        (Effect::Submit { .. }, Answer::Submitted(_))
            | (Effect::Poll { .. }, Answer::Polled(_))
            | (Effect::Store { .. }, Answer::Stored(_))
            | (Effect::Report { .. }, Answer::Reported(_))
            | (Effect::Deliver { .. }, Answer::Delivered(_))
            | (Effect::CancelUpstream { .. }, Answer::UpstreamCancelled(_))
            | (Effect::DeleteFile { .. }, Answer::FileDeleted(_))
    )
}

fn moment(now: Millis) -> Moment {
    Moment {
        now,
        random: u128::from(now) << 64 | u128::from(now),
    }
}

fn policy() -> Policy {
    Policy {
        max_retries: 3,
        store_timeout: 0,
        job_timeout: STEP,
        unknown_submit: UnknownSubmit::Fail,
        poll_interval: 5_000,
        webhook_schedule: vec![0, 5_000, 300_000],
        events: EventKind::ALL.into_iter().collect(),
        clarifications: false,
    }
}

fn video() -> Video {
    Video {
        key: "videos/user-7/clip_1/1.mp4".to_owned(),
        size: 12_345_678,
        etag: "9b2cf535f27731c9".to_owned(),
        format: "mp4".to_owned(),
    }
}

fn request() -> Request {
    let mut request = usual_order::request();
    request.order.prompt = String::from("A \"quoted\" dog;\nпёс 🐕 -- DROP TABLE job");
    request.order.priority = 4;
    request.order.parameters =
        object(json!({ "aspectRatio": "16:9", "own": [1, 2.5, null, { "deep": true }] }));
    request.order.render.negative_prompt = Some("cats".to_owned());
    request.order.render.seed = Some(u32::MAX);
    request
        .order
        .metadata
        .insert("projectId".to_owned(), "p-1".to_owned());
    request
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}
