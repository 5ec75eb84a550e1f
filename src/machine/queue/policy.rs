//! The settings of admission.

use crate::time::Millis;

/// How a waiting job gets started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By the request that accepts it when a slot is free, else when one frees itself.
    Immediate,
    /// By the cron trigger, each minute.
    Cron,
    /// By the queue's own alarm, within a second.
    Alarm,
    /// By the consumer of the platform's queue.
    Queue,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Immediate, Self::Cron, Self::Alarm, Self::Queue];

    /// The word in the settings and on the wire.
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
    /// How many of one user's.
    pub user_slots: u64,
    /// How many jobs may wait.
    pub max_waiting: u64,
    /// How many submits may be made within a minute for each provider and model.
    pub submits_per_minute: u64,
    /// What may be spent within a UTC day, in millionths of a US dollar.
    pub max_cost_per_day: Option<u64>,
    /// The same for one user.
    pub max_cost_per_user_per_day: Option<u64>,
    /// How long an ended generation is kept, with its video, in milliseconds.
    pub retention: Millis,
}

impl Policy {
    /// Whether there is a limit to what may be spent.
    pub fn limits_cost(&self) -> bool {
        self.max_cost_per_day.is_some() || self.max_cost_per_user_per_day.is_some()
    }

    /// How many slots one user may hold, where that is fewer than all.
    pub(super) fn limited_user_slots(&self) -> Option<u64> {
        (self.user_slots < self.slots).then_some(self.user_slots)
    }
}
