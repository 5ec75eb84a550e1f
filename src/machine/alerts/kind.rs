//! The kinds of alerts, and when they fire.

use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A video service accepts no submits.
    UpstreamUnavailable,
    /// Webhooks to the app were given up.
    WebhooksExhausted,
    /// A job has waited for too long.
    LongWait,
    /// The answer to a paid submit was lost.
    PaidAnswerLost,
    /// Most of the daily budget of all users is used.
    BudgetUsed,
    /// Alarms of jobs were lost.
    TimersLost,
    /// A test by an operator. It never fires.
    Test,
}

impl AlertKind {
    /// Every kind that can fire.
    pub const ALL: [Self; 6] = [
        Self::UpstreamUnavailable,
        Self::WebhooksExhausted,
        Self::LongWait,
        Self::PaidAnswerLost,
        Self::BudgetUsed,
        Self::TimersLost,
    ];

    /// The word in the settings and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::WebhooksExhausted => "webhooks_exhausted",
            Self::LongWait => "long_wait",
            Self::PaidAnswerLost => "paid_answer_lost",
            Self::BudgetUsed => "budget_used",
            Self::TimersLost => "timers_lost",
            Self::Test => "test",
        }
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertKinds(u8);

impl AlertKinds {
    pub const NONE: Self = Self(0);

    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    pub fn contains(self, kind: AlertKind) -> bool {
        self.0 & bit(kind) != 0
    }
}

impl FromIterator<AlertKind> for AlertKinds {
    fn from_iter<I: IntoIterator<Item = AlertKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | bit(kind)))
    }
}

fn bit(kind: AlertKind) -> u8 {
    1 << kind as u8
}

/// The settings of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertPolicy {
    /// The kinds that may fire.
    pub kinds: AlertKinds,
    /// How long an upstream accepts no submits before an alert fires.
    pub upstream_after: Millis,
    /// How long the oldest waiting job has waited when an alert fires.
    pub wait: Millis,
    /// How much of the daily budget of all users is used when an alert fires, in percent.
    pub budget_percent: u64,
    /// Whether messages are sent. Otherwise alerts are only logged and shown.
    pub has_receiver: bool,
}

impl AlertPolicy {
    /// No alert ever fires.
    pub const OFF: Self = Self {
        kinds: AlertKinds::NONE,
        upstream_after: 0,
        wait: 0,
        budget_percent: 0,
        has_receiver: false,
    };
}
