//! The video services: one folder each, with one common trait and one registry, which is this file.

pub mod demo;
pub mod gemini;
pub mod google;
pub mod jwks;
pub mod omni;
pub mod provider;
pub mod registry;
pub mod render_request;
pub mod vertex;
pub mod webhook;

use crate::upstream::registry::Registration;

/// Every provider that can be configured, by its name in the model registry.
pub const REGISTRY: &[Registration] = &[
    Registration {
        name: "veo3",
        open: gemini::open,
    },
    Registration {
        name: "vertex",
        open: vertex::open,
    },
    Registration {
        name: "omni",
        open: omni::open,
    },
    Registration {
        name: "demo",
        open: demo::open,
    },
];
