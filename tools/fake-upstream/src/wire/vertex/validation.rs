//! What Vertex AI accepts in a submit, and its messages for the rest.

use serde_json::Value;

use super::target::Target;
use crate::wire::checks::{Invalid, invalid, is_base64, known, of_type};

const MODELS: [&str; 3] = [
    "veo-3.1-generate-001",
    "veo-3.1-fast-generate-001",
    "veo-3.1-lite-generate-001",
];
const INSTANCE_FIELDS: [&str; 6] = [
    "prompt",
    "image",
    "lastFrame",
    "referenceImages",
    "video",
    "mask",
];
const PARAMETERS: [&str; 14] = [
    "sampleCount",
    "storageUri",
    "fps",
    "durationSeconds",
    "seed",
    "aspectRatio",
    "resolution",
    "personGeneration",
    "pubsubTopic",
    "negativePrompt",
    "enhancePrompt",
    "generateAudio",
    "compressionQuality",
    "resizeMode",
];
const IMAGES: [&str; 2] = ["image/jpeg", "image/png"];
const VIDEOS: [&str; 1] = ["video/mp4"];

/// Checks that a model can be called.
pub(super) fn check_model(target: &Target) -> Result<(), Invalid> {
    let Target {
        project,
        location,
        model,
    } = target;
    if MODELS.contains(&model.as_str()) {
        return Ok(());
    }
    let name = format!("projects/{project}/locations/{location}/publishers/google/models/{model}");
    let message = if model.contains("retired") {
        format!("Publisher Model `{name}` is no longer available. Please use a newer model.")
    } else {
        format!(
            "Publisher Model `{name}` was not found or your project does not have access to it. Please ensure you are \
             using a valid model version. For more information, see: \
             https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
        )
    };
    Err(Invalid {
        status: 404,
        message,
    })
}

/// Checks a submit's body for a model.
pub(super) fn check_body(model: &str, body: &Value) -> Result<(), Invalid> {
    known(body, "", &["instances", "parameters", "labels"])?;
    let texts = |labels: &Value| {
        labels
            .as_object()
            .is_some_and(|labels| labels.values().all(Value::is_string))
    };
    of_type(body, "labels", "string", texts)?;
    let Some([instance]) = body["instances"].as_array().map(Vec::as_slice) else {
        return Err(invalid("Exactly one instance is required."));
    };
    check_instance(instance)?;
    match body.get("parameters") {
        None => Ok(()),
        Some(parameters) => check_parameters(model, instance, parameters),
    }
}

fn check_instance(instance: &Value) -> Result<(), Invalid> {
    known(instance, "instances[0]", &INSTANCE_FIELDS)?;
    of_type(instance, "prompt", "string", Value::is_string)?;
    for name in ["image", "lastFrame"] {
        check_media(instance.get(name), name, &IMAGES)?;
    }
    check_media(instance.get("video"), "video", &VIDEOS)?;
    if instance["image"].is_null() && !instance["lastFrame"].is_null() {
        return Err(invalid("`lastFrame` needs an `image` as the first frame."));
    }
    of_type(instance, "referenceImages", "list", Value::is_array)?;
    let references = instance["referenceImages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if references.len() > 3 {
        return Err(invalid("At most 3 reference images are supported."));
    }
    for reference in references {
        known(
            reference,
            "instances[0].referenceImages",
            &["image", "referenceType"],
        )?;
        check_media(Some(&reference["image"]), "referenceImages.image", &IMAGES)?;
        let kind = reference["referenceType"]
            .as_str()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if !["asset", "style"].contains(&kind.as_str()) {
            return Err(invalid(
                "The `referenceType` of a reference image must be asset or style.",
            ));
        }
    }
    if !references.is_empty() && !instance["image"].is_null() {
        return Err(invalid("Image and reference images cannot be both set."));
    }
    if !references.is_empty()
        && ["lastFrame", "video"]
            .iter()
            .any(|name| !instance[name].is_null())
    {
        return Err(invalid(
            "Reference images cannot be set together with a last frame or a video.",
        ));
    }
    let prompt = instance["prompt"].as_str().unwrap_or_default();
    if prompt.trim().is_empty() && instance["image"].is_null() && instance["video"].is_null() {
        return Err(invalid("The prompt is empty. Please provide a prompt."));
    }
    Ok(())
}

