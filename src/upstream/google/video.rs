//! Finds the video in an answer. Each of Google's APIs has its own place for it, and gateways mix
//! them up.

use serde_json::Value;

/// The fields of an operation that hold its result.
pub(crate) const ROOTS: [&str; 2] = ["response", "result"];
/// The fields that contain a video, in lists or not.
pub(crate) const CONTAINERS: [&str; 15] = [
    "generateVideoResponse",
    "generate_video_response",
    "generatedSamples",
    "generated_samples",
    "generatedVideos",
    "generated_videos",
    "videos",
    "video",
    "samples",
    "response",
    "result",
    "predictions",
    "output_video",
    "outputs",
    "output",
];
/// The fields with a video's bytes as base64.
pub(crate) const BYTES: [&str; 6] = [
    "bytesBase64Encoded",
    "bytes_base64_encoded",
    "encodedVideo",
    "encoded_video",
    "videoBytes",
    "video_bytes",
];
/// The fields with a video's address.
const ADDRESSES: [&str; 8] = [
    "uri",
    "gcsUri",
    "gcs_uri",
    "videoUri",
    "video_uri",
    "url",
    "videoUrl",
    "video_url",
];
/// How deep an answer is searched.
const MAX_DEPTH: usize = 8;

/// The first video of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FoundVideo<'a> {
    /// At an address: with a scheme, or a path on the service itself.
    At(&'a str),
    /// In the answer itself.
    Inline,
}

/// The first video in a result. A web address goes before bytes, and bytes go before an address in
/// Cloud Storage.
pub(crate) fn find(answer: &Value) -> Option<FoundVideo<'_>> {
    within(answer, 0)
}

fn within(value: &Value, depth: usize) -> Option<FoundVideo<'_>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| within(item, depth + 1)),
        Value::Object(fields) => {
            let text = |name: &&str| {
                fields
                    .get(*name)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
            };
            let address = || {
                ADDRESSES
                    .iter()
                    .filter_map(text)
                    .find(|text| is_address(text))
            };
            let web = address().filter(|address| !address.starts_with("gs://"));
            let bytes = || {
                BYTES
                    .iter()
                    .any(|name| text(name).is_some())
                    .then_some(FoundVideo::Inline)
            };
            let stored = || address().map(FoundVideo::At);
            let deeper = || {
                CONTAINERS
                    .iter()
                    .find_map(|name| within(fields.get(*name)?, depth + 1))
            };
            web.map(FoundVideo::At)
                .or_else(bytes)
                .or_else(stored)
                .or_else(deeper)
        }
        Value::String(address) if depth > 0 && is_address(address) => Some(FoundVideo::At(address)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Whether a string is an address: with a scheme, or a path on the service itself.
fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("/v1") || text.starts_with("files/")
}

#[cfg(test)]
mod tests {
    use super::{FoundVideo, find};
    use serde_json::json;

    #[test]
    fn a_video_is_found_in_the_place_of_either_wire() {
        let uri = "https://h/v.mp4";
        for answer in [
            json!({"generateVideoResponse": {"generatedSamples": [{"video": {"uri": uri}}]}}),
            json!({"generatedSamples": [{"video": {"uri": uri}}]}),
            json!({"generatedVideos": [{"video": {"uri": uri, "videoBytes": ""}}]}),
            json!({"generateVideoResponse": {"generatedVideos": [{"video": {"url": uri}}]}}),
            json!({"generated_videos": [{"video": {"uri": uri}}]}),
            json!({"videos": [{"uri": uri, "mimeType": "video/mp4"}]}),
            json!({"videos": [{"gcsUri": uri}]}),
            json!({"videos": [{}, {"gcsUri": "", "uri": uri}]}),
            json!({"videos": [uri]}),
            json!({"video": {"uri": uri}}),
            json!({"video": uri}),
            json!({"video": {"uri": uri, "encodedVideo": "AAAA"}}),
        ] {
            assert_eq!(find(&answer), Some(FoundVideo::At(uri)), "{answer}");
        }
        for answer in [
            json!({"videos": [{"bytesBase64Encoded": "AAAA"}]}),
            json!({"generateVideoResponse": {"generatedSamples": [{"video": {"encodedVideo": "AAAA"}}]}}),
            json!({"generatedVideos": [{"video": {"videoBytes": "AAAA", "uri": null}}]}),
        ] {
            assert_eq!(find(&answer), Some(FoundVideo::Inline), "{answer}");
        }
        for answer in [
            json!({}),
            json!({"videos": []}),
            json!({"videos": [{"bytesBase64Encoded": ""}]}),
            json!({"thumbnail": {"uri": uri}, "uris": [uri]}),
            json!("https://h/v.mp4"),
        ] {
            assert_eq!(find(&answer), None, "{answer}");
        }
    }
}
