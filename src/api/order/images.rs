//! The images of an order: parsed from its fields, checked, and prepared for upload to R2.

pub mod picture;

use crate::api::field_error::FieldError;
use crate::api::order::field::Field;
use crate::api::order::fields::Fields;
use crate::api::order::images::picture::Read;
use crate::api::order::names::{Meaning, meaning};
use crate::dispatch::inputs::Upload;
use crate::ids::JobKey;
use crate::machine::job::{ImageRole, InputImage};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub use crate::api::order::images::picture::MAX_IMAGE;

/// The fields with one image each.
const SINGLE: [(Field, ImageRole); 2] = [
    (Field::Image, ImageRole::FirstFrame),
    (Field::LastFrame, ImageRole::LastFrame),
];

/// A valid image of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) role: ImageRole,
    mime_type: &'static str,
    bytes: Vec<u8>,
}

impl Given {
    /// The value by which images are compared.
    pub(crate) fn digest(&self) -> Value {
        let bytes = format!("{:x}", Sha256::digest(&self.bytes));
        json!({ "role": self.role, "mimeType": self.mime_type, "sha256": bytes })
    }
}

/// Reads every image and reports its errors: first frame, last frame, then references.
pub(crate) fn read(fields: &mut Fields<'_>) -> Vec<Given> {
    let mut given = Vec::new();
    for (field, role) in SINGLE {
        given.extend(read_field(fields, field, |fields, pointer, value| {
            take(fields, pointer, value, role).into_iter().collect()
        }));
    }
    given.extend(read_field(
        fields,
        Field::ReferenceImages,
        |fields, pointer, value| {
            let Some(list) = value.as_array() else {
                fields.refuse(FieldError::field(pointer, "must be a list of images"));
                return Vec::new();
            };
            let numbered = list.iter().enumerate();
            numbered
                .filter_map(|(index, value)| {
                    take(
                        fields,
                        &format!("{pointer}/{index}"),
                        value,
                        ImageRole::Reference,
                    )
                })
                .collect()
        },
    ));
    given
}

/// The images of a field. They must be the same in all of its places.
fn read_field(
    fields: &mut Fields<'_>,
    field: Field,
    take: impl Fn(&mut Fields<'_>, &str, &Value) -> Vec<Given>,
) -> Vec<Given> {
    let places = fields.places(field).to_vec();
    let mut read = places
        .iter()
        .map(|found| take(fields, &found.pointer, &found.value))
        .collect::<Vec<_>>()
        .into_iter();
    let first = read.next().unwrap_or_default();
    if read.any(|other| other != first) {
        let pointers: Vec<String> = places.into_iter().map(|found| found.pointer).collect();
        fields.refuse_contradiction(field, &pointers);
    }
    first
}

/// Which images an order has, valid or not: whether it has a first frame and a last frame, and the
/// number of references.
pub(crate) fn present(fields: &Fields<'_>) -> (bool, bool, usize) {
    let is_there = |field: Field| !fields.places(field).is_empty();
    let references = fields
        .places(Field::ReferenceImages)
        .first()
        .and_then(|found| found.value.as_array());
    (
        is_there(Field::Image),
        is_there(Field::LastFrame),
        references.map_or(0, Vec::len),
    )
}

fn take(fields: &mut Fields<'_>, pointer: &str, value: &Value, role: ImageRole) -> Option<Given> {
    let Read {
        image,
        unknown,
        errors,
    } = picture::read(value, role);
    for key in unknown {
        fields.warn_unknown(format!("{pointer}{key}"), None);
    }
    for (key, detail) in errors {
        fields.refuse(FieldError::field(format!("{pointer}{key}"), detail));
    }
    image.map(|(mime_type, bytes)| Given {
        role,
        mime_type,
        bytes,
    })
}

/// The uploads of the images, in the order of the request. `request` is a random number that makes
/// their keys unique.
pub(crate) fn uploads(given: Vec<Given>, key: &JobKey, request: u128) -> Vec<Upload> {
    let numbered = given.into_iter().enumerate();
    numbered
        .map(
            |(
                index,
                Given {
                    role,
                    mime_type,
                    bytes,
                },
            )| {
                let (mime_type, size) = (mime_type.to_owned(), bytes.len() as u64);
                Upload {
                    image: InputImage {
                        role,
                        mime_type,
                        key: key.input_key(request, index),
                        size,
                    },
                    bytes,
                }
            },
        )
        .collect()
}

/// The parameters as they are stored and echoed: images without their bytes.
pub(crate) fn shown_parameters(fields: &Fields<'_>) -> Map<String, Value> {
    let shown = |(key, value): (&str, &Value)| {
        let value = match (meaning(key, value), value) {
            (Meaning::Field(Field::Image | Field::LastFrame), image) => picture::shown(image),
            (Meaning::Field(Field::ReferenceImages), Value::Array(list)) => {
                list.iter().map(picture::shown).collect()
            }
            (_, other) => other.clone(),
        };
        (key.to_owned(), value)
    };
    fields.written_parameters().map(shown).collect()
}
