//! The table of providers and models: parameters, prices and limits.
//!
//! Sources: Google's model pages and SDKs, its deprecation notices up to October 2026, and list
//! prices of 2026 (Veo: April, with sound; Omni: November). A silent render may cost less than the
//! price here.

use crate::time::{Millis, SECOND};
use serde::Serialize;

/// A provider, over one wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownProvider {
    pub name: &'static str,
    /// Other words an app may use for it; several providers may share one.
    pub synonyms: &'static [&'static str],
    /// Whether a submit over this wire can request a webhook for the end of the render.
    pub webhooks: bool,
    /// The setting that turns it on.
    pub setting: &'static str,
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
    /// The default, in seconds.
    pub default_duration: u32,
    /// The first one is the default.
    pub aspect_ratios: &'static [&'static str],
    /// The first one is the default.
    pub resolutions: &'static [Resolution],
    pub inputs: Inputs,
    pub seed: bool,
    /// Why it takes no seed; appended to the error sentence.
    #[serde(skip)]
    pub why_no_seed: &'static str,
    pub audio: Audio,
    pub negative_prompt: bool,
    /// The accepted values of `personGeneration`.
    pub person_generation: &'static [&'static str],
    /// The same for an order with images.
    #[serde(skip)]
    pub person_generation_with_images: &'static [&'static str],
    /// How long a render usually takes, in milliseconds.
    pub usual_render_ms: Millis,
    /// How many renders a project may submit per minute.
    pub requests_per_minute: u64,
    /// Whether a render can be cancelled at the provider.
    pub cancellable: bool,
    /// When the provider stops serving it, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retires_at: Option<&'static str>,
    /// The model to use instead of a retired one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<&'static str>,
}

/// A picture size of a model.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    pub name: &'static str,
    /// The durations available with it, in seconds.
    pub durations: &'static [u32],
    /// Millionths of a US dollar.
    pub price_micros_per_second: u64,
}

/// What a model accepts besides the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says whether one kind of input is taken"
)]
pub struct Inputs {
    /// A first frame.
    pub image: bool,
    pub last_frame: bool,
    /// How many reference images it accepts.
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
    /// A video to continue from; no model here accepts one.
    pub video: bool,
}

/// Whether a model makes sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Audio {
    Always,
    /// Unless the order turns it off.
    Optional,
}

impl Model {
    /// Whether its provider can send a webhook when a render is done.
    pub fn has_webhooks(&self) -> bool {
        PROVIDERS
            .iter()
            .any(|provider| provider.name == self.provider && provider.webhooks)
    }

    /// The resolution of a request that names none.
    pub fn default_resolution(&self) -> &'static str {
        self.resolutions
            .first()
            .map_or("720p", |resolution| resolution.name)
    }

    /// The aspect ratio of a request that names none.
    pub fn default_aspect_ratio(&self) -> &'static str {
        self.aspect_ratios.first().copied().unwrap_or("16:9")
    }

    /// Whether it is no longer served at `now`.
    pub fn is_retired(&self, now: Millis) -> bool {
        let retires_at = self
            .retires_at
            .and_then(|date| chrono::DateTime::parse_from_rfc3339(date).ok());
        retires_at
            .and_then(|at| Millis::try_from(at.timestamp_millis()).ok())
            .is_some_and(|at| at <= now)
    }
}

/// Veo over the wire that the Gemini API had, which gateways still speak.
const GEMINI: &str = "veo3";
/// Veo over Vertex AI.
const VERTEX: &str = "vertex";
/// Omni over the Interactions API.
const OMNI: &str = "omni";

/// Videos of this project, which cost nothing.
const DEMO: &str = "demo";

/// Every provider, in the order in which they are chosen.
pub const PROVIDERS: &[KnownProvider] = &[
    KnownProvider {
        name: GEMINI,
        synonyms: &["google"],
        webhooks: true,
        setting: "VEO3_API_KEY",
    },
    KnownProvider {
        name: VERTEX,
        synonyms: &["veo3", "google"],
        webhooks: false,
        setting: "VERTEX_SERVICE_ACCOUNT",
    },
    KnownProvider {
        name: OMNI,
        synonyms: &["google"],
        webhooks: true,
        setting: "GEMINI_API_KEY",
    },
    KnownProvider {
        name: DEMO,
        synonyms: &[],
        webhooks: false,
        setting: "DEMO=true",
    },
];

