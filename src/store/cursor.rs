//! Where a page of a listing ended.

use crate::machine::Millis;
use crate::machine::queue::Card;

/// `{created_at}.{id}`, and behind that `/{user_id}` where jobs of several users are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Millis,
    /// A generation's id, or an event's.
    pub id: String,
    /// Ids of different users meet; empty where only one user's are listed, or events.
    pub user_id: String,
}

impl Cursor {
    pub fn of(card: &Card) -> Self {
        Self { created_at: card.created_at, id: card.key.generation_id.clone(), user_id: card.key.user_id.clone() }
    }

    pub fn write(&self) -> String {
        let user = if self.user_id.is_empty() { String::new() } else { format!("/{}", self.user_id) };
        format!("{}.{}{user}", self.created_at, self.id)
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let (created_at, rest) = text.split_once('.')?;
        let (id, user_id) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self { created_at: created_at.parse().ok()?, id: id.to_owned(), user_id: user_id.to_owned() })
    }
}
