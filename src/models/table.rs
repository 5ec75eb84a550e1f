//! The table itself.

use super::{Model, Resolution, VEO};
use crate::machine::SECOND;

const VEO_DURATIONS: &[u32] = &[4, 6, 8];
/// Sizes above 720p are rendered at full length only.
const FULL_LENGTH: &[u32] = &[8];
const VEO_RATIOS: &[&str] = &["16:9", "9:16"];

/// Text to video takes `allow_all`, in some regions `allow_adult` only.
const PREVIEW_PEOPLE: &[&str] = &["allow_all", "allow_adult"];
const PEOPLE: &[&str] = &["allow_all", "allow_adult", "dont_allow"];

const STANDARD: &[Resolution] =
    &[size("720p", VEO_DURATIONS, 400_000), size("1080p", FULL_LENGTH, 400_000), size("4k", FULL_LENGTH, 600_000)];
const FAST: &[Resolution] =
    &[size("720p", VEO_DURATIONS, 100_000), size("1080p", FULL_LENGTH, 120_000), size("4k", FULL_LENGTH, 300_000)];
const LITE: &[Resolution] = &[size("720p", VEO_DURATIONS, 50_000), size("1080p", FULL_LENGTH, 80_000)];

/// Every model, in the order they are offered.
pub const MODELS: &[Model] = &[
    Model {
        id: "veo-3.1-generate-001",
        name: "Veo 3.1",
        resolutions: STANDARD,
        person_generation: PEOPLE,
        usual_render_ms: 60 * SECOND,
        ..VEO_31
    },
    Model {
        id: "veo-3.1-fast-generate-001",
        name: "Veo 3.1 Fast",
        resolutions: FAST,
        person_generation: PEOPLE,
        usual_render_ms: 40 * SECOND,
        ..VEO_31
    },
    Model {
        id: "veo-3.1-generate-preview",
        name: "Veo 3.1 (preview)",
        resolutions: STANDARD,
        usual_render_ms: 60 * SECOND,
        ..VEO_31
    },
    Model {
        id: "veo-3.1-fast-generate-preview",
        name: "Veo 3.1 Fast (preview)",
        resolutions: FAST,
        usual_render_ms: 40 * SECOND,
        ..VEO_31
    },
    Model {
        id: "veo-3.1-lite-generate-preview",
        name: "Veo 3.1 Lite (preview)",
        resolutions: LITE,
        usual_render_ms: 40 * SECOND,
        ..VEO_31
    },
];

/// What the family has in common.
const VEO_31: Model = Model {
    id: "",
    name: "",
    provider: VEO,
    durations: VEO_DURATIONS,
    aspect_ratios: VEO_RATIOS,
    resolutions: &[],
    seed: true,
    negative_prompt: true,
    person_generation: PREVIEW_PEOPLE,
    usual_render_ms: 0,
};

const fn size(name: &'static str, durations: &'static [u32], price_micros_per_second: u64) -> Resolution {
    Resolution { name, durations, price_micros_per_second }
}
