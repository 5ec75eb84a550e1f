//! What is charged to a day, and why an order does not fit into it.

use crate::time::{DAY, Millis};
use serde::{Deserialize, Serialize};

/// What was charged to one day for one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// In days since the Unix epoch.
    pub day: u64,
    /// Millionths of a US dollar.
    pub micros: u64,
}

/// Why an order does not fit. All amounts are in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverBudget {
    pub whose: Whose,
    pub price_micros: u64,
    /// When the limit starts anew; `None` when the price alone is above it.
    pub resets_at: Option<Millis>,
}

/// Whose limit leaves too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The user's own.
    User { limit_micros: u64, left_micros: u64 },
    /// That of all users together, of which one user is told no amounts.
    Everyone,
}

/// The UTC day of a time, in days since the Unix epoch.
pub fn day_of(at: Millis) -> u64 {
    at / DAY
}
