//! The users: requests that accept a job, repeats of them, and what people do to a job afterwards.

use crate::agenda::{Action, Caller, Event, Message, Object, Reply};
use crate::faults::Fault;
use crate::witness::Invariant;
use crate::world::{LATENCY, World};
use reelay::machine::Status;
use reelay::machine::queue::{Mode, Standing, Terms};
use reelay::time::{Millis, SECOND};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Creating,
    Enqueuing {
        epoch: u64,
        created_at: Millis,
    },
    /// The queue refused it, for this reason.
    Withdrawing(Verdict),
    /// Answered, or its worker died.
    Over,
}

#[derive(Debug, Clone)]
struct Post {
    job: usize,
    fingerprint: &'static str,
    stage: Stage,
}

/// Every request that was ever sent to accept a job.
#[derive(Debug, Default)]
pub(crate) struct Posts {
    posts: Vec<Post>,
}

/// What a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// The id is another order's.
    Conflict,
    Full,
    /// It would cost too much.
    OverBudget,
    Failed,
}

impl Posts {
    pub(crate) fn drop_all(&mut self) {
        for post in &mut self.posts {
            post.stage = Stage::Over;
        }
    }
}

impl World {
    pub(crate) fn user_acts(&mut self, job: usize, action: Action) {
        let pays = matches!(action, Action::Retry | Action::Confirm | Action::Clarify { .. });
        if pays && self.plan.queue.limits_cost() {
            let key = self.jobs[job].key.clone();
            self.send(Object::Queue, Message::Afford { key }, Caller::Payer { job, action });
            return;
        }
        self.user_says(job, action);
    }

    /// The queue has said whether a further attempt may be paid for.
    pub(crate) fn payer_goes_on(&mut self, job: usize, action: Action, reply: &Reply) {
        if matches!(reply, Reply::Unknown) && self.jobs[job].job.is_some() {
            // The queue has not heard of the order yet, and will.
            self.tally.mark("payer", "came again");
            self.after(SECOND, 10 * SECOND, Event::User { job, action });
            return;
        }
        if matches!(reply, Reply::Lost | Reply::OverBudget | Reply::Unknown) || self.fault(Fault::PosterCrash) {
            self.tally.mark("payer", "went away");
            return;
        }
        self.user_says(job, action);
    }

    fn user_says(&mut self, job: usize, action: Action) {
        let message = match action {
            Action::Post { fingerprint } => {
                if self.posts.posts.iter().any(|post| post.job == job) {
                    self.tally.mark("post", "repeated");
                }
                let post = self.posts.posts.len();
                self.posts.posts.push(Post { job, fingerprint, stage: Stage::Creating });
                self.send(Object::Job(job), Message::Create { fingerprint }, Caller::Post(post));
                return;
            }
            Action::Cancel => Message::Cancel,
            Action::Retry => Message::Retry,
            Action::Confirm => Message::Confirm,
            Action::Clarify { too_long } => Message::Clarify { too_long },
            Action::DeleteVideo => Message::DeleteVideo,
            Action::View => {
                let key = self.jobs[job].key.clone();
                self.send(Object::Queue, Message::Standing { key }, Caller::Nobody);
                Message::View
            }
        };
        let waits = matches!(action, Action::Retry | Action::Confirm | Action::Clarify { .. });
        self.send(Object::Job(job), message, Caller::Nobody);
        if waits && !self.fault(Fault::PosterCrash) && !self.fault(Fault::MessageLost) {
            // The answer says where the job stands.
            let key = self.jobs[job].key.clone();
            let message = Message::Standing { key };
            self.after(2 * LATENCY.1, SECOND, Event::Arrive { target: Object::Queue, message, caller: Caller::Nobody });
        }
    }

