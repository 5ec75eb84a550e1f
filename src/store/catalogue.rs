//! Lists of the queue's entries, newest first.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::queue::{Entry, Rows};
use crate::store::cursor::Cursor;
use crate::store::queue::QueueStore;
use crate::store::sql::{Sql, SqlValue};
use std::cmp::Reverse;

/// The most entries that a search reads for one page; the next page continues from there.
pub const MAX_SEARCHED: u32 = 2_000;
/// How many of them are in memory at once; a prompt has at most a few kilobytes.
const SEARCHED_AT_ONCE: u32 = 500;

/// The most owners of one id that are read: the caller only needs to know whether there is a second
/// one.
pub const MAX_OWNERS: u32 = 2;

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct Listing<'a> {
    /// The owner; `None` for all users.
    pub user_id: Option<&'a str>,
    pub status: Option<Status>,
    /// Text that the generation's id or its prompt must contain, ignoring case.
    pub search: Option<&'a str>,
    /// The most entries of the page.
    pub limit: u32,
    /// Only entries after this one.
    pub after: Option<Cursor>,
}

/// Entries, and where the next page begins if there may be more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub next: Option<Cursor>,
}

impl<S: Sql> QueueStore<S> {
    /// A page of the catalogue. A page of a search may hold fewer entries than its limit and still
    /// have a next page, if [`MAX_SEARCHED`] entries were read.
    pub fn list(&self, listing: &Listing<'_>) -> Result<Page, S::Error> {
        let Some(search) = listing.search else {
            let mut entries = Vec::new();
            for (rest, values) in newest_first(listing, listing.after.as_ref(), listing.limit + 1) {
                entries.extend(self.entries(&rest, values)?);
            }
            entries.sort_by_cached_key(|entry| Reverse(Cursor::of(&entry.summary)));
            return Ok(page(entries, listing.limit));
        };
        let wanted = search.to_lowercase();
        let mut found = Vec::new();
        let mut after = listing.after.clone();
        for _ in 0..MAX_SEARCHED.div_ceil(SEARCHED_AT_ONCE) {
            let candidates = self.candidates(listing, after.as_ref())?;
            let last_chunk = candidates.len() < SEARCHED_AT_ONCE as usize;
            for Candidate { cursor, prompt } in candidates {
                if cursor.id.to_lowercase().contains(&wanted)
                    || prompt.to_lowercase().contains(&wanted)
                {
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
        Ok(Page {
            entries: found,
            next: after,
        })
    }

    /// The users who have a generation of this id, [`MAX_OWNERS`] at most.
    pub fn owners(&self, generation_id: &str) -> Result<Vec<String>, S::Error> {
        let statement = "SELECT user_id FROM entry WHERE generation_id = ? LIMIT ?";
        let rows = self
            .sql
            .run(statement, vec![generation_id.into(), MAX_OWNERS.into()])?;
        Ok(rows
            .into_iter()
            .filter_map(|row| row.into_iter().next().map(SqlValue::into_text))
            .collect())
    }

    /// The next entries that a search reads.
    fn candidates(
        &self,
        listing: &Listing<'_>,
        after: Option<&Cursor>,
    ) -> Result<Vec<Candidate>, S::Error> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (rest, values) in newest_first(listing, after, SEARCHED_AT_ONCE) {
            let statement = format!(
                "SELECT created_at, generation_id, user_id, \
                 CASE WHEN json_valid(snapshot) THEN json_extract(snapshot, '$.prompt') END FROM entry {rest}"
            );
            candidates.extend(
                self.sql
                    .run(&statement, values)?
                    .into_iter()
                    .filter_map(read_candidate),
            );
            // Keep only as many prompts as are searched.
            candidates.sort_by(|one, other| other.cursor.cmp(&one.cursor));
            candidates.truncate(SEARCHED_AT_ONCE as usize);
        }
        Ok(candidates)
    }
}

struct Candidate {
    cursor: Cursor,
    prompt: String,
}

fn read_candidate(row: Vec<SqlValue>) -> Option<Candidate> {
    let [created_at, id, user_id, prompt] = <[SqlValue; 4]>::try_from(row).ok()?;
    let cursor = Cursor {
        created_at: created_at.unsigned(),
        id: id.into_text(),
        user_id: user_id.into_text(),
    };
    Some(Candidate {
        cursor,
        prompt: prompt.into_text(),
    })
}

/// One entry more than the limit means that there is a next page.
fn page(mut entries: Vec<Entry>, limit: u32) -> Page {
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries
        .last()
        .filter(|_| more)
        .map(|entry| Cursor::of(&entry.summary));
    Page { entries, next }
}

/// The ends of the statements that find a listing's first entries, at most `limit` each. A listing
/// of one user or one status has an index. A listing of all users and statuses combines the newest
/// entries of each status.
fn newest_first(
    listing: &Listing<'_>,
    after: Option<&Cursor>,
    limit: u32,
) -> Vec<(String, Vec<SqlValue>)> {
    match (listing.user_id, listing.status) {
        (Some(user_id), status) => vec![newest_of_user(user_id, status, after, limit)],
        (None, Some(status)) => vec![newest_of_status(status, after, limit)],
        (None, None) => Status::ALL
            .into_iter()
            .map(|status| newest_of_status(status, after, limit))
            .collect(),
    }
}

fn newest_of_user(
    user_id: &str,
    status: Option<Status>,
    after: Option<&Cursor>,
    limit: u32,
) -> (String, Vec<SqlValue>) {
    let (mut rest, mut values) = ("WHERE user_id = ?".to_owned(), vec![user_id.into()]);
    if let Some(status) = status {
        // The `+` keeps SQLite on the user's index.
        rest.push_str(" AND +status = ?");
        values.push(status.as_str().into());
    }
    if let Some(after) = after {
        rest.push_str(" AND (created_at, generation_id) < (?, ?)");
        values.extend([after.created_at.into(), after.id.as_str().into()]);
    }
    values.push(limit.into());
    rest.push_str(" ORDER BY created_at DESC, generation_id DESC LIMIT ?");
    (rest, values)
}

fn newest_of_status(status: Status, after: Option<&Cursor>, limit: u32) -> (String, Vec<SqlValue>) {
    let (mut rest, mut values) = ("WHERE status = ?".to_owned(), vec![status.as_str().into()]);
    if let Some(after) = after {
        rest.push_str(" AND (created_at, generation_id, user_id) < (?, ?, ?)");
        values.extend([
            after.created_at.into(),
            after.id.as_str().into(),
            after.user_id.as_str().into(),
        ]);
    }
    values.push(limit.into());
    rest.push_str(" ORDER BY created_at DESC, generation_id DESC, user_id DESC LIMIT ?");
    (rest, values)
}
