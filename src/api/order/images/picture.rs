//! One image as JSON, in the formats of the SDKs: `{"mimeType", "data"}`, Google's
//! `{"bytesBase64Encoded", "mimeType"}` and `{"imageBytes", "mimeType"}`, an entry `{"image": …,
//! "referenceType": "ASSET"}`, or a `data:` URL.

use crate::api::order::spelling::{camel_case, pointer_token};
use crate::machine::job::ImageRole;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// The largest image, in bytes.
pub const MAX_IMAGE: usize = 7 * 1024 * 1024;
/// The accepted image types, with the first bytes of each.
const KINDS: [(&str, &[u8]); 2] = [
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
];
/// Common wrong names for them.
const SYNONYMS: [(&str, &str); 2] = [("image/jpg", "image/jpeg"), ("image/x-png", "image/png")];
const MIME_TYPE: [&str; 3] = ["mimeType", "mediaType", "contentType"];
const DATA: [&str; 5] = [
    "data",
    "bytesBase64Encoded",
    "imageBytes",
    "base64",
    "b64Json",
];
/// Keys whose value is the image itself.
const INSIDE: [&str; 2] = ["image", "inlineData"];
const ADDRESSES: [&str; 6] = ["gcsUri", "uri", "url", "imageUrl", "fileUri", "fileId"];
const NO_ADDRESS: &str =
    "is not supported, because Reelay fetches no URLs: send the file itself as base64 in data";
const NO_DATA: &str = "must be the image as base64";

/// The JSON pointer of a value within the image, and what is wrong with it.
type Wrong = (String, String);

