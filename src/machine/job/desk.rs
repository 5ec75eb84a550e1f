//! How a job answers a message: what to save, how to set the alarm, what to reply. A message
//! records what happened; only the alarm acts.

use super::{
    BulkAct, Cancel, Check, Clarify, Confirm, Conflict, Context, Create, Created, DeadLetter,
    Delete, DeleteVideo, Deliveries, Job, Redeliver, Refusal, Retry, Rules, Start, State, Texts,
    TimelineEntry, UpstreamWebhook, View, Wake, Withdraw,
};
use crate::machine::delivery::DeliverySummary;
use crate::machine::message::Message;
use crate::machine::queue::Summary;
use crate::time::{Millis, Moment};

/// What a message handler reads besides the stored job.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub moment: Moment,
    pub rules: Rules<'a>,
    /// The time for which the alarm is set, if it is set.
    pub armed: Option<Millis>,
    /// Whether this object's alarm handler is running.
    pub is_acting: bool,
}

/// The result of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered<R> {
    pub reply: R,
    pub change: Change,
    /// New timeline entries, to be saved with the job.
    pub timeline: Vec<TimelineEntry>,
    pub alarm: AlarmChange,
    /// The job's alarm was missing.
    pub was_late: bool,
}

/// What to do with the stored job.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    None,
    Save(Box<Job>),
    /// Delete everything of it, the alarm included.
    Delete,
}

/// What to do with the alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmChange {
    Leave,
    /// Set it unless this instance has done so: a new instance does not trust that its alarm
    /// survived.
    Ensure(Option<Millis>),
    Set(Option<Wake>),
    /// Set it even for the same time: the sender may be asking because the alarm was lost.
    SetAnew(Option<Millis>),
}

/// A message that a job answers.
pub trait JobMessage: Message {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply;
}

/// What one message reads and writes.
pub struct Desk<'a> {
    job: Option<Job>,
    setting: Setting<'a>,
    change: Change,
    timeline: Vec<TimelineEntry>,
    alarm: AlarmChange,
    was_late: bool,
}

/// Takes one message.
pub fn answer<M: JobMessage>(
    job: Option<Job>,
    message: M,
    setting: Setting<'_>,
) -> Answered<M::Reply> {
    let mut desk = Desk {
        job,
        setting,
        change: Change::None,
        timeline: Vec::new(),
        alarm: AlarmChange::Leave,
        was_late: false,
    };
    let reply = message.take(&mut desk);
    Answered {
        reply,
        change: desk.change,
        timeline: desk.timeline,
        alarm: desk.alarm,
        was_late: desk.was_late,
    }
}

impl Job {
    /// What the queue keeps of the job.
    pub fn summary(&self, texts: &dyn Texts, now: Millis) -> Summary {
        Summary {
            key: self.key.clone(),
            epoch: self.epoch,
            report_number: self.report_number,
            status: self.status(),
            priority: self.order.priority,
            created_at: self.created_at,
            updated_at: self.updated_at,
            upstream: self.terms.upstream(),
            submits: self.submits_made(),
            cost_micros: self.committed_micros(),
            price_micros: self.terms.price_micros,
            submits_per_minute: self.terms.submits_per_minute,
            metrics: self.metrics.clone(),
            snapshot: texts.snapshot(self, now),
            deliveries: self.delivery_summaries(),
            settled: self.has_only_to_report(),
        }
    }

    fn state(&self, now: Millis, late: bool) -> State {
        State {
            epoch: self.epoch,
            report_number: self.report_number,
            status: self.status_told(),
            submits: self.submits_made(),
            availability: self.availability,
            cost_micros: self.committed_micros(),
            wake_at: self.wake_at(now),
            late,
            deliveries: self.delivery_summaries(),
            metrics: self.metrics.clone(),
            bulk: self.bulk,
        }
    }

    fn wake_at(&self, now: Millis) -> Option<Millis> {
        self.wake(now).map(|wake| wake.at)
    }
}

impl Desk<'_> {
    fn now(&self) -> Millis {
        self.setting.moment.now
    }

    fn summary(&self, job: &Job) -> Summary {
        job.summary(self.setting.rules.texts, self.now())
    }

    /// Applies a change, and saves the job if anything changed.
    fn change<T>(
        &mut self,
        mut job: Job,
        change: impl FnOnce(&mut Job, &mut Context) -> T,
    ) -> (Job, T) {
        let before = job.clone();
        let (came, timeline) = job.change(self.setting.moment, self.setting.rules, change);
        if job != before || !timeline.is_empty() {
            self.change = Change::Save(Box::new(job.clone()));
        }
        self.timeline = timeline;
        self.alarm = AlarmChange::Set(job.wake(self.now()));
        (job, came)
    }

    /// Applies an action of a user or an operator.
    fn wish(
        &mut self,
        wish: impl FnOnce(&mut Job, &mut Context) -> Result<(), Refusal>,
    ) -> Result<Box<Job>, Refusal> {
        let job = self.job.take().ok_or(Refusal::NoJob)?;
        let (job, granted) = self.change(job, wish);
        granted.map(|()| Box::new(job))
    }

    /// Replies with the state of the job created at `created_at`, or of any job if that is `None`.
    /// If another job is stored, only its alarm is set.
    fn asked(
        &mut self,
        created_at: Option<Millis>,
        hear: impl FnOnce(&mut Job, &mut Context),
    ) -> Option<State> {
        let job = self.job.take()?;
        let is_meant = created_at.is_none_or(|at| at == job.created_at);
        self.was_late = job.is_late(self.setting.armed, self.now()) && !self.setting.is_acting;
        let job = if is_meant {
            self.change(job, hear).0
        } else {
            job
        };
        self.alarm = AlarmChange::SetAnew(job.wake_at(self.now()));
        is_meant.then(|| job.state(self.now(), self.was_late))
    }
}

