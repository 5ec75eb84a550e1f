//! The platform's queue and its consumers: a message says that a job waits, and is lost, doubled, late, overtaken, or
//! given up after too many tries.

use crate::agenda::{Caller, Event, Message, Object, Reply};
use crate::faults::Fault;
use crate::witness::Invariant;
use crate::world::{PATIENCE, World};
use reelay::machine::Status;
use reelay::machine::queue::{Standing, claim_again, claim_delay};
use reelay::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// The longest delay of a message.
const MAX_DELAY: Millis = 12 * HOUR;
/// A message of this age is replaced by a new one.
const REPLACED_AFTER: Millis = 30 * MINUTE;
/// A job that the queue does not know yet is looked at again after half of this.
const UNKNOWN_AGAIN: Millis = 20 * SECOND;
/// It has no position; this one lets the wait above hold.
const UNKNOWN_POSITION: u64 = 10;
/// How soon a message whose consumer did not acknowledge it comes back.
const NOT_ACKNOWLEDGED: Millis = 10 * SECOND;
/// How soon a dead letter that was not taken comes back.
const DEAD_AGAIN: Millis = MINUTE;

/// As many tries as `wrangler.toml` gives a message: none uses them up.
pub(crate) const ENOUGH_TRIES: u32 = 100;

/// A message in the platform's queue, or in the one for dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(crate) job: usize,
    pub(crate) epoch: u64,
    /// When the job was made that it is about.
    created_at: Option<Millis>,
    /// When the platform took it, by its own clock.
    sent_at: Millis,
    tries: u32,
    dead: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Claiming,
    Starting,
    Checking,
    /// Of a dead letter.
    Ending,
    /// Acknowledged, given back, or its worker died.
    Over,
}

/// Every run of the consumer.
#[derive(Debug, Default)]
pub(crate) struct Consumers {
    runs: Vec<(Wake, Stage)>,
}

impl Consumers {
    pub(crate) fn is_busy_with(&self, job: usize) -> bool {
        self.runs.iter().any(|(wake, stage)| wake.job == job && *stage != Stage::Over)
    }
}

impl World {
    /// Sends a message that says that a job waits.
    pub(crate) fn wake_up(&mut self, job: usize, epoch: u64, not_before: Option<Millis>) {
        let wait = not_before.map_or(0, |at| at.saturating_sub(self.now()).div_ceil(SECOND) * SECOND).min(MAX_DELAY);
        self.tally.mark("message", "sent");
        if self.fault(Fault::QueueMessageLost) {
            return;
        }
        let created_at = self.jobs[job].job.as_ref().map(|job| job.created_at);
        let wake = Wake { job, epoch, created_at, sent_at: self.real, tries: 0, dead: false };
        let copies = if self.fault(Fault::QueueMessageDoubled) { 2 } else { 1 };
        for _ in 0..copies {
            let late = self.draw_lateness();
            self.after(wait + late.0, wait + late.1, Event::Consume { wake });
        }
    }

    fn draw_lateness(&mut self) -> (Millis, Millis) {
        if self.fault(Fault::QueueMessageLate) {
            let longest = self.choices.pick(&[10 * MINUTE, 10 * MINUTE, 10 * MINUTE, 2 * HOUR, 2 * DAY]);
            (MINUTE, longest)
        } else if self.fault(Fault::QueueMessageOvertaken) {
            (SECOND, 20 * SECOND)
        } else {
            (5, 500)
        }
    }

    pub(crate) fn consume(&mut self, wake: Wake) {
        let number = self.consumers.runs.len();
        let (stage, target, message) = if wake.dead {
            (
                Stage::Ending,
                Object::Job(wake.job),
                Message::DeadLetter { epoch: wake.epoch, created_at: wake.created_at },
            )
        } else {
            (Stage::Claiming, Object::Queue, Message::Claim { key: self.jobs[wake.job].key.clone() })
        };
        self.consumers.runs.push((wake, stage));
        if self.consumer_dies(number) {
            return;
        }
        self.send(target, message, Caller::Consumer(number));
    }

    fn consumer_dies(&mut self, number: usize) -> bool {
        let dies = self.fault(Fault::ConsumerCutOff);
        if dies {
            self.tally.mark("consumer cut off while", format!("{:?}", self.consumers.runs[number].1));
            self.give_back(number, NOT_ACKNOWLEDGED);
        }
        dies
    }

