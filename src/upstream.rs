//! The video services: one folder each, behind one trait and one registry.

pub mod gemini;
pub mod google;
pub mod jwks;
pub mod omni;
pub mod provider;
pub mod registry;
pub mod render_request;
pub mod vertex;
pub mod webhook;
