//! What Google accepts in a submit, and the words it refuses the rest with.

use serde_json::{Map, Value, json};

/// The models served here, whatever Google has since shut down.
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

/// A refusal: its HTTP status and Google's words.
#[derive(Debug, PartialEq)]
pub(crate) struct Invalid {
    pub(crate) status: u16,
    pub(crate) message: String,
}

fn invalid(message: impl Into<String>) -> Invalid {
    Invalid { status: 400, message: message.into() }
}

fn unsupported(field: &str) -> Invalid {
    invalid(format!(
        "`{field}` isn't supported by this model. Please remove it or refer to the Gemini API \
         documentation for supported usage."
    ))
}

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
    Err(Invalid { status: 404, message })
}

/// Checks a submit's body for a model.
pub(crate) fn check_body(model: &str, body: &Value) -> Result<(), Invalid> {
    let Some(fields) = body.as_object() else {
        return Err(invalid("Invalid JSON payload received."));
    };
    for name in fields.keys() {
        if !["instances", "parameters", "webhookConfig"].contains(&name.as_str()) {
            return Err(invalid(format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.")));
        }
    }
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
    if image.is_null() || (image["bytesBase64Encoded"].is_string() && image["mimeType"].is_string()) {
        return Ok(());
    }
    Err(invalid("Input instance with `image` should contain both `bytesBase64Encoded` and `mimeType` but got empty."))
}

fn check_parameters(model: &str, instance: &Value, parameters: &Map<String, Value>) -> Result<(), Invalid> {
    for name in parameters.keys() {
        if !PARAMETERS.contains(&name.as_str()) {
            return Err(unsupported(name));
        }
    }
    let old = model.starts_with("veo-2");
    let seconds = number(parameters, "durationSeconds")?;
    let allowed: &[f64] = if old { &[5.0, 6.0, 7.0, 8.0] } else { &[4.0, 6.0, 8.0] };
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
    if resolution.is_some_and(|name| name != "720p") && seconds.is_some_and(|s| !within(&[8.0], s)) {
        return Err(invalid("The resolution requires a duration of 8 seconds. Please set `durationSeconds` to 8."));
    }
    let has_image = ["image", "lastFrame", "referenceImages"].iter().any(|name| !instance[name].is_null());
    let people: &[&str] = match (old, has_image) {
        (true, _) => &["allow_all", "allow_adult", "dont_allow"],
        (false, true) => &["allow_adult"],
        (false, false) => &["allow_all"],
    };
    one_of(parameters, "personGeneration", people)
}

/// Whether a number is one of a few whole ones.
fn within(allowed: &[f64], number: f64) -> bool {
    allowed.iter().any(|one| (one - number).abs() < f64::EPSILON)
}

/// A parameter that has to be a JSON number if it is there.
fn number(parameters: &Map<String, Value>, name: &str) -> Result<Option<f64>, Invalid> {
    match parameters.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(_) => Err(invalid(format!("The value type for `{name}` needs to be a number."))),
    }
}

/// A parameter that has to be one of a few words if it is there.
fn one_of(parameters: &Map<String, Value>, name: &str, allowed: &[&str]) -> Result<(), Invalid> {
    match parameters.get(name) {
        None => Ok(()),
        Some(value) if value.as_str().is_some_and(|word| allowed.contains(&word)) => Ok(()),
        Some(value) => Err(out_of_range(name, value)),
    }
}

fn out_of_range(name: &str, value: &Value) -> Invalid {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    invalid(format!(
        "`{value}` is not a valid value for `{name}` with this model. Please refer to the Gemini \
         API documentation for supported usage."
    ))
}

/// Refuses the first field of an object that is not among the allowed.
fn only(object: &Value, allowed: &[&str]) -> Result<(), Invalid> {
    let names = object.as_object().into_iter().flat_map(Map::keys);
    for name in names {
        if !allowed.contains(&name.as_str()) {
            return Err(unsupported(name));
        }
    }
    Ok(())
}

/// The body as the ledger keeps it: image bytes replaced by their length.
pub(crate) fn without_bytes(body: &Value) -> Value {
    match body {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| {
                    let bytes = value.as_str().filter(|_| name == "bytesBase64Encoded");
                    let kept = bytes
                        .map_or_else(|| without_bytes(value), |bytes| json!(format!("<{} characters>", bytes.len())));
                    (name.clone(), kept)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_bytes).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body.clone(),
    }
}
