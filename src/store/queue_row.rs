//! One entry of the queue as a row.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::lease::Lease;
use crate::machine::queue::{Entry, Rank, Stage, Summary};
use crate::store::sql::SqlValue;

/// The columns an entry is read from, in the order of [`read_entry`].
pub(crate) const COLUMNS: &str = "user_id, generation_id, epoch, report_number, status, priority, created_at, \
    updated_at, snapshot, sequence, enqueued_at, stage, lease_epoch, lease_until, lease_granted, round, unspent, \
    late, upstream, submits, cost, price, per_minute, charges, metrics, waits_since";
/// The columns an entry is written to: one more, which only SQL reads.
const WRITTEN: [&str; 27] = [
    "user_id",
    "generation_id",
    "epoch",
    "report_number",
    "status",
    "priority",
    "created_at",
    "updated_at",
    "snapshot",
    "sequence",
    "enqueued_at",
    "order_key",
    "stage",
    "lease_epoch",
    "lease_until",
    "lease_granted",
    "round",
    "unspent",
    "late",
    "upstream",
    "submits",
    "cost",
    "price",
    "per_minute",
    "charges",
    "metrics",
    "waits_since",
];

/// How many of [`WRITTEN`] identify the entry.
const KEY: usize = 2;

/// Not "INSERT OR REPLACE": that would silently delete another job's row if a sequence ever
/// occurred twice.
pub(crate) fn insert() -> String {
    format!(
        "INSERT INTO entry ({}) VALUES ({})",
        WRITTEN.join(", "),
        vec!["?"; WRITTEN.len()].join(", ")
    )
}

/// Updates a row to `values`. Names only the columns that differ, because each index with a named
/// column is written again, and every row written is billed. `None` if there is nothing to write.
pub(crate) fn update(stored: &[SqlValue], values: &[SqlValue]) -> Option<(String, Vec<SqlValue>)> {
    let changed: Vec<usize> = (KEY..WRITTEN.len())
        .filter(|&index| stored.get(index) != values.get(index))
        .collect();
    if changed.is_empty() {
        return None;
    }
    let sets: Vec<String> = changed
        .iter()
        .map(|&index| format!("{} = ?", WRITTEN[index]))
        .collect();
    let statement = format!(
        "UPDATE entry SET {} WHERE user_id = ? AND generation_id = ?",
        sets.join(", ")
    );
    let bound = changed
        .into_iter()
        .chain(0..KEY)
        .filter_map(|index| values.get(index).cloned())
        .collect();
    Some((statement, bound))
}

/// The values of [`WRITTEN`].
pub(crate) fn values(entry: &Entry) -> Vec<SqlValue> {
    let summary = &entry.summary;
    let (stage, lease, until) = match entry.stage {
        Stage::Waiting => ("waiting", None, None),
        Stage::Delayed { until } => ("delayed", None, Some(until)),
        Stage::Held(lease) => ("held", Some(lease), Some(lease.until)),
        Stage::Watched { until } => ("watched", None, Some(until)),
        Stage::Deleting { until } => ("deleting", None, Some(until)),
        Stage::Ended => ("ended", None, None),
    };
    vec![
        summary.key.user_id.as_str().into(),
        summary.key.generation_id.as_str().into(),
        summary.epoch.into(),
        summary.report_number.into(),
        summary.status.as_str().into(),
        u32::from(summary.priority).into(),
        summary.created_at.into(),
        summary.updated_at.into(),
        summary.snapshot.as_str().into(),
        entry.sequence.into(),
        entry.enqueued_at.into(),
        entry.head_start_key().into(),
        stage.into(),
        lease.map(|lease| lease.epoch).into(),
        until.into(),
        lease.map(|lease| lease.granted_at).into(),
        entry.round.into(),
        u32::from(entry.unspent).into(),
        u32::from(entry.late).into(),
        summary.upstream.as_str().into(),
        summary.submits.into(),
        summary.cost_micros.into(),
        summary.price_micros.into(),
        summary.submits_per_minute.into(),
        serde_json::to_string(&entry.charges)
            .unwrap_or_default()
            .into(),
        serde_json::to_string(&summary.metrics)
            .unwrap_or_default()
            .into(),
        entry.waits_since.into(),
    ]
}

pub(crate) fn read_entry(row: Vec<SqlValue>) -> Option<Entry> {
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
        stage,
        lease_epoch,
        lease_until,
        lease_granted,
        round,
        unspent,
        late,
        upstream,
        submits,
        cost,
        price,
        per_minute,
        charges,
        metrics,
        waits_since,
    ] = <[SqlValue; 26]>::try_from(row).ok()?;
    let status = status.into_text();
    let until = lease_until.unsigned();
    let stage = match stage.into_text().as_str() {
        "waiting" => Stage::Waiting,
        "delayed" => Stage::Delayed { until },
        "held" => Stage::Held(Lease {
            epoch: lease_epoch.unsigned(),
            until,
            granted_at: lease_granted.unsigned(),
        }),
        "watched" => Stage::Watched { until },
        "deleting" => Stage::Deleting { until },
        _ => Stage::Ended,
    };
    Some(Entry {
        summary: Summary {
            key: JobKey::new(user_id.into_text(), generation_id.into_text()),
            epoch: epoch.unsigned(),
            report_number: report_number.unsigned(),
            status: Status::ALL
                .into_iter()
                .find(|known| known.as_str() == status)?,
            priority: u8::try_from(priority.integer()).unwrap_or(0),
            created_at: created_at.unsigned(),
            updated_at: updated_at.unsigned(),
            upstream: upstream.into_text(),
            submits: submits.unsigned(),
            cost_micros: cost.unsigned(),
            price_micros: price.unsigned(),
            submits_per_minute: Some(&per_minute)
                .filter(|limit| !limit.is_null())
                .map(SqlValue::unsigned),
            // Counters that cannot be read start again at zero.
            metrics: serde_json::from_str(&metrics.into_text()).unwrap_or_default(),
            snapshot: snapshot.into_text(),
            deliveries: Vec::new(),
            settled: false,
        },
        sequence: sequence.unsigned(),
        enqueued_at: enqueued_at.unsigned(),
        waits_since: waits_since.unsigned(),
        round: round.unsigned(),
        unspent: unspent.unsigned() == 1,
        late: late.unsigned() == 1,
        // Charges that cannot be read are dropped: what was spent stays in the day's sums.
        charges: serde_json::from_str(&charges.into_text()).unwrap_or_default(),
        stage,
    })
}

pub(crate) fn read_rank(row: Vec<SqlValue>) -> Option<Rank> {
    let [priority, round, sequence, head_start_key] = <[SqlValue; 4]>::try_from(row).ok()?;
    Some(Rank {
        priority: u8::try_from(priority.integer()).unwrap_or(0),
        turn: (round.unsigned(), sequence.unsigned()),
        head_start_key: head_start_key.integer(),
    })
}

pub(crate) fn key_of(key: &JobKey) -> Vec<SqlValue> {
    vec![
        key.user_id.as_str().into(),
        key.generation_id.as_str().into(),
    ]
}
