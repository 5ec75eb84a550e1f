//! The model registry: the parameters and price of each model, as data in [`table`].
//!
//! Validation, `GET /api/models`, cost estimates, poll times and rate limits all read it. A price
//! is for one second of video; a render that is filtered or fails is not charged.

mod aliases;
mod catalogue;
mod table;

pub use aliases::{Aliases, BadAlias};
pub use catalogue::{Catalogue, NotOffered};
pub use table::{Audio, Inputs, KnownProvider, MODELS, Model, PROVIDERS, Resolution};
