//! Real processes for tests and benchmarks: started under a leash, inspected, killed. None of this
//! is part of the worker.
//!
//! A failure is a panic with a message, because no caller could go on.

#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics when it fails"
)]

pub mod process;
pub mod ready;
