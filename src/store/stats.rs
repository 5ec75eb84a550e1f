//! The queue's figures and its events.

use crate::ids::JobKey;
use crate::machine::delivery::DeliverySummary;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// An event and its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedDelivery {
    pub key: JobKey,
    pub summary: DeliverySummary,
}

/// What the queue holds: numbers only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueStats {
    /// `immediate`, `cron`, `alarm` or `queue`.
    pub mode: String,
    /// Whether an operator paused the queue.
    pub paused: bool,
    /// When the queue was paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<String>,
    pub slots: Slots,
    /// How many generations have each status.
    pub by_status: std::collections::BTreeMap<String, u64>,
    /// How many wait at each priority.
    pub waiting_by_priority: std::collections::BTreeMap<String, u64>,
    /// How long the first in line has waited, in milliseconds; absent when nobody waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_wait_ms: Option<Millis>,
    /// Jobs whose timer was found lost when they were last asked, or that have not answered for a
    /// minute: 0 in a healthy system.
    #[serde(default)]
    pub jobs_without_timer: u64,
    /// How often a lost timer was found and set again.
    #[serde(default)]
    pub timers_repaired: u64,
    /// The upstreams that have asked for a pause which is not over.
    #[serde(default)]
    pub upstreams: Vec<UpstreamBackoff>,
    /// What the app is still to be told, or could not be.
    #[serde(default)]
    pub webhooks: WebhookStats,
    /// For keys and admins only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// An upstream that takes no orders for now. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpstreamBackoff {
    /// `{provider}/{model}`.
    pub upstream: String,
    /// When it first took no order.
    pub backoff_since: String,
    /// When it is probed next; in the past while a probe is under way.
    pub backoff_until: String,
}

/// How many events are on their way, and how many were given up, as far as the queue has heard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookStats {
    pub pending: u64,
    pub exhausted: u64,
    /// When the first of those that are exhausted was, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhausted_since: Option<String>,
}

/// What all jobs together commit today, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = SpentToday))]
pub struct Cost {
    pub today: f64,
    /// `MAX_COST_PER_DAY`; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

/// How many may render at once, and how many do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Slots {
    pub total: u64,
    pub used: u64,
}