/// A parsed image.
pub(crate) struct Read {
    /// Its type and bytes; `None` if there are errors.
    pub(crate) image: Option<(&'static str, Vec<u8>)>,
    /// Pointers of unknown keys.
    pub(crate) unknown: Vec<String>,
    pub(crate) errors: Vec<Wrong>,
}

/// The parts of an image, with the JSON pointer of each.
#[derive(Default)]
struct Parts<'a> {
    mime_type: Option<(String, &'a str)>,
    data: Option<(String, &'a str)>,
    unknown: Vec<String>,
    errors: Vec<Wrong>,
}

/// Parses an image with this role.
pub(crate) fn read(value: &Value, role: ImageRole) -> Read {
    let mut parts = Parts::default();
    if let Some(object) = value.as_object() {
        parts.gather(object, "", role, true);
    } else if let Some(text) = value
        .as_str()
        .filter(|text| split_data_address(text).is_some())
    {
        parts.take_data(String::new(), text);
    } else {
        let wrong =
            "must be an object with mimeType and data (base64); Reelay fetches no URLs".to_owned();
        return Read {
            image: None,
            unknown: Vec::new(),
            errors: vec![(String::new(), wrong)],
        };
    }
    let Parts {
        mime_type,
        data,
        unknown,
        mut errors,
    } = parts;
    let image = if errors.is_empty() {
        decoded(mime_type, data)
            .map_err(|wrong| errors.push(wrong))
            .ok()
    } else {
        None
    };
    Read {
        image,
        unknown,
        errors,
    }
}

impl<'a> Parts<'a> {
    /// Sorts the keys of an object. An object inside another must not have a third one inside.
    fn gather(
        &mut self,
        object: &'a Map<String, Value>,
        prefix: &str,
        role: ImageRole,
        outside: bool,
    ) {
        for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let (name, place) = (camel_case(key), format!("{prefix}/{}", pointer_token(key)));
            let name = name.as_str();
            let text = value.as_str();
            match name {
                "type" if text == Some("image") => {}
                "referenceType" if role == ImageRole::Reference => {
                    if !text.is_some_and(|kind| kind.eq_ignore_ascii_case("asset")) {
                        self.errors.push((
                            place,
                            "must be \"ASSET\": no model accepts another type".to_owned(),
                        ));
                    }
                }
                _ if MIME_TYPE.contains(&name) => match text {
                    Some(text) => self.take_once(place, text, |parts| &mut parts.mime_type),
                    None => self.errors.push((place, must_be_a_kind())),
                },
                _ if DATA.contains(&name) => match text {
                    Some(text) => self.take_data(place, text),
                    None => self.errors.push((place, NO_DATA.to_owned())),
                },
                _ if ADDRESSES.contains(&name) => self.errors.push((place, NO_ADDRESS.to_owned())),
                _ => match value.as_object() {
                    Some(inner) if outside && INSIDE.contains(&name) => {
                        self.gather(inner, &place, role, false);
                    }
                    _ => self.unknown.push(place),
                },
            }
        }
    }

    /// Takes base64, or a `data:` URL with the type and base64.
    fn take_data(&mut self, place: String, text: &'a str) {
        match split_data_address(text) {
            Some((kind, data)) => {
                self.take_once(place.clone(), kind, |parts| &mut parts.mime_type);
                self.take_once(place, data, |parts| &mut parts.data);
            }
            None => self.take_once(place, text, |parts| &mut parts.data),
        }
    }

    /// Takes a part. If it is sent twice, both values must be equal.
    fn take_once(
        &mut self,
        place: String,
        value: &'a str,
        part: impl Fn(&mut Self) -> &mut Option<(String, &'a str)>,
    ) {
        match part(self) {
            Some((_, known)) if *known == value => {}
            Some((other, _)) => {
                let detail = format!("differs from {other}: send only one of them");
                self.errors.push((place, detail));
            }
            empty => *empty = Some((place, value)),
        }
    }
}

/// The type and the bytes, or the field that is wrong and what it must be.
fn decoded(
    mime_type: Option<(String, &str)>,
    data: Option<(String, &str)>,
) -> Result<(&'static str, Vec<u8>), Wrong> {
    let (place, named) = mime_type.unwrap_or_else(|| ("/mimeType".to_owned(), ""));
    let Some((mime_type, beginning)) = kind(named) else {
        return Err((place, must_be_a_kind()));
    };
    let Some((place, data)) = data else {
        return Err(("/data".to_owned(), NO_DATA.to_owned()));
    };
    let too_large = format!("must be an image of at most {MAX_IMAGE} bytes");
    // Base64 has four characters for three bytes.
    if data.len() / 4 * 3 > MAX_IMAGE + 2 {
        return Err((place, too_large));
    }
    let Ok(bytes) = STANDARD.decode(data) else {
        return Err((place, NO_DATA.to_owned()));
    };
    if bytes.len() > MAX_IMAGE {
        return Err((place, too_large));
    }
    if !bytes.starts_with(beginning) {
        return Err((place, format!("must be an image of the type {mime_type}")));
    }
    Ok((mime_type, bytes))
}

fn kind(named: &str) -> Option<(&'static str, &'static [u8])> {
    let named = named.trim().to_ascii_lowercase();
    let named = SYNONYMS
        .into_iter()
        .find(|(synonym, _)| *synonym == named)
        .map_or(named.as_str(), |(_, kind)| kind);
    KINDS.into_iter().find(|(kind, _)| *kind == named)
}

fn must_be_a_kind() -> String {
    format!("must be {}", KINDS.map(|(kind, _)| kind).join(" or "))
}

/// The type and the base64 of a URL such as `data:image/png;base64,iVBORw0…` (RFC 2397).
fn split_data_address(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("data:")?.split_once(";base64,")
}

/// An image as it is stored and echoed: its type and size instead of its bytes, and every other key
/// as sent.
pub(crate) fn shown(value: &Value) -> Value {
    if let Some((kind, data)) = value.as_str().and_then(split_data_address) {
        return size_of(Some(kind), data).into();
    }
    let Some(object) = value.as_object() else {
        return value.clone();
    };
    let mut shown = Map::new();
    for (key, value) in object {
        let name = camel_case(key);
        if let Some(text) = value.as_str().filter(|_| DATA.contains(&name.as_str())) {
            let (kind, data) =
                split_data_address(text).map_or((None, text), |(kind, data)| (Some(kind), data));
            shown.extend(size_of(kind, data));
        } else if INSIDE.contains(&name.as_str()) {
            shown.insert(key.clone(), self::shown(value));
        } else {
            shown.insert(key.clone(), value.clone());
        }
    }
    shown.into()
}

fn size_of(kind: Option<&str>, data: &str) -> Map<String, Value> {
    let size = data.trim_end_matches('=').len() * 3 / 4;
    let kind = kind.map(|kind| ("mimeType".to_owned(), Value::from(kind)));
    kind.into_iter()
        .chain([("size".to_owned(), Value::from(size))])
        .collect()
}
