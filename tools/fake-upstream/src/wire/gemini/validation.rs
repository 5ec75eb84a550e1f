//! What Google accepts in a submit, and its messages for the rest.

use serde_json::{Map, Value};

use crate::wire::checks::{
    Invalid, check_webhooks, invalid, number, one_of, only, out_of_range, unknown_name,
    unsupported, within,
};

/// The models served here, including those that Google has since shut down.
const MODELS: [&str; 8] = [
    "veo-2.0-generate-001",
    "veo-3.0-generate-001",
    "veo-3.0-fast-generate-001",
    "veo-3.1-generate-preview",
    "veo-3.1-fast-generate-preview",
    "veo-3.1-lite-generate-preview",
    "veo-3.1-generate-001",
    "veo-3.1-fast-generate-001",
];

const INSTANCE_FIELDS: [&str; 5] = ["prompt", "image", "lastFrame", "referenceImages", "video"];
const IMAGE_FIELDS: [&str; 2] = ["bytesBase64Encoded", "mimeType"];
const PARAMETERS: [&str; 8] = [
    "sampleCount",
    "durationSeconds",
    "aspectRatio",
    "resolution",
    "personGeneration",
    "negativePrompt",
    "enhancePrompt",
    "seed",
];

/// Checks that a model can be called.
pub(crate) fn check_model(model: &str) -> Result<(), Invalid> {
    let message = if model.contains("retired") {
        format!(
            "This model models/{model} is no longer available. Please update your code to use a \
             newer model for the latest features and improvements."
        )
    } else if MODELS.contains(&model) {
        return Ok(());
    } else {
        format!(
            "models/{model} is not found for API version v1beta, or is not supported for \
             predictLongRunning. Call ListModels to see the list of available models and their \
             supported methods."
        )
    };
    Err(Invalid {
        status: 404,
        message,
    })
}

/// Checks a submit's body for a model.
pub(crate) fn check_body(model: &str, body: &Value) -> Result<(), Invalid> {
    let Some(fields) = body.as_object() else {
        return Err(invalid("Invalid JSON payload received."));
    };
    for name in fields.keys() {
        if !["instances", "parameters", "webhookConfig"].contains(&name.as_str()) {
            return Err(unknown_name(name, ""));
        }
    }
    check_webhooks(&body["webhookConfig"])?;
    let Some([instance]) = body["instances"].as_array().map(Vec::as_slice) else {
        return Err(invalid("Exactly one instance is required."));
    };
    check_instance(instance)?;
    match fields.get("parameters") {
        None => Ok(()),
        Some(Value::Object(parameters)) => check_parameters(model, instance, parameters),
        Some(_) => Err(invalid("Invalid JSON payload received.")),
    }
}

fn check_instance(instance: &Value) -> Result<(), Invalid> {
    only(instance, &INSTANCE_FIELDS)?;
    let images = ["image", "lastFrame"].map(|name| &instance[name]);
    for image in images {
        check_image(image)?;
    }
    if let Some(references) = instance["referenceImages"].as_array() {
        if references.len() > 3 {
            return Err(invalid("At most 3 reference images are supported."));
        }
        if ["image", "lastFrame", "video"]
            .iter()
            .any(|name| !instance[name].is_null())
        {
            return Err(invalid(
                "`referenceImages` cannot be set together with `image`, `lastFrame` or `video`.",
            ));
        }
        for reference in references {
            only(reference, &["image", "referenceType"])?;
            check_image(&reference["image"])?;
        }
    }
    only(&instance["video"], &["uri"])?;
    let prompt = instance["prompt"].as_str().unwrap_or_default();
    if prompt.trim().is_empty() && instance["image"].is_null() && instance["video"].is_null() {
        return Err(invalid("The prompt is empty. Please provide a prompt."));
    }
    Ok(())
}

fn check_image(image: &Value) -> Result<(), Invalid> {
    only(image, &IMAGE_FIELDS)?;
    if image.is_null() || (image["bytesBase64Encoded"].is_string() && image["mimeType"].is_string())
    {
        return Ok(());
    }
    Err(invalid(
        "Input instance with `image` should contain both `bytesBase64Encoded` and `mimeType` but got empty.",
    ))
}

fn check_parameters(
    model: &str,
    instance: &Value,
    parameters: &Map<String, Value>,
) -> Result<(), Invalid> {
    for name in parameters.keys() {
        if !PARAMETERS.contains(&name.as_str()) {
            return Err(unsupported(name));
        }
    }
    let old = model.starts_with("veo-2");
    let seconds = number(parameters, "durationSeconds")?;
    let allowed: &[f64] = if old {
        &[5.0, 6.0, 7.0, 8.0]
    } else {
        &[4.0, 6.0, 8.0]
    };
    if let Some(seconds) = seconds
        && !within(allowed, seconds)
    {
        return Err(invalid(format!(
            "The number value for `durationSeconds` is out of bound. Please provide a value \
             between {} and 8, inclusive.",
            allowed[0]
        )));
    }
    let samples: &[f64] = if old { &[1.0, 2.0] } else { &[1.0] };
    if number(parameters, "sampleCount")?.is_some_and(|count| !within(samples, count)) {
        return Err(out_of_range("sampleCount", &parameters["sampleCount"]));
    }
    number(parameters, "seed")?;
    one_of(parameters, "aspectRatio", &["16:9", "9:16"])?;
    let resolutions: &[&str] = match model {
        _ if old => &["720p"],
        _ if model.contains("lite") || model.starts_with("veo-3.0") => &["720p", "1080p"],
        _ => &["720p", "1080p", "4k"],
    };
    one_of(parameters, "resolution", resolutions)?;
    let resolution = parameters.get("resolution").and_then(Value::as_str);
    if resolution.is_some_and(|name| name != "720p") && seconds.is_some_and(|s| !within(&[8.0], s))
    {
        return Err(invalid(
            "The resolution requires a duration of 8 seconds. Please set `durationSeconds` to 8.",
        ));
    }
    let has_image = ["image", "lastFrame", "referenceImages"]
        .iter()
        .any(|name| !instance[name].is_null());
    let people: &[&str] = match (old, has_image) {
        (true, _) => &["allow_all", "allow_adult", "dont_allow"],
        (false, true) => &["allow_adult"],
        (false, false) => &["allow_all"],
    };
    one_of(parameters, "personGeneration", people)
}
