//! Converts the parameters of an order to the render options of a model. Reports every parameter
//! that the model does not support.

use crate::api::field_error::FieldError;
use crate::api::order::field::{Field, MAX_NEGATIVE_PROMPT};
use crate::api::order::fields::Fields;
use crate::api::order::images;
use crate::machine::job::RenderOptions;
use crate::models::{Audio, Catalogue, Model, NotOffered, Resolution};

/// The parameters of an order. Each is optional and has the right JSON type.
struct Wish {
    /// Seconds.
    duration: Option<u32>,
    aspect_ratio: Option<String>,
    resolution: Option<String>,
    negative_prompt: Option<String>,
    seed: Option<u32>,
    person_generation: Option<String>,
    audio: Option<bool>,
    /// Whether there is a first frame.
    image: bool,
    last_frame: bool,
    /// How many reference images there are.
    reference_images: usize,
}

/// A field with an unsupported value, and what is supported.
type Offence = (Field, String);

/// The model, the render options and the price in millionths of a US dollar. `None` if the order
/// has errors, which are added to `fields`.
pub(crate) fn rendering(
    fields: &mut Fields<'_>,
    catalogue: Catalogue<'_>,
) -> Option<(&'static Model, RenderOptions, u64)> {
    let (provider, model) = (fields.text(Field::Provider), fields.text(Field::Model));
    let wish = wish(fields);
    let model = match catalogue.find(provider.as_deref(), model.as_deref()) {
        Ok(model) => model,
        Err(not_offered) => {
            refuse_model(fields, not_offered);
            return None;
        }
    };
    match render_options(model, wish) {
        Ok((render, price)) => Some((model, render, price)),
        Err(offences) => {
            for (field, detail) in offences {
                // The pointer has the name that the app used.
                fields.refuse(FieldError::field(fields.pointer(field), detail));
            }
            None
        }
    }
}

fn refuse_model(fields: &mut Fields<'_>, not_offered: NotOffered) {
    let error = match not_offered {
        NotOffered::Provider(detail) => FieldError::field(fields.pointer(Field::Provider), detail),
        NotOffered::Model(detail) => FieldError::field(fields.pointer(Field::Model), detail),
        NotOffered::Retired(detail) => {
            FieldError::field(fields.pointer(Field::Model), detail).with_code("model_retired")
        }
    };
    fields.refuse(error);
}

fn wish(fields: &mut Fields<'_>) -> Wish {
    let (image, last_frame, reference_images) = images::present(fields);
    let wish = Wish {
        duration: fields.seconds(Field::Duration),
        aspect_ratio: fields.text(Field::AspectRatio),
        resolution: fields.text(Field::Resolution),
        negative_prompt: fields
            .text(Field::NegativePrompt)
            .filter(|text| !text.is_empty()),
        seed: fields.whole_number(Field::Seed),
        person_generation: fields.text(Field::PersonGeneration),
        audio: fields.flag(Field::GenerateAudio),
        image,
        last_frame,
        reference_images,
    };
    if wish
        .negative_prompt
        .as_ref()
        .is_some_and(|text| text.chars().count() > MAX_NEGATIVE_PROMPT)
    {
        let detail = format!("must have at most {MAX_NEGATIVE_PROMPT} characters");
        fields.refuse(FieldError::field(
            fields.pointer(Field::NegativePrompt),
            detail,
        ));
    }
    wish
}

/// Fills in a model's defaults, and calculates the price in millionths of a US dollar.
fn render_options(model: &Model, wish: Wish) -> Result<(RenderOptions, u64), Vec<Offence>> {
    let mut offences = refuse_extras(model, &wish);
    let mut offend = |field, detail: String| offences.push((field, detail));

    let duration_seconds = wish.duration.unwrap_or(model.default_duration);
    if !model.durations.contains(&duration_seconds) {
        offend(
            Field::Duration,
            format!(
                "must be one of {} seconds for {}",
                numbers(model.durations),
                model.id
            ),
        );
    } else if (1..=model.inputs.reference_images).contains(&wish.reference_images)
        && !model.inputs.reference_durations.contains(&duration_seconds)
    {
        let seconds = numbers(model.inputs.reference_durations);
        offend(
            Field::Duration,
            format!(
                "must be {seconds} seconds with reference images for {}",
                model.id
            ),
        );
    } else if wish.image
        && wish.last_frame
        && model.inputs.last_frame
        && !model
            .inputs
            .two_frames_durations
            .contains(&duration_seconds)
    {
        let seconds = numbers(model.inputs.two_frames_durations);
        let detail = format!(
            "must be one of {seconds} seconds with image and lastFrame for {}",
            model.id
        );
        offend(Field::Duration, detail);
    }
    let aspect_ratio = wish
        .aspect_ratio
        .unwrap_or_else(|| model.default_aspect_ratio().to_owned());
    if !model.aspect_ratios.contains(&aspect_ratio.as_str()) {
        offend(
            Field::AspectRatio,
            format!(
                "must be one of {} for {}",
                model.aspect_ratios.join(", "),
                model.id
            ),
        );
    }
    let wanted = wish
        .resolution
        .unwrap_or_else(|| model.default_resolution().to_owned())
        .to_ascii_lowercase();
    let resolution = model
        .resolutions
        .iter()
        .find(|resolution| resolution.name == wanted);
    offences.extend(refuse_resolution(model, resolution, duration_seconds));

    let price = resolution.map_or(0, |resolution| {
        resolution.price_micros_per_second * u64::from(duration_seconds)
    });
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
    if offences.is_empty() {
        Ok((options, price))
    } else {
        Err(offences)
    }
}

