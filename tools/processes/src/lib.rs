//! Real processes for tests and benchmarks: starts, inspects and kills them. None of this is part
//! of the worker.
//!
//! Failures are panics with a message, because no caller could continue.

#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics when it fails"
)]

pub mod process;
pub mod ready;
