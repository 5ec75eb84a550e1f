//! The stored items of the running bulk, and the bulks that have ended, as one step sees them.

use super::{Bulk, BulkFilter, BulkItem, Matching};
use crate::ids::JobKey;
use crate::machine::bulk::BulkAction;
use crate::time::Millis;

pub trait BulkRows {
    type Error;

    /// What a bulk would choose now. Counting stops after `limit` jobs.
    fn matching(
        &self,
        action: BulkAction,
        filter: &BulkFilter,
        limit: u64,
    ) -> Result<Matching, Self::Error>;
    /// Replaces all items by those that match, the oldest job first, each due at `now`.
    fn choose_items(
        &mut self,
        action: BulkAction,
        filter: &BulkFilter,
        now: Millis,
    ) -> Result<(), Self::Error>;
    /// Items that are due, longest overdue first, then in the order of choice.
    fn due_items(&self, now: Millis, limit: usize) -> Result<Vec<BulkItem>, Self::Error>;
    fn find_item(&self, key: &JobKey) -> Result<Option<BulkItem>, Self::Error>;
    /// Updates when an item is due and how often it was asked.
    fn save_item(&mut self, item: &BulkItem) -> Result<(), Self::Error>;
    fn remove_item(&mut self, key: &JobKey) -> Result<(), Self::Error>;
    /// Removes the items that were never asked; returns how many.
    fn remove_unasked_items(&mut self) -> Result<u64, Self::Error>;
    /// When the next item is due; `None` if there is none.
    fn next_item_due(&self) -> Result<Option<Millis>, Self::Error>;
    /// Stores a bulk that has ended, and drops the oldest beyond
    /// [`BULKS_KEPT`](super::BULKS_KEPT).
    fn save_ended_bulk(&mut self, bulk: &Bulk) -> Result<(), Self::Error>;
}
