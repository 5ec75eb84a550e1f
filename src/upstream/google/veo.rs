//! The part of a submit that is the same in both APIs of Veo: the prompt and its images.

use crate::machine::job::ImageRole;
use crate::upstream::render_request::{Image, RenderRequest};
use serde::Serialize;

/// One video to render.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<InlineImage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_frame: Option<InlineImage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reference_images: Vec<ReferenceImage<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineImage<'a> {
    bytes_base64_encoded: &'a str,
    mime_type: &'a str,
}

/// An image of something that should appear in the video.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceImage<'a> {
    image: InlineImage<'a>,
    reference_type: &'static str,
}

impl<'a> Instance<'a> {
    pub(crate) fn of(request: &'a RenderRequest<'_>) -> Self {
        let references = request
            .images
            .iter()
            .filter(|image| image.role == ImageRole::Reference);
        Self {
            prompt: request.prompt,
            image: request.image(ImageRole::FirstFrame).map(Into::into),
            last_frame: request.image(ImageRole::LastFrame).map(Into::into),
            reference_images: references
                .map(|image| ReferenceImage {
                    image: image.into(),
                    reference_type: "ASSET",
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a Image> for InlineImage<'a> {
    fn from(image: &'a Image) -> Self {
        Self {
            bytes_base64_encoded: &image.base64,
            mime_type: &image.mime_type,
        }
    }
}
