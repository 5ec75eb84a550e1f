//! The queue's database: one row a job, which is its place in the queue and its catalogue card.

use super::schema;
use super::{Sql, SqlValue};
use crate::machine::lease::Lease;
use crate::machine::queue::{Card, Entry, Order, Place, Rows};
use crate::machine::{JobKey, Millis, Status};
use crate::wire::message::{QueueStats, Slots};

const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE IF NOT EXISTS entry (
        user_id TEXT NOT NULL, generation_id TEXT NOT NULL,
        epoch INTEGER NOT NULL, report_number INTEGER NOT NULL, status TEXT NOT NULL, priority INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, snapshot TEXT NOT NULL,
        sequence INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, order_key INTEGER NOT NULL,
        place TEXT NOT NULL, lease_epoch INTEGER, lease_until INTEGER,
        PRIMARY KEY (user_id, generation_id)
    );
    CREATE UNIQUE INDEX IF NOT EXISTS entry_by_sequence ON entry (sequence);
    CREATE INDEX IF NOT EXISTS entry_waiting ON entry (order_key, sequence) WHERE place = 'waiting';
    CREATE INDEX IF NOT EXISTS entry_held ON entry (lease_until) WHERE place = 'held';
    CREATE INDEX IF NOT EXISTS entry_by_user ON entry (user_id, created_at, generation_id);
"];

const COLUMNS: &str = "user_id, generation_id, epoch, report_number, status, priority, created_at, updated_at, \
    snapshot, sequence, enqueued_at, place, lease_epoch, lease_until";

/// The stored entries of the queue object.
#[derive(Debug)]
pub struct QueueStore<S> {
    sql: S,
}

impl<S: Sql> QueueStore<S> {
    /// Opens the database and brings it to the newest version.
    pub fn open(sql: S) -> Result<Self, S::Error> {
        schema::migrate(&sql, &MIGRATIONS)?;
        Ok(Self { sql })
    }

    /// A user's cards from the newest on, at most `limit`, those older than the card `before` was taken from.
    pub fn list(
        &self,
        user_id: &str,
        status: Option<Status>,
        limit: u32,
        before: Option<&Cursor>,
    ) -> Result<Vec<Card>, S::Error> {
        let statement = format!(
            "SELECT {COLUMNS} FROM entry WHERE user_id = ?1 AND (?2 IS NULL OR status = ?2) \
             AND (?3 IS NULL OR (created_at, generation_id) < (?3, ?4)) \
             ORDER BY created_at DESC, generation_id DESC LIMIT ?5"
        );
        let values = vec![
            user_id.into(),
            status.map(Status::as_str).into(),
            before.map(|cursor| cursor.created_at).into(),
            before.map(|cursor| cursor.generation_id.as_str()).into(),
            limit.into(),
        ];
        let rows = self.sql.run(&statement, values)?;
        Ok(rows.into_iter().filter_map(read_entry).map(|entry| entry.card).collect())
    }

    /// Depth by status and priority, and the oldest wait.
    pub fn stats(&self, mode: &str, total_slots: u64, now: Millis) -> Result<QueueStats, S::Error> {
        let pairs = |rows: Vec<Vec<SqlValue>>| {
            let pair = |row: Vec<SqlValue>| {
                let [name, count] = <[SqlValue; 2]>::try_from(row).ok()?;
                Some((name.into_text(), count.unsigned()))
            };
            rows.into_iter().filter_map(pair).collect()
        };
        let by_status = self.sql.run("SELECT status, count(*) FROM entry GROUP BY status", Vec::new())?;
        let by_priority =
            "SELECT CAST(priority AS TEXT), count(*) FROM entry WHERE place = 'waiting' GROUP BY priority";
        let by_priority = self.sql.run(by_priority, Vec::new())?;
        let oldest = self.number("SELECT min(enqueued_at) FROM entry WHERE place = 'waiting'", Vec::new())?;
        Ok(QueueStats {
            mode: mode.to_owned(),
            paused: false,
            slots: Slots { total: total_slots, used: self.count_held()? },
            by_status: pairs(by_status),
            waiting_by_priority: pairs(by_priority),
            oldest_wait_ms: oldest.map(|at| now.saturating_sub(at)),
        })
    }

    fn number(&self, statement: &str, values: Vec<SqlValue>) -> Result<Option<u64>, S::Error> {
        let rows = self.sql.run(statement, values)?;
        let value = rows.first().and_then(|row| row.first()).filter(|value| !value.is_null());
        Ok(value.map(SqlValue::unsigned))
    }

    fn entries(&self, rest: &str, values: Vec<SqlValue>) -> Result<Vec<Entry>, S::Error> {
        let rows = self.sql.run(&format!("SELECT {COLUMNS} FROM entry {rest}"), values)?;
        Ok(rows.into_iter().filter_map(read_entry).collect())
    }
}

/// Where a page of a listing ended: `{created_at}.{generation_id}` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Millis,
    pub generation_id: String,
}

impl Cursor {
    pub fn of(card: &Card) -> Self {
        Self { created_at: card.created_at, generation_id: card.key.generation_id.clone() }
    }

