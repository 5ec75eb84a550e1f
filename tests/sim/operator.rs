//! The operator: pauses and resumes the queue, steers it, and redelivers events. It checks that no job gets a
//! slot while the queue is paused (I17), and that the catalogue of events in the end agrees with
//! the jobs' own outboxes.

use crate::agenda::{Event, Operation};
use crate::faults::Fault;
use crate::rows::MapRows;
use crate::seen::Seen;
use crate::turns::Grants;
use crate::witness::Invariant;
use crate::world::{BEGINNING, World};
use reelay::ids::JobKey;
use reelay::machine::job::Redeliver;
use reelay::machine::message::Reply;
use reelay::machine::queue::{Pause, Redelivered, RedeliveredEvent, Resume, Stage};
use reelay::time::HOUR;

impl World {
    /// Draws operations at any time while faults strike, and again after the healing, long after
    /// the events were settled.
    pub(crate) fn fill_in_operations(&mut self) {
        for _ in 0..self.plan.pauses {
            for operation in [Operation::Pause, Operation::Resume] {
                let at = BEGINNING + self.choices.between(0, self.plan.chaos);
                self.agenda.add(at, Event::Operate(operation));
            }
        }
        self.fill_in_steering();
        for _ in 0..self.plan.redeliveries {
            let job =
                usize::try_from(self.choices.between(0, self.jobs.len() as u64 - 1)).unwrap_or(0);
            let at = BEGINNING + self.choices.between(0, self.plan.chaos);
            let later = BEGINNING + self.plan.chaos + self.choices.between(HOUR, 48 * HOUR);
            for at in [at, later] {
                self.agenda
                    .add(at, Event::Operate(Operation::Redeliver { job }));
            }
        }
    }

    pub(crate) fn operate(&mut self, operation: Operation) {
        match operation {
            Operation::Pause => self.tell_queue(Pause),
            Operation::Resume => self.tell_queue(Resume),
            Operation::PauseUpstream { .. }
            | Operation::ResumeUpstream { .. }
            | Operation::ChangeLimit { .. }
            | Operation::Bulk { .. }
            | Operation::StopBulk => self.steer(operation),
            Operation::Redeliver { job } => {
                let key = self.jobs[job].key.clone();
                // The operator finds the event in the catalogue.
                let known = self
                    .queue
                    .rows
                    .deliveries
                    .iter()
                    .filter(|(_, (of, _))| *of == key);
                let ids: Vec<String> = known.map(|(id, _)| id.clone()).collect();
                if ids.is_empty() {
                    return;
                }
                let at =
                    usize::try_from(self.choices.between(0, ids.len() as u64 - 1)).unwrap_or(0);
                let event_id = ids[at].clone();
                let message = Redeliver {
                    event_id: event_id.clone(),
                };
                self.ask_job(job, message, move |world, reply| {
                    world.operator_goes_on(key, event_id, reply);
                });
            }
        }
    }

    /// The job has answered; the operator notifies the queue, unless the request is cut off.
    fn operator_goes_on(&mut self, key: JobKey, event_id: String, reply: Reply<Redeliver>) {
        let Ok(reply) = reply else { return };
        let delivery = reply
            .ok()
            .and_then(|summaries| summaries.into_iter().find(|summary| summary.id == event_id));
        if !self.fault(Fault::PosterCrash) {
            let events = vec![RedeliveredEvent {
                key,
                event_id,
                delivery,
            }];
            self.tell_queue(Redelivered { events });
        }
    }

    /// An operator who sees a paused queue after the healing resumes it.
    pub(crate) fn resume_what_is_paused(&mut self) {
        if self.healed && self.queue.rows.book.is_paused() {
            self.tell_queue(Resume);
        }
        self.resume_upstreams();
    }

    /// I17: nobody is given a slot while the queue is paused.
    pub(crate) fn check_pause(&mut self, rows: &MapRows, seen: &Seen, grants: &Grants) {
        match seen {
            Seen::Pause => self.witness.paused = true,
            Seen::Resume => self.witness.paused = false,
            _ => {}
        }
        if rows.book.is_paused() != self.witness.paused {
            self.violated(
                Invariant::I17,
                format!(
                    "the queue has been paused since {:?}",
                    rows.book.paused_since
                ),
            );
        }
        if self.witness.paused {
            self.tally.mark("queue", "took an input while paused");
            if let Some(key) = grants.admitted.first() {
                self.violated(
                    Invariant::I17,
                    format!("{} got a slot while paused", key.object_name()),
                );
            }
        }
    }

    /// No event outlives its job's entry.
    pub(crate) fn check_catalogue(&mut self, rows: &MapRows) {
        let orphan = rows
            .deliveries
            .iter()
            .find(|(_, (key, _))| !rows.entries.contains_key(key));
        if let Some((id, (key, _))) = orphan {
            self.violated(
                Invariant::I5,
                format!(
                    "event {id} of {} is listed without an entry of its job",
                    key.object_name()
                ),
            );
        }
    }

    /// In the end the queue lists each event with the state that its job has.
    pub(crate) fn check_catalogue_is_true(&mut self) {
        for number in 0..self.jobs.len() {
            let Some(job) = self.jobs[number].job.clone() else {
                continue;
            };
            let entry = self.queue.rows.entries.get(&job.key);
            if !entry.is_some_and(|entry| {
                entry.summary.created_at == job.created_at && entry.stage == Stage::Ended
            }) {
                continue;
            }
            for delivery in &job.outbox {
                let listed = self
                    .queue
                    .rows
                    .deliveries
                    .get(&delivery.id)
                    .map(|(_, summary)| summary.clone());
                if listed.as_ref() != Some(&delivery.summary()) {
                    let message = format!(
                        "job {number} has {:?}, the queue lists {listed:?}",
                        delivery.summary()
                    );
                    self.violated(Invariant::I5, message);
                }
            }
        }
    }
}
