//! Charges to a day, and why an order exceeds its budget.

use crate::time::{DAY, Millis};
use serde::{Deserialize, Serialize};

/// The charge to one day for one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// In days since the Unix epoch.
    pub day: u64,
    /// Millionths of a US dollar.
    pub micros: u64,
}

/// Why an order exceeds the budget. All amounts are in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverBudget {
    pub whose: Whose,
    pub price_micros: u64,
    /// When the limit resets; `None` if the price alone exceeds it.
    pub resets_at: Option<Millis>,
}

/// Whose limit is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The user's own.
    User { limit_micros: u64, left_micros: u64 },
    /// The limit of all users together. Its amounts are not shown to a user.
    Everyone,
}

/// The UTC day of a time, in days since the Unix epoch.
pub fn day_of(at: Millis) -> u64 {
    at / DAY
}
