//! The outside world: the upstreams, R2 and the app's webhook receiver. One call, one
//! [`Outcome`](crate::machine::outcome::Outcome).

mod file;
mod gemini;
mod google_token;
mod http;
pub mod jwks;
mod key_api;
mod omni;
mod operation;
mod pace;
mod provider;
pub mod r2;
mod registry;
mod source;
mod upload;
mod vertex;
mod web_crypto;
pub mod webhook;

pub use file::Download;
pub use http::Lost;
pub use key_api::GOOGLE_API_URL;
pub use provider::Provider;
pub use registry::{Open, Providers, REGISTRY, Registration};
