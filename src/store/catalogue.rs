//! Lists of the queue's entries, newest first.

use super::cursor::Cursor;
use super::queue::QueueStore;
use super::{Sql, SqlValue};
use crate::machine::queue::{Entry, Rows};
use crate::machine::{JobKey, Status};

/// How many entries a search looks at for one page; the next page goes on from there.
pub const MAX_SEARCHED: u32 = 2_000;
/// How many of them are in memory at once; a prompt has a few kilobytes at most.
const SEARCHED_AT_ONCE: u32 = 500;

/// Which entries are to be listed.
#[derive(Debug, Clone, Default)]
pub struct Listing<'a> {
    /// Whose; everyone's without it.
    pub user_id: Option<&'a str>,
    pub status: Option<Status>,
    /// What the generation's id or its prompt must contain, in letters of either case.
    pub search: Option<&'a str>,
    /// How many at most.
    pub limit: u32,
    /// Only what comes after this.
    pub after: Option<Cursor>,
}

/// Entries, and where to go on if there may be more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub next: Option<Cursor>,
}

impl<S: Sql> QueueStore<S> {
    /// A page of the catalogue. One of a search may hold fewer than its limit and yet have a next one, when
    /// [`MAX_SEARCHED`] entries were looked at.
    pub fn list(&self, listing: &Listing<'_>) -> Result<Page, S::Error> {
        let Some(search) = listing.search else {
            let (rest, values) = newest_first(listing, listing.after.as_ref(), listing.limit + 1);
            return Ok(page(self.entries(&rest, values)?, listing.limit));
        };
        let wanted = search.to_lowercase();
        let mut found = Vec::new();
        let mut after = listing.after.clone();
        for _ in 0..MAX_SEARCHED.div_ceil(SEARCHED_AT_ONCE) {
            let candidates = self.candidates(listing, after.as_ref())?;
            let last_chunk = candidates.len() < SEARCHED_AT_ONCE as usize;
            for Candidate { cursor, prompt } in candidates {
                if cursor.id.to_lowercase().contains(&wanted) || prompt.to_lowercase().contains(&wanted) {
                    let key = JobKey::new(cursor.user_id.clone(), cursor.id.clone());
                    found.extend(self.find(&key)?);
                }
                after = Some(cursor);
                if found.len() > listing.limit as usize {
                    return Ok(page(found, listing.limit));
                }
            }
            if last_chunk {
                return Ok(page(found, listing.limit));
            }
        }
        Ok(Page { entries: found, next: after })
    }

    /// What a search looks at next.
    fn candidates(&self, listing: &Listing<'_>, after: Option<&Cursor>) -> Result<Vec<Candidate>, S::Error> {
        let (rest, values) = newest_first(listing, after, SEARCHED_AT_ONCE);
        let statement = format!(
            "SELECT created_at, generation_id, user_id, \
             CASE WHEN json_valid(snapshot) THEN json_extract(snapshot, '$.prompt') END FROM entry {rest}"
        );
        Ok(self.sql.run(&statement, values)?.into_iter().filter_map(read_candidate).collect())
    }
}

struct Candidate {
    cursor: Cursor,
    prompt: String,
}

fn read_candidate(row: Vec<SqlValue>) -> Option<Candidate> {
    let [created_at, id, user_id, prompt] = <[SqlValue; 4]>::try_from(row).ok()?;
    let cursor = Cursor { created_at: created_at.unsigned(), id: id.into_text(), user_id: user_id.into_text() };
    Some(Candidate { cursor, prompt: prompt.into_text() })
}

/// One more than the limit says that there is a next page.
fn page(mut entries: Vec<Entry>, limit: u32) -> Page {
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|entry| Cursor::of(&entry.card));
    Page { entries, next }
}

/// The end of a statement, each kind of listing with an index of its own: of a user, of a status, or of all.
fn newest_first(listing: &Listing<'_>, after: Option<&Cursor>, limit: u32) -> (String, Vec<SqlValue>) {
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    let mut narrow = |condition: &str, value: &[SqlValue]| {
        conditions.push(condition.to_owned());
        values.extend_from_slice(value);
    };
    if let Some(user_id) = listing.user_id {
        narrow("user_id = ?", &[user_id.into()]);
    }
    if let Some(status) = listing.status {
        // Of a user it must not draw the statement away from that user's index.
        let condition = if listing.user_id.is_some() { "+status = ?" } else { "status = ?" };
        narrow(condition, &[status.as_str().into()]);
    }
    match (after, listing.user_id) {
        (Some(after), Some(_)) => {
            narrow("(created_at, generation_id) < (?, ?)", &[after.created_at.into(), after.id.as_str().into()]);
        }
        (Some(after), None) => {
            let values = [after.created_at.into(), after.id.as_str().into(), after.user_id.as_str().into()];
            narrow("(created_at, generation_id, user_id) < (?, ?, ?)", &values);
        }
        (None, _) => {}
    }
    values.push(limit.into());
    let filter = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let order = if listing.user_id.is_some() {
        "created_at DESC, generation_id DESC"
    } else {
        "created_at DESC, generation_id DESC, user_id DESC"
    };
    (format!("{filter} ORDER BY {order} LIMIT ?"), values)
}
