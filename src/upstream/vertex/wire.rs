//! Veo over Vertex AI: `:predictLongRunning`, `:fetchPredictOperation`, and videos in Cloud Storage
//! or in the answer itself.
//!
//! Source: the bodies that Google's SDK sends and reads (google-genai 3.6).

pub use crate::upstream::vertex::operation::{OperationName, host, is_location};

use crate::clients::reply::Reply;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::upstream::google;
use crate::upstream::google::refusal;
use crate::upstream::google::veo::Instance;
use crate::upstream::render_request::RenderRequest;
use crate::upstream::vertex::operation::INLINE_SCHEME;
use serde::Serialize;
use std::fmt::Write;

/// The credential that the upstream may refuse.
const CREDENTIAL: &str = "the service account";
/// The scheme of a video's address in Cloud Storage.
pub const STORAGE_SCHEME: &str = "gs://";

#[derive(Serialize)]
struct SubmitBody<'a> {
    instances: [Instance<'a>; 1],
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    sample_count: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_uri: Option<&'a str>,
    duration_seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    aspect_ratio: &'a str,
    resolution: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    person_generation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generate_audio: Option<bool>,
}

/// The place of a video.
#[derive(Debug, PartialEq, Eq)]
pub enum VideoPlace<'a> {
    /// Any other address; it needs no token.
    Elsewhere(&'a str),
    /// In Cloud Storage: the path and query below the address of Cloud Storage.
    Stored(String),
    /// In the answer to a poll of its operation.
    Inline(OperationName<'a>),
}

/// The body of a submit. Without `storage_uri` the video comes in the answer to a poll.
pub fn submit_body(request: &RenderRequest<'_>, storage_uri: Option<&str>) -> String {
    let render = request.options;
    let body = SubmitBody {
        instances: [Instance::of(request)],
        parameters: Parameters {
            sample_count: 1,
            storage_uri,
            duration_seconds: render.duration_seconds,
            seed: render.seed,
            aspect_ratio: &render.aspect_ratio,
            resolution: &render.resolution,
            person_generation: render.person_generation.as_deref(),
            negative_prompt: render.negative_prompt.as_deref(),
            generate_audio: render.audio,
        },
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// What the answer to a submit proves. Anything that may mean an accepted render is `Unknown`.
pub fn read_submit(reply: &Reply) -> Outcome<String> {
    let outcome = refusal::read_submit(reply, CREDENTIAL, |body| {
        let name = google::bare_name(body.get("name")?.as_str()?);
        OperationName::parse(name).map(|operation| operation.name.to_owned())
    });
    outcome.map_err(|trouble| trouble.map_failure(|failure| explained(reply.status, failure)))
}

/// The place that the address from a poll names; `None` if it is not usable.
pub fn place(uri: &str) -> Option<VideoPlace<'_>> {
    match uri.strip_prefix(INLINE_SCHEME) {
        Some(operation) => OperationName::parse(operation).map(VideoPlace::Inline),
        None if uri.starts_with("https://") || uri.starts_with("http://") => {
            Some(VideoPlace::Elsewhere(uri))
        }
        None => storage_path(uri).map(VideoPlace::Stored),
    }
}

/// Whether it is a bucket, or a folder in one.
pub fn is_output(uri: &str) -> bool {
    let Some((bucket, folder)) = in_bucket(uri) else {
        return false;
    };
    is_bucket(bucket)
        && folder
            .chars()
            .all(|character| character.is_ascii_graphic() && !"#?[]*".contains(character))
}

/// Adds the setting that is probably wrong.
fn explained(status: u16, failure: Failure) -> Failure {
    // Messages about the bucket or the account are for the operator, not for the app.
    let is_private = failure.message.contains(STORAGE_SCHEME) || failure.message.contains('@');
    let message = match (status, failure.code) {
        (400, ErrorCode::InvalidRequest) if is_private => {
            let sentence = "The video service cannot write to the bucket of VERTEX_OUTPUT: check it and the account's \
                rights there.";
            return Failure {
                code: ErrorCode::ProviderUnavailable,
                message: sentence.to_owned(),
                ..failure
            };
        }
        (401, ErrorCode::ProviderUnavailable) => "Check VERTEX_SERVICE_ACCOUNT.",
        (403, ErrorCode::ProviderUnavailable) => {
            "Check VERTEX_PROJECT, that Vertex AI is enabled in it, and that the account has the role Vertex AI User there."
        }
        (404, ErrorCode::ProviderUnavailable) => {
            "Check the model, VERTEX_LOCATION and VERTEX_PROJECT."
        }
        _ => return failure,
    };
    let said = if is_private {
        "The video service refused the service account."
    } else {
        &failure.message
    };
    Failure {
        message: format!("{said} {message}"),
        ..failure
    }
}

/// The path of an object's bytes, below the address of Cloud Storage (Cloud Storage's JSON API,
/// `objects.get`).
fn storage_path(uri: &str) -> Option<String> {
    let (bucket, object) = in_bucket(uri)?;
    // A segment of only dots would be resolved, not sent, even if percent-encoded.
    let usable = is_bucket(bucket) && !object.is_empty() && object != "." && object != "..";
    usable.then(|| {
        format!(
            "storage/v1/b/{bucket}/o/{}?alt=media",
            percent_encoded(object)
        )
    })
}

fn in_bucket(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix(STORAGE_SCHEME)?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

fn is_bucket(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    (3..=222).contains(&name.len())
        && name.starts_with(plain)
        && name.ends_with(plain)
        && name
            .chars()
            .all(|character| plain(character) || "._-".contains(character))
}

/// Encodes everything except the unreserved characters (RFC 3986, section 2.3), the slash included.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{VideoPlace, is_output, place, read_submit, submit_body};
    use crate::clients::reply::Reply;
    use crate::machine::job::{ImageRole, RenderOptions};
    use crate::machine::outcome::{ErrorCode, Outcome, Trouble};
    use crate::upstream::render_request::{Image, RenderRequest};
    use serde_json::{Value, json};

    const NAME: &str = "projects/p/locations/us-central1/publishers/google/models/m/operations/1";

    fn image(role: ImageRole, base64: &str) -> Image {
        Image {
            role,
            mime_type: "image/png".to_owned(),
            base64: base64.to_owned(),
        }
    }

    fn body(
        change: impl FnOnce(&mut RenderOptions),
        images: &[Image],
        output: Option<&str>,
    ) -> String {
        let mut options = RenderOptions {
            duration_seconds: 8,
            aspect_ratio: "16:9".to_owned(),
            resolution: "720p".to_owned(),
            ..RenderOptions::default()
        };
        change(&mut options);
        let (model, prompt) = ("veo-3.1-generate-001", "a \"dog\"");
        submit_body(
            &RenderRequest {
                model,
                prompt,
                options: &options,
                images,
                webhook: None,
            },
            output,
        )
    }

    const PLAIN: &str = r#""parameters":{"sampleCount":1,"durationSeconds":8,"aspectRatio":"16:9","resolution":"720p"}}"#;

    #[test]
    fn a_submit_is_written_as_googles_sdk_writes_it() {
        let text = r#"{"instances":[{"prompt":"a \"dog\""}],"#;
        let changed = |change: fn(&mut RenderOptions), parameters: &str| {
            assert_eq!(
                body(change, &[], None),
                format!(r#"{text}"parameters":{{{parameters}}}}}"#)
            );
        };
        assert_eq!(body(|_| {}, &[], None), format!("{text}{PLAIN}"));
        changed(
            |render| render.audio = Some(true),
            r#""sampleCount":1,"durationSeconds":8,"aspectRatio":"16:9","resolution":"720p","generateAudio":true"#,
        );
        changed(
            |render| render.audio = Some(false),
            r#""sampleCount":1,"durationSeconds":8,"aspectRatio":"16:9","resolution":"720p","generateAudio":false"#,
        );
        changed(
            |render| (render.seed, render.duration_seconds) = (Some(u32::MAX), 4),
            r#""sampleCount":1,"durationSeconds":4,"seed":4294967295,"aspectRatio":"16:9","resolution":"720p""#,
        );
        changed(
            |render| {
                render.aspect_ratio = "9:16".to_owned();
                render.resolution = "4k".to_owned();
                render.person_generation = Some("allow_adult".to_owned());
                render.negative_prompt = Some("cartoon".to_owned());
            },
            r#""sampleCount":1,"durationSeconds":8,"aspectRatio":"9:16","resolution":"4k","personGeneration":"allow_adult","negativePrompt":"cartoon""#,
        );
        let stored = body(
            |render| render.seed = Some(0),
            &[],
            Some("gs://bucket/out/"),
        );
        let parameters = r#""parameters":{"sampleCount":1,"storageUri":"gs://bucket/out/","durationSeconds":8,"seed":0,"aspectRatio":"16:9","resolution":"720p"}}"#;
        assert_eq!(stored, format!("{text}{parameters}"));
    }

    #[test]
    fn images_go_with_the_prompt_in_the_roles_they_have() {
        let written =
            |base64: &str| format!(r#"{{"bytesBase64Encoded":"{base64}","mimeType":"image/png"}}"#);
        let prompt = r#"{"instances":[{"prompt":"a \"dog\"""#;
        let first = image(ImageRole::FirstFrame, "QQ==");
        let last = image(ImageRole::LastFrame, "Qg==");
        let first_alone = format!(r#"{prompt},"image":{}}}],{PLAIN}"#, written("QQ=="));
        assert_eq!(
            body(|_| {}, std::slice::from_ref(&first), None),
            first_alone
        );
        let both = format!(
            r#"{prompt},"image":{},"lastFrame":{}}}],{PLAIN}"#,
            written("QQ=="),
            written("Qg==")
        );
        assert_eq!(body(|_| {}, &[first, last], None), both);
        let references = [
            image(ImageRole::Reference, "Qw=="),
            image(ImageRole::Reference, "RA=="),
        ];
        let reference =
            |base64: &str| format!(r#"{{"image":{},"referenceType":"ASSET"}}"#, written(base64));
        let expected = format!(
            r#"{prompt},"referenceImages":[{},{}]}}],{PLAIN}"#,
            reference("Qw=="),
            reference("RA==")
        );
        assert_eq!(body(|_| {}, &references, None), expected);
    }

    fn submit(status: u16, body: &str) -> Outcome<String> {
        read_submit(&Reply {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            now: 0,
        })
    }

    #[test]
    fn only_a_proof_of_refusal_allows_a_second_submit_i4() {
        let error =
            |code: u16| format!(r#"{{"error":{{"code":{code},"message":"m","status":"S"}}}}"#);
        assert_eq!(
            submit(200, &json!({ "name": NAME }).to_string()),
            Ok(NAME.to_owned())
        );
        for body in [
            "{}",
            "<html>",
            r#"{"name":"models/m/operations/1"}"#,
            r#"{"name":"projects/p/operations/1"}"#,
        ] {
            assert_eq!(submit(200, body), Err(Trouble::Unknown), "{body}");
        }
        assert_eq!(
            submit(202, &json!({ "name": NAME, "done": null }).to_string()),
            Ok(NAME.to_owned())
        );
        assert!(matches!(
            submit(500, &error(500)),
            Err(Trouble::Retry { .. })
        ));
        for status in [429, 503, 521, 529] {
            assert!(
                matches!(submit(status, &error(status)), Err(Trouble::NotNow { .. })),
                "{status}"
            );
        }
        for status in [400, 401, 403, 404] {
            for body in [error(status).as_str(), "<html>", "", r#"{"detail":"No."}"#] {
                assert!(
                    matches!(submit(status, body), Err(Trouble::Refused(_))),
                    "{status} {body}"
                );
            }
        }
        for status in [303, 408, 409, 500, 502, 504, 524] {
            assert_eq!(submit(status, "<html>"), Err(Trouble::Unknown), "{status}");
        }
        for status in [408, 502, 504] {
            assert_eq!(
                submit(status, &error(status)),
                Err(Trouble::Unknown),
                "{status}"
            );
        }
    }

    #[test]
    fn a_refusal_names_the_setting_to_look_at() {
        let message = |status: u16, words: &str| {
            let body: Value = json!({"error": {"code": status, "message": words, "status": "S"}});
            let Err(Trouble::Refused(failure)) = submit(status, &body.to_string()) else {
                panic!("{body}")
            };
            (failure.code, failure.message)
        };
        for (status, setting) in [
            (401, "VERTEX_SERVICE_ACCOUNT"),
            (403, "VERTEX_PROJECT"),
            (404, "VERTEX_LOCATION"),
        ] {
            let (code, sentence) = message(status, "Permission denied.");
            assert_eq!(code, ErrorCode::ProviderUnavailable);
            assert!(sentence.contains(setting), "{sentence}");
        }
        let (_, sentence) = message(403, "reelay@p.iam lacks a role");
        assert!(
            sentence.contains("VERTEX_PROJECT") && !sentence.contains('@'),
            "{sentence}"
        );
        let (_, sentence) = message(403, "Vertex AI is off");
        assert!(
            sentence.starts_with(
                "The video service refused the service account: Vertex AI is off. Check"
            ),
            "{sentence}"
        );
        assert_eq!(
            message(404, "It is no longer available.").0,
            ErrorCode::ModelRetired
        );
        assert_eq!(
            message(400, "Bad seed."),
            (ErrorCode::InvalidRequest, "Bad seed.".to_owned())
        );
        let (code, sentence) = message(400, "reelay@p.iam has no access to gs://b/o.");
        assert_eq!(code, ErrorCode::ProviderUnavailable);
        assert!(
            sentence.contains("VERTEX_OUTPUT") && !sentence.contains("gs://"),
            "{sentence}"
        );
        assert_eq!(
            message(400, "It violates the usage guidelines.").0,
            ErrorCode::ProviderRejectedContent
        );
    }

    #[test]
    fn a_video_is_found_where_its_address_says_and_nowhere_else() {
        let path = |uri: &str| match place(uri) {
            Some(VideoPlace::Stored(path)) => Some(path),
            Some(VideoPlace::Inline(operation)) => Some(operation.name.to_owned()),
            Some(VideoPlace::Elsewhere(uri)) => Some(uri.to_owned()),
            None => None,
        };
        let stored = path("gs://my-bucket/out dir/é%2e/sample_0.mp4");
        assert_eq!(
            stored.as_deref(),
            Some("storage/v1/b/my-bucket/o/out%20dir%2F%C3%A9%252e%2Fsample_0.mp4?alt=media")
        );
        assert_eq!(path(&format!("inline:{NAME}")).as_deref(), Some(NAME));
        assert_eq!(
            path("https://cdn.example/v.mp4").as_deref(),
            Some("https://cdn.example/v.mp4")
        );
        for uri in [
            "gs://my-bucket",
            "gs://my-bucket/",
            "gs://my-bucket/..",
            "gs://../x",
            "gs://a/x",
            "gs://My-Bucket/x",
            "gs://evil.example?/x",
            "ftp://storage.googleapis.com/b/x",
            "inline:models/m/operations/1",
            "inline:",
            "",
        ] {
            assert_eq!(path(uri), None, "{uri}");
        }
    }

    #[test]
    fn an_output_is_a_bucket_or_a_folder_in_one() {
        for output in ["gs://bucket", "gs://bucket/", "gs://my.bucket_1/a/b/"] {
            assert!(is_output(output), "{output}");
        }
        for output in [
            "bucket",
            "s3://bucket",
            "gs://",
            "gs://ab",
            "gs://Bucket/",
            "gs://bucket/a b",
            "gs://bucket/*",
        ] {
            assert!(!is_output(output), "{output}");
        }
    }
}
