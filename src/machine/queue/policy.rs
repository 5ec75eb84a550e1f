//! The settings of admission.

use super::{Limit, Overrides};
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
    /// How many jobs of one user may run at once; [`Self::UNLIMITED`] if there is no such limit.
    pub user_slots: u64,
    /// How many jobs may wait.
    pub max_waiting: u64,
    /// How many submits a minute are allowed for each provider and model; [`Self::UNLIMITED`] if
    /// only the models' own limits apply.
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
    /// In place of a limit that is not set.
    pub const UNLIMITED: u64 = u64::MAX;

    /// These settings with the values that an operator set in place of some of them.
    #[must_use]
    pub fn with(&self, overrides: &Overrides) -> Self {
        let or = |limit, setting: u64| overrides.value(limit).unwrap_or(setting);
        let or_none = |limit, setting: Option<u64>| overrides.value(limit).or(setting);
        Self {
            slots: or(Limit::MaxConcurrentJobs, self.slots),
            user_slots: or(Limit::MaxConcurrentJobsPerUser, self.user_slots),
            submits_per_minute: or(Limit::MaxSubmitsPerMinute, self.submits_per_minute),
            max_cost_per_day: or_none(Limit::MaxCostPerDay, self.max_cost_per_day),
            max_cost_per_user_per_day: or_none(
                Limit::MaxCostPerUserPerDay,
                self.max_cost_per_user_per_day,
            ),
            ..*self
        }
    }

    /// Whether spending is limited.
    pub fn limits_cost(&self) -> bool {
        self.max_cost_per_day.is_some() || self.max_cost_per_user_per_day.is_some()
    }

    /// How many slots one user may hold, if that is fewer than all.
    pub(super) fn limited_user_slots(&self) -> Option<u64> {
        (self.user_slots < self.slots).then_some(self.user_slots)
    }

    /// How many submits a minute an operator allows; `None` if only the models' own limits apply.
    pub fn rate_of_operator(&self) -> Option<u64> {
        Some(self.submits_per_minute).filter(|limit| *limit != Self::UNLIMITED)
    }

    /// How many slots one user may hold.
    pub fn user_slots_in_force(&self) -> u64 {
        self.user_slots.min(self.slots)
    }
}
