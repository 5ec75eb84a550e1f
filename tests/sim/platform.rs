//! What the platform does for an object: one alarm, which fires at least once, and crashes.

use crate::agenda::{Event, Object};
use crate::faults::Fault;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::alarm;
use reelay::time::{MINUTE, Millis, SECOND};

/// How soon the platform repeats an alarm whose handler died.
const PLATFORM_RETRY: Millis = 2 * SECOND;
/// More alarms of one object in a second than any sequence of events needs.
const MAX_ALARMS_PER_SECOND: u32 = 40;
/// How often a handler may throw before the platform gives its alarm up.
const MAX_THROWS: u32 = 6;
/// When an alarm that fired while the object was acting fires again.
pub(crate) const ACTING_RETRY: Millis = 10 * SECOND;
/// How soon the shell tries again when a step of its alarm handler failed.
pub(crate) const ALARM_RETRY: Millis = 30 * SECOND;

/// Storing and loading takes a third of a run's time, and a sample of the crashes finds the same
/// mistakes.
const CRASHES_PER_RELOAD: u64 = 8;

/// When to set the alarm, from what the instance knows, the wanted time and the present time.
type Rule = fn(Option<Millis>, Millis, Millis) -> Option<Millis>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Platform {
    /// When the alarm is due by the objects' clock; survives crashes.
    pub(crate) alarm: Option<Millis>,
    /// Distinguishes the agenda's entry of the present alarm from those of earlier ones.
    token: u64,
    /// The time of the alarm that this instance knows of, in memory; `None` if it knows of none.
    set_for: Option<Millis>,
    /// When the alarm was last set.
    pub(crate) armed_at: Millis,
    /// The run of the alarm handler, in memory.
    pub(crate) handler: Option<u64>,
    /// How often the handler has thrown for the present alarm.
    throws: u32,
    /// A fault took the alarm, and the object has had no reason to set it since.
    pub(crate) alarm_lost: bool,
}

impl World {
    /// The shell's `set_alarm`.
    pub(crate) fn arm(&mut self, object: Object, at: Option<Millis>) {
        self.arm_as(object, at, alarm::exactly);
    }

    /// The shell's `set_alarm_by`: setting an alarm costs money, and an earlier alarm also serves.
    pub(crate) fn arm_by(&mut self, object: Object, at: Option<Millis>) {
        if !self.arm_as(object, at, alarm::by) {
            self.tally.mark("alarm", "left in stage");
        }
    }

    /// Sets the alarm unless the one that is set suffices; says whether it did.
    fn arm_as(&mut self, object: Object, at: Option<Millis>, rule: Rule) -> bool {
        let now = self.now();
        let Some(at) = at else { return false };
        let platform = self.platform(object);
        // From here on, only an instance may leave a lost alarm unset that believes it is still to
        // come, because the clock was set back.
        platform.alarm_lost &= platform.set_for.is_some_and(|set| set > now);
        let Some(at) = rule(platform.set_for, at, now) else {
            return false;
        };
        platform.set_for = Some(at);
        self.set_alarm(object, at);
        true
    }

    /// The shell forgets the alarm that it knows of.
    pub(crate) fn forget_alarm(&mut self, object: Object) {
        self.platform(object).set_for = None;
    }

    /// A new instance sets its alarm again, in case it was lost.
    pub(crate) fn arm_at_first_event(&mut self, object: Object, at: Option<Millis>) {
        let platform = self.platform(object);
        if platform.set_for.is_none() && platform.handler.is_none() {
            self.arm(object, at);
        }
    }

    fn set_alarm(&mut self, object: Object, due: Millis) {
        let now = self.now();
        let platform = self.platform(object);
        platform.alarm = Some(due);
        platform.alarm_lost = false;
        platform.throws = 0;
        platform.armed_at = now;
        self.reschedule(object);
    }

    /// Deletes all storage of the object, its alarm included.
    pub(crate) fn delete_alarm(&mut self, object: Object) {
        let platform = self.platform(object);
        platform.alarm = None;
        platform.set_for = None;
        platform.alarm_lost = false;
    }

    /// Enters the alarm into the agenda again, at the real time at which the objects' clock reaches
    /// it.
    pub(crate) fn reschedule(&mut self, object: Object) {
        let token = self.fresh();
        let platform = self.platform(object);
        platform.token = token;
        if let Some(due) = platform.alarm {
            let at = due.saturating_add_signed(-self.skew).max(self.real);
            self.agenda.add(at, Event::AlarmDue { object, token });
        }
    }

