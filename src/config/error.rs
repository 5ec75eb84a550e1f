//! What is wrong with a setting.

use thiserror::Error;

/// A setting that is missing or unusable. It holds the variable's name and what was wanted, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the variable {variable} must be {wanted}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What it must be, to follow "must be".
    pub wanted: String,
}

impl ConfigError {
    pub(super) fn new(variable: &'static str, wanted: impl Into<String>) -> Self {
        Self { variable, wanted: wanted.into() }
    }
}
