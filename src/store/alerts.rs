//! The state of all alerts, in one row. A record that cannot be read counts as that of a new
//! worker.

use crate::machine::alerts::Alerts;
use crate::store::sql::{Sql, SqlValue};
use crate::store::stats::ShownAlert;
use crate::time::rfc3339;

pub(crate) fn load<S: Sql>(sql: &S) -> Result<Alerts, S::Error> {
    let rows = sql.run("SELECT record FROM alert WHERE id = 1", Vec::new())?;
    let record = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next())
        .map(SqlValue::into_text);
    Ok(record
        .and_then(|record| serde_json::from_str(&record).ok())
        .unwrap_or_default())
}

pub(crate) fn save<S: Sql>(sql: &S, alerts: &Alerts) -> Result<(), S::Error> {
    let record = serde_json::to_string(alerts).unwrap_or_default();
    let statement = "INSERT INTO alert (id, record) VALUES (1, ?) \
         ON CONFLICT (id) DO UPDATE SET record = excluded.record";
    sql.run(statement, vec![record.into()])?;
    Ok(())
}

/// The alerts that are firing, as the API shows them.
pub(crate) fn shown<S: Sql>(sql: &S) -> Result<Vec<ShownAlert>, S::Error> {
    let alerts = load(sql)?;
    let shown = alerts.firing().iter().map(|alert| ShownAlert {
        kind: alert.kind,
        upstream: alert.upstream.clone(),
        since: rfc3339(alert.since),
    });
    Ok(shown.collect())
}
