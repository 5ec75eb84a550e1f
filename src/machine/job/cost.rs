//! What a job has cost and may yet cost, in millionths of a US dollar, read from its ledger.

use super::{Job, Phase, Submit, SubmitAnswer};

/// The most that one render is believed to have cost: a million dollars.
const MAX_RENDER_COST: u64 = 1_000_000_000_000;

impl Job {
    /// All that was spent on the job, every attempt: a paid call counts as its price until more is
    /// known of it.
    pub fn cost_micros(&self) -> u64 {
        self.submits
            .iter()
            .map(|row| self.cost_of(row))
            .fold(0, u64::saturating_add)
    }

    /// What was spent, and the price of the render that is yet to come.
    pub fn committed_micros(&self) -> u64 {
        let reserved = if self.awaits_render() {
            self.terms.price_micros
        } else {
            0
        };
        self.cost_micros().saturating_add(reserved)
    }

    /// What the render of the attempt under way cost, or the one of the attempt that ended last.
    pub fn render_cost_micros(&self) -> u64 {
        let of_attempt =
            |row: &&Submit| row.attempt == self.attempt && row.answer == SubmitAnswer::Accepted;
        let row = self.submits.iter().rev().find(of_attempt);
        row.map_or(self.terms.price_micros, |row| self.cost_of(row))
    }

    /// Whether a render is still to be paid for: the job lives, waits for no word of its user, and
    /// nothing of its attempt counts.
    fn awaits_render(&self) -> bool {
        let counts = |row: &Submit| row.attempt == self.attempt && self.cost_of(row) > 0;
        match self.phase {
            Phase::Queued { .. } | Phase::Submitting { .. } | Phase::Rendering { .. } => {
                !self.submits.iter().any(counts)
            }
            // What waits for its user's word is charged with that word, so that nobody holds a
            // budget without paying.
            Phase::Confirming { .. }
            | Phase::Clarifying { .. }
            | Phase::Storing { .. }
            | Phase::Ended { .. } => false,
        }
    }

    /// What a call whose outcome is not known may have cost counts too.
    fn cost_of(&self, row: &Submit) -> u64 {
        match row.answer {
            SubmitAnswer::Refused | SubmitAnswer::NotNow => 0,
            SubmitAnswer::Intended | SubmitAnswer::Accepted | SubmitAnswer::Unknown => {
                row.cost_micros.unwrap_or(self.terms.price_micros)
            }
        }
    }

    /// Enters what the upstream says the render of this epoch cost, even if nobody wants that
    /// render any more.
    pub(super) fn charge_render(&mut self, epoch: u64, cost_micros: u64) {
        let of_render =
            |row: &&mut Submit| row.epoch == epoch && row.answer == SubmitAnswer::Accepted;
        if let Some(row) = self.record.submits.iter_mut().rev().find(of_render) {
            row.cost_micros = Some(cost_micros.min(MAX_RENDER_COST));
        }
    }
}
