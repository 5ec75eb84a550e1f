//! The model registry: what each model takes and costs, kept as data in [`table`].
//!
//! Validation, `GET /api/models`, cost estimates, the times of polls and the limits a minute all
//! read it. A price is what one second of video costs; a render that is filtered or fails is not
//! charged.

mod aliases;
mod catalogue;
mod table;

pub use aliases::{Aliases, BadAlias};
pub use catalogue::{Catalogue, NotOffered};
pub use table::{Audio, Inputs, KnownProvider, MODELS, Model, PROVIDERS, Resolution};