    pub fn write(&self) -> String {
        format!("{}.{}", self.created_at, self.generation_id)
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let (created_at, generation_id) = text.split_once('.')?;
        Some(Self { created_at: created_at.parse().ok()?, generation_id: generation_id.to_owned() })
    }
}

impl<S: Sql> Rows for QueueStore<S> {
    type Error = S::Error;

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, S::Error> {
        let values = vec![key.user_id.as_str().into(), key.generation_id.as_str().into()];
        Ok(self.entries("WHERE user_id = ? AND generation_id = ?", values)?.pop())
    }

    fn save(&mut self, entry: &Entry) -> Result<(), S::Error> {
        let card = &entry.card;
        let (place, lease) = match entry.place {
            Place::Waiting => ("waiting", None),
            Place::Held(lease) => ("held", Some(lease)),
            Place::Ended => ("ended", None),
        };
        let values = vec![
            card.key.user_id.as_str().into(),
            card.key.generation_id.as_str().into(),
            card.epoch.into(),
            card.report_number.into(),
            card.status.as_str().into(),
            u32::from(card.priority).into(),
            card.created_at.into(),
            card.updated_at.into(),
            card.snapshot.as_str().into(),
            entry.sequence.into(),
            entry.enqueued_at.into(),
            entry.order().key.into(),
            place.into(),
            lease.map(|lease| lease.epoch).into(),
            lease.map(|lease| lease.until).into(),
        ];
        // Not "INSERT OR REPLACE": that would silently delete another job's row if a sequence ever came twice.
        let statement = "INSERT INTO entry (user_id, generation_id, epoch, report_number, status, priority, \
            created_at, updated_at, snapshot, sequence, enqueued_at, order_key, place, lease_epoch, lease_until) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
            ON CONFLICT (user_id, generation_id) DO UPDATE SET epoch = excluded.epoch, \
            report_number = excluded.report_number, status = excluded.status, priority = excluded.priority, \
            created_at = excluded.created_at, updated_at = excluded.updated_at, snapshot = excluded.snapshot, \
            sequence = excluded.sequence, enqueued_at = excluded.enqueued_at, order_key = excluded.order_key, \
            place = excluded.place, lease_epoch = excluded.lease_epoch, lease_until = excluded.lease_until";
        self.sql.run(statement, values)?;
        Ok(())
    }

    fn last_accepted(&self) -> Result<(u64, Millis), S::Error> {
        let rows =
            self.sql.run("SELECT sequence, enqueued_at FROM entry ORDER BY sequence DESC LIMIT 1", Vec::new())?;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([sequence, enqueued_at]) => (sequence.unsigned(), enqueued_at.unsigned()),
            Some(_) | None => (0, 0),
        })
    }

    fn first_waiting(&self) -> Result<Option<Entry>, S::Error> {
        Ok(self.entries("WHERE place = 'waiting' ORDER BY order_key, sequence LIMIT 1", Vec::new())?.pop())
    }

    fn count_waiting(&self) -> Result<u64, S::Error> {
        Ok(self.number("SELECT count(*) FROM entry WHERE place = 'waiting'", Vec::new())?.unwrap_or(0))
    }

    fn count_waiting_before(&self, order: Order) -> Result<u64, S::Error> {
        let statement = "SELECT count(*) FROM entry WHERE place = 'waiting' AND (order_key, sequence) < (?, ?)";
        Ok(self.number(statement, vec![order.key.into(), order.sequence.into()])?.unwrap_or(0))
    }

    fn count_held(&self) -> Result<u64, S::Error> {
        Ok(self.number("SELECT count(*) FROM entry WHERE place = 'held'", Vec::new())?.unwrap_or(0))
    }

    fn leases_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, S::Error> {
        let values = vec![now.into(), u64::try_from(limit).unwrap_or(u64::MAX).into()];
        self.entries("WHERE place = 'held' AND lease_until <= ? ORDER BY lease_until, sequence LIMIT ?", values)
    }

    fn next_lease_end(&self) -> Result<Option<Millis>, S::Error> {
        self.number("SELECT min(lease_until) FROM entry WHERE place = 'held'", Vec::new())
    }
}

fn read_entry(row: Vec<SqlValue>) -> Option<Entry> {
    let [
        user_id,
        generation_id,
        epoch,
        report_number,
        status,
        priority,
        created_at,
        updated_at,
        snapshot,
        sequence,
        enqueued_at,
        place,
        lease_epoch,
        lease_until,
    ] = <[SqlValue; 14]>::try_from(row).ok()?;
    let status = status.into_text();
    let place = match place.into_text().as_str() {
        "waiting" => Place::Waiting,
        "held" => Place::Held(Lease { epoch: lease_epoch.unsigned(), until: lease_until.unsigned() }),
        _ => Place::Ended,
    };
    Some(Entry {
        card: Card {
            key: JobKey::new(user_id.into_text(), generation_id.into_text()),
            epoch: epoch.unsigned(),
            report_number: report_number.unsigned(),
            status: Status::ALL.into_iter().find(|known| known.as_str() == status)?,
            priority: u8::try_from(priority.integer()).unwrap_or(0),
            created_at: created_at.unsigned(),
            updated_at: updated_at.unsigned(),
            snapshot: snapshot.into_text(),
        },
        sequence: sequence.unsigned(),
        enqueued_at: enqueued_at.unsigned(),
        place,
    })
}
