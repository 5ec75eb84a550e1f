//! The tables of the queue object.

use crate::machine::queue::MAX_PRIORITY;
use crate::store::schema::Migration;

/// Append-only. Each written row of a table or an index is billed. So one index serves all queries
/// for holders, lists of everything are combined from the lists of each status or state, and the
/// counters of the latest minute are beside the book. A key acts on a generation by its id alone,
/// so `entry_by_generation` finds its owner. In `spending` the row of all users together has an
/// empty user, and in `metrics` the row of minute 0 is the sum of all minutes before the latest
/// one.
pub const MIGRATIONS: [Migration; 3] = [FIRST, ALERTS, BULKS];

const FIRST: Migration = Migration {
    columns: &[],
    statements: "
    CREATE TABLE IF NOT EXISTS entry (
        user_id TEXT NOT NULL, generation_id TEXT NOT NULL,
        epoch INTEGER NOT NULL, report_number INTEGER NOT NULL, status TEXT NOT NULL, priority INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, snapshot TEXT NOT NULL,
        sequence INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, order_key INTEGER NOT NULL,
        stage TEXT NOT NULL, lease_epoch INTEGER, lease_until INTEGER, lease_granted INTEGER,
        round INTEGER NOT NULL, unspent INTEGER NOT NULL, late INTEGER NOT NULL,
        upstream TEXT NOT NULL, submits INTEGER NOT NULL, cost INTEGER NOT NULL, price INTEGER NOT NULL,
        per_minute INTEGER, charges TEXT NOT NULL, metrics TEXT NOT NULL, waits_since INTEGER NOT NULL,
        PRIMARY KEY (user_id, generation_id)
    );
    CREATE UNIQUE INDEX IF NOT EXISTS entry_by_sequence ON entry (sequence);
    CREATE INDEX IF NOT EXISTS entry_by_user ON entry (user_id, created_at, generation_id);
    CREATE INDEX IF NOT EXISTS entry_by_status ON entry (status, created_at, generation_id, user_id);
    CREATE INDEX IF NOT EXISTS entry_by_generation ON entry (generation_id, user_id);
    CREATE INDEX IF NOT EXISTS entry_line ON entry (priority, round, sequence, user_id, upstream)
        WHERE stage = 'waiting';
    CREATE INDEX IF NOT EXISTS entry_order ON entry (priority, order_key, sequence) WHERE stage = 'waiting';
    CREATE INDEX IF NOT EXISTS entry_turns ON entry (user_id, priority, round) WHERE stage = 'waiting';
    CREATE INDEX IF NOT EXISTS entry_delayed ON entry (lease_until, sequence) WHERE stage = 'delayed';
    CREATE INDEX IF NOT EXISTS entry_slots ON entry (lease_until, sequence, user_id, upstream, unspent) WHERE stage = 'held';
    CREATE INDEX IF NOT EXISTS entry_asked ON entry (lease_until, sequence) WHERE stage IN ('watched', 'deleting');
    CREATE TABLE IF NOT EXISTS book (
        id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL, minute INTEGER, counts TEXT
    );
    CREATE TABLE IF NOT EXISTS spending (
        day INTEGER NOT NULL, user_id TEXT NOT NULL, micros INTEGER NOT NULL, PRIMARY KEY (day, user_id)
    );
    CREATE TABLE IF NOT EXISTS delivery (
        id TEXT PRIMARY KEY, user_id TEXT NOT NULL, generation_id TEXT NOT NULL, event TEXT NOT NULL,
        created_at INTEGER NOT NULL, attempts INTEGER NOT NULL, redeliveries INTEGER NOT NULL, last_status INTEGER,
        state TEXT NOT NULL, due_at INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS delivery_by_job ON delivery (user_id, generation_id);
    CREATE INDEX IF NOT EXISTS delivery_by_state ON delivery (state, created_at, id);
    CREATE INDEX IF NOT EXISTS delivery_exhausted ON delivery (due_at, id) WHERE state = 'exhausted';
    CREATE TABLE IF NOT EXISTS metrics (minute INTEGER PRIMARY KEY, counts TEXT NOT NULL);
",
};

const ALERTS: Migration = Migration {
    columns: &[],
    statements: "
    CREATE TABLE IF NOT EXISTS alert (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
",
};

/// The bulks that have ended, and the items of the running one.
const BULKS: Migration = Migration {
    columns: &[],
    statements: "
    CREATE TABLE IF NOT EXISTS bulk (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS bulk_item (
        number INTEGER PRIMARY KEY, user_id TEXT NOT NULL, generation_id TEXT NOT NULL, created_at INTEGER NOT NULL,
        epoch INTEGER NOT NULL, due_at INTEGER NOT NULL, tries INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS bulk_item_by_job ON bulk_item (user_id, generation_id);
    CREATE INDEX IF NOT EXISTS bulk_item_due ON bulk_item (due_at, number);
",
};

/// Every priority, for one lookup each: the platform's SQLite takes at most five parts in a
/// compound SELECT.
pub(crate) fn levels() -> String {
    format!(
        "WITH RECURSIVE level (priority) AS (VALUES (0) UNION ALL SELECT priority + 1 FROM level \
         WHERE priority < {MAX_PRIORITY})"
    )
}
