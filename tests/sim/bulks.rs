//! Bulks (I20): each job that a bulk chose is acted on at most once, no other job is, and a bulk
//! chooses no more than was said.

use crate::rows::MapRows;
use crate::seen::Seen;
use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::bulk::{BulkAction, BulkOutcome};
use reelay::machine::job::{BulkAct, Job};
use reelay::machine::queue::{
    Bulk, BulkFilter, BulkRefused, Matching, StartBulk, StopBulk, matching,
};
use reelay::time::Millis;
use std::collections::BTreeSet;

/// What a bulk chose and did.
#[derive(Debug, Default)]
pub(crate) struct BulkSeen {
    /// The jobs that it chose, by name and creation time.
    chosen: BTreeSet<(JobKey, Millis)>,
    /// The jobs that it retried or cancelled.
    acted: BTreeSet<(JobKey, Millis)>,
}

impl World {
    /// The operator counts, and starts the bulk with the numbers of that moment. By the time that
    /// the message arrives, more jobs may match.
    pub(crate) fn start_bulk(&mut self, action: BulkAction) {
        let filter = BulkFilter::default();
        let Ok(said) = matching(&*self.queue.rows, action, &filter);
        self.tell_queue(StartBulk {
            action,
            filter,
            operator: "operator".to_owned(),
            said,
        });
    }

    pub(crate) fn stop_bulk(&mut self) {
        if let Some(bulk) = &self.queue.rows.book.bulk {
            let message = StopBulk {
                id: bulk.id,
                operator: "operator".to_owned(),
            };
            self.tell_queue(message);
        }
    }

    /// Observes a step of the queue that has just been saved.
    pub(crate) fn note_bulk(&mut self, rows: &MapRows, seen: &Seen) {
        match seen {
            Seen::StartBulk { said, started } => match started {
                Ok(bulk) => self.bulk_started(rows, *said, bulk),
                Err(BulkRefused::More { .. }) => {
                    self.tally.mark("bulk", "refused because more matches");
                }
                Err(BulkRefused::Running { .. }) => {
                    self.tally.mark("bulk", "refused because another runs");
                }
                Err(BulkRefused::TooMany) => self.tally.mark("bulk", "refused as too large"),
            },
            Seen::StopBulk { bulk: Some(_) } => self.tally.mark("bulk", "stopped"),
            _ => {}
        }
    }

    fn bulk_started(&mut self, rows: &MapRows, said: Matching, bulk: &Bulk) {
        let chosen: BTreeSet<_> = rows
            .items
            .iter()
            .map(|item| (item.key.clone(), item.created_at))
            .collect();
        let prices = rows
            .items
            .iter()
            .filter_map(|item| Some(rows.entries.get(&item.key)?.summary.price_micros));
        let cost: u64 = match bulk.action {
            BulkAction::Retry => prices.sum(),
            BulkAction::Cancel => 0,
        };
        if chosen.len() as u64 > said.count || cost > said.cost_micros {
            let message = format!(
                "a bulk chose {} jobs for {cost}, but said {said:?}",
                chosen.len()
            );
            self.violated(Invariant::I20, message);
        }
        if self.witness.bulks.contains_key(&bulk.id) {
            let message = format!("two bulks have the id {}", bulk.id);
            self.violated(Invariant::I20, message);
        }
        let acted = BTreeSet::new();
        self.witness
            .bulks
            .insert(bulk.id, BulkSeen { chosen, acted });
    }

    /// A job has answered a bulk; `before` is the job before that.
    pub(crate) fn watch_bulk_act(&mut self, number: usize, act: BulkAct, before: Option<&Job>) {
        let (Some(before), Some(after)) = (before, self.jobs[number].job.clone()) else {
            return;
        };
        if before.bulk.is_some_and(|mark| mark.bulk >= act.bulk) {
            self.tally.mark("bulk", "repeated its message");
        }
        let retried = after.attempt > before.attempt;
        let cancelled = before.status() != after.status() && !retried;
        if !retried && !cancelled {
            return;
        }
        let word = if retried {
            // An order that was never confirmed is confirmed by its retry.
            self.witness.stand_by(number);
            "retried a job"
        } else {
            "cancelled a job"
        };
        self.tally.mark("bulk", word);
        let job = (after.key.clone(), after.created_at);
        let bulk = self.witness.bulks.entry(act.bulk).or_default();
        let was_chosen = bulk.chosen.contains(&job);
        let is_first = bulk.acted.insert(job);
        if !was_chosen || !is_first {
            let message = format!(
                "bulk {} {word} ({number}), chosen {was_chosen}, for the first time {is_first}",
                act.bulk
            );
            self.violated(Invariant::I20, message);
        }
    }

    /// In the end every bulk is over, each of its jobs has one outcome, and a job counts as done
    /// only if it was acted on.
    pub(crate) fn check_bulks(&mut self) {
        let rows = &self.queue.rows;
        if rows.book.bulk.is_some() || !rows.items.is_empty() {
            let message = format!("bulk {:?} is not over: {:?}", rows.book.bulk, rows.items);
            self.violated(Invariant::I20, message);
            return;
        }
        let ended: Vec<Bulk> = rows.bulks.values().cloned().collect();
        for bulk in ended {
            let of = |outcome| bulk.outcomes.get(&outcome).copied().unwrap_or(0);
            let (done, unsure) = (
                of(BulkOutcome::Done),
                of(BulkOutcome::NoAnswer) + of(BulkOutcome::Gone),
            );
            let seen = self.witness.bulks.get(&bulk.id);
            let acted = seen.map_or(0, |seen| seen.acted.len() as u64);
            if bulk.left() != 0 || done > acted || acted > done + unsure {
                let message = format!("{acted} jobs were acted on by {bulk:?}");
                self.violated(Invariant::I20, message);
            }
            for outcome in bulk.outcomes.keys() {
                self.tally.mark("bulk outcome", outcome.as_str());
            }
        }
    }
}