/// Every model, in the order they are offered; one that is retired stays, so that its successor can
/// be named.
pub const MODELS: &[Model] = &[
    Model {
        id: "veo-3.1-generate-001",
        name: "Veo 3.1",
        provider: GEMINI,
        ..VEO_31
    },
    Model {
        id: "veo-3.1-fast-generate-001",
        name: "Veo 3.1 Fast",
        provider: GEMINI,
        ..VEO_31_FAST
    },
    Model {
        id: "veo-3.1-generate-001",
        name: "Veo 3.1",
        ..VEO_31_VERTEX
    },
    Model {
        id: "veo-3.1-fast-generate-001",
        name: "Veo 3.1 Fast",
        resolutions: FAST,
        usual_render_ms: 40 * SECOND,
        ..VEO_31_VERTEX
    },
    Model {
        id: "veo-3.1-lite-generate-001",
        name: "Veo 3.1 Lite (preview)",
        resolutions: LITE,
        inputs: FRAMES,
        usual_render_ms: 40 * SECOND,
        requests_per_minute: PREVIEW_REQUESTS,
        ..VEO_31_VERTEX
    },
    Model {
        id: "gemini-omni-1.2-flash",
        name: "Gemini Omni 1.2 Flash",
        durations: OMNI_12_DURATIONS,
        resolutions: OMNI_12,
        ..OMNI_11
    },
    Model {
        id: "gemini-omni-1.1-flash",
        name: "Gemini Omni 1.1 Flash",
        ..OMNI_11
    },
    DEMO_MODEL,
    retired(
        "veo-3.1-generate-preview",
        GEMINI,
        "2026-10-22T00:00:00Z",
        "veo-3.1-generate-001",
    ),
    retired(
        "veo-3.1-fast-generate-preview",
        GEMINI,
        "2026-10-22T00:00:00Z",
        "veo-3.1-fast-generate-001",
    ),
    retired(
        "veo-3.1-lite-generate-preview",
        GEMINI,
        "2026-10-22T00:00:00Z",
        "veo-3.1-fast-generate-001",
    ),
    retired(
        "veo-3.0-generate-001",
        GEMINI,
        "2026-06-30T00:00:00Z",
        "veo-3.1-generate-001",
    ),
    retired(
        "veo-3.0-fast-generate-001",
        GEMINI,
        "2026-06-30T00:00:00Z",
        "veo-3.1-fast-generate-001",
    ),
    retired(
        "veo-2.0-generate-001",
        GEMINI,
        "2026-06-30T00:00:00Z",
        "veo-3.1-generate-001",
    ),
    retired(
        "gemini-omni-flash-preview",
        OMNI,
        "2026-09-30T00:00:00Z",
        "gemini-omni-1.2-flash",
    ),
];

const VEO_DURATIONS: &[u32] = &[4, 6, 8];
/// Sizes above 720p, and videos with reference images, are rendered at full length only.
const FULL_LENGTH: &[u32] = &[8];
const OMNI_11_DURATIONS: &[u32] = &[3, 4, 5, 6, 7, 8, 9, 10];
const OMNI_12_DURATIONS: &[u32] = &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const RATIOS: &[&str] = &["16:9", "9:16"];
/// Requests a minute of a project: what is generally available, and what is a preview.
const GENERAL_REQUESTS: u64 = 50;
const PREVIEW_REQUESTS: u64 = 10;

const STANDARD: &[Resolution] = &[
    size("720p", VEO_DURATIONS, 400_000),
    size("1080p", FULL_LENGTH, 400_000),
    size("4k", FULL_LENGTH, 600_000),
];
const FAST: &[Resolution] = &[
    size("720p", VEO_DURATIONS, 100_000),
    size("1080p", FULL_LENGTH, 120_000),
    size("4k", FULL_LENGTH, 300_000),
];
const LITE: &[Resolution] = &[
    size("720p", VEO_DURATIONS, 50_000),
    size("1080p", FULL_LENGTH, 80_000),
];
const OMNI_12: &[Resolution] = &omni_sizes(OMNI_12_DURATIONS);

