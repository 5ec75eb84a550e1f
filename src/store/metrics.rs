//! What was counted within each minute, one row each; the row of minute 0 is the sum of all those before the latest one.
//! A record that cannot be read counts as empty.

use super::{Sql, SqlValue};
use crate::machine::queue::Minute;

/// How many minutes are read at once at most, so that a week is never in memory as a whole.
pub const PAGE: u32 = 500;
/// Stands for all minutes before the latest one.
const SUM: u64 = 0;

pub(super) fn latest<S: Sql>(sql: &S) -> Result<Option<(u64, Minute)>, S::Error> {
    let statement = "SELECT minute, counts FROM metrics WHERE minute > ? ORDER BY minute DESC LIMIT 1";
    Ok(sql.run(statement, vec![SUM.into()])?.into_iter().find_map(read))
}

pub(super) fn sum<S: Sql>(sql: &S) -> Result<Minute, S::Error> {
    let rows = sql.run("SELECT minute, counts FROM metrics WHERE minute = ?", vec![SUM.into()])?;
    Ok(rows.into_iter().find_map(read).map(|(_, sum)| sum).unwrap_or_default())
}

pub(super) fn save<S: Sql>(sql: &S, number: u64, minute: &Minute) -> Result<(), S::Error> {
    let counts = serde_json::to_string(minute).unwrap_or_default();
    let statement = "INSERT INTO metrics (minute, counts) VALUES (?, ?) \
         ON CONFLICT (minute) DO UPDATE SET counts = excluded.counts";
    sql.run(statement, vec![number.into(), counts.into()])?;
    Ok(())
}

pub(super) fn save_sum<S: Sql>(sql: &S, sum: &Minute) -> Result<(), S::Error> {
    save(sql, SUM, sum)
}

/// The latest minute stays whatever its age: it is not in the sum yet.
pub(super) fn forget<S: Sql>(sql: &S, before: u64) -> Result<(), S::Error> {
    let statement =
        "DELETE FROM metrics WHERE minute > ?1 AND minute < ?2 AND minute < (SELECT max(minute) FROM metrics)";
    sql.run(statement, vec![SUM.into(), before.into()])?;
    Ok(())
}

pub(super) fn page<S: Sql>(sql: &S, from: u64) -> Result<Vec<(u64, Minute)>, S::Error> {
    let statement = "SELECT minute, counts FROM metrics WHERE minute >= ? ORDER BY minute LIMIT ?";
    let rows = sql.run(statement, vec![from.max(SUM + 1).into(), PAGE.into()])?;
    Ok(rows.into_iter().filter_map(read).collect())
}

fn read(row: Vec<SqlValue>) -> Option<(u64, Minute)> {
    let [minute, counts] = <[SqlValue; 2]>::try_from(row).ok()?;
    Some((minute.unsigned(), serde_json::from_str(&counts.into_text()).unwrap_or_default()))
}
