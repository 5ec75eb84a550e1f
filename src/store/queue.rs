//! The queue's database: one row per job with its place and summary; the book; the spending of each
//! day; one row per event; and the counters of each minute.

use crate::ids::JobKey;
use crate::machine::alerts::Alerts;
use crate::machine::delivery::DeliverySummary;
use crate::machine::queue::{
    Book, Closed, Entry, HEAD_START, Memory, Minute, Policy, Ranks, Rows, Tally, backoffs, day_of,
};
use crate::money::dollars;
use crate::store::alerts;
use crate::store::metrics;
use crate::store::queue_row;
use crate::store::queue_row::{COLUMNS, key_of, read_entry};
use crate::store::queue_tables::{MIGRATIONS, levels};
use crate::store::schema;
use crate::store::sql::{Sql, SqlValue};
use crate::store::stats::{
    Cost, LimitsInForce, PausedUpstream, QueueStats, Slots, UpstreamBackoff,
};
use crate::time::{MINUTE, Millis, rfc3339};

/// In place of a user id: the sum of all users.
const EVERYONE: &str = "";

/// The stored entries of the queue object.
#[derive(Debug)]
pub struct QueueStore<S> {
    pub(crate) sql: S,
}

impl<S: Sql> QueueStore<S> {
    /// Opens the database and migrates it to the newest version.
    pub fn open(sql: S) -> Result<Self, S::Error> {
        schema::migrate(&sql, &MIGRATIONS)?;
        Ok(Self::opened(sql))
    }

    /// A database that already has the newest version.
    pub fn opened(sql: S) -> Self {
        Self { sql }
    }

    /// The queue's figures: depth by status and priority, the oldest wait, missing alarms,
    /// backoffs, webhooks and cost.
    pub fn stats(
        &self,
        memory: &Memory,
        policy: &Policy,
        now: Millis,
    ) -> Result<QueueStats, S::Error> {
        let pairs = |rows: Vec<Vec<SqlValue>>| {
            let pair = |row: Vec<SqlValue>| {
                let [name, count] = <[SqlValue; 2]>::try_from(row).ok()?;
                Some((name.into_text(), count.unsigned()))
            };
            rows.into_iter().filter_map(pair).collect()
        };
        let by_status = self.sql.run(
            "SELECT status, count(*) FROM entry GROUP BY status",
            Vec::new(),
        )?;
        let by_priority = "SELECT CAST(priority AS TEXT), count(*) FROM entry WHERE stage = 'waiting' GROUP BY priority";
        let by_priority = self.sql.run(by_priority, Vec::new())?;
        let without_timer = "SELECT count(*) FROM entry WHERE late = 1 \
             OR (stage IN ('held', 'watched', 'deleting') AND lease_until < ?)";
        let book = &memory.book;
        let policy = &policy.with(&book.overrides);
        let backoffs = backoffs(memory, now)
            .into_iter()
            .map(|(upstream, backoff)| UpstreamBackoff {
                upstream: upstream.to_owned(),
                backoff_since: rfc3339(backoff.since),
                backoff_until: rfc3339(backoff.until),
            });
        Ok(QueueStats {
            mode: policy.mode.as_str().to_owned(),
            paused: book.is_paused(),
            paused_since: book.paused_since.map(rfc3339),
            paused_upstreams: PausedUpstream::of(book),
            limits: LimitsInForce::of(policy),
            slots: Slots {
                total: policy.slots,
                used: memory.tally.held(),
            },
            by_status: pairs(by_status),
            waiting_by_priority: pairs(by_priority),
            oldest_wait_ms: self.waits_since()?.map(|at| now.saturating_sub(at)),
            jobs_without_timer: self
                .count(without_timer, vec![now.saturating_sub(MINUTE).into()])?,
            timers_repaired: book.timers_repaired,
            upstreams: backoffs.collect(),
            webhooks: self.webhook_stats()?,
            cost: Some(Cost {
                today: dollars(self.spent(day_of(now), None)?),
                limit: policy.max_cost_per_day.map(dollars),
            }),
            alerts: Some(alerts::shown(&self.sql)?),
        })
    }

