//! One queue and one clock, with short methods for what happens to the queue.

use crate::rows::MapRows;
use reelay::ids::JobKey;
use reelay::machine::alerts::AlertPolicy;
use reelay::machine::job::{Start, State};
use reelay::machine::limiter::Availability;
use reelay::machine::message::NoAnswer;
use reelay::machine::metrics::{Metrics, MetricsByUpstream};
use reelay::machine::queue::{
    Alarm, Ask, Claim, DeleteOld, Enqueue, EnqueueAgain, Entry, Heard, Input, Mode, Policy,
    Position, Question, QueueInstance, Report, Rows, Stage, Summary, Sweep, Terms,
};
use reelay::machine::{Status, queue};
use reelay::time::{Millis, Moment};

/// The user of a job whose name gives none.
pub(crate) const ADA: &str = "ada";

pub(crate) struct QueueStory {
    pub(crate) rows: MapRows,
    pub(crate) now: Millis,
    pub(crate) policy: Policy,
    pub(crate) wake_at: Option<Millis>,
}

impl QueueStory {
    /// In the mode `immediate`, without any other limit.
    pub(crate) fn with_slots(slots: u64) -> Self {
        let policy = Policy {
            mode: Mode::Immediate,
            slots,
            user_slots: slots,
            max_waiting: 100,
            submits_per_minute: 1_000,
            max_cost_per_day: None,
            max_cost_per_user_per_day: None,
            retention: 0,
            alerts: AlertPolicy::OFF,
        };
        Self {
            rows: MapRows::default(),
            now: 10_000_000,
            policy,
            wake_at: None,
        }
    }

    pub(crate) fn in_mode(mode: Mode, slots: u64) -> Self {
        let mut story = Self::with_slots(slots);
        story.policy.mode = mode;
        story
    }

    pub(crate) fn takes<I: Input>(&mut self, input: I) -> I::Reply {
        let moment = Moment {
            now: self.now,
            random: u128::from(self.now),
        };
        let Ok(step) = QueueInstance::default().step(&mut self.rows, input, moment, &self.policy);
        self.wake_at = step.wake_at;
        step.reply
    }

    /// An accepted job asks for its place.
    pub(crate) fn enqueue(&mut self, summary: Summary) -> Option<Position> {
        self.enqueue_on(summary, Terms::default())
    }

    pub(crate) fn enqueue_on(&mut self, summary: Summary, terms: Terms) -> Option<Position> {
        self.takes(EnqueueAgain { summary, terms })
    }

    /// A new job asks for its place; `None` when it is refused.
    pub(crate) fn order(&mut self, summary: Summary) -> Option<Position> {
        self.takes(Enqueue {
            summary,
            terms: Terms::default(),
        })
        .ok()
        .flatten()
    }

    /// A message of the platform's queue claims this job; `None` when the queue does not know it.
    pub(crate) fn claim(&mut self, name: &str) -> Option<Position> {
        self.takes(Claim { key: key(name) })
    }

    /// The daily clean-up marks jobs that ended before this time.
    pub(crate) fn mark_for_deletion(&mut self, before: Millis) -> u64 {
        self.policy.retention = self.now.saturating_sub(before);
        self.takes(DeleteOld)
    }

    pub(crate) fn report(&mut self, summary: Summary) {
        self.report_with(summary, None);
    }

    pub(crate) fn report_with(&mut self, summary: Summary, availability: Option<Availability>) {
        assert!(
            self.takes(Report {
                summary,
                availability
            }),
            "the report must be accepted"
        );
    }

    /// The alarm fires when it is due; returns the jobs that are told to start.
    pub(crate) fn alarm(&mut self) -> Vec<String> {
        let asks = self.asks();
        assert!(
            asks.iter().all(|ask| ask.question == Question::Start),
            "{asks:?}"
        );
        asks.into_iter().map(|ask| ask.key.generation_id).collect()
    }

    /// The alarm fires when it is due; returns the questions to jobs.
    pub(crate) fn asks(&mut self) -> Vec<Ask> {
        self.now = self.now.max(self.wake_at.expect("an alarm is set"));
        self.takes(Alarm)
    }

    /// Alarms fire, and their questions are lost, until the condition holds.
    pub(crate) fn asks_until(&mut self, wanted: impl Fn(&Self) -> bool) {
        for _ in 0..100 {
            if wanted(self) {
                return;
            }
            self.asks();
        }
        panic!("the condition never held");
    }

