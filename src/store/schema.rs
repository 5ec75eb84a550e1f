//! Append-only migrations: a released one is never edited, a new one is added at the end.

use crate::store::sql::{Sql, SqlValue};

/// The schema of one kind of object. The version of a database is the number of migrations applied.
pub type Migrations = [Migration];

/// One version of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Columns added to tables of earlier versions: the table, the column and its definition. Each
    /// is nullable or has a default, so that a release that was rolled back can still write its
    /// rows.
    pub columns: &'static [(&'static str, &'static str, &'static str)],
    /// Statements that may be repeated.
    pub statements: &'static str,
}

const CREATE_VERSION: &str = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";

/// How many migrations were applied to a database.
fn version<S: Sql>(sql: &S) -> Result<usize, S::Error> {
    let tables = sql.run(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
        Vec::new(),
    )?;
    if tables.is_empty() {
        return Ok(0);
    }
    let rows = sql.run("SELECT max(version) FROM schema_version", Vec::new())?;
    let version = rows
        .first()
        .and_then(|row| row.first())
        .map_or(0, SqlValue::unsigned);
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Migrates a database to the newest version. Runs without awaiting, so the platform commits it as
/// a whole; each migration can also be repeated if it was cut off.
pub fn migrate<S: Sql>(sql: &S, migrations: &Migrations) -> Result<(), S::Error> {
    let had = version(sql)?;
    if had >= migrations.len() {
        return Ok(());
    }
    sql.run(CREATE_VERSION, Vec::new())?;
    for (index, migration) in migrations.iter().enumerate().skip(had) {
        for (table, column, definition) in migration.columns {
            if !has_column(sql, table, column)? {
                sql.run(
                    &format!("ALTER TABLE {table} ADD COLUMN {column} {definition}"),
                    Vec::new(),
                )?;
            }
        }
        sql.run(migration.statements, Vec::new())?;
        let version = u64::try_from(index + 1).unwrap_or(u64::MAX);
        sql.run(
            "INSERT INTO schema_version (version) VALUES (?)",
            vec![version.into()],
        )?;
    }
    Ok(())
}

/// Whether the CREATE statement of a table, which the database stores, contains the column.
fn has_column<S: Sql>(sql: &S, table: &str, column: &str) -> Result<bool, S::Error> {
    let statement = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND instr(sql, ' ' || ? || ' ') > 0";
    Ok(!sql
        .run(statement, vec![table.into(), column.into()])?
        .is_empty())
}
