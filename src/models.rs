//! The model registry: what each model takes and costs, kept as data.
//!
//! Sources: Google's documentation of Veo on the Gemini API and its list prices of April 2026. A price is what
//! one second of video costs; a filtered or failed render is not charged.

mod table;
mod validation;

pub use table::MODELS;
pub use validation::{Choice, Offence, Wish, find, render_options};

use crate::machine::Millis;
use serde::Serialize;

/// The upstream wire a model is reached by. `google` is the app's other word for it.
pub const VEO: &str = "veo3";
/// Words an app may use for [`VEO`].
pub const VEO_SYNONYMS: [&str; 2] = [VEO, "google"];
/// The model of a request that names none, unless the operator chose another.
pub const DEFAULT_MODEL: &str = "veo-3.1-generate-001";

/// One model.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: &'static str,
    pub name: &'static str,
    pub provider: &'static str,
    /// Seconds; the last one is the default.
    pub durations: &'static [u32],
    /// The first one is the default.
    pub aspect_ratios: &'static [&'static str],
    /// The first one is the default.
    pub resolutions: &'static [Resolution],
    pub seed: bool,
    pub negative_prompt: bool,
    /// The words accepted for whether people may be shown.
    pub person_generation: &'static [&'static str],
    /// How long a render usually takes, in milliseconds.
    pub usual_render_ms: Millis,
}

/// A picture size of a model.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    pub name: &'static str,
    /// The durations it is offered with, in seconds.
    pub durations: &'static [u32],
    /// Millionths of a US dollar.
    pub price_micros_per_second: u64,
}

impl Model {
    /// The duration of a request that names none, in seconds.
    pub fn default_duration(&self) -> u32 {
        self.durations.last().copied().unwrap_or(8)
    }

    /// The resolution of a request that names none.
    pub fn default_resolution(&self) -> &'static str {
        self.resolutions.first().map_or("720p", |resolution| resolution.name)
    }

    /// The aspect ratio of a request that names none.
    pub fn default_aspect_ratio(&self) -> &'static str {
        self.aspect_ratios.first().copied().unwrap_or("16:9")
    }
}

/// Every provider there is.
pub fn providers() -> [&'static str; 1] {
    [VEO]
}
