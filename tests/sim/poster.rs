//! The users: requests that accept a job, repeats of these requests, and what users do to a job
//! afterwards.
use crate::agenda::{Action, Event};
use crate::faults::Fault;
use crate::witness::Invariant;
use crate::world::{LATENCY, World};
use reelay::machine::acceptance::{Accepted, Creating, FollowUp, Next, Rejection, may_need_images};
use reelay::machine::job::{
    Cancel, Clarify, Confirm, DeleteVideo, InputImage, Job, MAX_PROMPT, Request, Retry, View,
};
use reelay::machine::message::Reply;
use reelay::machine::queue::{Afford, GetPositions, Refused, Unaffordable};
use reelay::time::SECOND;
use std::rc::Rc;

#[derive(Debug, Clone)]
struct Post {
    job: usize,
    fingerprint: &'static str,
    /// The images that the request has put into R2.
    images: Vec<InputImage>,
    /// The request was answered, or its worker died.
    is_over: bool,
}

/// Every request that was ever sent to accept a job.
#[derive(Debug, Default)]
pub(crate) struct Posts {
    posts: Vec<Post>,
}

impl Posts {
    pub(crate) fn drop_all(&mut self) {
        for post in &mut self.posts {
            post.is_over = true;
        }
    }
}

impl World {
    pub(crate) fn user_acts(&mut self, job: usize, action: Action) {
        let pays = matches!(
            action,
            Action::Retry | Action::Confirm | Action::Clarify { .. }
        );
        // Only the queue knows the budgets in force.
        if pays {
            let key = self.jobs[job].key.clone();
            self.ask_queue(Afford { key }, move |world, reply| {
                world.payer_goes_on(job, action, reply);
            });
            return;
        }
        self.user_says(job, action);
    }

    /// The queue has replied whether a further attempt may be paid for.
    fn payer_goes_on(&mut self, job: usize, action: Action, reply: Reply<Afford>) {
        if reply == Ok(Err(Unaffordable::Unknown)) && self.jobs[job].job.is_some() {
            // The queue does not know the order yet, and will.
            self.tally.mark("payer", "came again");
            self.after(SECOND, 10 * SECOND, Event::User { job, action });
            return;
        }
        if reply != Ok(Ok(())) || self.fault(Fault::PosterCrash) {
            self.tally.mark("payer", "went away");
            return;
        }
        self.user_says(job, action);
    }

    fn user_says(&mut self, job: usize, action: Action) {
        match action {
            Action::Post { fingerprint } => return self.post(job, fingerprint),
            Action::Cancel => self.tell_job(job, Cancel),
            Action::Retry => self.tell_job(job, Retry),
            Action::Confirm => self.tell_job(job, Confirm),
            Action::Clarify { too_long } => {
                let clarify = self.clarification(too_long);
                self.tell_job(job, clarify);
            }
            Action::DeleteVideo => self.tell_job(job, DeleteVideo),
            Action::View => {
                self.tell_queue(GetPositions {
                    key: self.jobs[job].key.clone(),
                    others: Vec::new(),
                });
                self.tell_job(job, View);
            }
        }
        let waits = matches!(
            action,
            Action::Retry | Action::Confirm | Action::Clarify { .. }
        );
        if waits && !self.fault(Fault::PosterCrash) && !self.fault(Fault::MessageLost) {
            // The user views the job after the answer.
            self.after(2 * LATENCY.1, SECOND, Event::Looks { job });
        }
    }

    fn clarification(&mut self, too_long: bool) -> Clarify {
        if too_long {
            Clarify::Response("word ".repeat(MAX_PROMPT))
        } else if self.choices.chance(500) {
            Clarify::Response("by day".to_owned())
        } else {
            Clarify::Prompt("a lighthouse at dawn".to_owned())
        }
    }

    /// Puts the order's images into R2, separately for each request, and creates the job.
    fn post(&mut self, job: usize, fingerprint: &'static str) {
        let number = self.posts.posts.len();
        if self.posts.posts.iter().any(|post| post.job == job) {
            self.tally.mark("post", "repeated");
        }
        let JobOrder { key, request } = self.order(job, number, fingerprint);
        self.put_images(&request.order.images);
        let images = request.order.images.clone();
        self.posts.posts.push(Post {
            job,
            fingerprint,
            images,
            is_over: false,
        });
        let creating = Creating::new(key, request);
        self.ask_job(job, creating.message.clone(), move |world, reply| {
            world.post_goes_on(number, creating.answered(reply));
        });
    }

