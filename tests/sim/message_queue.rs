//! The platform's queue and its consumers: a message says that a job waits. It may be lost,
//! duplicated, late, overtaken, or given up after too many tries.

use crate::agenda::{Due, Event};
use crate::faults::Fault;
use crate::witness::Invariant;
use crate::world::{PATIENCE, World};
use reelay::machine::claim::{Claimed, Verdict, checked, claimed, is_done_with, started};
use reelay::machine::job::DeadLetter;
use reelay::machine::message::Reply;
use reelay::machine::queue::Claim;
use reelay::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// The longest delay of a message.
const MAX_DELAY: Millis = 12 * HOUR;
/// How soon a message comes back when its consumer did not acknowledge it.
const NOT_ACKNOWLEDGED: Millis = 10 * SECOND;
/// How soon a dead letter comes back when it was not acknowledged.
const DEAD_AGAIN: Millis = MINUTE;

/// As many tries as `wrangler.toml` gives a message: no message uses them up.
pub(crate) const ENOUGH_TRIES: u32 = 100;

/// A message in the platform's queue, or in its dead letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(crate) job: usize,
    pub(crate) epoch: u64,
    /// When the message's job was created.
    created_at: Millis,
    /// When the platform took it, by its own clock.
    sent_at: Millis,
    tries: u32,
    dead: bool,
}

/// Every run of the consumer.
#[derive(Debug, Default)]
pub(crate) struct Consumers {
    /// The message and the consumer's current step; `None` once the message is acknowledged or
    /// given back, or the worker died.
    runs: Vec<(Wake, Option<&'static str>)>,
}

impl Consumers {
    pub(crate) fn is_busy_with(&self, job: usize) -> bool {
        self.runs
            .iter()
            .any(|(wake, stage)| wake.job == job && stage.is_some())
    }
}

impl World {
    /// Sends a message that says that a job waits.
    pub(crate) fn wake_up(
        &mut self,
        job: usize,
        epoch: u64,
        created_at: Millis,
        not_before: Option<Millis>,
    ) {
        let wait = not_before
            .map_or(0, |at| {
                at.saturating_sub(self.now()).div_ceil(SECOND) * SECOND
            })
            .min(MAX_DELAY);
        self.tally.mark("message", "sent");
        if self.fault(Fault::QueueMessageLost) {
            return;
        }
        let wake = Wake {
            job,
            epoch,
            created_at,
            sent_at: self.real,
            tries: 0,
            dead: false,
        };
        let copies = if self.fault(Fault::QueueMessageDoubled) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let late = self.draw_lateness();
            self.after(wait + late.0, wait + late.1, Event::Consume { wake });
        }
    }

    fn draw_lateness(&mut self) -> (Millis, Millis) {
        if self.fault(Fault::QueueMessageLate) {
            let longest =
                self.choices
                    .pick(&[10 * MINUTE, 10 * MINUTE, 10 * MINUTE, 2 * HOUR, 2 * DAY]);
            (MINUTE, longest)
        } else if self.fault(Fault::QueueMessageOvertaken) {
            (SECOND, 20 * SECOND)
        } else {
            (5, 500)
        }
    }

    pub(crate) fn consume(&mut self, wake: Wake) {
        let number = self.consumers.runs.len();
        self.consumers
            .runs
            .push((wake, Some(if wake.dead { "Ending" } else { "Claiming" })));
        if self.consumer_dies(number) {
            return;
        }
        if wake.dead {
            let message = DeadLetter {
                epoch: wake.epoch,
                created_at: wake.created_at,
            };
            self.ask_job(wake.job, message, move |world, reply| {
                world.ended(number, &reply);
            });
        } else {
            let message = Claim {
                key: self.jobs[wake.job].key.clone(),
            };
            self.ask_queue(message, move |world, reply| world.claimed(number, reply));
        }
    }

    /// Whether the consumer is still alive to receive an answer.
    fn consumes(&mut self, number: usize) -> bool {
        self.consumers.runs[number].1.is_some() && !self.consumer_dies(number)
    }

