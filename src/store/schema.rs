//! Append-only migrations: a released one is never edited, a new one is added at the end.

use super::Sql;

/// The schema of one kind of object; the version of a database is how many of these it has had.
pub(super) type Migrations = [&'static str];

const CREATE_VERSION: &str = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";

/// How many migrations a database has had; an untouched one stays untouched.
pub(super) fn version<S: Sql>(sql: &S) -> Result<usize, S::Error> {
    let tables = sql.run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'", Vec::new())?;
    if tables.is_empty() {
        return Ok(0);
    }
    let rows = sql.run("SELECT max(version) FROM schema_version", Vec::new())?;
    let version = rows.first().and_then(|row| row.first()).map_or(0, super::SqlValue::unsigned);
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Brings a database to the newest version. Runs without waiting, so the platform commits it as a whole; each
/// migration can also be repeated, should it ever have been cut off.
pub(super) fn migrate<S: Sql>(sql: &S, migrations: &Migrations) -> Result<(), S::Error> {
    let had = version(sql)?;
    if had >= migrations.len() {
        return Ok(());
    }
    sql.run(CREATE_VERSION, Vec::new())?;
    for (index, migration) in migrations.iter().enumerate().skip(had) {
        sql.run(migration, Vec::new())?;
        let version = u64::try_from(index + 1).unwrap_or(u64::MAX);
        sql.run("INSERT INTO schema_version (version) VALUES (?)", vec![version.into()])?;
    }
    Ok(())
}
