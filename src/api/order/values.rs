//! The canonical value of a field, however it is written. Two names of a field, and two orders, are
//! compared by it.

use crate::api::order::field::{Field, Shape};
use crate::time::rfc3339;
use chrono::DateTime;
use serde_json::Value;
use std::borrow::Cow;

/// The heights of 16:9 pictures in pixels, with the name of each resolution.
const HEIGHTS: [(u32, &str); 4] = [(360, "360p"), (720, "720p"), (1080, "1080p"), (2160, "4k")];
/// Names of resolutions in existing apps.
const QUALITIES: [(&str, &str); 3] = [("standard", "720p"), ("high", "1080p"), ("ultra", "4k")];
/// The smallest side of a picture, in pixels. Smaller numbers are an aspect ratio.
const MIN_SIDE: u32 = 100;

/// A width and a height, such as `1280x720`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Picture {
    Known {
        resolution: &'static str,
        aspect_ratio: &'static str,
    },
    /// No model supports it.
    Unknown,
}

/// The picture with the size in a text; `None` if the text is not a size.
pub(crate) fn picture(text: &str) -> Option<Picture> {
    let (width, height) = text.trim().split_once(['x', 'X', '*', ':', '×'])?;
    let side = |text: &str| {
        text.trim()
            .parse::<u32>()
            .ok()
            .filter(|side| *side >= MIN_SIDE)
    };
    let (width, height) = (side(width)?, side(height)?);
    let (long, short) = (width.max(height), width.min(height));
    let aspect_ratio = if width > height { "16:9" } else { "9:16" };
    let resolution = HEIGHTS
        .into_iter()
        .find(|(known, _)| *known == short && u64::from(long) * 9 == u64::from(short) * 16);
    Some(
        resolution.map_or(Picture::Unknown, |(_, resolution)| Picture::Known {
            resolution,
            aspect_ratio,
        }),
    )
}

/// The canonical value of a field. A value that cannot be parsed stays unchanged.
pub(crate) fn canonical(field: Field, value: &Value) -> Cow<'_, Value> {
    let usual = match (field.shape(), value.as_str()) {
        (Shape::Seconds, _) => seconds(value).map(Value::from),
        (Shape::Resolution, Some(text)) => Some(resolution(text)),
        (Shape::AspectRatio, Some(text)) => Some(Value::from(text.trim())),
        (Shape::Time, Some(text)) => time(text),
        (Shape::Whole { .. }, _) => whole(value).map(Value::from),
        _ => None,
    };
    usual.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// A whole JSON number; `8.0` is one too.
pub(crate) fn whole(value: &Value) -> Option<u32> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok();
    }
    let number = value.as_f64()?;
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    let whole = number as u32;
    fits.then_some(whole)
}

/// A whole number, or a string of one as some SDKs send it: `8`, `"8"` or `"8s"`.
fn seconds(value: &Value) -> Option<u32> {
    let Some(text) = value.as_str() else {
        return whole(value);
    };
    let text = text.trim();
    text.strip_suffix(['s', 'S']).unwrap_or(text).parse().ok()
}

fn resolution(text: &str) -> Value {
    let word = text.trim().to_ascii_lowercase();
    let meant = QUALITIES.into_iter().find(|(quality, _)| *quality == word);
    Value::from(meant.map_or(word, |(_, resolution)| resolution.to_owned()))
}

fn time(text: &str) -> Option<Value> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
    u64::try_from(at).ok().map(|at| Value::from(rfc3339(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_size_is_a_resolution_and_an_aspect_ratio() {
        let known = |resolution, aspect_ratio| {
            Some(Picture::Known {
                resolution,
                aspect_ratio,
            })
        };
        assert_eq!(picture("1280x720"), known("720p", "16:9"));
        assert_eq!(picture(" 1080X1920 "), known("1080p", "9:16"));
        assert_eq!(picture("3840*2160"), known("4k", "16:9"));
        assert_eq!(picture("720:1280"), known("720p", "9:16"));
        assert_eq!(picture("640 × 360"), known("360p", "16:9"));
        for other in ["1024x1024", "1280x768", "720x720", "4294967295x4294967295"] {
            assert_eq!(picture(other), Some(Picture::Unknown), "{other}");
        }
        for none in ["16:9", "720p", "x", "1280x", "1280x720x8", ""] {
            assert_eq!(picture(none), None, "{none}");
        }
    }

    #[test]
    fn one_meaning_has_one_value() {
        for (field, spellings, value) in [
            (
                Field::Duration,
                vec![json!(8), json!(8.0), json!("8"), json!(" 8 "), json!("8s")],
                json!(8),
            ),
            (
                Field::Resolution,
                vec![json!("1080p"), json!("1080P"), json!("high"), json!("High")],
                json!("1080p"),
            ),
            (
                Field::Resolution,
                vec![json!("standard"), json!("720p")],
                json!("720p"),
            ),
            (Field::Seed, vec![json!(7), json!(7.0)], json!(7)),
            (
                Field::StartAfter,
                vec![
                    json!("2026-01-02T00:00:00Z"),
                    json!("2026-01-02T01:00:00+01:00"),
                ],
                json!("2026-01-02T00:00:00.000Z"),
            ),
            (Field::Prompt, vec![json!("8s")], json!("8s")),
        ] {
            for spelling in spellings {
                assert_eq!(*canonical(field, &spelling), value, "{field:?} {spelling}");
            }
        }
        for odd in [
            json!("six"),
            json!("8 s x"),
            json!("s"),
            json!(-8),
            json!(8.5),
            json!(true),
        ] {
            assert_eq!(*canonical(Field::Duration, &odd), odd);
        }
    }
}
