//! A run of the alarm handler, the only code that acts for a job. It saves the intent of an effect,
//! carries the effect out, and saves its answer together with the next intent, until nothing is
//! due.

use super::{
    AlarmChange, Answer, InFlight, Job, Rules, Step, TimelineEntry, Wake, WakeReason, answered,
    wake,
};
use crate::time::{MINUTE, Millis, Moment};

/// The most effects that one run carries out.
pub const MAX_EFFECTS: u32 = 32;
/// How long one run keeps starting new effects; the platform ends it at 15 minutes.
const MAX_TIME: Millis = 5 * MINUTE;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    began_at: Millis,
    /// How many more effects it may carry out.
    effects: u32,
}

/// The result of one step of a run. The shell saves the job if it `changed` and sets the alarm;
/// then it carries out the effect. Without an effect the run is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    pub job: Job,
    pub changed: bool,
    /// The timeline entries of the answer.
    pub answered: Vec<TimelineEntry>,
    /// The timeline entries of the next effect.
    pub began: Vec<TimelineEntry>,
    pub effect: Option<InFlight>,
    pub alarm: AlarmChange,
}

impl Run {
    /// A run that carries out at most this many effects.
    pub fn new(effects: u32, now: Millis) -> Self {
        Self {
            began_at: now,
            effects,
        }
    }

    /// The first step.
    pub fn begin(self, job: &Job, moment: Moment, rules: Rules<'_>) -> Ran {
        let first = wake(job.clone(), true, moment, rules);
        Ran::of(job, Vec::new(), first, moment.now)
    }

    /// The step after an effect: takes its answer and begins the next effect, unless the run has
    /// reached its limits. Then a new run continues at once.
    pub fn go_on(
        &mut self,
        job: &Job,
        number: u64,
        answer: Answer,
        moments: [Moment; 2],
        rules: Rules<'_>,
    ) -> Ran {
        let [then, next] = moments;
        let Step {
            job: heard,
            timeline,
            ..
        } = answered(job.clone(), number, answer, then, rules);
        self.effects = self.effects.saturating_sub(1);
        if self.effects > 0 && next.now.saturating_sub(self.began_at) <= MAX_TIME {
            return Ran::of(job, timeline, wake(heard, false, next, rules), next.now);
        }
        let changed = heard != *job || !timeline.is_empty();
        let alarm = AlarmChange::Set(Some(Wake {
            at: next.now,
            reason: WakeReason::Phase,
        }));
        Ran {
            job: heard,
            changed,
            answered: timeline,
            began: Vec::new(),
            effect: None,
            alarm,
        }
    }
}

impl Ran {
    fn of(before: &Job, answered: Vec<TimelineEntry>, step: Step, now: Millis) -> Self {
        let Step {
            job,
            effect,
            timeline: began,
        } = step;
        let changed = job != *before || !answered.is_empty() || !began.is_empty();
        let alarm = AlarmChange::Set(job.wake(now));
        Self {
            job,
            changed,
            answered,
            began,
            effect,
            alarm,
        }
    }
}
