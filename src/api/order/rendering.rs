//! From an order's fields to the model and what it is asked for.

use crate::api::field_error::FieldError;
use crate::api::order::field::Field;
use crate::api::order::fields::Fields;
use crate::api::order::images;
use crate::machine::job::RenderOptions;
use crate::models;
use crate::models::{Catalogue, Choice, Model, Offence, Wish};

/// The longest negative prompt, in characters.
pub const MAX_NEGATIVE_PROMPT: usize = 5_000;

/// The model, what it is asked for and the price in millionths of a US dollar.
pub(crate) fn rendering(
    fields: &mut Fields<'_>,
    catalogue: Catalogue<'_>,
) -> Option<(&'static Model, RenderOptions, u64)> {
    let (provider, model) = (fields.text(Field::Provider), fields.text(Field::Model));
    let wish = wish(fields);
    let model = match catalogue.find(provider.as_deref(), model.as_deref()) {
        Ok(model) => model,
        Err(offence) => {
            refuse(fields, &offence);
            return None;
        }
    };
    match models::render_options(model, wish) {
        Ok((render, price)) => Some((model, render, price)),
        Err(offences) => {
            for offence in &offences {
                refuse(fields, offence);
            }
            None
        }
    }
}

fn wish(fields: &mut Fields<'_>) -> Wish {
    let (image, last_frame, reference_images) = images::present(fields);
    let wish = Wish {
        duration: fields.seconds(Field::Duration),
        aspect_ratio: fields.text(Field::AspectRatio),
        resolution: fields.text(Field::Resolution),
        negative_prompt: fields.text(Field::NegativePrompt).filter(|text| !text.is_empty()),
        seed: fields.whole_number(Field::Seed, 0..=u32::MAX),
        person_generation: fields.text(Field::PersonGeneration),
        audio: fields.flag(Field::GenerateAudio),
        image,
        last_frame,
        reference_images,
    };
    if wish.negative_prompt.as_ref().is_some_and(|text| text.chars().count() > MAX_NEGATIVE_PROMPT) {
        let detail = format!("must have at most {MAX_NEGATIVE_PROMPT} characters");
        fields.refuse(FieldError::field(fields.pointer(Field::NegativePrompt), detail));
    }
    wish
}

/// Names the field a model objects to as the app wrote it.
fn refuse(fields: &mut Fields<'_>, offence: &Offence) {
    let field = match offence.choice {
        Choice::Provider => Field::Provider,
        Choice::Model => Field::Model,
        Choice::Duration => Field::Duration,
        Choice::AspectRatio => Field::AspectRatio,
        Choice::Resolution => Field::Resolution,
        Choice::NegativePrompt => Field::NegativePrompt,
        Choice::Seed => Field::Seed,
        Choice::PersonGeneration => Field::PersonGeneration,
        Choice::Audio => Field::GenerateAudio,
        Choice::Image => Field::Image,
        Choice::LastFrame => Field::LastFrame,
        Choice::ReferenceImages => Field::ReferenceImages,
    };
    let error = FieldError::field(fields.pointer(field), offence.detail.clone());
    fields.refuse(if offence.retired { error.with_code("model_retired") } else { error });
}
