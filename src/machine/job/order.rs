//! What was ordered: the order itself, the model's terms at that time, and where the order came
//! from.

use crate::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a job is created from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub order: Order,
    pub terms: ModelTerms,
    pub origin: Origin,
}

/// What the app asked for, validated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub prompt: String,
    /// The parameters as the app sent them, unknown keys included. They are echoed and never sent
    /// upstream.
    pub parameters: Map<String, Value>,
    pub render: RenderOptions,
    /// Images sent with the prompt, kept in R2.
    pub images: Vec<InputImage>,
    /// The app's own strings, echoed back.
    pub metadata: BTreeMap<String, String>,
    /// 0 (default) to 10 (first).
    pub priority: u8,
    /// The job does not start before this.
    pub start_after: Option<Millis>,
    /// How long the order may wait for its start, counted from when it joins the line; `None` for
    /// no limit.
    pub start_timeout: Option<Millis>,
    /// The limit from start to the end of rendering, if shorter than the operator's limit.
    pub timeout: Option<Millis>,
    /// Whether the user must confirm the order before anything is spent on it.
    pub confirm: bool,
}

/// Who renders, and on what terms, from the model table at the time the order was accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelTerms {
    pub provider: String,
    pub model: String,
    /// How long the model usually renders.
    pub usual_render: Millis,
    /// The price of this render in millionths of a US dollar.
    pub price_micros: u64,
    /// How many submits a minute the model allows a project; `None` leaves it to the operator.
    pub submits_per_minute: Option<u64>,
    /// Whether the upstream can cancel a render.
    pub cancellable: bool,
    /// Whether the upstream is asked for a webhook when the render is done.
    pub wants_webhook: bool,
}

impl ModelTerms {
    /// The name for limits and metrics: `{provider}/{model}`.
    pub fn upstream(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }
}

/// Where the order came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Scheme and host under which the app reached Reelay, for links; without a trailing slash.
    pub public_url: String,
    /// Hex SHA-256 of the order, to distinguish a repeat from another order under the same id.
    pub fingerprint: String,
    /// The parts of the order that were not understood; shown to the app.
    pub warnings: Vec<Warning>,
}

/// A part of the order that was ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Warning {
    /// Its place in the order's body, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// Why it was ignored.
    pub detail: String,
}

/// An image of the order; its bytes are in R2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputImage {
    pub role: ImageRole,
    pub mime_type: String,
    /// The key in R2.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// The role of an image in the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageRole {
    FirstFrame,
    LastFrame,
    /// Shows something that should appear in the video.
    Reference,
}

/// The parameters a model understands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderOptions {
    pub duration_seconds: u32,
    pub aspect_ratio: String,
    pub resolution: String,
    pub negative_prompt: Option<String>,
    pub seed: Option<u32>,
    pub person_generation: Option<String>,
    /// Whether the video has sound; `None` where the model always makes some.
    pub audio: Option<bool>,
}
