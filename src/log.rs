//! Structured logs: one JSON object a line, so that the platform indexes every field.
//!
//! Whoever has something to tell says so by a macro of `tracing`, with a message of the form
//! `[COMPONENT] Action`; what is true of all that is done meanwhile (which request, which job)
//! comes from the span around it. A line names ids, words and numbers of ours. It never holds a
//! prompt, a key, a token, a signed address, a body, or an upstream's own words, which may repeat
//! any of those.

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

/// Sets where lines go and from which level on, once for each instance of the worker.
pub fn start(level: impl FnOnce() -> Level) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // It fails only where there is one already.
        let _ = tracing::subscriber::set_global_default(layer::subscriber(
            level(),
            console::write,
            clock::now,
        ));
    });
}
