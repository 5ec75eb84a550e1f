//! A generation as the API returns it.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{Job, Warning};
use crate::machine::outcome::ErrorCode;
use crate::machine::queue::{BlockedBy, Position};
use crate::money::dollars;
use crate::time::Millis;
use crate::time::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A generation: an order and its state. Absent fields are omitted, except `blockedBy`.
//
// `queue_position`, `blocked_by`, `estimated_start_at`, `links` and the result's `video_url` depend
// on the time of the request: the API fills them in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// The same as `generationId`.
    pub id: String,
    /// The app's own id, or one that Reelay made.
    pub generation_id: String,
    /// The owner.
    pub user_id: String,
    pub status: Status,
    /// The current step: `queued`, `submitting`, `rendering`, `storing`, `notifying` or `done`;
    /// also `confirming` and `clarifying`.
    pub phase: String,
    /// Percent.
    pub progress: u8,
    pub prompt: String,
    /// As the app sent them, including those outside `parameters`; images without their bytes.
    pub parameters: Map<String, Value>,
    /// The provider that renders it.
    pub provider: String,
    pub model: String,
    /// From 0 to 10.
    pub priority: u8,
    /// From 1 while waiting, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// Why it waits; null if nothing blocks it or it does not wait.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub blocked_by: Option<BlockedBy>,
    /// When a waiting generation is expected to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_start_at: Option<String>,
    /// It does not start before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_after: Option<String>,
    /// How many attempts were started.
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<GenerationResult>,
    /// Why it failed, as a sentence for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Parts of the order that were ignored.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    pub warnings: Vec<Warning>,
    /// When the order was accepted.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When its current attempt was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it ended, with any status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
    /// US dollars: the price of one render.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_cost: Option<f64>,
    /// US dollars spent on it so far, by all attempts; absent while zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// The result of a completed generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GenerationResult {
    /// A signed URL; absent once the video was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// When the video was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_deleted_at: Option<String>,
    /// Seconds.
    pub duration: u32,
    /// Bytes.
    pub file_size: u64,
    pub resolution: String,
    /// `mp4` or `webm`.
    pub format: String,
    /// From start to completion, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_time: Option<Millis>,
    /// US dollars: the cost of the stored render, by list price unless the upstream reported it.
    pub cost: f64,
}

/// Related URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Links {
    #[serde(rename = "self")]
    pub this: String,
    pub cancel: String,
    pub retry: String,
    pub timeline: String,
    pub video: String,
}

impl Generation {
    /// The job as the API returns it; `now` determines the progress of a render.
    pub fn of(job: &Job, now: Millis) -> Self {
        let failure = job.failure();
        Self {
            id: job.key.generation_id.clone(),
            generation_id: job.key.generation_id.clone(),
            user_id: job.key.user_id.clone(),
            status: job.status(),
            phase: job.phase_name().to_owned(),
            progress: job.progress(now),
            prompt: job.order.prompt.clone(),
            parameters: job.order.parameters.clone(),
            provider: job.terms.provider.clone(),
            model: job.terms.model.clone(),
            priority: job.order.priority,
            queue_position: Some(0),
            blocked_by: None,
            estimated_start_at: None,
            start_after: job.order.start_after.map(rfc3339),
            attempts: job.attempt,
            result: GenerationResult::of(job),
            error: failure.as_ref().map(|failure| failure.message.clone()),
            error_code: failure.map(|failure| failure.code),
            metadata: job.order.metadata.clone(),
            warnings: job.origin.warnings.clone(),
            created_at: rfc3339(job.created_at),
            updated_at: rfc3339(job.updated_at),
            started_at: job.started_at.map(rfc3339),
            completed_at: job.ended_at.map(rfc3339),
            estimated_cost: Some(dollars(job.terms.price_micros)),
            cost: cost(job),
            links: None,
        }
    }

    /// Fills in the position.
    pub fn stand(&mut self, position: &Position) {
        self.queue_position = Some(position.number);
        self.blocked_by = position.blocked_by;
        self.estimated_start_at = position.estimated_start.map(rfc3339);
    }

    pub fn key(&self) -> JobKey {
        JobKey::new(self.user_id.clone(), self.generation_id.clone())
    }
}

impl GenerationResult {
    /// The result of a completed job, without the signed URL.
    pub fn of(job: &Job) -> Option<Self> {
        let video = job.stored_video()?;
        Some(Self {
            video_url: None,
            video_deleted_at: job.video_deleted_at.map(rfc3339),
            duration: job.order.render.duration_seconds,
            file_size: video.size,
            resolution: job.order.render.resolution.clone(),
            format: video.format.clone(),
            processing_time: job.processing_time(),
            cost: dollars(job.render_cost_micros()),
        })
    }
}

/// The total spent on a job, in US dollars; `None` while that is zero.
pub fn cost(job: &Job) -> Option<f64> {
    Some(job.cost_micros())
        .filter(|cost| *cost > 0)
        .map(dollars)
}
