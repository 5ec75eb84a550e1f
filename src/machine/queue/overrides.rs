//! Limits that an operator changes at run time. Each one replaces the value of its setting until it
//! is reset.

use crate::machine::message::message;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// A limit that can be changed at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    MaxConcurrentJobs,
    MaxConcurrentJobsPerUser,
    MaxSubmitsPerMinute,
    MaxCostPerDay,
    MaxCostPerUserPerDay,
}

impl Limit {
    pub const ALL: [Self; 5] = [
        Self::MaxConcurrentJobs,
        Self::MaxConcurrentJobsPerUser,
        Self::MaxSubmitsPerMinute,
        Self::MaxCostPerDay,
        Self::MaxCostPerUserPerDay,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxConcurrentJobs => "maxConcurrentJobs",
            Self::MaxConcurrentJobsPerUser => "maxConcurrentJobsPerUser",
            Self::MaxSubmitsPerMinute => "maxSubmitsPerMinute",
            Self::MaxCostPerDay => "maxCostPerDay",
            Self::MaxCostPerUserPerDay => "maxCostPerUserPerDay",
        }
    }

    /// Whether its value is an amount of money, in millionths of a US dollar.
    pub fn is_money(self) -> bool {
        matches!(self, Self::MaxCostPerDay | Self::MaxCostPerUserPerDay)
    }
}

/// A value in place of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub limit: Limit,
    /// Of money: millionths of a US dollar.
    pub value: u64,
    /// The operator who set it.
    pub changed_by: String,
    pub changed_at: Millis,
}

/// The values in place of settings, at most one for each limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overrides(Vec<Override>);

impl Overrides {
    pub fn get(&self, limit: Limit) -> Option<&Override> {
        self.0.iter().find(|one| one.limit == limit)
    }

    pub fn value(&self, limit: Limit) -> Option<u64> {
        self.get(limit).map(|one| one.value)
    }

    /// Removes the override of its limit, if there is one.
    pub fn reset(&mut self, limit: Limit) {
        self.0.retain(|one| one.limit != limit);
    }

    /// Replaces the override of its limit.
    pub fn set(&mut self, new: Override) {
        self.reset(new.limit);
        self.0.push(new);
        self.0.sort_by_key(|one| one.limit);
    }
}

/// An operator changes limits: all of them, or none if they do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLimits {
    /// The new value of each limit; `None` resets it to its setting.
    pub changes: Vec<(Limit, Option<u64>)>,
    pub operator: String,
}
message!(ChangeLimits -> Result<Overrides, LimitConflict>);

/// Why changed limits do not fit together. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitConflict {
    /// One user could not run as many jobs as allowed, because all users together may run fewer.
    PerUserAboveTotal { per_user: u64, total: u64 },
    /// A budget of all users without one for each user.
    NoBudgetPerUser,
}

#[cfg(test)]
mod tests {
    use super::{Limit, Override, Overrides};

    #[test]
    fn every_name_is_that_of_the_stored_record() {
        for limit in Limit::ALL {
            assert_eq!(serde_json::to_value(limit).expect("JSON"), limit.as_str());
        }
    }

    #[test]
    fn the_latest_value_of_a_limit_counts_until_it_is_reset() {
        let mut overrides = Overrides::default();
        for value in [7, 9] {
            overrides.set(Override {
                limit: Limit::MaxConcurrentJobs,
                value,
                changed_by: "ops".to_owned(),
                changed_at: 1,
            });
        }
        assert_eq!(overrides.value(Limit::MaxConcurrentJobs), Some(9));
        assert_eq!(overrides.value(Limit::MaxCostPerDay), None);
        overrides.reset(Limit::MaxConcurrentJobs);
        assert_eq!(overrides, Overrides::default());
    }
}
