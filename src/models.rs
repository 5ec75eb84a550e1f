//! The model registry: what each model takes and costs, kept as data in [`table`].
//!
//! Validation, `GET /api/models`, cost estimates, the times of polls and the limits a minute all read it. A price is
//! what one second of video costs; a render that is filtered or fails is not charged.

mod aliases;
mod table;
mod validation;

pub use aliases::{Aliases, BadAlias};
pub use table::{MODELS, PROVIDERS};
pub use validation::{Catalogue, Choice, Offence, Wish, render_options};

use crate::time::Millis;
use serde::Serialize;

/// Someone who renders, and the wire it is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    pub name: &'static str,
    /// Other words an app may use for it; several providers may share one.
    pub synonyms: &'static [&'static str],
    /// Whether an order over this wire can ask for a webhook when its render is done.
    pub pushes: bool,
}

/// One model of one provider.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: &'static str,
    pub name: &'static str,
    pub provider: &'static str,
    /// Seconds.
    pub durations: &'static [u32],
    /// Seconds, of an order that names none.
    pub default_duration: u32,
    /// The first one is the default.
    pub aspect_ratios: &'static [&'static str],
    /// The first one is the default.
    pub resolutions: &'static [Resolution],
    pub inputs: Inputs,
    pub seed: bool,
    /// Why it takes no seed, to follow the sentence that says so.
    #[serde(skip)]
    pub why_no_seed: &'static str,
    pub audio: Audio,
    pub negative_prompt: bool,
    /// The words accepted for whether people may be shown.
    pub person_generation: &'static [&'static str],
    /// The same for an order with images.
    #[serde(skip)]
    pub person_generation_with_images: &'static [&'static str],
    /// How long a render usually takes, in milliseconds.
    pub usual_render_ms: Millis,
    /// How many renders a project may ask for within a minute.
    pub requests_per_minute: u64,
    /// Whether the provider can be told to give a render up.
    pub cancellable: bool,
    /// When the provider stops serving it, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retires_at: Option<&'static str>,
    /// What to ask for instead of a retired one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<&'static str>,
}

/// A picture size of a model.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    pub name: &'static str,
    /// The durations it is offered with, in seconds.
    pub durations: &'static [u32],
    /// Millionths of a US dollar.
    pub price_micros_per_second: u64,
}

/// What a model takes besides the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, reason = "each says whether one kind of input is taken")]
pub struct Inputs {
    /// A first frame.
    pub image: bool,
    pub last_frame: bool,
    /// How many images may show what is to appear.
    pub reference_images: usize,
    /// The durations offered with reference images, in seconds.
    #[serde(skip)]
    pub reference_durations: &'static [u32],
    /// Whether reference images may go with a first frame.
    #[serde(skip)]
    pub references_with_first_frame: bool,
    /// The durations offered with a first and a last frame, in seconds.
    #[serde(skip)]
    pub two_frames_durations: &'static [u32],
    /// A video to go on from. None takes one here.
    pub video: bool,
}

/// Whether a model makes sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Audio {
    Always,
    /// Unless the order says no.
    Optional,
}

impl Model {
    /// The resolution of a request that names none.
    pub fn default_resolution(&self) -> &'static str {
        self.resolutions.first().map_or("720p", |resolution| resolution.name)
    }

    /// The aspect ratio of a request that names none.
    pub fn default_aspect_ratio(&self) -> &'static str {
        self.aspect_ratios.first().copied().unwrap_or("16:9")
    }

    /// Whether it is no longer served at `now`.
    pub fn is_retired(&self, now: Millis) -> bool {
        let retires_at = self.retires_at.and_then(|date| chrono::DateTime::parse_from_rfc3339(date).ok());
        retires_at.and_then(|at| Millis::try_from(at.timestamp_millis()).ok()).is_some_and(|at| at <= now)
    }
}
