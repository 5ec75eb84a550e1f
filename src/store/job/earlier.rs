//! The databases that earlier builds made: `job` has the record alone, and a table `timeline` one row a note. The first of
//! them also count versions and have AUTOINCREMENT. They go on as they are: their jobs end soon, and are then forgotten.

use crate::machine::follow::Entry;
use crate::machine::job::Note;
use crate::store::sql::{Sql, SqlValue};

/// The number of the newest entry.
pub(crate) const LAST_NUMBER: &str = "SELECT max(number) FROM timeline";

/// Adds the notes and then saves the record.
pub(crate) fn save<S: Sql>(sql: &S, record: String, notes: &[Note]) -> Result<(), S::Error> {
    for note in notes {
        let values = vec![note.at.into(), note.step.as_str().into(), note.detail.clone().into()];
        sql.run("INSERT INTO timeline (at, step, detail) VALUES (?, ?, ?)", values)?;
    }
    let statement =
        "INSERT INTO job (id, record) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record";
    sql.run(statement, vec![record.into()])?;
    Ok(())
}

pub(crate) fn timeline_after<S: Sql>(sql: &S, number: u64, limit: u32) -> Result<Vec<Entry>, S::Error> {
    let statement = "SELECT number, at, step, detail FROM timeline WHERE number > ? ORDER BY number LIMIT ?";
    let rows = sql.run(statement, vec![number.into(), limit.into()])?;
    Ok(rows.into_iter().filter_map(read_entry).collect())
}

fn read_entry(row: Vec<SqlValue>) -> Option<Entry> {
    let [number, at, step, detail] = <[SqlValue; 4]>::try_from(row).ok()?;
    let detail = if detail.is_null() { None } else { Some(detail.into_text()) };
    Some(Entry { number: number.unsigned(), note: Note { at: at.unsigned(), step: step.into_text(), detail } })
}