    fn post_goes_on(&mut self, number: usize, next: Next) {
        let Post {
            job,
            fingerprint,
            is_over,
            ..
        } = self.posts.posts[number];
        if is_over {
            return;
        }
        if self.fault(Fault::PosterCrash) {
            self.posts.posts[number].is_over = true;
            self.repeat_post(job, fingerprint);
            return;
        }
        match next {
            Next::Enqueue(state) => self.ask_queue(state.message.clone(), move |world, reply| {
                world.post_goes_on(number, state.answered(reply));
            }),
            Next::EnqueueAgain(state) => {
                self.ask_queue(state.message.clone(), move |world, reply| {
                    world.post_goes_on(number, state.answered(reply));
                });
            }
            Next::Withdraw(state) => self.ask_job(job, state.message, move |world, reply| {
                world.post_goes_on(number, state.answered(reply));
            }),
            Next::Over(outcome) => {
                self.answer_post(number, &outcome);
                if let Ok(accepted) = outcome {
                    self.follow_up(job, &accepted);
                }
            }
        }
    }

    /// The work after the response is sent.
    fn follow_up(&mut self, job: usize, accepted: &Accepted) {
        if self.fault(Fault::PosterCrash) {
            return;
        }
        match accepted.follow_up(self.plan.queue.mode) {
            FollowUp::Start(start) => self.tell_job(job, start),
            FollowUp::WakeUp => {
                if accepted.position.is_none() {
                    self.tally.mark("post", "stood in for by a message");
                }
                let not_before = self.jobs[job].request.order.start_after;
                self.wake_up(job, accepted.epoch, accepted.created_at, not_before);
            }
            FollowUp::Nothing => {}
        }
    }

    fn answer_post(&mut self, number: usize, outcome: &Result<Accepted, Rejection>) {
        let Post {
            job,
            fingerprint,
            images,
            ..
        } = self.posts.posts[number].clone();
        self.posts.posts[number].is_over = true;
        self.trace
            .say(self.real, || format!("job {job} is answered {outcome:?}"));
        if !may_need_images(outcome) {
            self.take_images_away(&images);
        }
        let made_again = |job: &Rc<Job>| job.order.images == images;
        if matches!(outcome, Err(Rejection::Refused(_)))
            && self.jobs[job].job.as_ref().is_some_and(made_again)
        {
            // A copy of the refused order came after the withdrawal.
            self.witness.note_without_images(job);
        }
        let word = match outcome {
            Ok(_) => "accepted",
            Err(Rejection::Conflict) => "conflict",
            Err(Rejection::Refused(Refused::Full { .. })) => "full",
            Err(Rejection::Refused(Refused::OverBudget(_))) => "over budget",
            Err(Rejection::Unavailable) => "failed",
        };
        self.tally.mark("post", word);
        // The answer about an old job may arrive after the job was deleted.
        let forgotten = self.jobs[job].job.is_none() && self.witness.was_forgotten(job);
        if outcome.is_ok() && !forgotten {
            let first = *self.witness.accepted.entry(job).or_insert(fingerprint);
            if first != fingerprint {
                self.violated(
                    Invariant::I10,
                    format!("job {job} was accepted as {first} and later as {fingerprint}"),
                );
            }
            self.tally.accepted += 1;
        }
        let settled = match outcome {
            Ok(_) | Err(Rejection::Conflict) => true,
            Err(Rejection::Refused(Refused::Full { .. }) | Rejection::Unavailable) => false,
            // Few users repeat the order on the same day.
            Err(Rejection::Refused(Refused::OverBudget(_))) => self.choices.chance(700),
        };
        if !settled || self.fault(Fault::ClientHearsNothing) {
            self.repeat_post(job, fingerprint);
        }
    }

    /// What this request orders.
    fn order(&self, job: usize, post: usize, fingerprint: &str) -> JobOrder {
        let object = &self.jobs[job];
        let mut request = object.request.clone();
        request.origin.fingerprint = String::from(fingerprint);
        for image in &mut request.order.images {
            image.key = format!("{}-{post}", image.key);
        }
        JobOrder {
            key: object.key.clone(),
            request,
        }
    }

    /// Most clients repeat the request.
    fn repeat_post(&mut self, job: usize, fingerprint: &'static str) {
        if self.choices.chance(self.plan.insistent) {
            let latest = self.choices.pick(&[2 * SECOND, 8 * SECOND, 30 * SECOND]);
            self.after(
                SECOND,
                latest,
                Event::User {
                    job,
                    action: Action::Post { fingerprint },
                },
            );
        }
    }
}

struct JobOrder {
    key: reelay::ids::JobKey,
    request: Request,
}