    fn consumer_dies(&mut self, number: usize) -> bool {
        let dies = self.fault(Fault::ConsumerCutOff);
        if dies {
            self.tally.mark(
                "consumer cut off while",
                self.consumers.runs[number].1.unwrap_or_default(),
            );
            self.give_back(number, NOT_ACKNOWLEDGED);
        }
        dies
    }

    fn claimed(&mut self, number: usize, reply: Reply<Claim>) {
        if !self.consumes(number) {
            return;
        }
        let (job, age) = (self.consumers.runs[number].0.job, self.age_of(number));
        match claimed(reply, self.now(), age) {
            Claimed::Start(start) => {
                self.consumers.runs[number].1 = Some("Starting");
                self.ask_job(job, start, move |world, reply| {
                    if world.consumes(number) {
                        let verdict = started(&reply, world.age_of(number));
                        world.carry_out_verdict(number, verdict, "started");
                    }
                });
            }
            Claimed::Check(check) => {
                self.consumers.runs[number].1 = Some("Checking");
                self.ask_job(job, check, move |world, reply| {
                    if world.consumes(number) {
                        let verdict = checked(&reply, world.age_of(number));
                        world.carry_out_verdict(number, verdict, "not waiting");
                    }
                });
            }
            Claimed::Over(verdict) => self.carry_out_verdict(number, verdict, "not in line"),
        }
    }

    fn ended(&mut self, number: usize, reply: &Reply<DeadLetter>) {
        if !self.consumes(number) {
            return;
        }
        if is_done_with(reply) {
            self.acknowledge(number, "dead");
        } else {
            self.give_back(number, DEAD_AGAIN);
        }
    }

    fn carry_out_verdict(&mut self, number: usize, verdict: Verdict, why: &'static str) {
        match verdict {
            Verdict::Acknowledge => self.acknowledge(number, why),
            Verdict::Again(delay) => self.give_back(number, delay.div_ceil(SECOND) * SECOND),
            Verdict::Replace(delay) => {
                self.tally.mark("message", "replaced");
                let Wake {
                    job,
                    epoch,
                    created_at,
                    ..
                } = self.consumers.runs[number].0;
                self.wake_up(job, epoch, created_at, Some(self.now() + delay));
                self.acknowledge(number, "replaced");
            }
        }
    }

    fn acknowledge(&mut self, number: usize, why: &'static str) {
        self.consumers.runs[number].1 = None;
        self.tally.mark("message acknowledged", why);
    }

    /// How old a message is, by its consumer's clock.
    fn age_of(&self, number: usize) -> Millis {
        self.now()
            .saturating_sub(self.consumers.runs[number].0.sent_at)
    }

    /// The message comes back, or becomes a dead letter after too many tries.
    fn give_back(&mut self, number: usize, wait: Millis) {
        let (wake, stage) = self.consumers.runs[number];
        self.consumers.runs[number].1 = None;
        let wake = Wake {
            tries: wake.tries + 1,
            ..wake
        };
        if wake.dead || wake.tries <= self.plan.message_tries {
            // The dead consumer's own messages may still be in flight.
            self.after(wait, wait + PATIENCE, Event::Consume { wake });
            return;
        }
        self.trace
            .say(self.real, || format!("{wake:?} is given up, {stage:?}"));
        self.tally.mark("message", "dead");
        // When the clock is set back, old messages look young and get short waits.
        if self.plan.message_tries == ENOUGH_TRIES && !self.witness.set_back {
            self.violated(
                Invariant::I1,
                format!("{wake:?} used up its tries while its job waited"),
            );
        }
        self.witness.dead_letters += 1;
        self.after(
            SECOND,
            MINUTE,
            Event::Consume {
                wake: Wake {
                    dead: true,
                    tries: 0,
                    ..wake
                },
            },
        );
    }

    /// Whether a message or a consumer will still handle the job.
    pub(crate) fn has_message(&self, job: usize) -> bool {
        let waits =
            |due: &Due| matches!(due, Due::Event(Event::Consume { wake }) if wake.job == job);
        self.consumers.is_busy_with(job) || self.agenda.iter().any(waits)
    }
}
