//! The table of providers and models.

use super::{code, codes, table};
use reelay::models::{Audio, MODELS, Model, PROVIDERS, Resolution};

/// Millionths of a US dollar in a tenth of a cent.
const MICROS_PER_MILL: u64 = 1_000;

pub(super) fn providers() -> String {
    let rows = PROVIDERS.iter().map(|provider| {
        [
            code(provider.name),
            codes(provider.synonyms.iter().copied()),
            yes(provider.webhooks),
        ]
    });
    table(["`provider`", "also called", "Google's webhooks"], rows)
}

/// The available models.
fn served() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().filter(|model| model.retires_at.is_none())
}

pub(super) fn prices() -> String {
    let rows = served().map(|model| {
        let sizes = model.resolutions.iter().map(|size| price(model, size));
        let default = model.resolutions.first().map_or(0, |size| {
            size.price_micros_per_second * u64::from(model.default_duration)
        });
        [
            code(model.provider),
            format!("{} ({})", code(model.id), model.name),
            sizes.collect::<Vec<_>>().join(", "),
            format!(
                "{} for {} s at {}",
                dollars(default),
                model.default_duration,
                model.default_resolution()
            ),
            format!("{} s", model.usual_render_ms / 1_000),
            model.requests_per_minute.to_string(),
        ]
    });
    let heads = [
        "`provider`",
        "`model`",
        "price per second",
        "price without parameters",
        "usual render time",
        "submits per minute",
    ];
    table(heads, rows)
}

/// A resolution with its price, and with its durations if other resolutions allow more.
fn price(model: &Model, size: &Resolution) -> String {
    let price = format!("{}: {}", size.name, dollars(size.price_micros_per_second));
    if size.durations == model.durations {
        price
    } else {
        format!("{price} ({} only)", seconds(size.durations))
    }
}

pub(super) fn inputs() -> String {
    let rows = served().map(|model| {
        [
            code(model.provider),
            code(model.id),
            seconds(model.durations),
            model.aspect_ratios.join(", "),
            images(model),
            audio(model.audio).to_owned(),
            yes(model.seed),
            yes(model.negative_prompt),
            people(model),
            yes(model.cancellable),
        ]
    });
    let heads = [
        "`provider`",
        "`model`",
        "`duration`",
        "`aspectRatio`",
        "images",
        "audio",
        "`seed`",
        "`negativePrompt`",
        "`personGeneration`",
        "a cancel also cancels at the service",
    ];
    table(heads, rows)
}

fn images(model: &Model) -> String {
    let inputs = model.inputs;
    let mut taken = Vec::new();
    if inputs.image {
        taken.push("first frame".to_owned());
    }
    if inputs.last_frame {
        taken.push(only("last frame", inputs.two_frames_durations, model));
    }
    if inputs.reference_images > 0 {
        let references = format!("up to {} references", inputs.reference_images);
        let references = only(&references, inputs.reference_durations, model);
        let joined = if inputs.references_with_first_frame {
            "also with a first frame"
        } else {
            "without frames"
        };
        taken.push(format!("{references}, {joined}"));
    }
    taken.join("; ")
}

/// An input, with its durations if the model has more.
fn only(input: &str, durations: &[u32], model: &Model) -> String {
    if durations == model.durations {
        input.to_owned()
    } else {
        format!("{input} ({} only)", seconds(durations))
    }
}

fn people(model: &Model) -> String {
    let words = codes(model.person_generation.iter().copied());
    let with_images = model.person_generation_with_images;
    if with_images == model.person_generation {
        words
    } else {
        format!(
            "{words}; with images {}",
            codes(with_images.iter().copied())
        )
    }
}

fn audio(audio: Audio) -> &'static str {
    match audio {
        Audio::Always => "always",
        Audio::Optional => "unless `generateAudio` is false",
    }
}

pub(super) fn retired() -> String {
    let rows = MODELS.iter().filter_map(|model| {
        let date = model.retires_at?.split('T').next()?;
        Some([
            code(model.id),
            date.to_owned(),
            model.replacement.map(code).unwrap_or_default(),
        ])
    });
    table(["model", "retired on", "successor"], rows)
}

/// Durations in seconds, as a range if it has no gaps.
fn seconds(durations: &[u32]) -> String {
    let (Some(first), Some(last)) = (durations.first(), durations.last()) else {
        return String::new();
    };
    if durations.len() > 2 && (*first..=*last).eq(durations.iter().copied()) {
        return format!("{first} to {last} s");
    }
    let all: Vec<String> = durations.iter().map(u32::to_string).collect();
    format!("{} s", all.join(", "))
}

fn yes(whether: bool) -> String {
    if whether { "yes" } else { "no" }.to_owned()
}

fn dollars(micros: u64) -> String {
    let mills = micros / MICROS_PER_MILL;
    let (dollars, rest) = (mills / 1_000, mills % 1_000);
    if rest.is_multiple_of(10) {
        format!("${dollars}.{:02}", rest / 10)
    } else {
        format!("${dollars}.{rest:03}")
    }
}
