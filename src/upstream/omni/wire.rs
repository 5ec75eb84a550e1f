//! Gemini Omni over the Interactions API: one interaction per render, and the file that it
//! produces.
//!
//! Source: the bodies that Google's SDK sends and reads (google-genai 3.6):
//! `CreateModelInteraction`, `Interaction`, `File`.

pub use crate::upstream::omni::poll::{
    FilePlace, PollAnswer, place, read_file, read_inline, read_poll,
};

use crate::clients::reply::Reply;
use crate::machine::job::ImageRole;
use crate::machine::outcome::{Outcome, Trouble};
use crate::upstream::google;
use crate::upstream::google::refusal;
use crate::upstream::render_request::{Image, RenderRequest};
use crate::upstream::webhook::WebhookConfig;
use serde::Serialize;
use std::borrow::Cow;

/// The credential that the upstream may refuse.
const CREDENTIAL: &str = "the API key";
/// The longest id of an interaction or a file, in bytes.
const MAX_ID: usize = 512;

#[derive(Serialize)]
struct SubmitBody<'a> {
    model: &'a str,
    background: bool,
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig,
    input: InteractionInput<'a>,
    response_format: ResponseFormat<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_config: Option<WebhookConfig<'a>>,
}

#[derive(Serialize)]
struct GenerationConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_config: Option<VideoConfig>,
}

