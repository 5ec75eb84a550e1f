//! What a provider is asked for.

use crate::machine::job::{ImageRole, Request};

/// A render, as a provider's wire writes it.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub request: &'a Request,
    /// The images of the request, in its order.
    pub images: &'a [Image],
    /// How the upstream is to tell when the render is done, where its wire can.
    pub push: Option<&'a Push>,
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
pub struct Push {
    /// Where to; `None` leaves it to the webhook that is registered with the upstream.
    pub uri: Option<String>,
    pub user_id: String,
    pub generation_id: String,
}

impl Order<'_> {
    /// The first image of a role.
    pub fn image(&self, role: ImageRole) -> Option<&Image> {
        self.images.iter().find(|image| image.role == role)
    }
}
