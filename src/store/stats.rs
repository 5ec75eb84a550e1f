//! The queue's figures and its events.

use crate::ids::JobKey;
use crate::machine::alerts::AlertKind;
use crate::machine::delivery::DeliverySummary;
use crate::machine::queue::{Book, Policy, UpstreamPause};
use crate::money::dollars;
use crate::time::Millis;
use crate::time::rfc3339;
use serde::{Deserialize, Serialize};

/// An event and its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedDelivery {
    pub key: JobKey,
    pub summary: DeliverySummary,
}

/// The queue's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueStats {
    /// `immediate`, `cron`, `alarm` or `queue`.
    pub mode: String,
    /// Whether an operator paused the whole queue.
    pub paused: bool,
    /// When the queue was paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<String>,
    /// The providers and models that an operator paused by themselves.
    #[serde(default)]
    pub paused_upstreams: Vec<PausedUpstream>,
    pub slots: Slots,
    /// The limits in force: the settings, or what an operator set in their place.
    #[serde(default)]
    pub limits: LimitsInForce,
    /// Generations by status.
    pub by_status: std::collections::BTreeMap<String, u64>,
    /// Waiting jobs by priority.
    pub waiting_by_priority: std::collections::BTreeMap<String, u64>,
    /// How long the oldest waiting job has waited, in milliseconds; absent if none waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_wait_ms: Option<Millis>,
    /// Jobs whose alarm was missing when last checked, or that have not replied for a minute: 0 in
    /// a healthy system.
    #[serde(default)]
    pub jobs_without_timer: u64,
    /// How many missing alarms were re-armed.
    #[serde(default)]
    pub timers_repaired: u64,
    /// The upstreams that take no submits for now.
    #[serde(default)]
    pub upstreams: Vec<UpstreamBackoff>,
    /// Pending and exhausted webhook events.
    #[serde(default)]
    pub webhooks: WebhookStats,
    /// Only for keys and admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The alerts that are firing. Only for keys and admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<ShownAlert>>,
}

/// An alert that is firing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = FiringAlert))]
#[serde(rename_all = "camelCase")]
pub struct ShownAlert {
    #[serde(rename = "type")]
    pub kind: AlertKind,
    /// `{provider}/{model}`; only of `upstream_unavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// When its condition began, as RFC 3339.
    pub since: String,
}

/// A provider, or one model of it, that an operator paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PausedUpstream {
    pub provider: String,
    /// Absent if all models of the provider are paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub paused_since: String,
}

impl PausedUpstream {
    /// The pauses in the queue's state.
    pub fn of(book: &Book) -> Vec<Self> {
        Self::all(&book.paused_upstreams)
    }

    pub fn all(pauses: &[UpstreamPause]) -> Vec<Self> {
        let shown = |pause: &UpstreamPause| Self {
            provider: pause.scope.provider.clone(),
            model: pause.scope.model.clone(),
            paused_since: rfc3339(pause.since),
        };
        pauses.iter().map(shown).collect()
    }
}

/// The limits in force. Amounts are US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LimitsInForce {
    pub max_concurrent_jobs: u64,
    pub max_concurrent_jobs_per_user: u64,
    /// Absent if each model's own limit applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_submits_per_minute: Option<u64>,
    /// Only for keys and admins, and absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_per_day: Option<f64>,
    /// Only for keys and admins, and absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_per_user_per_day: Option<f64>,
}

impl LimitsInForce {
    pub fn of(policy: &Policy) -> Self {
        Self {
            max_concurrent_jobs: policy.slots,
            max_concurrent_jobs_per_user: policy.user_slots_in_force(),
            max_submits_per_minute: policy.rate_of_operator(),
            max_cost_per_day: policy.max_cost_per_day.map(dollars),
            max_cost_per_user_per_day: policy.max_cost_per_user_per_day.map(dollars),
        }
    }
}

/// An upstream that takes no submits for now. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpstreamBackoff {
    /// `{provider}/{model}`.
    pub upstream: String,
    /// When it first refused a submit.
    pub backoff_since: String,
    /// When it is probed next; in the past while a probe is in flight.
    pub backoff_until: String,
}

/// Pending and exhausted events, as last reported to the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookStats {
    pub pending: u64,
    pub exhausted: u64,
    /// When the oldest exhausted event was given up, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhausted_since: Option<String>,
}

/// What all jobs committed today (UTC), in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = SpentToday))]
pub struct Cost {
    pub today: f64,
    /// `MAX_COST_PER_DAY`; absent if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

/// The limit of concurrent jobs, and how many run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Slots {
    pub total: u64,
    pub used: u64,
}