#[derive(Serialize)]
struct VideoConfig {
    task: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum InteractionInput<'a> {
    Text(&'a str),
    Steps([UserInput<'a>; 1]),
}

#[derive(Serialize)]
struct UserInput<'a> {
    content: Vec<InputContent<'a>>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum InputContent<'a> {
    Text { text: Cow<'a, str> },
    Image { data: &'a str, mime_type: &'a str },
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    aspect_ratio: &'a str,
    delivery: &'static str,
    /// Seconds, such as `8s`.
    duration: String,
    resolution: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl GenerationConfig {
    fn is_empty(&self) -> bool {
        self.seed.is_none() && self.video_config.is_none()
    }
}

impl<'a> From<&'a Image> for InputContent<'a> {
    fn from(image: &'a Image) -> Self {
        Self::Image {
            data: &image.base64,
            mime_type: &image.mime_type,
        }
    }
}

/// The body of a submit.
pub fn submit_body(request: &RenderRequest<'_>) -> String {
    let (prompt, render) = (request.prompt, request.options);
    let input = if request.images.is_empty() {
        InteractionInput::Text(prompt)
    } else {
        let text = InputContent::Text {
            text: words(request),
        };
        let content = std::iter::once(text)
            .chain(request.images.iter().map(Into::into))
            .collect();
        InteractionInput::Steps([UserInput {
            content,
            kind: "user_input",
        }])
    };
    let video_config = task(request).map(|task| VideoConfig { task });
    let body = SubmitBody {
        model: request.model,
        background: true,
        generation_config: GenerationConfig {
            seed: render.seed,
            video_config,
        },
        input,
        response_format: ResponseFormat {
            aspect_ratio: &render.aspect_ratio,
            // An inline answer is too small for a typical video.
            delivery: "uri",
            duration: format!("{}s", render.duration_seconds),
            resolution: &render.resolution,
            kind: "video",
        },
        webhook_config: request.webhook.map(Into::into),
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// The task that the images define. `image_to_video` takes a first frame and optionally a last
/// frame; a first frame with references has no task of its own, so the prompt assigns the images.
///
/// Source: ai.google.dev/gemini-api/docs/omni, "Task parameter" and "Set image roles with tags".
fn task(request: &RenderRequest<'_>) -> Option<&'static str> {
    match (request.image(ImageRole::FirstFrame), references(request)) {
        (None, 0) => Some("text_to_video"),
        (None, _) => Some("reference_to_video"),
        (Some(_), 0) => Some("image_to_video"),
        (Some(_), _) => None,
    }
}

/// The prompt, which assigns the images where no task does. The images follow in the order of their
/// numbers.
fn words<'a>(request: &RenderRequest<'a>) -> Cow<'a, str> {
    let prompt = request.prompt;
    if task(request).is_some() {
        return Cow::Borrowed(prompt);
    }
    let tags: Vec<String> = (0..references(request))
        .map(|index| format!("<IMAGE_REF_{index}>@Image{}", index + 2))
        .collect();
    Cow::Owned(format!(
        "[# Sources <FIRST_FRAME>@Image1] [# References {}] {prompt}",
        tags.join(" ")
    ))
}

fn references(request: &RenderRequest<'_>) -> usize {
    request
        .images
        .iter()
        .filter(|image| image.role == ImageRole::Reference)
        .count()
}

/// What the answer to a submit proves. Anything that may mean an accepted render is `Unknown`.
pub fn read_submit(reply: &Reply) -> Outcome<String> {
    refusal::read_submit(reply, CREDENTIAL, |body| {
        let id = body.get("id")?.as_str()?;
        is_id(id).then(|| id.to_owned())
    })
}

/// The result of cancelling an interaction. An interaction that has ended counts as cancelled.
pub fn read_cancel(reply: &Reply) -> Outcome<()> {
    match reply.status {
        200..=299 | 404 | 409 => Ok(()),
        400 if !refusal::refuses_api_key(&reply.body) => Ok(()),
        _ => Err(Trouble::retry(google::unavailable(
            "The video service did not accept the cancellation.",
        ))),
    }
}

/// Whether an id can be one segment of a path.
pub fn is_id(id: &str) -> bool {
    id.len() <= MAX_ID && google::is_plain_segment(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::job::RenderOptions;
    use crate::upstream::render_request::WebhookTarget;
    use serde_json::Value;

    fn image(role: ImageRole) -> Image {
        Image {
            role,
            mime_type: "image/png".to_owned(),
            base64: "eA==".to_owned(),
        }
    }

    fn body(seed: Option<u32>, images: &[Image], uri: Option<&str>) -> String {
        let (user_id, generation_id) = ("u".to_owned(), "g".to_owned());
        let webhook = uri.map(|uri| WebhookTarget {
            uri: Some(uri.to_owned()).filter(|uri| !uri.is_empty()),
            user_id,
            generation_id,
        });
        let options = RenderOptions {
            duration_seconds: 8,
            aspect_ratio: "16:9".to_owned(),
            resolution: "720p".to_owned(),
            seed,
            ..RenderOptions::default()
        };
        let (model, prompt) = ("gemini-omni-1.2-flash", "a dog");
        submit_body(&RenderRequest {
            model,
            prompt,
            options: &options,
            images,
            webhook: webhook.as_ref(),
        })
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            now: 0,
        }
    }

    const FORMAT: &str = r#""response_format":{"aspect_ratio":"16:9","delivery":"uri","duration":"8s","resolution":"720p","type":"video"}"#;

    #[test]
    fn a_text_is_sent_as_googles_sdk_sends_it() {
        let sent = format!(
            r#"{{"model":"gemini-omni-1.2-flash","background":true,"generation_config":{{"seed":7,"video_config":{{"task":"text_to_video"}}}},"input":"a dog",{FORMAT},"webhook_config":{{"user_metadata":{{"userId":"u","generationId":"g"}}}}}}"#
        );
        assert_eq!(body(Some(7), &[], Some("")), sent);
    }

    #[test]
    fn images_are_one_step_of_user_input() {
        let sent = |task: &str, images: usize| {
            let images =
                r#",{"type":"image","data":"eA==","mime_type":"image/png"}"#.repeat(images);
            format!(
                r#"{{"model":"gemini-omni-1.2-flash","background":true,"generation_config":{{"video_config":{{"task":"{task}"}}}},"input":[{{"content":[{{"type":"text","text":"a dog"}}{images}],"type":"user_input"}}],{FORMAT}}}"#
            )
        };
        assert_eq!(
            body(None, &[image(ImageRole::FirstFrame)], None),
            sent("image_to_video", 1)
        );
        let frames = [image(ImageRole::FirstFrame), image(ImageRole::LastFrame)];
        assert_eq!(body(None, &frames, None), sent("image_to_video", 2));
        let references = [image(ImageRole::Reference), image(ImageRole::Reference)];
        assert_eq!(body(None, &references, None), sent("reference_to_video", 2));
    }

    #[test]
    fn a_first_frame_with_references_is_declared_in_the_prompt() {
        let [first, reference] = [ImageRole::FirstFrame, ImageRole::Reference].map(image);
        let sent = |images: &[Image]| {
            serde_json::from_str::<Value>(&body(None, images, None)).expect("JSON")
        };
        let one = sent(&[first.clone(), reference.clone()]);
        let text = "[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2] a dog";
        assert_eq!(one["input"][0]["content"][0]["text"], text);
        assert_eq!(
            one.get("generation_config"),
            None,
            "no task: image_to_video would make the reference the last frame"
        );
        let two = sent(&[first, reference.clone(), reference]);
        let text = "[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2 <IMAGE_REF_1>@Image3] a dog";
        assert_eq!(two["input"][0]["content"][0]["text"], text);
        assert_eq!(two["input"][0]["content"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn an_address_for_webhooks_is_named_with_what_it_is_to_repeat() {
        let config = r#""webhook_config":{"uris":["https://r.example/p"],"user_metadata":{"userId":"u","generationId":"g"}}"#;
        assert!(body(None, &[], Some("https://r.example/p")).contains(config));
    }

    #[test]
    fn only_a_proof_of_refusal_allows_a_second_submit_i4() {
        let numbered =
            |code: u16| format!(r#"{{"error":{{"code":{code},"message":"m","status":"S"}}}}"#);
        let named = r#"{"error":{"code":"https://ai.google.dev/errors/some_word","message":"m"}}"#;
        assert!(matches!(
            read_submit(&reply(500, &numbered(500))),
            Err(Trouble::Retry { .. })
        ));
        for status in [429, 503, 529] {
            for body in [&numbered(status), named, "<html>"] {
                assert!(
                    matches!(
                        read_submit(&reply(status, body)),
                        Err(Trouble::NotNow { .. })
                    ),
                    "{status} {body}"
                );
            }
        }
        for status in [400, 401, 403, 404] {
            for body in [
                &numbered(status),
                named,
                "<html>",
                "",
                r#"{"detail":"No."}"#,
            ] {
                assert!(
                    matches!(read_submit(&reply(status, body)), Err(Trouble::Refused(_))),
                    "{status} {body}"
                );
            }
        }
        for (status, body) in [
            (200, "{}"),
            (200, r#"{"id":7}"#),
            (409, named),
            (500, named),
            (502, named),
            (408, named),
            (200, named),
        ] {
            assert_eq!(
                read_submit(&reply(status, body)),
                Err(Trouble::Unknown),
                "{status} {body}"
            );
        }
        for body in [
            numbered(429),
            r#"{"error":{"code":"503","message":"m"}}"#.to_owned(),
        ] {
            assert!(
                matches!(read_submit(&reply(200, &body)), Err(Trouble::NotNow { .. })),
                "{body}"
            );
        }
    }

    #[test]
    fn an_id_that_could_leave_its_path_is_not_taken() {
        for id in ["", "..", "a/b", "a?b", "a%2fb", &"a".repeat(513)] {
            assert_eq!(
                read_submit(&reply(200, &format!(r#"{{"id":"{id}"}}"#))),
                Err(Trouble::Unknown),
                "{id}"
            );
        }
        for (status, rest) in [
            (200, r#","status":"in_progress""#),
            (202, ""),
            (200, r#","status":null,"error":null,"steps":null"#),
        ] {
            let body = format!(r#"{{"id":"v1_a-b.c"{rest}}}"#);
            assert_eq!(
                read_submit(&reply(status, &body)),
                Ok("v1_a-b.c".to_owned()),
                "{status} {body}"
            );
        }
        assert_eq!((place("inline:a/b"), place("files/../x")), (None, None));
        assert_eq!(
            place("https://h/v"),
            Some(FilePlace::Elsewhere { uri: "https://h/v" })
        );
    }

    #[test]
    fn what_has_ended_needs_no_cancelling() {
        for status in [200, 204, 400, 404, 409] {
            assert_eq!(read_cancel(&reply(status, "{}")), Ok(()), "{status}");
        }
        let bad_key =
            r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}"#;
        for (status, body) in [
            (400, bad_key),
            (401, "{}"),
            (429, "{}"),
            (500, "{}"),
            (302, ""),
        ] {
            assert!(
                matches!(
                    read_cancel(&reply(status, body)),
                    Err(Trouble::Retry { .. })
                ),
                "{status} {body}"
            );
        }
    }
}
