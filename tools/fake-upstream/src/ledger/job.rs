//! The parts of a job that only one of the wires has.

use serde_json::{Value, json};

use crate::journal::Wire;

/// The tokens of a second of video at 720p, from a report of a real answer (57,920 for ten
/// seconds).
const TOKENS_A_SECOND: u64 = 5_792;
/// The length of a video when an interaction does not set it, in seconds.
const USUAL_SECONDS: u64 = 10;

/// The wire of a job.
#[derive(Clone, Debug)]
pub(crate) enum Job {
    Gemini,
    Vertex(VertexJob),
    Omni(OmniJob),
}

/// A job of Vertex AI.
#[derive(Clone, Debug)]
pub(crate) struct VertexJob {
    pub(crate) project: String,
    pub(crate) location: String,
    /// `storageUri`; without it the answer contains the video.
    pub(crate) storage: Option<String>,
    /// How many videos were ordered.
    pub(crate) samples: u64,
}

/// An interaction that makes a video.
#[derive(Clone, Debug)]
pub(crate) struct OmniJob {
    pub(crate) seconds: u64,
    /// The tokens billed for the whole video.
    pub(crate) tokens: u64,
    /// Whether the answer contains the video.
    pub(crate) inline: bool,
    /// The input as steps, without the bytes of images.
    pub(crate) input: Value,
}

impl Job {
    pub(crate) fn wire(&self) -> Wire {
        match self {
            Self::Gemini => Wire::Gemini,
            Self::Vertex(_) => Wire::Vertex,
            Self::Omni(_) => Wire::Omni,
        }
    }

    /// The name that a poll uses.
    pub(super) fn name(&self, model: &str, id: &str) -> String {
        match self {
            Self::Gemini => format!("models/{model}/operations/{id}"),
            Self::Vertex(job) => format!(
                "projects/{}/locations/{}/publishers/google/models/{model}/operations/{id}",
                job.project, job.location
            ),
            Self::Omni(_) => id.to_owned(),
        }
    }

    /// An id in the wire's format, from two of the ledger's.
    pub(crate) fn id(&self, first: &str, second: &str) -> String {
        match self {
            Self::Gemini => first.to_owned(),
            Self::Vertex(_) => uuid(first, second),
            Self::Omni(_) => format!("v1_{first}{second}"),
        }
    }
}

impl VertexJob {
    /// Reads the relevant fields of a validated request.
    pub(crate) fn read(project: &str, location: &str, body: &Value) -> Self {
        let parameters = &body["parameters"];
        Self {
            project: project.to_owned(),
            location: location.to_owned(),
            storage: parameters["storageUri"].as_str().map(str::to_owned),
            samples: parameters["sampleCount"].as_f64().map_or(1, whole),
        }
    }

    /// The addresses of the finished videos in Cloud Storage; none if the answer contains them.
    pub(crate) fn objects(&self, file: &str) -> Vec<String> {
        let Some(storage) = &self.storage else {
            return Vec::new();
        };
        let folder = storage.trim_end_matches('/');
        (0..self.samples)
            .map(|sample| format!("{folder}/{file}/sample_{sample}.mp4"))
            .collect()
    }
}

impl OmniJob {
    /// Reads the relevant fields of a validated request.
    pub(crate) fn read(body: &Value) -> Self {
        let format = &body["response_format"];
        let format = format
            .as_array()
            .map_or(format, |formats| formats.first().unwrap_or(&Value::Null));
        let seconds = format["duration"]
            .as_str()
            .and_then(seconds)
            .unwrap_or(USUAL_SECONDS);
        // In proportion to the prices of a second: 0.03, 0.10, 0.15 and 0.30 dollars.
        let tokens_a_second = match format["resolution"].as_str() {
            Some("360p") => TOKENS_A_SECOND * 3 / 10,
            Some("1080p") => TOKENS_A_SECOND * 3 / 2,
            Some("4k") => TOKENS_A_SECOND * 3,
            _ => TOKENS_A_SECOND,
        };
        Self {
            seconds,
            tokens: seconds * tokens_a_second,
            inline: format["delivery"] != "uri",
            input: steps(&body["input"]),
        }
    }
}

/// The seconds of a duration such as `8s`.
pub(crate) fn seconds(duration: &str) -> Option<u64> {
    duration.strip_suffix('s')?.parse().ok()
}

/// An input as the list of its steps, images without their bytes.
fn steps(input: &Value) -> Value {
    match input {
        Value::String(text) => {
            json!([{ "type": "user_input", "content": [{ "type": "text", "text": text }] }])
        }
        Value::Array(_) => without_data(input),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => json!([]),
    }
}

fn without_data(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "data");
            Value::Object(
                kept.map(|(name, value)| (name.clone(), without_data(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(without_data).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A UUID that looks random, from two ids.
fn uuid(first: &str, second: &str) -> String {
    let mut digits: Vec<char> = Vec::new();
    for byte in first.bytes().chain(second.bytes()) {
        digits.extend(char::from_digit(u32::from(byte) % 16, 16));
        digits.extend(char::from_digit(u32::from(byte) / 3 % 16, 16));
    }
    let part = |from: usize, to: usize| {
        digits
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .collect::<String>()
    };
    format!(
        "{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

/// A count from a JSON number.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a small whole number"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

/// The address of a finished file, as Google writes it.
pub(crate) fn video_uri(file: &str) -> String {
    format!("https://generativelanguage.googleapis.com/v1beta/files/{file}:download?alt=media")
}
