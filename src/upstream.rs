//! The video services: one folder each, behind one trait and one registry.

pub mod gemini;
pub mod google;
pub mod jwks;
pub mod omni;
pub mod order;
pub mod provider;
pub mod registry;
pub mod vertex;
pub mod webhook;
