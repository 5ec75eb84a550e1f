//! The fields of an order: their names, their values, and the handling of all other keys.

pub mod canonical;
pub mod field;
pub mod fields;
pub mod images;
pub mod names;
pub mod prompt;
pub mod rendering;
pub mod request;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
pub mod spelling;
pub mod values;
pub mod vendor;