    pub(crate) fn sweep(&mut self) {
        self.takes(Sweep);
    }

    pub(crate) fn hears(&mut self, name: &str, epoch: u64, said: Said) {
        self.takes(Heard {
            ask: asking(name, epoch, Question::Start),
            said,
        });
    }

    pub(crate) fn ends(&mut self, name: &str) {
        self.report(told(name, 1, 2, Status::Completed));
    }

    pub(crate) fn entry(&self, name: &str) -> Option<Entry> {
        let Ok(entry) = self.rows.find(&key(name));
        entry
    }

    pub(crate) fn stage(&self, name: &str) -> Stage {
        self.entry(name).expect("the queue knows it").stage
    }

    pub(crate) fn position(&self, name: &str) -> Position {
        let Ok(memory) = self.rows.memory();
        let entry = self.entry(name).expect("the queue knows it");
        queue::position_of(&memory, &entry, &self.policy, self.now)
    }

    /// Everything counted.
    pub(crate) fn totals(&self) -> MetricsByUpstream {
        let Ok(memory) = self.rows.memory();
        let Ok(totals) = queue::totals(&self.rows, &memory);
        totals
    }

    /// The upstreams that currently take no submits.
    pub(crate) fn backoffs(&self) -> Vec<String> {
        let Ok(memory) = self.rows.memory();
        let backoffs = queue::backoffs(&memory, self.now);
        backoffs
            .into_iter()
            .map(|(upstream, _)| upstream.to_owned())
            .collect()
    }

    pub(crate) fn holders(&self) -> Vec<String> {
        self.rows
            .held()
            .map(|entry| name_of(&entry.summary.key))
            .collect()
    }
}

/// `user/name`, or `name` for one of Ada's.
pub(crate) fn key(name: &str) -> JobKey {
    match name.split_once('/') {
        Some((user, name)) => JobKey::new(user, name),
        None => JobKey::new(ADA, name),
    }
}

fn name_of(key: &JobKey) -> String {
    if key.user_id == ADA {
        key.generation_id.clone()
    } else {
        key.object_name()
    }
}

/// A question to a job, as the queue asks it.
pub(crate) fn asking(name: &str, epoch: u64, question: Question) -> Ask {
    Ask {
        key: key(name),
        created_at: 0,
        epoch,
        question,
    }
}

/// The summary of a waiting job.
pub(crate) fn summary(name: &str, priority: u8) -> Summary {
    Summary {
        priority,
        ..told(name, 1, 0, Status::Queued)
    }
}

pub(crate) fn told(name: &str, epoch: u64, report_number: u64, status: Status) -> Summary {
    Summary {
        key: key(name),
        epoch,
        report_number,
        status,
        priority: 0,
        created_at: 0,
        updated_at: 0,
        upstream: "veo3/veo-3.1".to_owned(),
        submits: 0,
        cost_micros: 0,
        price_micros: 0,
        submits_per_minute: None,
        metrics: Metrics::default(),
        snapshot: String::new(),
        deliveries: Vec::new(),
        settled: false,
    }
}

/// The answer of a job at this epoch and status, which wakes next at `wake_at`.
pub(crate) fn state(
    epoch: u64,
    report_number: u64,
    status: Status,
    wake_at: Option<Millis>,
) -> State {
    State {
        availability: None,
        epoch,
        report_number,
        status,
        submits: 0,
        cost_micros: 0,
        wake_at,
        late: false,
        deliveries: Vec::new(),
        metrics: Metrics::default(),
        bulk: None,
    }
}

/// A slot for this epoch of a job created at time zero.
pub(crate) fn slot(epoch: u64) -> Option<Start> {
    Some(Start {
        epoch,
        created_at: 0,
    })
}

/// A job's answer to a question.
pub(crate) type Said = Result<Option<State>, NoAnswer>;

pub(crate) const MISSING: Said = Ok(None);
pub(crate) const NOTHING: Said = Err(NoAnswer);

pub(crate) fn said(
    epoch: u64,
    report_number: u64,
    status: Status,
    wake_at: Option<Millis>,
) -> Said {
    Ok(Some(state(epoch, report_number, status, wake_at)))
}
