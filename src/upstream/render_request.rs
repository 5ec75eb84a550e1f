//! The request for a render.

use crate::machine::job::{ImageRole, RenderOptions};

/// A render to submit, independent of a provider's wire format.
#[derive(Debug, Clone, Copy)]
pub struct RenderRequest<'a> {
    pub model: &'a str,
    pub prompt: &'a str,
    pub options: &'a RenderOptions,
    /// The images of the order, in the order's sequence.
    pub images: &'a [Image],
    /// The webhook by which the upstream reports that the render is done, if it can.
    pub webhook: Option<&'a WebhookTarget>,
}

/// An image with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub role: ImageRole,
    pub mime_type: String,
    pub base64: String,
}

/// The webhook requested from the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    /// Its address; `None` uses the webhook registered with the upstream.
    pub uri: Option<String>,
    pub user_id: String,
    pub generation_id: String,
}

impl RenderRequest<'_> {
    /// The first image of a role.
    pub fn image(&self, role: ImageRole) -> Option<&Image> {
        self.images.iter().find(|image| image.role == role)
    }
}
