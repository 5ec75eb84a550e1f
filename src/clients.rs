//! The outside world: the upstreams, R2 and the app's webhook receiver. One call, one
//! [`Outcome`](crate::machine::outcome::Outcome).

pub mod delay;
pub mod error_body;
pub mod file;
pub mod http;
pub mod pace;
pub mod r2;
pub mod retry_after;
pub mod sentence;
pub mod source;
pub mod upload;
pub mod video_address;
pub mod video_file;
pub mod web_crypto;

pub use crate::clients::file::Download;
pub use crate::clients::http::Lost;
pub use crate::upstream::google::key_api::GOOGLE_API_URL;
pub use crate::upstream::provider::Provider;
pub use crate::upstream::registry::{Open, Providers, REGISTRY, Registration};
