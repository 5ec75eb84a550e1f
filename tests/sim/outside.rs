//! An effect reaches the fake upstream, R2 or the app's receiver, which answers it.

use crate::agenda::{Event, Object};
use crate::faults::Fault;
use crate::job_alarm::effect_name;
use crate::world::World;
use reelay::machine::job::{Answer, Effect, InFlight};
use reelay::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use reelay::time::Millis;

impl World {
    pub(crate) fn land(&mut self, job: usize, handler: u64, in_flight: InFlight) {
        let cut_off = self.jobs[job].platform.handler != Some(handler);
        // A request may outlive the object that sent it. A stream into R2 may not: R2 keeps whole
        // objects only.
        let streamed = matches!(
            in_flight.effect,
            Effect::Store { .. } | Effect::DeleteFile { .. }
        );
        if cut_off && (streamed || self.choices.chance(500)) {
            return;
        }
        if !cut_off && self.dies(Object::Job(job), Fault::CrashBeforeEffect) {
            return;
        }
        self.trace.say(self.real, || {
            format!(
                "job {job}: {} {} lands",
                in_flight.number,
                effect_name(&in_flight.effect)
            )
        });
        let answer = match in_flight.effect {
            Effect::Submit { epoch, attempt } => Answer::Submitted {
                epoch,
                outcome: self.submitted(job, epoch, attempt),
            },
            Effect::Poll { epoch, operation } => {
                let outcome = self.polled(job, &operation);
                Answer::Polled {
                    epoch,
                    operation,
                    outcome,
                }
            }
            Effect::Store {
                epoch,
                attempt,
                uri,
            } => Answer::Stored {
                epoch,
                attempt,
                outcome: self.stored(job, attempt, &uri),
            },
            Effect::Deliver { event_id } => {
                let receipt = self.hooked(job, &event_id);
                Answer::Delivered { event_id, receipt }
            }
            Effect::CancelUpstream { operation } => {
                let outcome = self.abandoned(job, &operation);
                Answer::UpstreamCancelled { operation, outcome }
            }
            Effect::DeleteFile { attempt } => Answer::FileDeleted {
                attempt,
                outcome: self.discarded(job, attempt),
            },
            Effect::Enqueue { .. } | Effect::Report { .. } => return,
        };
        if !cut_off && self.dies(Object::Job(job), Fault::CrashAfterEffect) {
            return;
        }
        self.after(
            1,
            2_000,
            Event::Answered {
                job,
                handler,
                number: in_flight.number,
                answer,
            },
        );
    }
}

/// A certain refusal that may be repeated.
pub(crate) fn again<T>(code: ErrorCode, after: Option<Millis>) -> Outcome<T> {
    Err(Trouble::Retry {
        after,
        failure: Failure::new(code, "It did not work this time."),
    })
}

/// A refusal by an upstream that takes no submits from anyone.
pub(crate) fn not_now<T>(after: Option<Millis>) -> Outcome<T> {
    Err(Trouble::NotNow {
        after,
        failure: Failure::new(ErrorCode::ProviderRateLimited, "Not now."),
    })
}

pub(crate) fn never<T>(code: ErrorCode) -> Outcome<T> {
    Err(Trouble::Refused(Failure::new(code, "It will not work.")))
}