    pub(crate) fn alarm_due(&mut self, object: Object, token: u64) {
        if self.platform(object).token != token || self.platform(object).alarm.is_none() {
            return;
        }
        if self.fault(Fault::AlarmLost) {
            self.lose_alarm(object);
            return;
        }
        if self.throws(object, token) {
            return;
        }
        if self.fault(Fault::AlarmLate) {
            self.witness.troubled.insert(object);
            self.after(SECOND, 5 * MINUTE, Event::AlarmDue { object, token });
            return;
        }
        if self.fault(Fault::AlarmTwice) {
            self.after(0, 30 * SECOND, Event::AlarmAgain { object });
        }
        self.platform(object).alarm = None;
        self.fire(object);
    }

    /// Loses the alarm without the instance knowing.
    fn lose_alarm(&mut self, object: Object) {
        self.witness.troubled.insert(object);
        let platform = self.platform(object);
        platform.alarm = None;
        platform.alarm_lost = true;
    }

    /// Whether the handler throws before it does anything; after the sixth throw the platform drops
    /// the alarm.
    fn throws(&mut self, object: Object, token: u64) -> bool {
        let goes_on = self.platform(object).throws > 0 && !self.healed;
        if !goes_on && !self.fault(Fault::AlarmThrows) {
            return false;
        }
        let platform = self.platform(object);
        platform.throws += 1;
        platform.set_for = None;
        let throws = platform.throws;
        if throws == MAX_THROWS {
            self.tally.mark("alarm", "dropped after six throws");
            self.lose_alarm(object);
        } else {
            self.witness.troubled.insert(object);
            self.agenda.add(
                self.real + (PLATFORM_RETRY << (throws - 1)),
                Event::AlarmDue { object, token },
            );
        }
        true
    }

    pub(crate) fn fire(&mut self, object: Object) {
        self.trace.say(self.real, || format!("{object:?} alarm"));
        self.check_spinning(object);
        self.forget_alarm(object);
        match object {
            Object::Job(job) => self.fire_job(job),
            Object::Queue => self.fire_queue(),
        }
    }

    /// I2: a wake-up is for something: an alarm that fires over and over moves nothing.
    fn check_spinning(&mut self, object: Object) {
        let second = self.real / SECOND;
        let firing = self.witness.firing.entry(object).or_default();
        *firing = if firing.0 == second {
            (second, firing.1 + 1)
        } else {
            (second, 1)
        };
        if firing.1 > MAX_ALARMS_PER_SECOND {
            self.violated(
                Invariant::I2,
                format!("the alarm of {object:?} fires without end"),
            );
        }
    }

    /// A step of the alarm handler failed: the shell sets the alarm again, or the platform does if
    /// even that fails.
    pub(crate) fn handler_failed(&mut self, object: Object) {
        self.platform(object).handler = None;
        let now = self.now();
        if self.fault(Fault::WriteFails) {
            self.forget_alarm(object);
            self.set_alarm(object, now + PLATFORM_RETRY);
        } else {
            self.arm(object, Some(now + ALARM_RETRY));
        }
    }

    /// Memory is lost; storage and the alarm survive, and an alarm whose handler died fires again.
    pub(crate) fn crash(&mut self, object: Object) {
        self.trace.say(self.real, || format!("{object:?} crashes"));
        if object == Object::Queue {
            self.queue.instance_number += 1;
            self.alerts_troubled();
        }
        let retry_at = self.now() + PLATFORM_RETRY;
        if let Object::Job(number) = object
            && std::mem::take(&mut self.jobs[number].is_polling)
        {
            self.tally.mark("cut off", "Poll");
        }
        let platform = self.platform(object);
        platform.set_for = None;
        if platform.handler.take().is_some() && platform.alarm.is_none() && !platform.alarm_lost {
            self.set_alarm(object, retry_at);
        }
        match object {
            Object::Job(job) => self.jobs[job].kept.forget(),
            Object::Queue => self.queue.instance.forget(),
        }
        if let Object::Job(job) = object
            && self.crashes.is_multiple_of(CRASHES_PER_RELOAD)
        {
            self.jobs[job].reload();
        }
        self.crashes += 1;
    }
}
