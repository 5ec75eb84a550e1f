//! A small fixed world: what the users do, which faults strike first, and how it must end when
//! nothing is cut off.

use crate::agenda::{Action, Event, Operation};
use crate::choices::{Choices, Counter};
use crate::faults::{Fault, Rates};
use crate::message_queue::ENOUGH_TRIES;
use crate::plan::{FINGERPRINT, NEVER, NeverHeals, Plan, Wishes};
use crate::trace::Trace;
use crate::witness::Violation;
use crate::world::{BEGINNING, World};
use reelay::machine::Status;
use reelay::machine::alerts::AlertPolicy;
use reelay::machine::delivery::EventKind;
use reelay::machine::job::{Policy, Request, UnknownSubmit};
use reelay::machine::queue;
use reelay::machine::queue::Mode;
use reelay::time::{MINUTE, Millis, SECOND};

/// How long a story's cuts last.
const CHAOS: Millis = 6 * MINUTE;

/// What happens as soon as a job is in a phase, or has a status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    job: usize,
    when: &'static str,
    deed: Deed,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    /// By the user.
    Action(Action),
    /// By the operator.
    Mode(Mode),
    Operation(Operation),
}

#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) name: &'static str,
    plan: Plan,
    events: Vec<(Millis, Event)>,
    acts: Vec<Act>,
    orders: fn(&mut Request),
    ends: Vec<Option<Status>>,
    met: Vec<&'static str>,
    /// Short enough for every pair of cuts.
    pub(crate) in_pairs: bool,
}

impl Story {
    /// Jobs that all complete, each ordered a second after the one before.
    pub(crate) fn of(name: &'static str, jobs: usize) -> Self {
        let policy = Policy {
            max_retries: 2,
            store_timeout: 0,
            job_timeout: 5 * MINUTE,
            unknown_submit: UnknownSubmit::Fail,
            poll_interval: 20 * SECOND,
            webhook_schedule: vec![0, 5 * SECOND, MINUTE],
            events: [
                EventKind::Completed,
                EventKind::Failed,
                EventKind::Cancelled,
            ]
            .into(),
            clarifications: false,
        };
        let plan = Plan {
            owners: (0..jobs).map(|job| job % 2).collect(),
            policy,
            queue: queue::Policy {
                mode: Mode::Immediate,
                slots: 1,
                user_slots: 9,
                max_waiting: 20,
                submits_per_minute: 1_000,
                max_cost_per_day: None,
                max_cost_per_user_per_day: None,
                retention: NEVER,
                alerts: AlertPolicy::OFF,
            },
            rates: Rates::cuts_only(),
            max_effects: 32,
            chaos: CHAOS,
            never_heals: NeverHeals::Nothing,
            insistent: 1_000,
            wishes: Wishes {
                models: 1,
                ..Wishes::default()
            },
            pushes: false,
            longest_backoff: 90,
            longest_outage: 30 * MINUTE,
            message_tries: ENOUGH_TRIES,
            cron_returns: 0,
            changes: [0, 0],
            pauses: 0,
            upstream_pauses: 0,
            limit_changes: 0,
            bulks: 0,
            redeliveries: 0,
            first: Vec::new(),
        };
        let post = Action::Post {
            fingerprint: FINGERPRINT,
        };
        let events = (0..jobs)
            .map(|job| (job as u64 * SECOND, Event::User { job, action: post }))
            .collect();
        let ends = vec![Some(Status::Completed); jobs];
        Self {
            name,
            plan,
            events,
            acts: Vec::new(),
            orders: |_| {},
            ends,
            met: Vec::new(),
            in_pairs: false,
        }
    }

    pub(crate) fn planned(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        change(&mut self.plan);
        self
    }

    /// The fault strikes at its first `occasions` occasions.
    pub(crate) fn first(mut self, fault: Fault, occasions: u64) -> Self {
        self.plan.first.push((fault, occasions));
        self
    }

    /// The user acts as soon as the job's phase or status is `when`.
    pub(crate) fn when(mut self, job: usize, when: &'static str, action: Action) -> Self {
        self.acts.push(Act {
            job,
            when,
            deed: Deed::Action(action),
        });
        self
    }

    /// The operator changes the mode as soon as the job's phase or status is `when`.
    pub(crate) fn changes(mut self, job: usize, when: &'static str, mode: Mode) -> Self {
        self.acts.push(Act {
            job,
            when,
            deed: Deed::Mode(mode),
        });
        self
    }

