//! TODO webhooks

pub mod event;
pub mod receiver_test;
pub mod send;
pub mod test_event;
