//! The fields of an order: their names, their values, and what to do about every other key.

mod field;
mod names;
mod spelling;
mod values;
mod vendor;

pub(super) use field::Field;
pub use names::other_names;
pub(super) use names::{Meaning, meaning};
pub(super) use spelling::{camel_case, pointer_token};
pub(super) use values::{Picture, canonical, picture, whole};
