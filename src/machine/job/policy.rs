//! The settings a step depends on.

use crate::machine::delivery::EventKind;
use crate::time::Millis;
use std::collections::BTreeSet;

/// What a job does when the answer of a paid submit was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownSubmit {
    /// Ends as failed with `submit_outcome_unknown`: never pays twice.
    Fail,
    /// Submits again: an operator's choice that may pay twice.
    Retry,
}

/// The settings a step depends on.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How often an upstream step is repeated after provable failures.
    pub max_retries: u32,
    /// How long at least a rendered video is tried to be stored, because it is paid for.
    pub store_timeout: Millis,
    /// From start to the end of rendering.
    pub job_timeout: Millis,
    pub unknown_submit: UnknownSubmit,
    /// How often a young render is polled; every other interval between polls is a multiple of it.
    pub poll_interval: Millis,
    /// The wait before each webhook attempt, the first one included.
    pub webhook_schedule: Vec<Millis>,
    /// The events the app wants to hear.
    pub events: BTreeSet<EventKind>,
    /// Whether a prompt that the safety filter refuses may be replaced instead of failing the job.
    pub clarifications: bool,
}
