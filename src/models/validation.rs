//! From what an app wishes to what a model is asked for: every wish that the model cannot grant is named.

use super::{Aliases, Audio, MODELS, Model, PROVIDERS, Provider};
use crate::machine::job::RenderOptions;
use crate::time::Millis;

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
    pub audio: Option<bool>,
    /// Whether there is a first frame.
    pub image: bool,
    pub last_frame: bool,
    /// How many reference images there are.
    pub reference_images: usize,
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
    Audio,
    Image,
    LastFrame,
    ReferenceImages,
}

/// A wish that cannot be granted, and what could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    pub choice: Choice,
    pub detail: String,
    /// Whether the model asked for is one that was served once.
    pub retired: bool,
}

impl Offence {
    fn new(choice: Choice, detail: impl Into<String>) -> Self {
        Self { choice, detail: detail.into(), retired: false }
    }
}

/// What can be asked for here: the models of the providers that are set up.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    /// The names of the providers that are set up.
    pub providers: &'a [&'static str],
    pub aliases: &'a Aliases,
    /// The model of an order that names none, if the operator chose one.
    pub default_model: Option<&'a str>,
    /// How many renders the operator lets be asked for within a minute, whatever the model's own limit is.
    pub submits_per_minute: Option<u64>,
    /// When is asked, because models retire.
    pub now: Millis,
}

impl Catalogue<'_> {
    /// The models that can be asked for.
    pub fn models(&self) -> impl Iterator<Item = &'static Model> {
        MODELS.iter().filter(|model| self.providers.contains(&model.provider) && !model.is_retired(self.now))
    }

    /// The model of an order that names neither model nor provider.
    pub fn default(&self) -> Option<&'static Model> {
        self.find(None, None).ok()
    }

    /// Finds the model of an order.
    pub fn find(&self, provider: Option<&str>, model: Option<&str>) -> Result<&'static Model, Offence> {
        if let Some(word) = provider.filter(|word| !self.providers_called(word).any(|_| true)) {
            return Err(self.unknown_provider(word));
        }
        let Some(id) = model else {
            let default = self.default_model.and_then(|id| self.of(provider, id));
            let first = || self.models().find(|model| is_called(model, provider));
            return default.or_else(first).ok_or_else(|| self.unknown_model(provider));
        };
        let id = self.aliases.resolve(id);
        self.of(provider, id).ok_or_else(|| {
            // Whoever rendered it once: the app may not know which providers are set up now.
            let once = MODELS.iter().find(|model| model.id == id && model.is_retired(self.now));
            once.map_or_else(|| self.unknown_model(provider), retired)
        })
    }

    fn of(&self, provider: Option<&str>, id: &str) -> Option<&'static Model> {
        self.models().find(|model| model.id == id && is_called(model, provider))
    }

    fn providers_called(&self, word: &str) -> impl Iterator<Item = &'static Provider> {
        let called = PROVIDERS.iter().filter(move |provider| means(provider, word));
        called.filter(|provider| self.providers.contains(&provider.name))
    }

    fn unknown_provider(&self, word: &str) -> Offence {
        let known = PROVIDERS.iter().any(|provider| means(provider, word));
        let here = self.providers.join(", ");
        let why = if known { "is not set up here: it must be" } else { "must be" };
        Offence::new(Choice::Provider, format!("{why} one of {here} (or google, for whichever has the model)"))
    }

    fn unknown_model(&self, provider: Option<&str>) -> Offence {
        let served = self.models().filter(|model| is_called(model, provider)).map(|model| model.id);
        let mut known: Vec<&str> = Vec::new();
        for id in served {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        Offence::new(Choice::Model, format!("must be one of {}", known.join(", ")))
    }
}

fn means(provider: &Provider, word: &str) -> bool {
    provider.name == word || provider.synonyms.contains(&word)
}

fn is_called(model: &Model, word: Option<&str>) -> bool {
    let provider = PROVIDERS.iter().find(|provider| provider.name == model.provider);
    word.is_none_or(|word| provider.is_some_and(|provider| means(provider, word)))
}

fn retired(model: &'static Model) -> Offence {
    let since = model.retires_at.and_then(|date| date.split('T').next()).unwrap_or("some time");
    let instead = model.replacement.map(|id| format!(": ask for {id} instead")).unwrap_or_default();
    let detail = format!("{} was retired by its provider on {since}{instead}", model.id);
    Offence { retired: true, ..Offence::new(Choice::Model, detail) }
}

