//! The webhook body and its Standard Webhooks signature.
//!
//! Source: the app's contract (`POST /api/webhooks/worker`) and the Standard Webhooks specification
//! 1.0.

use crate::generation::{GenerationResult, cost};
use crate::machine::Status;
use crate::machine::delivery::{Delivery, EventKind};
use crate::machine::job::Job;
use crate::machine::outcome::{ErrorCode, Failure};
use crate::time::rfc3339;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Event))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventBody<'a> {
    event: EventKind,
    job_id: &'a str,
    generation_id: &'a str,
    user_id: &'a str,
    status: Status,
    progress: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<GenerationResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<ErrorCode>,
    attempt: u32,
    /// US dollars spent on the generation so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    timestamp: String,
    sequence: u64,
    metadata: &'a BTreeMap<String, String>,
}

/// The bytes of an event's body, made once when the event is made. `video_url` is the signed URL of
/// a completed job's video.
pub fn compose(job: &Job, event: &Delivery, video_url: Option<String>) -> String {
    let ended = event.kind.is_terminal();
    let explained = ended || event.kind == EventKind::PendingClarification;
    let failure: Option<Failure> = if explained { job.failure() } else { None };
    let result = if ended {
        GenerationResult::of(job)
    } else {
        None
    };
    let body = EventBody {
        event: event.kind,
        job_id: &job.key.generation_id,
        generation_id: &job.key.generation_id,
        user_id: &job.key.user_id,
        status: job.status(),
        progress: job.progress(event.created_at),
        result: result.map(|result| GenerationResult {
            video_url,
            ..result
        }),
        error: failure.as_ref().map(|failure| failure.message.clone()),
        error_code: failure.map(|failure| failure.code),
        attempt: job.attempt,
        cost: cost(job),
        timestamp: rfc3339(event.created_at),
        sequence: event.sequence,
        metadata: &job.order.metadata,
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// The value of `webhook-signature`: one `v1,<base64>` per secret, separated by spaces.
///
/// `timestamp` is the time of the attempt, in seconds since the Unix epoch.
pub fn signature(secrets: &[Vec<u8>], id: &str, timestamp: u64, body: &str) -> String {
    let signatures = secrets.iter().filter_map(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body.as_bytes());
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn every_secret_signs_so_that_one_can_be_rotated() {
        let one = signature(&[vec![1; 24]], "msg_1", 1_700_000_000, "{}");
        let two = signature(&[vec![1; 24], vec![2; 24]], "msg_1", 1_700_000_000, "{}");
        assert!(two.starts_with(&format!("{one} v1,")), "{two}");
    }
}
