//! The content of a push.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::ledger::{Job, Operation, video_uri};
use crate::marks::ResultFault;

/// A push's body, its type and its operation.
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) operation: String,
    pub(super) prompt: String,
    pub(super) body: String,
}

impl Event {
    /// The event of a job's end; none for an end that Google does not report.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        let failed = matches!(
            operation.result,
            Some(ResultFault::Error(_) | ResultFault::ErrorAndResponse)
        );
        let film = operation.result.is_none();
        if operation.result == Some(ResultFault::Never) {
            return None;
        }
        let (kind, with_video) = match &operation.job {
            Job::Gemini if film => ("video.generated", true),
            // There is no event for a video that failed, and Vertex AI has no webhooks.
            Job::Gemini | Job::Vertex(_) => return None,
            Job::Omni(_) if failed => ("interaction.failed", false),
            Job::Omni(job) => ("interaction.completed", film && !job.inline),
        };
        let mut data = json!({ "id": operation.name() });
        if with_video {
            data["file_id"] = json!(operation.file);
            data["video_uri"] = json!(video_uri(&operation.file));
        }
        let ends = operation.ready_at_ms();
        let mut body = json!({ "type": kind, "timestamp": clock::rfc3339(ends), "data": data });
        if let Some(metadata) = user_metadata(&operation.request) {
            body["user_metadata"] = metadata.clone();
        }
        Some(Self {
            kind,
            operation: operation.id.clone(),
            prompt: operation.prompt.clone(),
            body: body.to_string(),
        })
    }
}

/// The addresses that a request names for its pushes.
pub(super) fn uris(request: &Value) -> Vec<String> {
    let config = webhook_config(request);
    let uris = config
        .and_then(|config| config.get("uris"))
        .and_then(Value::as_array);
    uris.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn webhook_config(request: &Value) -> Option<&Map<String, Value>> {
    ["webhookConfig", "webhook_config"]
        .iter()
        .find_map(|name| request[name].as_object())
}

fn user_metadata(request: &Value) -> Option<&Value> {
    let config = webhook_config(request)?;
    ["userMetadata", "user_metadata"]
        .iter()
        .find_map(|name| config.get(*name))
}
