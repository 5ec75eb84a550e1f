//! Real processes for tests and benchmarks: started under a leash, looked at, killed. Nothing of it
//! belongs to the worker.
//!
//! What cannot be done is a panic that says what: whoever calls has nothing better to do than to
//! stop.

#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics where it cannot do what it is for"
)]

pub mod process;
pub mod ready;
