//! From what an app wishes to what a model is asked for: every wish that the model cannot grant is named.

use super::{MODELS, Model, VEO, VEO_SYNONYMS, providers};
use crate::machine::job::RenderOptions;

/// What the app asked for, each wish optional and of the right JSON type already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Seconds.
    pub duration: Option<u32>,
    pub aspect_ratio: Option<String>,
    pub resolution: Option<String>,
    pub negative_prompt: Option<String>,
    pub seed: Option<u32>,
    pub person_generation: Option<String>,
}

/// The field a model objects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    Provider,
    Model,
    Duration,
    AspectRatio,
    Resolution,
    NegativePrompt,
    Seed,
    PersonGeneration,
}

/// A wish that cannot be granted, and what could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    pub choice: Choice,
    pub detail: String,
}

/// Finds the model of a request; without a model the default one, which must then be of that provider.
pub fn find(provider: Option<&str>, model: Option<&str>, default: &str) -> Result<&'static Model, Offence> {
    let provider = provider.map(canonical_provider).transpose()?;
    let id = model.unwrap_or(default);
    MODELS.iter().find(|known| known.id == id && provider.is_none_or(|provider| known.provider == provider)).ok_or_else(
        || {
            let known: Vec<&str> = MODELS.iter().map(|model| model.id).collect();
            Offence { choice: Choice::Model, detail: format!("must be one of {}", known.join(", ")) }
        },
    )
}

fn canonical_provider(word: &str) -> Result<&'static str, Offence> {
    if VEO_SYNONYMS.contains(&word) {
        return Ok(VEO);
    }
    let known = providers().join(", ");
    Err(Offence { choice: Choice::Provider, detail: format!("must be one of {known} (or its synonym google)") })
}

/// Fills in a model's defaults, and prices the render in millionths of a US dollar.
pub fn render_options(model: &Model, wish: Wish) -> Result<(RenderOptions, u64), Vec<Offence>> {
    let mut offences = Vec::new();
    let mut offend = |choice, detail: String| offences.push(Offence { choice, detail });

    let duration_seconds = wish.duration.unwrap_or_else(|| model.default_duration());
    let known_duration = model.durations.contains(&duration_seconds);
    if !known_duration {
        offend(Choice::Duration, format!("must be one of {} seconds for {}", numbers(model.durations), model.id));
    }
    let aspect_ratio = wish.aspect_ratio.unwrap_or_else(|| model.default_aspect_ratio().to_owned());
    if !model.aspect_ratios.contains(&aspect_ratio.as_str()) {
        offend(Choice::AspectRatio, format!("must be one of {} for {}", model.aspect_ratios.join(", "), model.id));
    }
    let wanted = wish.resolution.unwrap_or_else(|| model.default_resolution().to_owned()).to_ascii_lowercase();
    let resolution = model.resolutions.iter().find(|resolution| resolution.name == wanted);
    match resolution {
        None => {
            let names: Vec<&str> = model.resolutions.iter().map(|resolution| resolution.name).collect();
            offend(Choice::Resolution, format!("must be one of {} for {}", names.join(", "), model.id));
        }
        Some(resolution) if known_duration && !resolution.durations.contains(&duration_seconds) => {
            let seconds = numbers(resolution.durations);
            offend(Choice::Resolution, format!("{} needs a duration of {seconds} seconds", resolution.name));
        }
        Some(_) => {}
    }
    if wish.seed.is_some() && !model.seed {
        offend(Choice::Seed, format!("is not supported by {}", model.id));
    }
    if wish.negative_prompt.is_some() && !model.negative_prompt {
        offend(Choice::NegativePrompt, format!("is not supported by {}", model.id));
    }
    if wish.person_generation.as_deref().is_some_and(|word| !model.person_generation.contains(&word)) {
        let words = model.person_generation.join(", ");
        offend(Choice::PersonGeneration, format!("must be one of {words} for {}", model.id));
    }

    let price = resolution.map_or(0, |resolution| resolution.price_micros_per_second * u64::from(duration_seconds));
    let options = RenderOptions {
        duration_seconds,
        aspect_ratio,
        resolution: wanted,
        negative_prompt: wish.negative_prompt,
        seed: wish.seed,
        person_generation: wish.person_generation,
        audio: None,
    };
    if offences.is_empty() { Ok((options, price)) } else { Err(offences) }
}

fn numbers(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
