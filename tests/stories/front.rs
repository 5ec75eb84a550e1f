//! An order's way through the front door: the messages between front door, job and queue, handled
//! by the real machines. Also the verdicts on messages of the platform's queue.

use crate::job_story::with_rules;
use crate::queue_story::QueueStory;
use crate::usual_order::request;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::acceptance::{Accepted, Creating, FollowUp, Next, Rejection};
use reelay::machine::claim::{Claimed, Verdict, checked, claimed, started};
use reelay::machine::job::{
    Answered, Cancel, Change, Job, JobMessage, Request, Setting, Start, answer,
};
use reelay::machine::message::{Message, NoAnswer, Reply};
use reelay::machine::queue::{Claim, GetPositions, Input, Mode, Refused};
use reelay::time::Moment;
use std::collections::BTreeMap;

struct Front {
    jobs: BTreeMap<JobKey, Job>,
    queue: QueueStory,
    /// The replies to these messages are lost.
    lost: Vec<&'static str>,
}

impl Front {
    fn new(mode: Mode, slots: u64, max_waiting: u64) -> Self {
        let mut queue = QueueStory::in_mode(mode, slots);
        queue.policy.max_waiting = max_waiting;
        Self {
            jobs: BTreeMap::new(),
            queue,
            lost: Vec::new(),
        }
    }

    fn ask_job<M: JobMessage>(&mut self, key: &JobKey, message: M) -> Reply<M> {
        let moment = Moment {
            now: self.queue.now,
            random: 0,
        };
        let Answered { reply, change, .. } = with_rules(|rules| {
            answer(
                self.jobs.get(key).cloned(),
                message,
                Setting {
                    moment,
                    rules,
                    armed: None,
                    is_acting: false,
                },
            )
        });
        match change {
            Change::None => {}
            Change::Save(job) => drop(self.jobs.insert(key.clone(), *job)),
            Change::Delete => drop(self.jobs.remove(key)),
        }
        self.heard::<M>(reply)
    }

    fn ask_queue<M: Input>(&mut self, message: M) -> Reply<M> {
        let reply = self.queue.takes(message);
        self.heard::<M>(reply)
    }

    fn heard<M: Message>(&self, reply: M::Reply) -> Reply<M> {
        if self.lost.contains(&M::NAME) {
            Err(NoAnswer)
        } else {
            Ok(reply)
        }
    }

    fn posts(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Request),
    ) -> Result<Accepted, Rejection> {
        let (key, mut request) = (key(name), request());
        change(&mut request);
        let creating = Creating::new(key.clone(), request);
        let reply = self.ask_job(&key, creating.message.clone());
        let mut next = creating.answered(reply);
        loop {
            next = match next {
                Next::Enqueue(state) => {
                    let reply = self.ask_queue(state.message.clone());
                    state.answered(reply)
                }
                Next::EnqueueAgain(state) => {
                    let reply = self.ask_queue(state.message.clone());
                    state.answered(reply)
                }
                Next::Withdraw(state) => {
                    let reply = self.ask_job(&key, state.message);
                    state.answered(reply)
                }
                Next::Over(outcome) => return outcome,
            };
        }
    }

    /// The verdict on a message of the platform's queue that was sent now.
    fn consumes(&mut self, name: &str) -> Verdict {
        let key = key(name);
        let reply = self.ask_queue(Claim { key: key.clone() });
        match claimed(reply, self.queue.now, 0) {
            Claimed::Start(start) => started(&self.ask_job(&key, start), 0),
            Claimed::Check(check) => checked(&self.ask_job(&key, check), 0),
            Claimed::Over(verdict) => verdict,
        }
    }

    fn status(&self, name: &str) -> Option<Status> {
        self.jobs.get(&key(name)).map(Job::status)
    }

    fn position(&mut self, name: &str) -> Option<u64> {
        self.queue
            .takes(GetPositions {
                key: key(name),
                others: Vec::new(),
            })
            .first()?
            .map(|position| position.number)
    }
}

fn key(name: &str) -> JobKey {
    JobKey::new("ada", name)
}

fn usual(_: &mut Request) {}

fn another(request: &mut Request) {
    "another".clone_into(&mut request.origin.fingerprint);
}

