//! Where a page of a listing ended.

use crate::ids::{is_generation_id, is_user_id};
use crate::machine::queue::Summary;
use crate::time::Millis;

/// The longest timestamp, in digits: milliseconds until the year 33658.
const MAX_DIGITS: usize = 15;

/// `{created_at}.{id}`, followed by `/{user_id}` where jobs of several users are listed. A newer
/// cursor is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub created_at: Millis,
    /// A generation's id, or an event's.
    pub id: String,
    /// Distinguishes equal ids of different users; empty if only one user's jobs, or events, are
    /// listed.
    pub user_id: String,
}

impl Cursor {
    pub fn of(summary: &Summary) -> Self {
        Self {
            created_at: summary.created_at,
            id: summary.key.generation_id.clone(),
            user_id: summary.key.user_id.clone(),
        }
    }

    pub fn write(&self) -> String {
        let user = if self.user_id.is_empty() {
            String::new()
        } else {
            format!("/{}", self.user_id)
        };
        format!("{}.{}{user}", self.created_at, self.id)
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let (created_at, rest) = text.split_once('.')?;
        let (id, user_id) = match rest.split_once('/') {
            Some((id, user_id)) if is_user_id(user_id) => (id, user_id),
            Some(_) => return None,
            None => (rest, ""),
        };
        let plain =
            created_at.len() <= MAX_DIGITS && created_at.bytes().all(|byte| byte.is_ascii_digit());
        let known = plain && is_generation_id(id);
        known.then_some(Self {
            created_at: created_at.parse().ok()?,
            id: id.to_owned(),
            user_id: user_id.to_owned(),
        })
    }
}
