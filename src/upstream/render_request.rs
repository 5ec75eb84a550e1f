//! What a provider is asked for.

use crate::machine::job::{ImageRole, RenderOptions};

/// A render, before a provider's wire writes it down.
#[derive(Debug, Clone, Copy)]
pub struct RenderRequest<'a> {
    pub model: &'a str,
    pub prompt: &'a str,
    pub options: &'a RenderOptions,
    /// The images of the order, in its order.
    pub images: &'a [Image],
    /// Where the upstream is to say that the render is done, if it can.
    pub webhook: Option<&'a WebhookTarget>,
}

/// An image with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub role: ImageRole,
    pub mime_type: String,
    pub base64: String,
}

/// What is asked of the upstream's webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    /// Where to; `None` leaves it to the webhook that is registered with the upstream.
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