#[test]
fn an_order_with_a_slot_is_started_behind_the_answer_and_the_next_one_waits() {
    let mut front = Front::new(Mode::Immediate, 1, 10);
    let first = front.posts("first", usual).unwrap();
    assert!(
        first.new
            && matches!(
                first.follow_up(Mode::Immediate),
                FollowUp::Start(Start { epoch: 1, .. })
            )
    );
    let second = front.posts("second", usual).unwrap();
    assert_eq!(second.position.map(|position| position.number), Some(1));
    assert_eq!(second.follow_up(Mode::Immediate), FollowUp::Nothing);
    assert_eq!(second.follow_up(Mode::Queue), FollowUp::WakeUp);
}

#[test]
fn an_order_that_the_queue_refuses_leaves_nothing() {
    let mut front = Front::new(Mode::Immediate, 1, 1);
    front.posts("first", usual).unwrap();
    front.posts("second", usual).unwrap();
    let refused = front.posts("third", usual);
    assert!(
        matches!(refused, Err(Rejection::Refused(Refused::Full { .. }))),
        "{refused:?}"
    );
    assert_eq!(
        (front.status("third"), front.position("third")),
        (None, None)
    );
    // The withdrawal's outcome is unknown, so the caller must repeat the order.
    front.lost = vec!["Withdraw"];
    assert_eq!(front.posts("fourth", usual), Err(Rejection::Unavailable));
}

#[test]
fn the_same_order_is_the_same_job_and_another_under_its_id_is_refused_i10() {
    let mut front = Front::new(Mode::Immediate, 1, 10);
    front.posts("first", usual).unwrap();
    front.posts("second", usual).unwrap();
    for (name, position) in [("first", 0), ("second", 1)] {
        let again = front.posts(name, usual).unwrap();
        assert_eq!(
            (again.new, again.position.map(|position| position.number)),
            (false, Some(position)),
            "{name}"
        );
        assert_eq!(
            front.posts(name, another),
            Err(Rejection::Conflict),
            "{name}"
        );
    }
    assert_eq!((front.jobs.len(), front.position("second")), (2, Some(1)));
}

#[test]
fn an_order_whose_place_nobody_confirmed_is_accepted_and_looked_after_by_a_message() {
    let mut front = Front::new(Mode::Immediate, 1, 10);
    front.lost = vec!["Enqueue"];
    let accepted = front.posts("first", usual).unwrap();
    assert_eq!((accepted.new, accepted.position), (true, None));
    assert_eq!(accepted.follow_up(Mode::Immediate), FollowUp::WakeUp);
    front.lost = vec!["Create"];
    assert_eq!(front.posts("second", usual), Err(Rejection::Unavailable));
    // The caller repeats the order and finds the job.
    front.lost.clear();
    let again = front.posts("second", usual).unwrap();
    assert_eq!(
        (again.new, again.position.map(|position| position.number)),
        (false, Some(1))
    );
}

#[test]
fn a_message_comes_back_while_its_job_waits_and_is_done_with_once_it_has_started() {
    let mut front = Front::new(Mode::Queue, 1, 10);
    for name in ["first", "second", "cancelled"] {
        front.posts(name, usual).unwrap();
    }
    assert_eq!(front.consumes("first"), Verdict::Acknowledge);
    assert_eq!(front.queue.holders(), ["first"]);
    assert!(matches!(front.consumes("second"), Verdict::Again(wait) if wait > 0));
    assert_eq!(front.position("second"), Some(1), "it keeps its place");
    front.ask_job(&key("cancelled"), Cancel).unwrap().unwrap();
    let summary =
        with_rules(|rules| front.jobs[&key("cancelled")].summary(rules.texts, front.queue.now));
    front.queue.report(summary);
    assert_eq!(front.consumes("cancelled"), Verdict::Acknowledge);
}

#[test]
fn a_message_of_a_job_that_the_queue_does_not_know_comes_back_until_it_does() {
    let mut front = Front::new(Mode::Queue, 1, 10);
    assert_eq!(front.consumes("never made"), Verdict::Acknowledge);
    front.posts("first", usual).unwrap();
    front.queue.rows = crate::rows::MapRows::default();
    assert!(matches!(front.consumes("first"), Verdict::Again(_)));
    front.lost = vec!["Claim"];
    assert!(
        matches!(front.consumes("first"), Verdict::Again(_)),
        "a lost reply does not end the retries"
    );
}
