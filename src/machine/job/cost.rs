//! What a job has cost and may still cost, in millionths of a US dollar, computed from its ledger.

use super::{Job, Phase, Submit, SubmitAnswer};

/// The cap on a reported render cost: a million dollars.
const MAX_RENDER_COST: u64 = 1_000_000_000_000;

impl Job {
    /// The total spent on the job, over every attempt. A paid call counts at its list price until
    /// its actual cost is known.
    pub fn cost_micros(&self) -> u64 {
        self.submits
            .iter()
            .map(|row| self.cost_of(row))
            .fold(0, u64::saturating_add)
    }

    /// What was spent, plus the price of a render still to be paid for.
    pub fn committed_micros(&self) -> u64 {
        let reserved = if self.awaits_render() {
            self.terms.price_micros
        } else {
            0
        };
        self.cost_micros().saturating_add(reserved)
    }

    /// The cost of the current or last attempt's render.
    pub fn render_cost_micros(&self) -> u64 {
        let of_attempt =
            |row: &&Submit| row.attempt == self.attempt && row.answer == SubmitAnswer::Accepted;
        let row = self.submits.iter().rev().find(of_attempt);
        row.map_or(self.terms.price_micros, |row| self.cost_of(row))
    }

    /// Whether a render is still to be paid for: the job is live, does not wait for its user, and
    /// no submit of this attempt counts yet.
    fn awaits_render(&self) -> bool {
        let counts = |row: &Submit| row.attempt == self.attempt && self.cost_of(row) > 0;
        match self.phase {
            Phase::Queued { .. } | Phase::Submitting { .. } | Phase::Rendering { .. } => {
                !self.submits.iter().any(counts)
            }
            // A job that waits for its user is charged when the user acts. Until then it does not
            // use up a budget.
            Phase::Confirming { .. }
            | Phase::Clarifying { .. }
            | Phase::Storing { .. }
            | Phase::Ended { .. } => false,
        }
    }

    /// A call with an unknown outcome counts too.
    fn cost_of(&self, row: &Submit) -> u64 {
        match row.answer {
            SubmitAnswer::Refused | SubmitAnswer::NotNow => 0,
            SubmitAnswer::Intended | SubmitAnswer::Accepted | SubmitAnswer::Unknown => {
                row.cost_micros.unwrap_or(self.terms.price_micros)
            }
        }
    }

    /// Records the cost that the upstream reports for the render of this epoch, even if nobody
    /// wants the render any more.
    pub(super) fn charge_render(&mut self, epoch: u64, cost_micros: u64) {
        let of_render =
            |row: &&mut Submit| row.epoch == epoch && row.answer == SubmitAnswer::Accepted;
        if let Some(row) = self.record.submits.iter_mut().rev().find(of_render) {
            row.cost_micros = Some(cost_micros.min(MAX_RENDER_COST));
        }
    }
}
