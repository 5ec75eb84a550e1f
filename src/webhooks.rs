//! The webhooks to the app: the content of an event, its signature, and its delivery.

pub mod alert_test;
pub mod event;
pub mod reach;
pub mod send;
pub mod test_event;
