//! Old model names that an operator maps to current ones.

use super::MODELS;
use thiserror::Error;

/// The most aliases.
const MAX_ALIASES: usize = 50;

/// A list that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a comma-separated list of at most {MAX_ALIASES} pairs `old=model`, where each model is currently served"
)]
pub struct BadAlias;

/// The model for each old name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases(Vec<(String, &'static str)>);

impl Aliases {
    pub const NONE: Self = Self(Vec::new());

    /// Reads `old=model,older=model`. A model must be in the table and have no retirement date.
    pub fn parse(text: &str) -> Result<Self, BadAlias> {
        let pairs: Option<Vec<(String, &'static str)>> = text.split(',').map(pair).collect();
        pairs
            .filter(|pairs| pairs.len() <= MAX_ALIASES)
            .map(Self)
            .ok_or(BadAlias)
    }

    /// The current name of a model.
    pub fn resolve<'a>(&'a self, id: &'a str) -> &'a str {
        self.0
            .iter()
            .find(|(old, _)| old == id)
            .map_or(id, |(_, new)| *new)
    }
}

fn pair(text: &str) -> Option<(String, &'static str)> {
    let (old, new) = text.split_once('=')?;
    let (old, new) = (old.trim(), new.trim());
    let model = MODELS
        .iter()
        .find(|model| model.id == new && model.retires_at.is_none())?;
    (!old.is_empty()).then(|| (old.to_owned(), model.id))
}
