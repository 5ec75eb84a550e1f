//! The fake video service, with a ledger of every call that could cost money (I4).

use crate::faults::Fault;
use crate::outside::{again, never, not_now};
use crate::plan::NeverHeals;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::job::{Progress, SubmitAnswer, UnknownSubmit};
use reelay::machine::outcome::{ErrorCode, Outcome, Trouble};
use reelay::time::{MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

/// What the upstream did with one submit, whether or not the caller got the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It costs money from here on.
    Accepted,
    Refused,
    /// The connection broke before it was read.
    NeverRead,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) job: usize,
    pub(crate) attempt: u32,
    pub(crate) verdict: Verdict,
    /// The caller got the answer.
    pub(crate) answered: bool,
    /// Which incarnation of the job called.
    pub(crate) incarnation: u64,
    /// What the call costs in the end, in millionths of a US dollar.
    pub(crate) bill: u64,
    /// When it left, and when it arrived.
    pub(crate) left_at: Millis,
    pub(crate) landed_at: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Rendered,
    Refused,
    NeverDone,
    WithoutVideo,
}

#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) job: usize,
    pub(crate) attempt: u32,
    ready_at: Millis,
    fate: Fate,
    /// The size of the rendered file in bytes.
    pub(crate) size: u64,
    /// The final cost, and whether the caller learns it.
    pub(crate) bill: u64,
    told: bool,
    pub(crate) epoch: u64,
    pub(crate) incarnation: u64,
    /// The job knows the operation and no longer waits for it.
    pub(crate) unwanted: bool,
    /// The upstream was asked to cancel it.
    pub(crate) told_off: bool,
}

impl Operation {
    /// Whether a poll finds it ended.
    pub(crate) fn is_over(&self, real: Millis) -> bool {
        self.fate != Fate::NeverDone && self.ready_at <= real
    }
}

#[derive(Debug, Default)]
pub(crate) struct Upstream {
    pub(crate) calls: Vec<Call>,
    pub(crate) operations: BTreeMap<String, Operation>,
    /// Until when every submit is refused.
    pub(crate) out_until: Millis,
    /// The bill of the operation begun last.
    last_bill: u64,
}

impl World {
    pub(crate) fn submitted(&mut self, job: usize, epoch: u64, attempt: u32) -> Outcome<String> {
        self.check_submit(job, epoch, attempt);
        self.check_rate(job, epoch);
        let (verdict, answered, outcome) = self.judge_submit(job, epoch, attempt);
        let incarnation = self.witness.incarnation(job);
        let bill = if verdict == Verdict::Accepted {
            self.upstream.last_bill
        } else {
            0
        };
        let left_at = self
            .limits
            .left_at(&self.jobs[job].key, epoch)
            .unwrap_or(self.real);
        let call = Call {
            job,
            attempt,
            verdict,
            answered,
            incarnation,
            bill,
            left_at,
            landed_at: self.real,
        };
        self.upstream.calls.push(call);
        self.trace.say(self.real, || {
            format!("upstream: job {job} attempt {attempt} {verdict:?}, answered {answered}")
        });
        outcome
    }

    fn judge_submit(
        &mut self,
        job: usize,
        epoch: u64,
        attempt: u32,
    ) -> (Verdict, bool, Outcome<String>) {
        if self.still_broken(NeverHeals::Upstream) || self.fault(Fault::SubmitUnavailable) {
            return (
                Verdict::Refused,
                true,
                again(ErrorCode::ProviderUnavailable, None),
            );
        }
        if self.fault(Fault::SubmitRateLimited) {
            let longest = self.plan.longest_backoff;
            let after = self.choices.between(0, longest) * SECOND;
            let after = self.choices.chance(500).then_some(after);
            return (Verdict::Refused, true, not_now(after));
        }
        if self.is_out() {
            return (Verdict::Refused, true, not_now(None));
        }
        if self.fault(Fault::SubmitRefused) {
            return (
                Verdict::Refused,
                true,
                never(ErrorCode::ProviderRejectedContent),
            );
        }
        if self.fault(Fault::SubmitLostUnaccepted) {
            return (Verdict::NeverRead, false, Err(Trouble::Unknown));
        }
        let name = self.begin_operation(job, epoch, attempt);
        if self.fault(Fault::SubmitLostAccepted) {
            return (Verdict::Accepted, false, Err(Trouble::Unknown));
        }
        (Verdict::Accepted, true, Ok(name))
    }