    /// The counters of the minutes from `from` on, oldest first, at most [`metrics::PAGE`].
    pub fn minutes(&self, from: u64) -> Result<Vec<(u64, Minute)>, S::Error> {
        metrics::page(&self.sql, from)
    }

    /// A record that cannot be read counts as empty: its contents are rebuilt over time.
    fn book(&self) -> Result<Book, S::Error> {
        let rows = self
            .sql
            .run("SELECT record FROM book WHERE id = 1", Vec::new())?;
        let record = rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .map(SqlValue::into_text);
        Ok(record
            .and_then(|record| serde_json::from_str(&record).ok())
            .unwrap_or_default())
    }

    fn tally(&self) -> Result<Tally, S::Error> {
        let mut tally = Tally::default();
        let waiting = "SELECT user_id, upstream, count(*) FROM entry WHERE stage = 'waiting' \
            GROUP BY user_id, upstream";
        for row in self.sql.run(waiting, Vec::new())? {
            if let Ok([user_id, upstream, jobs]) = <[SqlValue; 3]>::try_from(row) {
                tally.add_waiting(&user_id.into_text(), &upstream.into_text(), jobs.unsigned());
            }
        }
        let delayed = "SELECT count(*) FROM entry WHERE stage = 'delayed'";
        tally.add_delayed(self.count(delayed, Vec::new())?);
        let held = "SELECT user_id, upstream, unspent FROM entry INDEXED BY entry_slots WHERE stage = 'held'";
        for row in self.sql.run(held, Vec::new())? {
            if let Ok([user_id, upstream, unspent]) = <[SqlValue; 3]>::try_from(row) {
                let unspent = unspent.unsigned() == 1;
                tally.add_held(&user_id.into_text(), &upstream.into_text(), unspent);
            }
        }
        Ok(tally)
    }

    fn ranks(&self) -> Result<Ranks, S::Error> {
        let statement =
            "SELECT priority, round, sequence, order_key FROM entry WHERE stage = 'waiting'";
        let rows = self.sql.run(statement, Vec::new())?;
        Ok(rows.into_iter().filter_map(queue_row::read_rank).collect())
    }

    pub(crate) fn number(
        &self,
        statement: &str,
        values: Vec<SqlValue>,
    ) -> Result<Option<u64>, S::Error> {
        let rows = self.sql.run(statement, values)?;
        let value = rows
            .first()
            .and_then(|row| row.first())
            .filter(|value| !value.is_null());
        Ok(value.map(SqlValue::unsigned))
    }

    pub(crate) fn count(&self, statement: &str, values: Vec<SqlValue>) -> Result<u64, S::Error> {
        Ok(self.number(statement, values)?.unwrap_or(0))
    }

    pub(crate) fn entries(
        &self,
        rest: &str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<Entry>, S::Error> {
        let rows = self
            .sql
            .run(&format!("SELECT {COLUMNS} FROM entry {rest}"), values)?;
        Ok(rows.into_iter().filter_map(read_entry).collect())
    }
}

impl<S: Sql> Rows for QueueStore<S> {
    fn memory(&self) -> Result<Memory, S::Error> {
        Ok(Memory {
            book: self.book()?,
            latest: metrics::latest(&self.sql)?,
            tally: self.tally()?,
            ranks: self.ranks()?,
            last_accepted: self.last_accepted()?,
        })
    }