/// Refuses a resolution that the model does not support, or only for other durations.
fn refuse_resolution(
    model: &Model,
    resolution: Option<&Resolution>,
    duration_seconds: u32,
) -> Option<Offence> {
    let Some(resolution) = resolution else {
        let names: Vec<&str> = model
            .resolutions
            .iter()
            .map(|resolution| resolution.name)
            .collect();
        let detail = format!("must be one of {} for {}", names.join(", "), model.id);
        return Some((Field::Resolution, detail));
    };
    // A duration that the model does not support is refused elsewhere.
    let is_known = model.durations.contains(&duration_seconds);
    (is_known && !resolution.durations.contains(&duration_seconds)).then(|| {
        let seconds = numbers(resolution.durations);
        let name = resolution.name;
        (
            Field::Resolution,
            format!("{name} needs a duration of {seconds} seconds, not {duration_seconds}"),
        )
    })
}

/// Refuses parameters that the model does not support.
fn refuse_extras(model: &Model, wish: &Wish) -> Vec<Offence> {
    let unsupported = |field| (field, format!("is not supported by {}", model.id));
    let mut offences = Vec::new();
    if wish.seed.is_some() && !model.seed {
        let detail = format!("is not supported by {}{}", model.id, model.why_no_seed);
        offences.push((Field::Seed, detail));
    }
    if wish.negative_prompt.is_some() && !model.negative_prompt {
        offences.push(unsupported(Field::NegativePrompt));
    }
    if wish.audio == Some(false) && model.audio == Audio::Always {
        offences.push((
            Field::GenerateAudio,
            format!("cannot be false for {}, which always makes sound", model.id),
        ));
    }
    let with_images = wish.image || wish.last_frame || wish.reference_images > 0;
    let people = if with_images {
        model.person_generation_with_images
    } else {
        model.person_generation
    };
    if wish
        .person_generation
        .as_deref()
        .is_some_and(|word| !people.contains(&word))
    {
        offences.push(if people.is_empty() {
            unsupported(Field::PersonGeneration)
        } else {
            let when = if with_images { " with images" } else { "" };
            let detail = format!(
                "must be one of {}{when} for {}",
                people.join(", "),
                model.id
            );
            (Field::PersonGeneration, detail)
        });
    }
    offences.extend(refuse_images(model, wish));
    offences
}

/// Refuses images, and combinations of images, that the model does not support.
fn refuse_images(model: &Model, wish: &Wish) -> Vec<Offence> {
    let unsupported = |field| (field, format!("is not supported by {}", model.id));
    let mut offences = Vec::new();
    if wish.image && !model.inputs.image {
        offences.push(unsupported(Field::Image));
    }
    if wish.last_frame && !model.inputs.last_frame {
        offences.push(unsupported(Field::LastFrame));
    } else if wish.last_frame && !wish.image {
        offences.push((
            Field::LastFrame,
            "needs an image as the first frame".to_owned(),
        ));
    }
    if wish.reference_images > model.inputs.reference_images {
        offences.push(match model.inputs.reference_images {
            0 => unsupported(Field::ReferenceImages),
            most => (
                Field::ReferenceImages,
                format!("must be at most {most} images for {}", model.id),
            ),
        });
    } else if wish.reference_images > 0 {
        let frames = [
            (
                wish.image && !model.inputs.references_with_first_frame,
                Field::Image,
                "image",
            ),
            (wish.last_frame, Field::LastFrame, "lastFrame"),
        ];
        let refused: Vec<_> = frames
            .into_iter()
            .filter(|(refused, ..)| *refused)
            .collect();
        for (_, field, name) in &refused {
            let beside =
                |other| format!("cannot go with {other} for {}: send one of them", model.id);
            offences.push((*field, beside("referenceImages")));
            offences.push((Field::ReferenceImages, beside(name)));
        }
    }
    offences
}

fn numbers(numbers: &[u32]) -> String {
    numbers
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
