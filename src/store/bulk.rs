//! The jobs that a bulk chooses, the items of the running one, and the bulks that have ended.

use crate::ids::JobKey;
use crate::machine::bulk::BulkAction;
use crate::machine::queue::{BULKS_KEPT, Bulk, BulkFilter, BulkItem, BulkRows, Matching};
use crate::store::queue::{QueueStore, bound};
use crate::store::queue_row::key_of;
use crate::store::sql::{Sql, SqlValue};
use crate::time::Millis;

const COLUMNS: &str = "user_id, generation_id, created_at, epoch, due_at, tries";

impl<S: Sql> QueueStore<S> {
    /// The bulk that runs, then those that have ended, the latest first.
    pub fn bulks(&self, running: Option<Bulk>) -> Result<Vec<Bulk>, S::Error> {
        let statement = "SELECT record FROM bulk ORDER BY id DESC";
        let ended = self.sql.run(statement, Vec::new())?;
        Ok(running
            .into_iter()
            .chain(ended.into_iter().filter_map(read_bulk))
            .collect())
    }
}

impl<S: Sql> BulkRows for QueueStore<S> {
    type Error = S::Error;

    fn matching(
        &self,
        action: BulkAction,
        filter: &BulkFilter,
        limit: u64,
    ) -> Result<Matching, S::Error> {
        let (condition, mut values) = condition(action, filter);
        values.push(limit.into());
        let statement = format!(
            "SELECT count(*), sum(price) FROM (SELECT price FROM entry WHERE {condition} LIMIT ?)"
        );
        let row = self.sql.run(&statement, values)?.pop();
        Ok(match row.as_deref() {
            Some([count, cost]) => Matching {
                count: count.unsigned(),
                cost_micros: cost.unsigned(),
            },
            Some(_) | None => Matching::default(),
        })
    }

    fn choose_items(
        &mut self,
        action: BulkAction,
        filter: &BulkFilter,
        now: Millis,
    ) -> Result<(), S::Error> {
        self.sql.run("DELETE FROM bulk_item", Vec::new())?;
        let (condition, values) = condition(action, filter);
        let statement = format!(
            "INSERT INTO bulk_item ({COLUMNS}) \
             SELECT user_id, generation_id, created_at, epoch, ?, 0 FROM entry WHERE {condition} \
             ORDER BY created_at, generation_id, user_id"
        );
        self.sql
            .run(&statement, [vec![now.into()], values].concat())?;
        Ok(())
    }

    fn due_items(&self, now: Millis, limit: usize) -> Result<Vec<BulkItem>, S::Error> {
        self.items(
            "WHERE due_at <= ? ORDER BY due_at, number LIMIT ?",
            vec![now.into(), bound(limit)],
        )
    }

    fn find_item(&self, key: &JobKey) -> Result<Option<BulkItem>, S::Error> {
        let found = self.items("WHERE user_id = ? AND generation_id = ?", key_of(key))?;
        Ok(found.into_iter().next())
    }

    fn save_item(&mut self, item: &BulkItem) -> Result<(), S::Error> {
        let statement =
            "UPDATE bulk_item SET due_at = ?, tries = ? WHERE user_id = ? AND generation_id = ?";
        let values = vec![item.due_at.into(), item.tries.into()];
        self.sql
            .run(statement, [values, key_of(&item.key)].concat())?;
        Ok(())
    }

    fn remove_item(&mut self, key: &JobKey) -> Result<(), S::Error> {
        self.sql.run(
            "DELETE FROM bulk_item WHERE user_id = ? AND generation_id = ?",
            key_of(key),
        )?;
        Ok(())
    }

    fn remove_unasked_items(&mut self) -> Result<u64, S::Error> {
        let count = self.count("SELECT count(*) FROM bulk_item WHERE tries = 0", Vec::new())?;
        self.sql
            .run("DELETE FROM bulk_item WHERE tries = 0", Vec::new())?;
        Ok(count)
    }

    fn next_item_due(&self) -> Result<Option<Millis>, S::Error> {
        self.number("SELECT min(due_at) FROM bulk_item", Vec::new())
    }

    fn save_ended_bulk(&mut self, bulk: &Bulk) -> Result<(), S::Error> {
        let record = serde_json::to_string(bulk).unwrap_or_default();
        let statement = "INSERT INTO bulk (id, record) VALUES (?, ?) \
             ON CONFLICT (id) DO UPDATE SET record = excluded.record";
        self.sql
            .run(statement, vec![bulk.id.into(), record.into()])?;
        let kept = "SELECT id FROM bulk ORDER BY id DESC LIMIT ?";
        self.sql.run(
            &format!("DELETE FROM bulk WHERE id NOT IN ({kept})"),
            vec![BULKS_KEPT.into()],
        )?;
        Ok(())
    }
}

impl<S: Sql> QueueStore<S> {
    fn items(&self, rest: &str, values: Vec<SqlValue>) -> Result<Vec<BulkItem>, S::Error> {
        let rows = self
            .sql
            .run(&format!("SELECT {COLUMNS} FROM bulk_item {rest}"), values)?;
        Ok(rows.into_iter().filter_map(read_item).collect())
    }
}

/// The condition of the jobs that a bulk chooses. It always names statuses, so that an index is
/// used. Why a job failed is only in its snapshot.
fn condition(action: BulkAction, filter: &BulkFilter) -> (String, Vec<SqlValue>) {
    let statuses = filter.statuses(action);
    let mut values: Vec<SqlValue> = statuses
        .iter()
        .map(|status| status.as_str().into())
        .collect();
    let mut conditions = vec![format!(
        "status IN ({})",
        vec!["?"; statuses.len()].join(", ")
    )];
    let mut require = |condition: &str, value: Option<SqlValue>| {
        if let Some(value) = value {
            conditions.push(condition.to_owned());
            values.push(value);
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(SqlValue::from);
    require("user_id = ?", text(&filter.user_id));
    require("created_at >= ?", filter.created_after.map(SqlValue::from));
    require("created_at < ?", filter.created_before.map(SqlValue::from));
    require(
        "substr(upstream, 1, instr(upstream, '/') - 1) = ?",
        text(&filter.provider),
    );
    require(
        "substr(upstream, instr(upstream, '/') + 1) = ?",
        text(&filter.model),
    );
    require(
        "CASE WHEN json_valid(snapshot) THEN json_extract(snapshot, '$.errorCode') END = ?",
        filter.error_code.map(|code| code.as_str().into()),
    );
    (conditions.join(" AND "), values)
}

fn read_item(row: Vec<SqlValue>) -> Option<BulkItem> {
    let [user_id, generation_id, created_at, epoch, due_at, tries] =
        <[SqlValue; 6]>::try_from(row).ok()?;
    Some(BulkItem {
        key: JobKey::new(user_id.into_text(), generation_id.into_text()),
        created_at: created_at.unsigned(),
        epoch: epoch.unsigned(),
        due_at: due_at.unsigned(),
        tries: u32::try_from(tries.unsigned()).unwrap_or(u32::MAX),
    })
}

fn read_bulk(row: Vec<SqlValue>) -> Option<Bulk> {
    let record = row.into_iter().next()?.into_text();
    serde_json::from_str(&record).ok()
}
