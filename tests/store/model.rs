//! The meaning of the catalogue's SQL, implemented on the stories' plain map.

use crate::rows::MapRows;
use reelay::machine::delivery::DeliveryState;
use reelay::machine::queue::{Entry, Policy, Rows, Summary, day_of};
use reelay::money::dollars;
use reelay::store::catalogue::Listing;
use reelay::store::cursor::Cursor;
use reelay::store::stats::{
    Cost, LimitsInForce, OwnedDelivery, PausedUpstream, QueueStats, ShownAlert, Slots,
    UpstreamBackoff, WebhookStats,
};
use reelay::time::rfc3339;
use reelay::time::{MINUTE, Millis};
use std::collections::BTreeMap;

/// A page of entries.
pub(crate) fn list(rows: &MapRows, listing: &Listing<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = rows.entries.values().cloned().collect();
    entries.retain(|entry| {
        listing
            .user_id
            .is_none_or(|user| entry.summary.key.user_id == user)
    });
    entries.retain(|entry| {
        listing
            .status
            .is_none_or(|status| entry.summary.status == status)
    });
    entries.retain(|entry| {
        listing.after.as_ref().is_none_or(|after| {
            newness(&entry.summary) < (after.created_at, &after.id, &after.user_id)
        })
    });
    entries.retain(|entry| {
        listing
            .search
            .is_none_or(|search| contains(entry, &search.to_lowercase()))
    });
    entries.sort_by(|one, other| newness(&other.summary).cmp(&newness(&one.summary)));
    entries.truncate(listing.limit as usize);
    entries
}

fn contains(entry: &Entry, search: &str) -> bool {
    let snapshot: serde_json::Value =
        serde_json::from_str(&entry.summary.snapshot).unwrap_or_default();
    let prompt = snapshot["prompt"].as_str().unwrap_or_default();
    [&entry.summary.key.generation_id, prompt]
        .iter()
        .any(|text| text.to_lowercase().contains(search))
}

/// A page of events.
pub(crate) fn list_deliveries(
    rows: &MapRows,
    state: Option<&str>,
    limit: usize,
    after: Option<&Cursor>,
) -> Vec<OwnedDelivery> {
    let listed = rows
        .deliveries
        .values()
        .cloned()
        .map(|(key, summary)| OwnedDelivery { key, summary });
    let mut listed: Vec<_> = listed
        .filter(|one| state.is_none_or(|state| one.summary.state.as_str() == state))
        .collect();
    let newness = |one: &OwnedDelivery| (one.summary.created_at, one.summary.id.clone());
    listed.retain(|one| {
        after.is_none_or(|after| newness(one) < (after.created_at, after.id.clone()))
    });
    listed.sort_by_key(newness);
    listed.reverse();
    listed.truncate(limit);
    listed
}

/// The events exhausted since this time.
pub(crate) fn exhausted_since(rows: &MapRows, since: Millis) -> Vec<OwnedDelivery> {
    let mut exhausted: Vec<_> = exhausted(rows).filter(|(at, _)| *at >= since).collect();
    exhausted.sort_by_key(|(at, one)| (*at, one.summary.id.clone()));
    exhausted.into_iter().map(|(_, one)| one).collect()
}

fn exhausted(rows: &MapRows) -> impl Iterator<Item = (Millis, OwnedDelivery)> {
    rows.deliveries
        .values()
        .filter_map(|(key, summary)| match summary.state {
            DeliveryState::Exhausted { at } => Some((
                at,
                OwnedDelivery {
                    key: key.clone(),
                    summary: summary.clone(),
                },
            )),
            DeliveryState::Pending { .. } | DeliveryState::Delivered { .. } => None,
        })
}

fn webhooks(rows: &MapRows) -> WebhookStats {
    WebhookStats {
        pending: rows
            .deliveries
            .values()
            .filter(|(_, summary)| summary.state.as_str() == "pending")
            .count() as u64,
        exhausted: exhausted(rows).count() as u64,
        exhausted_since: exhausted(rows).map(|(at, _)| at).min().map(rfc3339),
    }
}

pub(crate) fn stats(rows: &MapRows, policy: &Policy, now: Millis) -> QueueStats {
    let policy = &policy.with(&rows.book.overrides);
    let (mut by_status, mut waiting_by_priority) = (BTreeMap::new(), BTreeMap::new());
    for entry in rows.entries.values() {
        *by_status
            .entry(entry.summary.status.as_str().to_owned())
            .or_default() += 1;
    }
    for entry in rows.waiting() {
        *waiting_by_priority
            .entry(entry.summary.priority.to_string())
            .or_default() += 1;
    }
    let silent = |entry: &Entry| {
        rows.asked()
            .any(|(at, other)| other == entry && at + MINUTE < now)
    };
    let memory = rows.memory().unwrap();
    let backoffs = reelay::machine::queue::backoffs(&memory, now)
        .into_iter()
        .map(|(upstream, backoff)| UpstreamBackoff {
            upstream: upstream.to_owned(),
            backoff_since: rfc3339(backoff.since),
            backoff_until: rfc3339(backoff.until),
        });
    let upstreams = backoffs.collect();
    QueueStats {
        mode: policy.mode.as_str().to_owned(),
        paused: rows.book.is_paused(),
        paused_since: rows.book.paused_since.map(rfc3339),
        paused_upstreams: PausedUpstream::of(&rows.book),
        limits: LimitsInForce::of(policy),
        slots: Slots {
            total: policy.slots,
            used: rows.held().count() as u64,
        },
        by_status,
        waiting_by_priority,
        oldest_wait_ms: rows
            .waiting()
            .map(|entry| now.saturating_sub(entry.enqueued_at))
            .max(),
        jobs_without_timer: rows
            .entries
            .values()
            .filter(|entry| entry.late || silent(entry))
            .count() as u64,
        timers_repaired: rows.book.timers_repaired,
        upstreams,
        webhooks: webhooks(rows),
        cost: Some(Cost {
            today: dollars(
                rows.spending
                    .get(&(day_of(now), None))
                    .copied()
                    .unwrap_or(0),
            ),
            limit: policy.max_cost_per_day.map(dollars),
        }),
        alerts: Some(alerts(rows)),
    }
}

fn alerts(rows: &MapRows) -> Vec<ShownAlert> {
    let shown = rows.alerts.firing().iter().map(|alert| ShownAlert {
        kind: alert.kind,
        upstream: alert.upstream.clone(),
        since: rfc3339(alert.since),
    });
    shown.collect()
}

fn newness(summary: &Summary) -> (Millis, &String, &String) {
    (
        summary.created_at,
        &summary.key.generation_id,
        &summary.key.user_id,
    )
}