    /// Whether the upstream refuses every submit, an outage that begins now included.
    fn is_out(&mut self) -> bool {
        if self.real >= self.upstream.out_until && self.fault(Fault::UpstreamOutage) {
            let longest = self.plan.longest_outage;
            let lasts = self.choices.between(longest / 2, longest);
            self.upstream.out_until = self.real + lasts;
        }
        self.real < self.upstream.out_until
    }

    fn begin_operation(&mut self, job: usize, epoch: u64, attempt: u32) -> String {
        let fate = if self.fault(Fault::RenderRefused) {
            Fate::Refused
        } else if self.fault(Fault::RenderNeverDone) {
            Fate::NeverDone
        } else if self.fault(Fault::RenderWithoutVideo) {
            Fate::WithoutVideo
        } else {
            Fate::Rendered
        };
        let slowest = self.choices.pick(&[8 * SECOND, 30 * SECOND, 2 * MINUTE]);
        let ready_at = self.real + self.choices.between(5 * SECOND, slowest);
        let size = self.choices.between(1_000, 9_000_000);
        let name = format!("operations/{}", self.fresh());
        let price = self.jobs[job].request.terms.price_micros;
        let told = self.choices.chance(400);
        let bill = match fate {
            Fate::Refused | Fate::WithoutVideo => 0,
            Fate::Rendered | Fate::NeverDone if told => self.choices.between(price / 2, price * 2),
            Fate::Rendered | Fate::NeverDone => price,
        };
        self.upstream.last_bill = bill;
        let operation = Operation {
            job,
            attempt,
            ready_at,
            fate,
            size,
            bill,
            told,
            epoch,
            incarnation: self.witness.incarnation(job),
            unwanted: false,
            told_off: false,
        };
        self.upstream.operations.insert(name.clone(), operation);
        self.draw_pushes(job, &name);
        name
    }

    pub(crate) fn polled(&mut self, job: usize, name: &str) -> Outcome<Progress> {
        let Some(operation) = self.upstream.operations.get(name).cloned() else {
            self.violated(
                Invariant::I3,
                format!("job {job} polls {name}, which was never begun"),
            );
            return never(ErrorCode::Internal);
        };
        if self.still_broken(NeverHeals::Upstream) || self.fault(Fault::PollFails) {
            return again(ErrorCode::ProviderUnavailable, None);
        }
        if self.fault(Fault::PollLost) {
            return Err(Trouble::Unknown);
        }
        if self.real < operation.ready_at {
            return Ok(Progress::Running);
        }
        match operation.fate {
            Fate::Rendered => Ok(Progress::Ready {
                uri: name.to_owned(),
                cost_micros: operation.told.then_some(operation.bill),
            }),
            Fate::Refused => never(ErrorCode::ProviderRejectedContent),
            Fate::NeverDone => Ok(Progress::Running),
            Fate::WithoutVideo => never(ErrorCode::Internal),
        }
    }

    /// I4: the intent is durable before the call leaves, and no call leaves after one that may have
    /// been paid.
    fn check_submit(&mut self, job: usize, epoch: u64, attempt: u32) {
        if self.jobs[job].request.order.confirm && !self.witness.is_confirmed(job) {
            self.violated(
                Invariant::Terms,
                format!("job {job} is submitted without a confirmation"),
            );
        }
        let incarnation = self.witness.incarnation(job);
        let earlier = self.upstream.calls.iter().filter(|call| {
            call.job == job
                && call.attempt == attempt
                && call.incarnation == incarnation
                && !(call.verdict == Verdict::Refused && call.answered)
        });
        let allowed = match self.plan.policy.unknown_submit {
            UnknownSubmit::Fail => 0,
            UnknownSubmit::Retry => self.jobs[job].job.as_ref().map_or(0, |stored| {
                let of_attempt = stored.submits.iter().filter(|row| row.attempt == attempt);
                of_attempt
                    .filter(|row| row.answer == SubmitAnswer::Unknown)
                    .count()
            }),
        };
        let earlier = earlier.count();
        if earlier > allowed {
            self.violated(
                Invariant::I4,
                format!(
                    "job {job} epoch {epoch} attempt {attempt} is submitted after {earlier} that may have been paid"
                ),
            );
        }
    }
}
