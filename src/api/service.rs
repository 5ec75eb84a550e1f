//! What the worker is and what it offers.

pub mod health;
pub mod models;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod whoami;