impl JobMessage for Create {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        let Some(mut job) = desk.job.take() else {
            let (mut job, created) = Job::create(self.key, *self.request, desk.setting.moment);
            job.seal_events(desk.setting.rules.texts);
            desk.alarm = AlarmChange::Set(job.wake(desk.now()));
            desk.timeline = vec![created];
            let summary = desk.summary(&job);
            desk.change = Change::Save(Box::new(job));
            return Ok(Created { new: true, summary });
        };
        if job.origin.fingerprint != self.request.origin.fingerprint {
            return Err(Conflict);
        }
        if job.promise() {
            desk.change = Change::Save(Box::new(job.clone()));
        }
        desk.alarm = AlarmChange::Ensure(job.wake_at(desk.now()));
        // A repeat of the same message names the job's own images.
        let new =
            !self.request.order.images.is_empty() && job.order.images == self.request.order.images;
        Ok(Created {
            new,
            summary: desk.summary(&job),
        })
    }
}

impl JobMessage for Withdraw {
    fn take(self, desk: &mut Desk<'_>) -> bool {
        let Some(job) = desk.job.take() else {
            return true;
        };
        let can = job.can_withdraw(self.created_at);
        if can {
            desk.change = Change::Delete;
        }
        can
    }
}

impl JobMessage for View {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        let job = desk.job.take().ok_or(Refusal::NoJob)?;
        desk.alarm = AlarmChange::Ensure(job.wake_at(desk.now()));
        Ok(Box::new(job))
    }
}

impl JobMessage for Start {
    fn take(self, desk: &mut Desk<'_>) -> Option<State> {
        desk.asked(Some(self.created_at), |job, context| {
            job.start(self.epoch, context);
        })
    }
}

impl JobMessage for Check {
    fn take(self, desk: &mut Desk<'_>) -> Option<State> {
        desk.asked(self.created_at, |_, _| {})
    }
}

impl JobMessage for DeadLetter {
    fn take(self, desk: &mut Desk<'_>) -> Option<State> {
        desk.asked(Some(self.created_at), |job, context| {
            job.dead_letter(self.epoch, context);
        })
    }
}

impl JobMessage for BulkAct {
    fn take(self, desk: &mut Desk<'_>) -> Option<State> {
        desk.asked(Some(self.created_at), |job, context| {
            job.act_for_bulk(self, context);
        })
    }
}

impl JobMessage for UpstreamWebhook {
    fn take(self, desk: &mut Desk<'_>) -> Option<State> {
        desk.asked(None, |job, _| job.hear_upstream_webhook(self.id))
    }
}

impl JobMessage for Delete {
    fn take(self, desk: &mut Desk<'_>) -> Option<State> {
        let mut is_over = false;
        let state = desk.asked(Some(self.created_at), |job, context| {
            is_over = job.delete(context);
        })?;
        if !is_over {
            return Some(state);
        }
        desk.change = Change::Delete;
        desk.alarm = AlarmChange::Leave;
        None
    }
}

impl JobMessage for Cancel {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        desk.wish(Job::cancel)
    }
}

impl JobMessage for Retry {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        desk.wish(Job::retry)
    }
}

impl JobMessage for Confirm {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        desk.wish(Job::confirm)
    }
}

impl JobMessage for Clarify {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        desk.wish(|job, context| job.clarify(self, context))
    }
}

impl JobMessage for DeleteVideo {
    fn take(self, desk: &mut Desk<'_>) -> Self::Reply {
        desk.wish(Job::delete_video)
    }
}

impl JobMessage for Deliveries {
    fn take(self, desk: &mut Desk<'_>) -> Result<Vec<DeliverySummary>, Refusal> {
        desk.job
            .as_ref()
            .map(Job::delivery_summaries)
            .ok_or(Refusal::NoJob)
    }
}

impl JobMessage for Redeliver {
    fn take(self, desk: &mut Desk<'_>) -> Result<Vec<DeliverySummary>, Refusal> {
        desk.wish(|job, context| job.redeliver(&self.event_id, context))
            .map(|job| job.delivery_summaries())
    }
}