    pub(crate) fn consumer_goes_on(&mut self, number: usize, reply: &Reply) {
        let (wake, stage) = self.consumers.runs[number];
        if stage == Stage::Over || self.consumer_dies(number) {
            return;
        }
        let job = Object::Job(wake.job);
        match (stage, reply) {
            (Stage::Claiming, Reply::Standing(Standing { admitted: Some(epoch), created_at, .. })) => {
                self.consumers.runs[number].1 = Stage::Starting;
                let message = Message::Start { epoch: *epoch, created_at: *created_at };
                self.send(job, message, Caller::Consumer(number));
            }
            (Stage::Claiming, Reply::Standing(Standing { position: 0, .. })) => self.acknowledge(number, "not in line"),
            (Stage::Claiming, Reply::Standing(standing)) => {
                let delay = claim_again(standing, self.now(), self.age_of(number));
                self.come_again(number, delay);
            }
            (Stage::Claiming, Reply::Unknown) => {
                self.consumers.runs[number].1 = Stage::Checking;
                self.send(job, Message::Check { created_at: None }, Caller::Consumer(number));
            }
            (Stage::Checking, Reply::State { status: Status::Queued, .. } | Reply::Lost) => {
                self.come_again(number, claim_delay(UNKNOWN_AGAIN, UNKNOWN_POSITION, self.age_of(number)));
            }
            (Stage::Checking, _) => self.acknowledge(number, "not waiting"),
            (Stage::Claiming | Stage::Starting, Reply::Lost) => {
                self.come_again(number, claim_delay(0, 0, self.age_of(number)));
            }
            (Stage::Starting, _) => self.acknowledge(number, "started"),
            (Stage::Ending, Reply::Lost) => self.give_back(number, DEAD_AGAIN),
            (Stage::Ending, _) => self.acknowledge(number, "dead"),
            (Stage::Claiming, reply) => unreachable!("the queue answers no claim with {reply:?}"),
            (Stage::Over, _) => {}
        }
    }

    fn acknowledge(&mut self, number: usize, why: &'static str) {
        self.consumers.runs[number].1 = Stage::Over;
        self.tally.mark("message acknowledged", why);
    }

    /// How old a message is, as its consumer sees it.
    fn age_of(&self, number: usize) -> Millis {
        self.now().saturating_sub(self.consumers.runs[number].0.sent_at)
    }

    /// There is no slot yet: the message waits, or is replaced once it is old.
    fn come_again(&mut self, number: usize, delay: Millis) {
        let wake = self.consumers.runs[number].0;
        if self.age_of(number) >= REPLACED_AFTER {
            self.tally.mark("message", "replaced");
            let at = self.now() + delay;
            self.wake_up(wake.job, wake.epoch, Some(at));
            self.acknowledge(number, "replaced");
            return;
        }
        self.give_back(number, delay.div_ceil(SECOND) * SECOND);
    }

    /// The message comes back, or becomes a dead letter after too many tries.
    fn give_back(&mut self, number: usize, wait: Millis) {
        let (wake, stage) = self.consumers.runs[number];
        self.consumers.runs[number].1 = Stage::Over;
        let wake = Wake { tries: wake.tries + 1, ..wake };
        if wake.dead || wake.tries <= self.plan.message_tries {
            // What the dead consumer had sent may still be on its way.
            self.after(wait, wait + PATIENCE, Event::Consume { wake });
            return;
        }
        self.trace.say(self.real, || format!("{wake:?} is given up, {stage:?}"));
        self.tally.mark("message", "dead");
        // A clock that is set back makes old messages young, and their waits short.
        if self.plan.message_tries == ENOUGH_TRIES && !self.witness.set_back {
            self.violated(Invariant::I1, format!("{wake:?} used up its tries while its job waited"));
        }
        self.witness.dead_letters += 1;
        self.after(SECOND, MINUTE, Event::Consume { wake: Wake { dead: true, tries: 0, ..wake } });
    }

    /// Whether a message or a consumer will still look after the job.
    pub(crate) fn has_message(&self, job: usize) -> bool {
        let waits = |event: &Event| matches!(event, Event::Consume { wake } if wake.job == job);
        self.consumers.is_busy_with(job) || self.agenda.iter().any(waits)
    }
}
