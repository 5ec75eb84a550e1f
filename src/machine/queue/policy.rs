//! The settings of admission.

use crate::machine::alerts::AlertPolicy;
use crate::time::Millis;

/// The dispatch mode: what starts a waiting job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The accepting request if a slot is free, else the message that frees one.
    Immediate,
    /// The cron trigger, once a minute.
    Cron,
    /// The queue's own alarm, within a second.
    Alarm,
    /// The consumer of the platform's queue.
    Queue,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Immediate, Self::Cron, Self::Alarm, Self::Queue];

    /// The word in the settings and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Cron => "cron",
            Self::Alarm => "alarm",
            Self::Queue => "queue",
        }
    }
}

/// The settings of admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub mode: Mode,
    /// How many jobs may run at once.
    pub slots: u64,
    /// How many jobs of one user may run at once.
    pub user_slots: u64,
    /// How many jobs may wait.
    pub max_waiting: u64,
    /// How many submits a minute are allowed for each provider and model.
    pub submits_per_minute: u64,
    /// What may be spent within a UTC day, in millionths of a US dollar.
    pub max_cost_per_day: Option<u64>,
    /// The same for one user.
    pub max_cost_per_user_per_day: Option<u64>,
    /// How long an ended generation is kept, with its video, in milliseconds.
    pub retention: Millis,
    pub alerts: AlertPolicy,
}

impl Policy {
    /// Whether spending is limited.
    pub fn limits_cost(&self) -> bool {
        self.max_cost_per_day.is_some() || self.max_cost_per_user_per_day.is_some()
    }

    /// How many slots one user may hold, if that is fewer than all.
    pub(super) fn limited_user_slots(&self) -> Option<u64> {
        (self.user_slots < self.slots).then_some(self.user_slots)
    }
}
