//! A webhook delivery, as the API shows it.

use crate::ids::JobKey;
use crate::machine::delivery::{DeliveryState, DeliverySummary, EventKind};
use crate::time::rfc3339;
use serde::Serialize;

/// A webhook delivery. Absent fields are omitted; times are RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Delivery))]
#[serde(rename_all = "camelCase")]
pub struct ShownDelivery {
    /// `msg_…`: the `webhook-id` of every attempt.
    pub id: String,
    /// Such as `generation.completed`.
    pub event: EventKind,
    /// The generation that the event is about.
    pub generation_id: String,
    /// The owner of that generation.
    pub user_id: String,
    /// `pending`, `delivered` or `exhausted`.
    pub state: &'static str,
    /// How many attempts were made, including those before a redelivery.
    pub attempts: u32,
    /// The HTTP status of the last attempt; absent if none was made or it got no response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// When the event happened.
    pub created_at: String,
    /// When the next attempt is due; only if pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// When the app accepted it; only if delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<String>,
    /// When delivery was given up; only if exhausted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exhausted_at: Option<String>,
}

impl ShownDelivery {
    /// An event of the generation `key`.
    pub fn of(key: &JobKey, summary: DeliverySummary) -> Self {
        let (mut next_attempt_at, mut delivered_at, mut exhausted_at) = (None, None, None);
        match summary.state {
            DeliveryState::Pending { next_at } => next_attempt_at = Some(rfc3339(next_at)),
            DeliveryState::Delivered { at } => delivered_at = Some(rfc3339(at)),
            DeliveryState::Exhausted { at } => exhausted_at = Some(rfc3339(at)),
        }
        Self {
            id: summary.id,
            event: summary.kind,
            generation_id: key.generation_id.clone(),
            user_id: key.user_id.clone(),
            state: summary.state.as_str(),
            attempts: summary.attempts,
            last_status: summary.last_status,
            created_at: rfc3339(summary.created_at),
            next_attempt_at,
            delivered_at,
            exhausted_at,
        }
    }
}
