//! What steps depend on: settings, and texts rendered from a job.

use super::{Job, Policy};
use crate::machine::delivery::Delivery;
use crate::time::Millis;

/// Renders texts from a job; the machine does not read them.
pub trait Texts {
    /// The snapshot of a job that lists show.
    fn snapshot(&self, job: &Job, now: Millis) -> String;
    /// The body of a webhook event.
    fn event(&self, job: &Job, delivery: &Delivery) -> String;
}

/// What steps depend on.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub policy: &'a Policy,
    pub texts: &'a dyn Texts,
}
