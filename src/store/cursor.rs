//! Where a page of a listing ended.

use crate::machine::Millis;
use crate::machine::queue::Card;

/// `{created_at}.{generation_id}` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Millis,
    pub generation_id: String,
}

impl Cursor {
    pub fn of(card: &Card) -> Self {
        Self { created_at: card.created_at, generation_id: card.key.generation_id.clone() }
    }

    pub fn write(&self) -> String {
        format!("{}.{}", self.created_at, self.generation_id)
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let (created_at, generation_id) = text.split_once('.')?;
        Some(Self { created_at: created_at.parse().ok()?, generation_id: generation_id.to_owned() })
    }
}
