//! The images of an order: read from its parameters, checked, and made ready for R2.

use super::field_error::FieldError;
use super::fields::Fields;
use crate::machine::JobKey;
use crate::machine::job::{ImageRole, InputImage};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The largest image, in bytes.
pub const MAX_IMAGE: usize = 7 * 1024 * 1024;
/// The parameters that hold one image each.
const SINGLE: [(&str, ImageRole); 2] = [("image", ImageRole::FirstFrame), ("lastFrame", ImageRole::LastFrame)];
/// The parameter that holds a list of them.
const REFERENCES: &str = "referenceImages";
/// Media that no model here takes.
const UNSUPPORTED: [&str; 2] = ["video", "mask"];
/// The kinds of image that are taken, with the bytes each begins with.
const KINDS: [(&str, &[u8]); 2] = [("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff")];

/// An image to be put into R2 before the job is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub image: InputImage,
    pub bytes: Vec<u8>,
}

/// An image as it stands in a body, checked.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) role: ImageRole,
    mime_type: &'static str,
    bytes: Vec<u8>,
}

/// Reads every image, naming what is wrong with each.
pub(super) fn read(fields: &mut Fields<'_>) -> Vec<Given> {
    let Some(parameters) = fields.parameters() else { return Vec::new() };
    let value = |name: &str| parameters.get(name).filter(|value| !value.is_null());
    for name in UNSUPPORTED.into_iter().filter(|name| value(name).is_some()) {
        let pointer = format!("/parameters/{name}");
        fields.refuse(FieldError::field(pointer, "is not supported by any model here: take text and images"));
    }
    let mut given = Vec::new();
    for (name, role) in SINGLE {
        if let Some(value) = value(name) {
            given.extend(take(fields, &format!("/parameters/{name}"), value, role));
        }
    }
    match value(REFERENCES) {
        None => {}
        Some(Value::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                given.extend(take(fields, &format!("/parameters/{REFERENCES}/{index}"), value, ImageRole::Reference));
            }
        }
        Some(_) => fields.refuse(FieldError::field(format!("/parameters/{REFERENCES}"), "must be a list of images")),
    }
    given
}

/// Which images an order has, whether they can be read or not: first frame, last frame, and how many references.
pub(super) fn present(fields: &Fields<'_>) -> (bool, bool, usize) {
    let value = |name: &str| fields.parameters().and_then(|parameters| parameters.get(name));
    let is_there = |name: &str| value(name).is_some_and(|value| !value.is_null());
    let references = value(REFERENCES).and_then(Value::as_array).map_or(0, Vec::len);
    (is_there(SINGLE[0].0), is_there(SINGLE[1].0), references)
}

fn take(fields: &mut Fields<'_>, pointer: &str, value: &Value, role: ImageRole) -> Option<Given> {
    let read = read_one(value);
    match read {
        Ok((mime_type, bytes)) => Some(Given { role, mime_type, bytes }),
        Err((field, detail)) => {
            fields.refuse(FieldError::field(format!("{pointer}{field}"), detail));
            None
        }
    }
}

/// The kind and the bytes, or the field that is wrong and what it must be.
fn read_one(value: &Value) -> Result<(&'static str, Vec<u8>), (&'static str, String)> {
    let kinds = KINDS.map(|(kind, _)| kind).join(" or ");
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if !value.is_object() {
        return Err(("", "must be an object with mimeType and data".to_owned()));
    }
    let kind = text("mimeType").and_then(|named| KINDS.into_iter().find(|(kind, _)| *kind == named));
    let Some((mime_type, beginning)) = kind else { return Err(("/mimeType", format!("must be {kinds}"))) };
    let Some(data) = text("data") else { return Err(("/data", "must be the image as base64".to_owned())) };
    // Four characters for three bytes.
    if data.len() / 4 * 3 > MAX_IMAGE + 2 {
        return Err(("/data", format!("must be an image of at most {MAX_IMAGE} bytes")));
    }
    let Ok(bytes) = STANDARD.decode(data) else { return Err(("/data", "must be the image as base64".to_owned())) };
    if bytes.len() > MAX_IMAGE {
        return Err(("/data", format!("must be an image of at most {MAX_IMAGE} bytes")));
    }
    if !bytes.starts_with(beginning) {
        return Err(("/data", format!("must be an image of the type {mime_type}")));
    }
    Ok((mime_type, bytes))
}

/// Where the images go, in the order of the request. `request` is a random number of its own.
pub(super) fn uploads(given: Vec<Given>, key: &JobKey, request: u128) -> Vec<Upload> {
    let numbered = given.into_iter().enumerate();
    numbered
        .map(|(index, Given { role, mime_type, bytes })| {
            let (mime_type, size) = (mime_type.to_owned(), bytes.len() as u64);
            Upload { image: InputImage { role, mime_type, key: key.input_key(request, index), size }, bytes }
        })
        .collect()
}

/// The parameters as they are kept and echoed: images without their bytes.
pub(super) fn without_bytes(parameters: &Map<String, Value>) -> Map<String, Value> {
    let single = SINGLE.map(|(name, _)| name);
    let kept = parameters.iter().map(|(name, value)| {
        let value = match value.as_array() {
            Some(list) if name == REFERENCES => Value::Array(list.iter().map(without_data).collect()),
            _ if single.contains(&name.as_str()) => without_data(value),
            _ => value.clone(),
        };
        (name.clone(), value)
    });
    kept.collect()
}

fn without_data(image: &Value) -> Value {
    let Some(data) = image.get("data").and_then(Value::as_str) else { return image.clone() };
    json!({ "mimeType": image["mimeType"], "size": data.trim_end_matches('=').len() * 3 / 4 })
}