    fn save_book(&mut self, book: &Book, latest: Option<(u64, &Minute)>) -> Result<(), S::Error> {
        let record = serde_json::to_string(book).unwrap_or_default();
        let Some((number, minute)) = latest else {
            let statement = "INSERT INTO book (id, record) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record";
            self.sql.run(statement, vec![record.into()])?;
            return Ok(());
        };
        metrics::file_before(&self.sql, number)?;
        let counts = serde_json::to_string(minute).unwrap_or_default();
        let statement = "INSERT INTO book (id, record, minute, counts) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE \
             SET record = excluded.record, minute = excluded.minute, counts = excluded.counts";
        self.sql
            .run(statement, vec![record.into(), number.into(), counts.into()])?;
        Ok(())
    }

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, S::Error> {
        Ok(self
            .entries("WHERE user_id = ? AND generation_id = ?", key_of(key))?
            .pop())
    }

    fn save(&mut self, before: Option<&Entry>, entry: &Entry) -> Result<(), S::Error> {
        let values = queue_row::values(entry);
        let write = match before {
            Some(before) => queue_row::update(&queue_row::values(before), &values),
            None => Some((queue_row::insert(), values)),
        };
        if let Some((statement, values)) = write {
            self.sql.run(&statement, values)?;
        }
        Ok(())
    }

    fn remove(&mut self, key: &JobKey) -> Result<(), S::Error> {
        self.sql.run(
            "DELETE FROM entry WHERE user_id = ? AND generation_id = ?",
            key_of(key),
        )?;
        Ok(())
    }