/// Veo takes reference images alone: `reference_images` excludes image, video and last frame
/// (google-genai 3.6).
const FRAMES: Inputs = Inputs {
    image: true,
    last_frame: true,
    reference_images: 0,
    reference_durations: &[],
    references_with_first_frame: false,
    two_frames_durations: VEO_DURATIONS,
    video: false,
};
const FRAMES_AND_REFERENCES: Inputs = Inputs {
    reference_images: 3,
    reference_durations: FULL_LENGTH,
    ..FRAMES
};

/// Veo 3.1 over the Gemini wire: text takes `allow_all`, images `allow_adult` only. It has
/// no parameter for sound.
const VEO_31: Model = Model {
    id: "",
    name: "",
    provider: GEMINI,
    durations: VEO_DURATIONS,
    default_duration: 8,
    aspect_ratios: RATIOS,
    resolutions: STANDARD,
    inputs: FRAMES_AND_REFERENCES,
    seed: true,
    why_no_seed: "",
    audio: Audio::Always,
    negative_prompt: true,
    person_generation: &["allow_all", "allow_adult", "dont_allow"],
    person_generation_with_images: &["allow_adult"],
    usual_render_ms: 60 * SECOND,
    requests_per_minute: GENERAL_REQUESTS,
    cancellable: false,
    retires_at: None,
    replacement: None,
};

const VEO_31_FAST: Model = Model {
    resolutions: FAST,
    usual_render_ms: 40 * SECOND,
    ..VEO_31
};

const VEO_31_VERTEX: Model = Model {
    provider: VERTEX,
    audio: Audio::Optional,
    person_generation: &["allow_adult", "dont_allow", "allow_all"],
    person_generation_with_images: &["allow_adult", "dont_allow", "allow_all"],
    ..VEO_31
};

const OMNI_11: Model = Model {
    id: "",
    name: "",
    provider: OMNI,
    durations: OMNI_11_DURATIONS,
    default_duration: 8,
    aspect_ratios: RATIOS,
    resolutions: &omni_sizes(OMNI_11_DURATIONS),
    inputs: Inputs {
        image: true,
        last_frame: true,
        reference_images: 6,
        reference_durations: OMNI_11_DURATIONS,
        references_with_first_frame: true,
        // Also where the model makes longer videos otherwise.
        two_frames_durations: OMNI_11_DURATIONS,
        video: false,
    },
    seed: false,
    why_no_seed: " over the Gemini API: Google documents it for the Agent Platform only",
    audio: Audio::Always,
    negative_prompt: false,
    person_generation: &[],
    person_generation_with_images: &[],
    usual_render_ms: 25 * SECOND,
    requests_per_minute: PREVIEW_REQUESTS,
    cancellable: true,
    retires_at: None,
    replacement: None,
};

/// The demo comes last, so that it is never chosen while another provider is configured.
const DEMO_MODEL: Model = Model {
    id: "demo",
    name: "Demo (free, a fixed video)",
    provider: DEMO,
    durations: &[4, 8],
    default_duration: 4,
    resolutions: &[size("720p", &[4, 8], 0)],
    inputs: Inputs {
        image: false,
        last_frame: false,
        reference_images: 0,
        reference_durations: &[],
        references_with_first_frame: false,
        two_frames_durations: &[],
        video: false,
    },
    seed: false,
    why_no_seed: ": its videos are fixed",
    negative_prompt: false,
    person_generation: &[],
    person_generation_with_images: &[],
    usual_render_ms: 4 * SECOND,
    requests_per_minute: 600,
    cancellable: true,
    ..VEO_31
};

const fn size(
    name: &'static str,
    durations: &'static [u32],
    price_micros_per_second: u64,
) -> Resolution {
    Resolution {
        name,
        durations,
        price_micros_per_second,
    }
}

/// The default comes first.
const fn omni_sizes(durations: &'static [u32]) -> [Resolution; 4] {
    [
        size("720p", durations, 100_000),
        size("360p", durations, 30_000),
        size("1080p", durations, 150_000),
        size("4k", durations, 300_000),
    ]
}

const fn retired(
    id: &'static str,
    provider: &'static str,
    retires_at: &'static str,
    replacement: &'static str,
) -> Model {
    Model {
        id,
        name: id,
        provider,
        retires_at: Some(retires_at),
        replacement: Some(replacement),
        ..VEO_31
    }
}
