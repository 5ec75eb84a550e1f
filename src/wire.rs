//! Serde types that cross a boundary: the app's HTTP and webhooks, the upstream, stored records, and
//! the messages between the worker and its objects.

pub mod address;
pub mod api;
mod daily_quota;
mod delay;
mod error_body;
pub mod event;
pub mod events;
pub mod gemini;
pub mod google;
pub mod inline_video;
pub mod message;
pub mod omni;
pub mod order;
pub mod poll_reader;
pub mod push;
pub mod receiver_test;
pub mod retry_after;
pub mod sentence;
pub mod service_account;
pub mod signed_url;
pub mod stored;
pub mod variables;
mod veo;
pub mod vertex;
pub mod video_address;
pub mod video_file;
