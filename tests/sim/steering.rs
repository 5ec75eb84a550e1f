//! What an operator changes without a deploy: pauses of a video service or a model, and limits. A
//! second bookkeeping of what is in force, compared with the queue's at every write of it.

use crate::agenda::{Event, Operation};
use crate::plan;
use crate::plan::MODELS;
use crate::rows::MapRows;
use crate::seen::Seen;
use crate::turns::Grants;
use crate::witness::Invariant;
use crate::world::{BEGINNING, World};
use reelay::machine::bulk::BulkAction;
use reelay::machine::queue::{ChangeLimits, Limit, PauseUpstream, Policy, ResumeUpstream, Scope};

/// The video service of every order.
const PROVIDER: &str = "veo3";

impl World {
    /// Draws the operator's changes at any time while faults strike.
    pub(crate) fn fill_in_steering(&mut self) {
        for _ in 0..self.plan.upstream_pauses {
            let model = self.choices.pick(&[None, Some(MODELS[0]), Some(MODELS[1])]);
            self.sometime_operate(Operation::PauseUpstream { model });
            self.sometime_operate(Operation::ResumeUpstream { model });
        }
        for _ in 0..self.plan.limit_changes {
            let limit = self.choices.pick(&Limit::ALL);
            let value = self.draw_limit(limit);
            self.sometime_operate(Operation::ChangeLimit { limit, value });
        }
        for _ in 0..self.plan.bulks {
            let action = self.choices.pick(&[
                BulkAction::Retry,
                BulkAction::Retry,
                BulkAction::Retry,
                BulkAction::Cancel,
            ]);
            self.sometime_operate(Operation::Bulk { action });
            if self.choices.chance(250) {
                self.sometime_operate(Operation::StopBulk);
            }
        }
    }

    fn sometime_operate(&mut self, operation: Operation) {
        let at = BEGINNING + self.choices.between(0, self.plan.chaos);
        self.agenda.add(at, Event::Operate(operation));
    }

    fn draw_limit(&mut self, limit: Limit) -> Option<u64> {
        let drawn = plan::draw_queue(&mut self.choices);
        let value = match limit {
            Limit::MaxConcurrentJobs => Some(drawn.slots),
            Limit::MaxConcurrentJobsPerUser => Some(drawn.user_slots.min(2)),
            Limit::MaxSubmitsPerMinute => Some(drawn.submits_per_minute),
            Limit::MaxCostPerDay => drawn.max_cost_per_day,
            Limit::MaxCostPerUserPerDay => drawn.max_cost_per_user_per_day,
        };
        value.filter(|_| self.choices.chance(800))
    }

    pub(crate) fn steer(&mut self, operation: Operation) {
        let scope = |model: Option<&str>| Scope {
            provider: PROVIDER.to_owned(),
            model: model.map(str::to_owned),
        };
        match operation {
            Operation::PauseUpstream { model } => {
                let scope = scope(model);
                self.tell_queue(PauseUpstream { scope });
            }
            Operation::ResumeUpstream { model } => {
                let scope = scope(model);
                self.tell_queue(ResumeUpstream { scope });
            }
            Operation::ChangeLimit { limit, value } => self.tell_queue(ChangeLimits {
                changes: vec![(limit, value)],
                operator: "operator".to_owned(),
            }),
            Operation::Bulk { action } => self.start_bulk(action),
            Operation::StopBulk => self.stop_bulk(),
            Operation::Pause | Operation::Resume | Operation::Redeliver { .. } => {}
        }
    }

    /// An operator who sees something paused after the healing resumes it.
    pub(crate) fn resume_upstreams(&mut self) {
        if !self.healed {
            return;
        }
        for pause in self.queue.rows.book.paused_upstreams.clone() {
            self.tell_queue(ResumeUpstream { scope: pause.scope });
        }
    }

    /// The settings, or what an operator set in their place.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = self.plan.queue;
        for (limit, value) in &self.witness.limits {
            match limit {
                Limit::MaxConcurrentJobs => policy.slots = *value,
                Limit::MaxConcurrentJobsPerUser => policy.user_slots = *value,
                Limit::MaxSubmitsPerMinute => policy.submits_per_minute = *value,
                Limit::MaxCostPerDay => policy.max_cost_per_day = Some(*value),
                Limit::MaxCostPerUserPerDay => policy.max_cost_per_user_per_day = Some(*value),
            }
        }
        policy
    }

    /// Notes the rate that is in force from now on.
    pub(crate) fn allow_rate(&mut self) {
        let limit = self.policy().submits_per_minute;
        let replaces = self
            .witness
            .limits
            .contains_key(&Limit::MaxSubmitsPerMinute);
        self.limits.allow(self.real, limit, replaces);
    }

    /// Notes what the step changed, and compares it with what the queue stores.
    pub(crate) fn note_steering(&mut self, rows: &MapRows, seen: &Seen) {
        match seen {
            Seen::PauseUpstream { scope } if !self.limits.paused.contains(scope) => {
                self.limits.paused.push(scope.clone());
            }
            Seen::ResumeUpstream { scope } => self.limits.paused.retain(|other| other != scope),
            Seen::ChangeLimits { changed } => self.note_limits(changed),
            _ => {}
        }
        let book = &rows.book;
        let paused = book.paused_upstreams.iter().map(|pause| &pause.scope);
        if !paused.eq(self.limits.paused.iter()) {
            let message = format!("{:?} is paused", book.paused_upstreams);
            self.violated(Invariant::I17, message);
        }
        let differs = Limit::ALL
            .into_iter()
            .find(|limit| book.overrides.value(*limit) != self.witness.limits.get(limit).copied());
        if let Some(limit) = differs {
            let message = format!("{limit:?} is {:?}", book.overrides.get(limit));
            self.violated(Invariant::Limit, message);
        }
    }

    fn note_limits(&mut self, changed: &[(Limit, Option<u64>)]) {
        if changed.is_empty() {
            self.tally.mark("limits", "refused together");
        }
        for (limit, value) in changed {
            let word = if let Some(value) = value {
                self.witness.limits.insert(*limit, *value);
                "changed at run time"
            } else {
                self.witness.limits.remove(limit);
                "reset"
            };
            self.tally.mark("limits", word);
        }
        self.allow_rate();
    }

    /// I17: nobody is given a slot of a paused upstream.
    pub(crate) fn check_upstream_pauses(&mut self, rows: &MapRows, grants: &Grants) {
        if self.limits.paused.is_empty() {
            return;
        }
        self.tally
            .mark("queue", "took an input while an upstream was paused");
        let wrong = grants.admitted.iter().find(|key| {
            let entry = rows.entries.get(*key);
            entry.is_some_and(|entry| self.limits.is_paused(&entry.summary.upstream))
        });
        if let Some(key) = wrong {
            let message = format!("{} got a slot while paused", key.object_name());
            self.violated(Invariant::I17, message);
        }
    }
}