    /// The operator acts as soon as the job's phase or status is `when`.
    pub(crate) fn operates(mut self, job: usize, when: &'static str, operation: Operation) -> Self {
        self.acts.push(Act {
            job,
            when,
            deed: Deed::Operation(operation),
        });
        self
    }

    pub(crate) fn in_mode(mut self, mode: Mode) -> Self {
        self.plan.queue.mode = mode;
        self
    }

    /// Changes every job's order.
    pub(crate) fn orders(mut self, change: fn(&mut Request)) -> Self {
        self.orders = change;
        self
    }

    /// Something happens this long after the beginning.
    pub(crate) fn at(mut self, at: Millis, event: Event) -> Self {
        self.events.push((at, event));
        self
    }

    /// Every job is deleted in the end.
    pub(crate) fn ends_forgotten(mut self) -> Self {
        self.ends.fill(None);
        self
    }

    /// The job with this number is gone in the end.
    pub(crate) fn ends_without(mut self, job: usize) -> Self {
        self.ends[job] = None;
        self
    }

    /// The job with this number is ordered this long after the beginning.
    pub(crate) fn late(mut self, job: usize, at: Millis) -> Self {
        self.events[job].0 = at;
        self
    }

    /// How the jobs end, in their order.
    pub(crate) fn ends(mut self, ends: &[Status]) -> Self {
        self.ends = ends.iter().copied().map(Some).collect();
        self
    }

    /// A mark that the story must meet when nothing is cut off.
    pub(crate) fn meets(mut self, mark: &'static str) -> Self {
        self.met.push(mark);
        self
    }

    pub(crate) fn in_pairs(mut self) -> Self {
        self.in_pairs = true;
        self
    }

    /// Runs the story, cut off at the decisions with these numbers.
    pub(crate) fn run(&self, cuts: &[u64], trace: Trace) -> (World, Result<(), Violation>) {
        self.run_after(|_| {}, cuts, trace)
    }

    /// The same in a world changed by `change`.
    pub(crate) fn run_after(
        &self,
        change: impl FnOnce(&mut World),
        cuts: &[u64],
        trace: Trace,
    ) -> (World, Result<(), Violation>) {
        let mut world = World::of_plan(self.plan.clone(), Choices::new(Counter::new(cuts)), trace);
        for job in &mut world.jobs {
            (self.orders)(&mut job.request);
        }
        for (at, event) in &self.events {
            world.agenda.add(BEGINNING + at, event.clone());
        }
        world.acts.clone_from(&self.acts);
        change(&mut world);
        world.fill_in_ends();
        let outcome = world.run();
        (world, outcome)
    }

    /// Fails unless the uncut story ended as declared, with every mark met.
    pub(crate) fn assert_told(&self, world: &World) {
        let ends: Vec<_> = world
            .jobs
            .iter()
            .map(|job| job.job.as_ref().map(|job| job.status()))
            .collect();
        assert_eq!(ends, self.ends, "{}", self.name);
        assert!(
            world.acts.is_empty(),
            "{}: never done: {:?}",
            self.name,
            world.acts
        );
        for mark in &self.met {
            let met = world
                .tally
                .marks
                .keys()
                .any(|(kind, name)| format!("{kind}: {name}") == *mark);
            assert!(
                met,
                "{} never meets {mark}: {:?}",
                self.name, world.tally.marks
            );
        }
        assert!(
            world
                .plan
                .first
                .iter()
                .all(|(_, left)| *left == 0 || *left > 9),
            "{}: {:?}",
            self.name,
            world.plan.first
        );
    }
}

impl World {
    /// Carries out the story's next action, if its time has come.
    pub(crate) fn tell_on(&mut self) {
        let Some(Act {
            job: number,
            when,
            deed,
        }) = self.acts.first().copied()
        else {
            return;
        };
        let Some(job) = &self.jobs[number].job else {
            return;
        };
        if job.phase_name() == when || job.status().as_str() == when {
            self.acts.remove(0);
            match deed {
                Deed::Action(action) => self.after(
                    1,
                    1,
                    Event::User {
                        job: number,
                        action,
                    },
                ),
                Deed::Mode(mode) => self.change_mode(mode),
                Deed::Operation(operation) => self.after(1, 1, Event::Operate(operation)),
            }
        }
    }
}