/// An image or video: its bytes or its address in Cloud Storage, and its type.
fn check_media(media: Option<&Value>, name: &str, kinds: &[&str]) -> Result<(), Invalid> {
    let Some(media) = media else { return Ok(()) };
    known(media, name, &["bytesBase64Encoded", "gcsUri", "mimeType"])?;
    let kind = media["mimeType"].as_str().unwrap_or_default();
    if !kinds.contains(&kind) {
        return Err(invalid(format!(
            "Unsupported `mimeType` \"{kind}\" of `{name}`, supported are {kinds:?}."
        )));
    }
    match (media.get("bytesBase64Encoded"), media.get("gcsUri")) {
        (Some(bytes), None) if bytes.as_str().is_some_and(is_base64) => Ok(()),
        (Some(_), None) => Err(invalid(format!(
            "Invalid value at 'instances[0].{name}.bytesBase64Encoded' (TYPE_BYTES)"
        ))),
        (None, Some(uri)) if uri.as_str().is_some_and(is_gcs_uri) => Ok(()),
        (None, Some(_)) => Err(invalid(format!(
            "`gcsUri` of `{name}` must begin with gs://."
        ))),
        _ => Err(invalid(format!(
            "`{name}` needs exactly one of `bytesBase64Encoded` and `gcsUri`."
        ))),
    }
}

fn is_gcs_uri(uri: &str) -> bool {
    uri.strip_prefix("gs://")
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

fn check_parameters(model: &str, instance: &Value, parameters: &Value) -> Result<(), Invalid> {
    known(parameters, "parameters", &PARAMETERS)?;
    let seconds = whole(parameters, "durationSeconds")?;
    let references = !instance["referenceImages"].is_null();
    let (supported, feature): (&[i64], _) = match (references, instance["image"].is_null()) {
        (true, _) => (&[8], "reference_to_video"),
        (false, true) => (&[8, 4, 6], "text_to_video"),
        (false, false) => (&[8, 4, 6], "image_to_video"),
    };
    if let Some(seconds) = seconds.filter(|seconds| !supported.contains(seconds)) {
        return Err(invalid(format!(
            "Unsupported output video duration {seconds} seconds, supported durations are {supported:?} for feature \
             {feature}."
        )));
    }
    within(parameters, "sampleCount", 1, 4)?;
    within(parameters, "seed", 0, i64::from(u32::MAX))?;
    within(parameters, "fps", 24, 24)?;
    for name in ["enhancePrompt", "generateAudio"] {
        of_type(parameters, name, "bool", Value::is_boolean)?;
    }
    for name in ["negativePrompt", "pubsubTopic"] {
        of_type(parameters, name, "string", Value::is_string)?;
    }
    let resolutions: &[&str] = if model.contains("lite") {
        &["720p", "1080p"]
    } else {
        &["720p", "1080p", "4k"]
    };
    one_of(parameters, "resolution", resolutions)?;
    one_of(parameters, "aspectRatio", &["16:9", "9:16"])?;
    one_of(
        parameters,
        "personGeneration",
        &["allow_adult", "dont_allow", "allow_all"],
    )?;
    one_of(parameters, "compressionQuality", &["OPTIMIZED", "LOSSLESS"])?;
    one_of(parameters, "resizeMode", &["PAD", "CROP"])?;
    match parameters.get("storageUri") {
        Some(uri) if !uri.as_str().is_some_and(is_gcs_uri) => Err(invalid(format!(
            "Invalid `storageUri` {uri}. It must be a Cloud Storage URI that begins with gs://."
        ))),
        _ => Ok(()),
    }
}

/// An optional parameter that must be a whole JSON number.
fn whole(parameters: &Value, name: &str) -> Result<Option<i64>, Invalid> {
    of_type(parameters, name, "int64", Value::is_i64)?;
    Ok(parameters[name].as_i64())
}

fn within(parameters: &Value, name: &str, least: i64, most: i64) -> Result<(), Invalid> {
    match whole(parameters, name)? {
        Some(number) if !(least..=most).contains(&number) => Err(invalid(format!(
            "`{name}` must be in the range [{least}, {most}], but got {number}."
        ))),
        _ => Ok(()),
    }
}

fn one_of(parameters: &Value, name: &str, words: &[&str]) -> Result<(), Invalid> {
    match parameters.get(name) {
        Some(value) if !value.as_str().is_some_and(|word| words.contains(&word)) => Err(invalid(
            format!("Unsupported `{name}` {value}, supported are {words:?}."),
        )),
        _ => Ok(()),
    }
}
