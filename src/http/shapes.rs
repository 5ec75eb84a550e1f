//! The shapes of the answers that handlers make, for the description of the API.

pub(crate) use super::deliveries::{Page as DeliveryPage, Recovery};
pub(crate) use super::generations::{Changed, Created, Page as GenerationPage, TimelineStep};
pub(crate) use super::health::Health;
pub(crate) use super::models::Offered;
pub(crate) use super::operator::{CleanUp, Gate};
pub(crate) use super::storage::{Page as VideoPage, Signed};
pub(crate) use super::whoami::WhoAmI;
