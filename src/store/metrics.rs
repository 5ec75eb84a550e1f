//! The counters of each minute, one row each. The row of minute 0 is the sum of all minutes before
//! the latest one. The latest minute is stored beside the book, which most counting steps write
//! anyway, and moves to its own row when the next minute begins. A record that cannot be read
//! counts as empty.

use crate::machine::queue::Minute;
use crate::store::sql::{Sql, SqlValue};

/// The most minutes that one read returns, so that a week is never in memory at once.
pub const PAGE: u32 = 500;
/// The row of the sum of all minutes before the latest one.
const SUM: u64 = 0;

pub(crate) fn latest<S: Sql>(sql: &S) -> Result<Option<(u64, Minute)>, S::Error> {
    let rows = sql.run(
        "SELECT minute, counts FROM book WHERE minute IS NOT NULL",
        Vec::new(),
    )?;
    Ok(rows.into_iter().find_map(read))
}

pub(crate) fn sum<S: Sql>(sql: &S) -> Result<Minute, S::Error> {
    let rows = sql.run(
        "SELECT minute, counts FROM metrics WHERE minute = ?",
        vec![SUM.into()],
    )?;
    Ok(rows
        .into_iter()
        .find_map(read)
        .map(|(_, sum)| sum)
        .unwrap_or_default())
}

pub(crate) fn save_sum<S: Sql>(sql: &S, sum: &Minute) -> Result<(), S::Error> {
    let counts = serde_json::to_string(sum).unwrap_or_default();
    let statement = "INSERT INTO metrics (minute, counts) VALUES (?, ?) \
         ON CONFLICT (minute) DO UPDATE SET counts = excluded.counts";
    sql.run(statement, vec![SUM.into(), counts.into()])?;
    Ok(())
}

/// Moves the minute beside the book to its own row, unless it is this one.
pub(crate) fn file_before<S: Sql>(sql: &S, number: u64) -> Result<(), S::Error> {
    let statement = "INSERT INTO metrics (minute, counts) SELECT minute, counts FROM book WHERE minute <> ? \
         ON CONFLICT (minute) DO UPDATE SET counts = excluded.counts";
    sql.run(statement, vec![number.into()])?;
    Ok(())
}

/// Keeps the latest minute whatever its age: it is stored beside the book and not in the sum yet.
pub(crate) fn delete_before<S: Sql>(sql: &S, before: u64) -> Result<(), S::Error> {
    sql.run(
        "DELETE FROM metrics WHERE minute > ? AND minute < ?",
        vec![SUM.into(), before.into()],
    )?;
    Ok(())
}

pub(crate) fn page<S: Sql>(sql: &S, from: u64) -> Result<Vec<(u64, Minute)>, S::Error> {
    let from = from.max(SUM + 1);
    let statement = "SELECT minute, counts FROM metrics WHERE minute >= ? ORDER BY minute LIMIT ?";
    let mut page: Vec<_> = sql
        .run(statement, vec![from.into(), PAGE.into()])?
        .into_iter()
        .filter_map(read)
        .collect();
    if page.len() < PAGE as usize
        && let Some(latest) = latest(sql)?.filter(|(number, _)| *number >= from)
    {
        page.push(latest);
    }
    Ok(page)
}

fn read(row: Vec<SqlValue>) -> Option<(u64, Minute)> {
    let [minute, counts] = <[SqlValue; 2]>::try_from(row).ok()?;
    Some((
        minute.unsigned(),
        serde_json::from_str(&counts.into_text()).unwrap_or_default(),
    ))
}
