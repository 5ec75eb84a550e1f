//! Renders that nobody waits for any more: where the upstream can be told so, it is (I14).

use crate::upstream::Operation;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::job::{End, Job, MAX_CANCEL_TRIES, Phase, SubmitAnswer};
use reelay::machine::outcome::{ErrorCode, Outcome, Trouble};

impl World {
    /// Observes a write of the job.
    pub(crate) fn observe_renders(&mut self, number: usize, before: &Job, after: &Job) {
        for operation in self.left_behind(number, before, after) {
            self.upstream
                .operations
                .entry(operation)
                .and_modify(|operation| operation.unwanted = true);
        }
        for (name, task) in &before.upstream_cancels {
            if after.upstream_cancels.contains_key(name) {
                continue;
            }
            let spent = task.tries + 1 >= MAX_CANCEL_TRIES;
            let real = self.real;
            let Some(operation) = self.upstream.operations.get_mut(name) else {
                continue;
            };
            if operation.told_off {
                self.tally.mark("render", "given up");
            } else if spent {
                operation.unwanted = false;
                self.tally.mark("render", "left to itself");
            } else if operation.is_over(real) {
                operation.unwanted = false;
                self.tally.mark("render", "found over");
            } else {
                self.violated(
                    Invariant::I14,
                    format!(
                        "job {number} does not plan to cancel {name}, which it no longer needs"
                    ),
                );
            }
        }
    }

    /// The operations whose names the job knows, or has just learned, and which it no longer waits
    /// for.
    fn left_behind(&self, number: usize, before: &Job, after: &Job) -> Vec<String> {
        if !after.terms.cancellable {
            return Vec::new();
        }
        let gives_up = match &after.phase {
            Phase::Ended {
                end: End::Cancelled,
            } => true,
            Phase::Ended {
                end: End::Failed { failure },
            } => failure.code == ErrorCode::DeadlineExceeded,
            _ => false,
        };
        let mut left = Vec::new();
        if let (Phase::Rendering { operation, .. }, true) = (&before.phase, gives_up) {
            left.push(operation.clone());
        }
        for row in after
            .submits
            .iter()
            .filter(|row| row.answer == SubmitAnswer::Accepted)
        {
            let open = |old: &&_| {
                **old
                    == reelay::machine::job::Submit {
                        answer: SubmitAnswer::Intended,
                        ..row.clone()
                    }
            };
            let waits = matches!(after.phase, Phase::Rendering { .. }) && after.epoch == row.epoch;
            if before.submits.iter().find(open).is_some() && !waits {
                let incarnation = self.witness.incarnation(number);
                let of_row = |made: &&(&String, &Operation)| {
                    let made = made.1;
                    made.job == number && made.epoch == row.epoch && made.incarnation == incarnation
                };
                left.extend(
                    self.upstream
                        .operations
                        .iter()
                        .filter(|made| of_row(&made))
                        .map(|(name, _)| name.clone()),
                );
            }
        }
        left
    }

    /// When everything is quiet, no unneeded render was left running.
    pub(crate) fn check_renders(&mut self, number: usize) {
        let incarnation = self.witness.incarnation(number);
        let of_job = |made: &&Operation| made.job == number && made.incarnation == incarnation;
        let untold = self
            .upstream
            .operations
            .values()
            .filter(of_job)
            .any(|made| made.unwanted && !made.told_off);
        if untold {
            self.violated(
                Invariant::I14,
                format!("job {number} has left a render uncancelled"),
            );
        }
    }

    /// The upstream is asked to cancel a render.
    pub(crate) fn abandoned(&mut self, job: usize, name: &str) -> Outcome<()> {
        use crate::faults::Fault;
        use crate::outside::again;
        use crate::plan::NeverHeals;
        if self.still_broken(NeverHeals::Upstream) || self.fault(Fault::AbandonFails) {
            return again(ErrorCode::ProviderUnavailable, None);
        }
        let Some(operation) = self.upstream.operations.get_mut(name) else {
            self.violated(
                Invariant::I3,
                format!("job {job} cancels {name}, which was never begun"),
            );
            return Err(Trouble::Unknown);
        };
        operation.told_off = true;
        if self.fault(Fault::AbandonLost) {
            Err(Trouble::Unknown)
        } else {
            Ok(())
        }
    }
}
