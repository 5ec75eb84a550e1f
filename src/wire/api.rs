//! The app's JSON: what it posts and what it reads back.

mod generation;

pub use generation::{Generation, GenerationResult, Links, card, rfc3339};
