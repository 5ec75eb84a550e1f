//! What steps depend on: settings, and the texts that are made of a job.

use super::{Job, Policy};
use crate::machine::delivery::Delivery;
use crate::time::Millis;

/// Texts that are made of a job and opaque to it.
pub trait Texts {
    /// What lists show of a job.
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