    fn last_accepted(&self) -> Result<(u64, Millis), S::Error> {
        let rows = self.sql.run(
            "SELECT sequence, enqueued_at FROM entry ORDER BY sequence DESC LIMIT 1",
            Vec::new(),
        )?;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([sequence, enqueued_at]) => (sequence.unsigned(), enqueued_at.unsigned()),
            Some(_) | None => (0, 0),
        })
    }

    fn last_round(&self, user_id: &str, priority: u8) -> Result<Option<u64>, S::Error> {
        let statement =
            "SELECT max(round) FROM entry WHERE stage = 'waiting' AND user_id = ? AND priority = ?";
        self.number(statement, vec![user_id.into(), u32::from(priority).into()])
    }

    fn heads(&self, closed: &Closed) -> Result<Vec<Entry>, S::Error> {
        let (mut conditions, mut values) = (String::new(), Vec::new());
        for (column, names) in [("user_id", &closed.users), ("upstream", &closed.upstreams)] {
            if !names.is_empty() {
                // One value, because the platform takes at most a hundred of them.
                values.push(serde_json::to_string(names).unwrap_or_default().into());
                let number = values.len();
                conditions.extend([
                    " AND ",
                    column,
                    " NOT IN (SELECT value FROM json_each(?",
                    &number.to_string(),
                    "))",
                ]);
            }
        }
        let statement = format!(
            "{} SELECT {COLUMNS} FROM entry WHERE rowid IN (SELECT (SELECT rowid FROM entry \
             WHERE stage = 'waiting' AND priority = level.priority{conditions} \
             ORDER BY round, sequence LIMIT 1) FROM level)",
            levels()
        );
        Ok(self
            .sql
            .run(&statement, values)?
            .into_iter()
            .filter_map(read_entry)
            .collect())
    }

    fn delays_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, S::Error> {
        let rest =
            "WHERE stage = 'delayed' AND lease_until <= ? ORDER BY lease_until, sequence LIMIT ?";
        self.entries(rest, vec![now.into(), limit.into()])
    }

    fn to_ask(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, S::Error> {
        let held =
            "WHERE stage = 'held' AND lease_until <= ? ORDER BY lease_until, sequence LIMIT ?";
        let mut asked = self.entries(held, vec![now.into(), limit.into()])?;
        let others = "WHERE stage IN ('watched', 'deleting') AND lease_until <= ? ORDER BY lease_until, sequence LIMIT ?";
        asked.extend(self.entries(
            others,
            vec![now.into(), limit.saturating_sub(asked.len()).into()],
        )?);
        Ok(asked)
    }

    fn next_due(&self) -> Result<Option<Millis>, S::Error> {
        let first =
            |stages| format!("SELECT min(lease_until) AS at FROM entry WHERE stage {stages}");
        let stages = ["= 'held'", "IN ('watched', 'deleting')", "= 'delayed'"].map(first);
        self.number(
            &format!("SELECT min(at) FROM ({})", stages.join(" UNION ALL ")),
            Vec::new(),
        )
    }

    fn mark_for_deletion(&mut self, before: Millis, now: Millis) -> Result<u64, S::Error> {
        let old = "SELECT count(*) FROM entry WHERE stage = 'ended' AND updated_at < ?";
        let count = self.count(old, vec![before.into()])?;
        let statement = "UPDATE entry SET stage = 'deleting', lease_until = ?1 WHERE stage = 'ended' AND updated_at < ?2";
        self.sql.run(statement, vec![now.into(), before.into()])?;
        Ok(count)
    }

    fn deliveries(&self, key: &JobKey) -> Result<Vec<DeliverySummary>, S::Error> {
        self.deliveries_of(key)
    }

    fn save_delivery(&mut self, key: &JobKey, delivery: &DeliverySummary) -> Result<(), S::Error> {
        self.upsert_delivery(key, delivery)
    }

    fn remove_delivery(&mut self, key: &JobKey, id: &str) -> Result<(), S::Error> {
        self.delete_delivery(key, id)
    }

    fn remove_deliveries(&mut self, key: &JobKey) -> Result<(), S::Error> {
        self.delete_deliveries(key)
    }

    fn spent(&self, day: u64, user_id: Option<&str>) -> Result<u64, S::Error> {
        let statement = "SELECT micros FROM spending WHERE day = ? AND user_id = ?";
        self.count(
            statement,
            vec![day.into(), user_id.unwrap_or(EVERYONE).into()],
        )
    }

    fn spend(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), S::Error> {
        let statement = "INSERT INTO spending (day, user_id, micros) VALUES (?1, ?2, ?3), (?1, ?4, ?3) \
             ON CONFLICT (day, user_id) DO UPDATE SET micros = micros + excluded.micros";
        self.sql.run(
            statement,
            vec![day.into(), user_id.into(), micros.into(), EVERYONE.into()],
        )?;
        Ok(())
    }

    fn give_back(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), S::Error> {
        let statement = "UPDATE spending SET micros = max(0, micros - ?3) WHERE day = ?1 AND user_id IN (?2, ?4)";
        self.sql.run(
            statement,
            vec![day.into(), user_id.into(), micros.into(), EVERYONE.into()],
        )?;
        Ok(())
    }

    fn delete_spending(&mut self, before: u64) -> Result<(), S::Error> {
        self.sql
            .run("DELETE FROM spending WHERE day < ?", vec![before.into()])?;
        Ok(())
    }

    fn waits_since(&self) -> Result<Option<Millis>, S::Error> {
        // The key of the index is the time less the priority's head start.
        let statement = format!(
            "{} SELECT min((SELECT order_key + priority * {HEAD_START} FROM entry \
             WHERE stage = 'waiting' AND priority = level.priority ORDER BY order_key LIMIT 1)) \
             FROM level",
            levels()
        );
        self.number(&statement, Vec::new())
    }

    fn counted_before(&self) -> Result<Minute, S::Error> {
        metrics::sum(&self.sql)
    }

    fn save_counted_before(&mut self, sum: &Minute) -> Result<(), S::Error> {
        metrics::save_sum(&self.sql, sum)
    }

    fn delete_minutes(&mut self, before: u64) -> Result<(), S::Error> {
        metrics::delete_before(&self.sql, before)
    }

    fn exhausted(&self) -> Result<(u64, Option<Millis>), S::Error> {
        self.count_exhausted()
    }

    fn alerts(&self) -> Result<Alerts, S::Error> {
        alerts::load(&self.sql)
    }

    fn save_alerts(&mut self, alerts: &Alerts) -> Result<(), S::Error> {
        alerts::save(&self.sql, alerts)
    }
}

pub(crate) fn bound(limit: usize) -> SqlValue {
    u64::try_from(limit).unwrap_or(u64::MAX).into()
}
