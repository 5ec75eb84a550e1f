//! The settings a step depends on.

use crate::machine::delivery::EventKind;
use crate::time::Millis;
use std::collections::BTreeSet;

/// What a job does when the answer of a paid submit was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownSubmit {
    /// Ends as failed with `submit_outcome_unknown`: never pays twice.
    Fail,
    /// Submits again. An operator must choose this, because it may pay twice.
    Retry,
}

/// The settings a step depends on.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How many times an upstream step is retried after provable failures.
    pub max_retries: u32,
    /// The minimum time for which storing a rendered video is retried, because the video is paid
    /// for.
    pub store_timeout: Millis,
    /// The limit from start to the end of rendering.
    pub job_timeout: Millis,
    pub unknown_submit: UnknownSubmit,
    /// The interval between polls of a young render; every other interval is a multiple of it.
    pub poll_interval: Millis,
    /// The wait before each webhook attempt, the first one included.
    pub webhook_schedule: Vec<Millis>,
    /// The events that the app subscribes to.
    pub events: BTreeSet<EventKind>,
    /// Whether a prompt that the safety filter refuses may be replaced instead of failing the job.
    pub clarifications: bool,
}
