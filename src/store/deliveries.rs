//! The catalogue of events: one row each, as last reported.

use crate::ids::JobKey;
use crate::machine::delivery::{DeliveryState, DeliverySummary, EventKind};
use crate::store::cursor::Cursor;
use crate::store::queue::QueueStore;
use crate::store::queue_row::key_of;
use crate::store::sql::{Sql, SqlValue};
use crate::store::stats::{OwnedDelivery, WebhookStats};
use crate::time::Millis;
use crate::time::rfc3339;

/// The columns of an event, in this order. `due_at` is when the next attempt is due, or when the
/// last attempt ended the delivery.
const COLUMNS: &str = "id, user_id, generation_id, event, created_at, attempts, redeliveries, last_status, state, due_at";

/// All states of an event; an index lists each.
const STATES: [&str; 3] = ["pending", "delivered", "exhausted"];

const COUNT: &str = "SELECT count(*) FROM delivery WHERE state = ?";

/// Explicit, because the planner considers any index with the state equally good.
const BY_EXHAUSTION: &str = "INDEXED BY delivery_exhausted";

impl<S: Sql> QueueStore<S> {
    /// All users' events, newest first, at most `limit`, of one state or all; and where the next
    /// page begins.
    pub fn list_deliveries(
        &self,
        state: Option<&str>,
        limit: u32,
        after: Option<&Cursor>,
    ) -> Result<(Vec<OwnedDelivery>, Option<Cursor>), S::Error> {
        let mut found = Vec::new();
        for state in state.map_or_else(|| STATES.to_vec(), |state| vec![state]) {
            let (mut rest, mut values) = ("WHERE state = ?".to_owned(), vec![state.into()]);
            if let Some(after) = after {
                rest.push_str(" AND (created_at, id) < (?, ?)");
                values.extend([after.created_at.into(), after.id.as_str().into()]);
            }
            values.push((limit + 1).into());
            rest.push_str(" ORDER BY created_at DESC, id DESC LIMIT ?");
            found.extend(self.find_deliveries(&rest, values)?);
        }
        found.sort_by(|one, other| {
            (other.summary.created_at, &other.summary.id)
                .cmp(&(one.summary.created_at, &one.summary.id))
        });
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.last().filter(|_| more);
        let next = last.map(|OwnedDelivery { summary, .. }| Cursor {
            created_at: summary.created_at,
            id: summary.id.clone(),
            user_id: String::new(),
        });
        Ok((found, next))
    }

    /// The event of this id.
    pub fn find_delivery(&self, id: &str) -> Result<Option<OwnedDelivery>, S::Error> {
        Ok(self.find_deliveries("WHERE id = ?", vec![id.into()])?.pop())
    }

    /// The events exhausted since `since`, oldest first.
    pub fn exhausted_since(
        &self,
        since: Millis,
        limit: u32,
    ) -> Result<Vec<OwnedDelivery>, S::Error> {
        let rest = "WHERE state = 'exhausted' AND due_at >= ? ORDER BY due_at, id LIMIT ?";
        self.find_deliveries(
            &format!("{BY_EXHAUSTION} {rest}"),
            vec![since.into(), limit.into()],
        )
    }

    pub(crate) fn webhook_stats(&self) -> Result<WebhookStats, S::Error> {
        let (exhausted, since) = self.count_exhausted()?;
        Ok(WebhookStats {
            pending: self.count(COUNT, vec!["pending".into()])?,
            exhausted,
            exhausted_since: since.map(rfc3339),
        })
    }

    /// How many events are exhausted, and since when the first of them is.
    pub(crate) fn count_exhausted(&self) -> Result<(u64, Option<Millis>), S::Error> {
        let first =
            format!("SELECT min(due_at) FROM delivery {BY_EXHAUSTION} WHERE state = 'exhausted'");
        let since = self.number(&first, Vec::new())?;
        Ok((self.count(COUNT, vec!["exhausted".into()])?, since))
    }

    pub(crate) fn deliveries_of(&self, key: &JobKey) -> Result<Vec<DeliverySummary>, S::Error> {
        let found = self.find_deliveries("WHERE user_id = ? AND generation_id = ?", key_of(key))?;
        Ok(found.into_iter().map(|owned| owned.summary).collect())
    }

    pub(crate) fn upsert_delivery(
        &self,
        key: &JobKey,
        delivery: &DeliverySummary,
    ) -> Result<(), S::Error> {
        let statement = format!(
            "INSERT INTO delivery ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             attempts = excluded.attempts, redeliveries = excluded.redeliveries, last_status = excluded.last_status, \
             state = excluded.state, due_at = excluded.due_at"
        );
        let (DeliveryState::Pending { next_at: due_at }
        | DeliveryState::Delivered { at: due_at }
        | DeliveryState::Exhausted { at: due_at }) = delivery.state;
        let values = vec![
            delivery.id.as_str().into(),
            key.user_id.as_str().into(),
            key.generation_id.as_str().into(),
            delivery.kind.as_str().into(),
            delivery.created_at.into(),
            delivery.attempts.into(),
            delivery.redeliveries.into(),
            delivery.last_status.map(u32::from).into(),
            delivery.state.as_str().into(),
            due_at.into(),
        ];
        self.sql.run(&statement, values)?;
        Ok(())
    }

    pub(crate) fn delete_delivery(&self, key: &JobKey, id: &str) -> Result<(), S::Error> {
        let values = [vec![id.into()], key_of(key)].concat();
        self.sql.run(
            "DELETE FROM delivery WHERE id = ? AND user_id = ? AND generation_id = ?",
            values,
        )?;
        Ok(())
    }

    pub(crate) fn delete_deliveries(&self, key: &JobKey) -> Result<(), S::Error> {
        self.sql.run(
            "DELETE FROM delivery WHERE user_id = ? AND generation_id = ?",
            key_of(key),
        )?;
        Ok(())
    }

    fn find_deliveries(
        &self,
        rest: &str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<OwnedDelivery>, S::Error> {
        let rows = self
            .sql
            .run(&format!("SELECT {COLUMNS} FROM delivery {rest}"), values)?;
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

fn read(row: Vec<SqlValue>) -> Option<OwnedDelivery> {
    let [
        id,
        user_id,
        generation_id,
        event,
        created_at,
        attempts,
        redeliveries,
        last_status,
        state,
        due_at,
    ] = <[SqlValue; 10]>::try_from(row).ok()?;
    let (event, state, at) = (event.into_text(), state.into_text(), due_at.unsigned());
    let state = match state.as_str() {
        "pending" => DeliveryState::Pending { next_at: at },
        "delivered" => DeliveryState::Delivered { at },
        _ => DeliveryState::Exhausted { at },
    };
    let summary = DeliverySummary {
        id: id.into_text(),
        // A kind of a newer build, which this build cannot list.
        kind: EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == event)?,
        created_at: created_at.unsigned(),
        attempts: u32::try_from(attempts.unsigned()).unwrap_or(u32::MAX),
        redeliveries: u32::try_from(redeliveries.unsigned()).unwrap_or(u32::MAX),
        last_status: Some(last_status)
            .filter(|status| !status.is_null())
            .and_then(|status| u16::try_from(status.unsigned()).ok()),
        state,
    };
    Some(OwnedDelivery {
        key: JobKey::new(user_id.into_text(), generation_id.into_text()),
        summary,
    })
}
