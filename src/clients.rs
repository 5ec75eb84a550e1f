//! The outside world: the upstream, R2 and the app's webhook receiver. One call, one
//! [`Outcome`](crate::machine::outcome::Outcome).

mod http;
pub mod r2;
pub mod veo;
pub mod webhook;