/// Fills in a model's defaults, and prices the render in millionths of a US dollar.
pub fn render_options(model: &Model, wish: Wish) -> Result<(RenderOptions, u64), Vec<Offence>> {
    let mut offences = refuse_extras(model, &wish);
    let mut offend = |choice, detail: String| offences.push(Offence::new(choice, detail));

    let duration_seconds = wish.duration.unwrap_or(model.default_duration);
    let known_duration = model.durations.contains(&duration_seconds);
    if !known_duration {
        offend(Choice::Duration, format!("must be one of {} seconds for {}", numbers(model.durations), model.id));
    } else if (1..=model.inputs.reference_images).contains(&wish.reference_images)
        && !model.inputs.reference_durations.contains(&duration_seconds)
    {
        let seconds = numbers(model.inputs.reference_durations);
        offend(Choice::Duration, format!("must be {seconds} seconds with reference images for {}", model.id));
    } else if wish.image
        && wish.last_frame
        && model.inputs.last_frame
        && !model.inputs.two_frames_durations.contains(&duration_seconds)
    {
        let seconds = numbers(model.inputs.two_frames_durations);
        let detail = format!("must be one of {seconds} seconds with image and lastFrame for {}", model.id);
        offend(Choice::Duration, detail);
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
            let detail = format!("{} needs a duration of {seconds} seconds, not {duration_seconds}", resolution.name);
            offend(Choice::Resolution, detail);
        }
        Some(_) => {}
    }

    let price = resolution.map_or(0, |resolution| resolution.price_micros_per_second * u64::from(duration_seconds));
    let options = RenderOptions {
        duration_seconds,
        aspect_ratio,
        resolution: wanted,
        negative_prompt: wish.negative_prompt,
        seed: wish.seed,
        person_generation: wish.person_generation,
        audio: match model.audio {
            Audio::Always => None,
            Audio::Optional => Some(wish.audio.unwrap_or(true)),
        },
    };
    if offences.is_empty() { Ok((options, price)) } else { Err(offences) }
}

/// What not every model takes.
fn refuse_extras(model: &Model, wish: &Wish) -> Vec<Offence> {
    let unsupported = |choice| Offence::new(choice, format!("is not supported by {}", model.id));
    let mut offences = Vec::new();
    if wish.seed.is_some() && !model.seed {
        let detail = format!("is not supported by {}{}", model.id, model.why_no_seed);
        offences.push(Offence::new(Choice::Seed, detail));
    }
    if wish.negative_prompt.is_some() && !model.negative_prompt {
        offences.push(unsupported(Choice::NegativePrompt));
    }
    if wish.audio == Some(false) && model.audio == Audio::Always {
        offences
            .push(Offence::new(Choice::Audio, format!("cannot be false for {}, which always makes sound", model.id)));
    }
    let with_images = wish.image || wish.last_frame || wish.reference_images > 0;
    let people = if with_images { model.person_generation_with_images } else { model.person_generation };
    if wish.person_generation.as_deref().is_some_and(|word| !people.contains(&word)) {
        offences.push(if people.is_empty() {
            unsupported(Choice::PersonGeneration)
        } else {
            let when = if with_images { " with images" } else { "" };
            let detail = format!("must be one of {}{when} for {}", people.join(", "), model.id);
            Offence::new(Choice::PersonGeneration, detail)
        });
    }
    offences.extend(refuse_images(model, wish));
    offences
}

/// Images that the model does not take, each or together.
fn refuse_images(model: &Model, wish: &Wish) -> Vec<Offence> {
    let unsupported = |choice| Offence::new(choice, format!("is not supported by {}", model.id));
    let mut offences = Vec::new();
    if wish.image && !model.inputs.image {
        offences.push(unsupported(Choice::Image));
    }
    if wish.last_frame && !model.inputs.last_frame {
        offences.push(unsupported(Choice::LastFrame));
    } else if wish.last_frame && !wish.image {
        offences.push(Offence::new(Choice::LastFrame, "needs an image as the first frame"));
    }
    if wish.reference_images > model.inputs.reference_images {
        offences.push(match model.inputs.reference_images {
            0 => unsupported(Choice::ReferenceImages),
            most => Offence::new(Choice::ReferenceImages, format!("must be at most {most} images for {}", model.id)),
        });
    } else if wish.reference_images > 0 {
        let frames = [
            (wish.image && !model.inputs.references_with_first_frame, Choice::Image, "image"),
            (wish.last_frame, Choice::LastFrame, "lastFrame"),
        ];
        let refused: Vec<_> = frames.into_iter().filter(|(refused, ..)| *refused).collect();
        for (_, choice, name) in &refused {
            let beside = |other| format!("cannot go with {other} for {}: send one of them", model.id);
            offences.push(Offence::new(*choice, beside("referenceImages")));
            offences.push(Offence::new(Choice::ReferenceImages, beside(name)));
        }
    }
    offences
}

fn numbers(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
