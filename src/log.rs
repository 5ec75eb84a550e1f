//! Structured logs: one JSON object per line, so that the platform indexes every field.
//!
//! Code logs with a macro of `tracing` and a message of the form `[COMPONENT] Action`. The span
//! around the call adds the context, such as the request and the job. A line contains only our own
//! ids, words and numbers. It never contains a prompt, a key, a token, a signed URL, a body, or an
//! upstream's own message, which may repeat any of those.

mod console;
mod effect;
mod job;
mod layer;
mod span;
mod step;

pub use crate::log::effect::Done;
pub use crate::log::job::{effect, steps};
pub use crate::log::layer::{AUDIT, subscriber};
pub use crate::log::span::{generation, job, object, request, route, user};
pub use crate::log::step::line;

use crate::clock;
use std::sync::Once;
use tracing::Level;

/// Sets the output and the level of the log, once per instance of the worker.
pub fn start(level: impl FnOnce() -> Level) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // It fails only if a subscriber is already set.
        let _ = tracing::subscriber::set_global_default(layer::subscriber(
            level(),
            console::write,
            clock::now,
        ));
    });
}