    pub(crate) fn post_goes_on(&mut self, number: usize, reply: Reply) {
        let Post { job, fingerprint, stage } = self.posts.posts[number].clone();
        if stage == Stage::Over {
            return;
        }
        if self.fault(Fault::PosterCrash) {
            self.posts.posts[number].stage = Stage::Over;
            self.repeat_post(job, fingerprint);
            return;
        }
        match (stage, reply) {
            (Stage::Creating, Reply::Created { new, card }) => {
                if !new && card.status != Status::Queued {
                    self.answer_post(number, Verdict::Accepted);
                    return;
                }
                self.posts.posts[number].stage = Stage::Enqueuing { epoch: card.epoch, created_at: card.created_at };
                let terms = Terms { not_before: self.jobs[job].request.start_after, ..Terms::default() };
                self.send(Object::Queue, Message::Enqueue { card, promised: !new, terms }, Caller::Post(number));
            }
            (Stage::Creating, Reply::Conflict) => self.answer_post(number, Verdict::Conflict),
            (Stage::Enqueuing { epoch, .. }, Reply::Standing(standing)) => {
                self.answer_post(number, Verdict::Accepted);
                self.follow_up(job, epoch, Some(standing));
            }
            (Stage::Enqueuing { created_at, .. }, refusal @ (Reply::Full | Reply::OverBudget)) => {
                let full = matches!(refusal, Reply::Full);
                let verdict = if full { Verdict::Full } else { Verdict::OverBudget };
                self.posts.posts[number].stage = Stage::Withdrawing(verdict);
                self.send(Object::Job(job), Message::Withdraw { created_at }, Caller::Post(number));
            }
            // The job is durable and will enqueue itself.
            (Stage::Enqueuing { epoch, .. }, _) => {
                self.answer_post(number, Verdict::Accepted);
                self.follow_up(job, epoch, None);
            }
            (Stage::Withdrawing(verdict), Reply::Withdrawn | Reply::Missing) => self.answer_post(number, verdict),
            (Stage::Creating | Stage::Withdrawing(_) | Stage::Over, _) => self.answer_post(number, Verdict::Failed),
        }
    }

    /// What is left to do behind the answer.
    fn follow_up(&mut self, job: usize, accepted: u64, standing: Option<Standing>) {
        if self.fault(Fault::PosterCrash) {
            return;
        }
        let not_before = self.jobs[job].request.start_after;
        match standing {
            Some(Standing { admitted: Some(epoch), created_at, .. }) if epoch == accepted => {
                self.send(Object::Job(job), Message::Start { epoch, created_at }, Caller::Nobody);
            }
            Some(Standing { position: 0, .. }) => {}
            Some(_) if self.plan.queue.mode != Mode::Queue => {}
            Some(_) => self.wake_up(job, accepted, not_before),
            None => {
                self.tally.mark("post", "stood in for by a message");
                self.wake_up(job, accepted, not_before);
            }
        }
    }

    fn answer_post(&mut self, number: usize, verdict: Verdict) {
        let Post { job, fingerprint, .. } = self.posts.posts[number];
        self.posts.posts[number].stage = Stage::Over;
        self.trace.say(self.real, || format!("job {job} is answered {verdict:?}"));
        let word = match verdict {
            Verdict::Accepted => "accepted",
            Verdict::Conflict => "conflict",
            Verdict::Full => "full",
            Verdict::OverBudget => "over budget",
            Verdict::Failed => "failed",
        };
        self.tally.mark("post", word);
        // What is told of an old job may be heard when it has just been forgotten.
        let forgotten = self.jobs[job].job.is_none() && self.witness.was_forgotten(job);
        if verdict == Verdict::Accepted && !forgotten {
            let first = *self.witness.accepted.entry(job).or_insert(fingerprint);
            if first != fingerprint {
                self.violated(Invariant::I10, format!("job {job} was accepted as {first} and as {fingerprint}"));
            }
            self.tally.accepted += 1;
        }
        let settled = match verdict {
            Verdict::Accepted | Verdict::Conflict => true,
            Verdict::Full | Verdict::Failed => false,
            // Few try again on the same day.
            Verdict::OverBudget => self.choices.chance(700),
        };
        if !settled || self.fault(Fault::ClientHearsNothing) {
            self.repeat_post(job, fingerprint);
        }
    }

    /// Most clients try again.
    fn repeat_post(&mut self, job: usize, fingerprint: &'static str) {
        if self.choices.chance(self.plan.insistent) {
            let latest = self.choices.pick(&[2 * SECOND, 8 * SECOND, 30 * SECOND]);
            self.after(SECOND, latest, Event::User { job, action: Action::Post { fingerprint } });
        }
    }
}
