//! The webhooks to the app: what an event says, how it is signed, and how it is sent.

pub mod event;
pub mod send;
pub mod test_event;
