//! Bulks: an operator cancels or retries many generations at once.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod request;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::body;
use crate::api::bulk::request::{BulkRequest, bulk_request};
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::machine::Status;
use crate::machine::bulk::{BulkAction, BulkOutcome};
use crate::machine::outcome::ErrorCode;
use crate::machine::queue::{
    Bulk, BulkFilter, BulkRefused, MAX_BULK, Matching, StartBulk, StopBulk,
};
use crate::money::dollars;
use crate::objects::messages::{CountBulk, ListBulks};
use crate::time::rfc3339;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a bulk chooses, and the bulk if it was started.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkAnswer {
    success: bool,
    dry_run: bool,
    /// How many generations match.
    count: u64,
    /// What retrying them costs by list price, in US dollars; 0 for a cancellation.
    max_cost: f64,
    /// Absent from a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk: Option<ShownBulk>,
}

/// A bulk.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShownBulk {
    pub id: String,
    pub action: BulkAction,
    pub filter: ShownFilter,
    pub state: BulkState,
    /// How many generations it chose.
    pub count: u64,
    /// What retrying them costs by list price, in US dollars; 0 for a cancellation.
    pub max_cost: f64,
    /// How many have no outcome yet.
    pub left: u64,
    /// How many were retried or cancelled.
    pub done: u64,
    /// How many were left alone, by reason.
    pub left_alone: BTreeMap<&'static str, u64>,
    pub started_by: String,
    pub started_at: String,
    /// The operator who stopped it; absent if nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// When its last generation came to an outcome; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// Which generations a bulk chose. Without a field, all match.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShownFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<String>,
}

/// `stopping`: it was stopped, and generations that it had asked have not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BulkState {
    Running,
    Stopping,
    Stopped,
    Completed,
}

impl ShownBulk {
    pub fn of(bulk: Bulk) -> Self {
        let left = bulk.left();
        let mut outcomes = bulk.outcomes;
        let done = outcomes.remove(&BulkOutcome::Done).unwrap_or(0);
        Self {
            id: bulk.id.to_string(),
            action: bulk.action,
            filter: ShownFilter::of(bulk.filter),
            state: match (bulk.ended_at, &bulk.stopped_by) {
                (None, None) => BulkState::Running,
                (None, Some(_)) => BulkState::Stopping,
                (Some(_), Some(_)) => BulkState::Stopped,
                (Some(_), None) => BulkState::Completed,
            },
            count: bulk.chosen.count,
            max_cost: dollars(bulk.chosen.cost_micros),
            left,
            done,
            left_alone: outcomes
                .into_iter()
                .map(|(outcome, jobs)| (outcome.as_str(), jobs))
                .collect(),
            started_by: bulk.operator,
            started_at: rfc3339(bulk.started_at),
            stopped_by: bulk.stopped_by,
            ended_at: bulk.ended_at.map(rfc3339),
        }
    }
}

impl ShownFilter {
    fn of(filter: BulkFilter) -> Self {
        Self {
            status: filter.status,
            error_code: filter.error_code,
            user_id: filter.user_id,
            provider: filter.provider,
            model: filter.model,
            created_after: filter.created_after.map(rfc3339),
            created_before: filter.created_before.map(rfc3339),
        }
    }
}

/// `POST /api/bulk`: counts what would be chosen, or starts the bulk.
pub(crate) async fn create(call: &mut Call, operator: Operator) -> Result<Answer, Problem> {
    let body = body::small_object(&mut call.request).await?;
    let BulkRequest {
        action,
        filter,
        said,
    } = bulk_request(&body).map_err(Problem::invalid)?;
    let Some(said) = said else {
        let matching = view::queue(call, &CountBulk { action, filter }).await?;
        if matching.count > MAX_BULK {
            return Err(Problem::bulk_too_large(MAX_BULK));
        }
        return answer(matching, None);
    };
    let message = StartBulk {
        action,
        filter,
        operator: operator.name().to_owned(),
        said,
    };
    let started = view::queue(call, &message).await;
    let outcome = match &started {
        Ok(Ok(bulk)) => {
            let Matching { count, cost_micros } = bulk.chosen;
            format!(
                "{} of {count} generations for at most ${}, bulk {}",
                action.as_str(),
                dollars(cost_micros),
                bulk.id
            )
        }
        Ok(Err(_)) => format!("{}: refused", action.as_str()),
        Err(_) => format!("{}: {}", action.as_str(), audit::NO_ANSWER),
    };
    audit::record(operator.name(), Action::StartedBulk, None, &outcome);
    let bulk = started?.map_err(refused)?;
    answer(bulk.chosen, Some(bulk))
}

fn answer(matching: Matching, bulk: Option<Bulk>) -> Result<Answer, Problem> {
    Answer::json(
        200,
        &BulkAnswer {
            success: true,
            dry_run: bulk.is_none(),
            count: matching.count,
            max_cost: dollars(matching.cost_micros),
            bulk: bulk.map(ShownBulk::of),
        },
    )
}

fn refused(refused: BulkRefused) -> Problem {
    match refused {
        BulkRefused::Running { id } => Problem::bulk_running(id),
        BulkRefused::TooMany => Problem::bulk_too_large(MAX_BULK),
        BulkRefused::More { now } => Problem::bulk_changed(now.count, dollars(now.cost_micros)),
    }
}

/// `GET /api/bulk`: the latest bulks, the newest first.
pub(crate) async fn list(call: &Call, _: Operator) -> Result<Answer, Problem> {
    Answer::success("data", &all(call).await?)
}

/// `GET /api/bulk/{id}`.
pub(crate) async fn show(call: &Call, _: Operator) -> Result<Answer, Problem> {
    Answer::success("bulk", &find(call).await?)
}

/// `POST /api/bulk/{id}/stop`.
pub(crate) async fn stop(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let Ok(id) = call.id.parse() else {
        return Err(Problem::no_bulk());
    };
    let message = StopBulk {
        id,
        operator: operator.name().to_owned(),
    };
    let stopped = view::queue(call, &message).await;
    if let Ok(None) = stopped {
        // It has ended, or there never was one.
        find(call).await?;
        return Err(Problem::bulk_ended());
    }
    let outcome = match &stopped {
        Ok(_) => format!("bulk {id}"),
        Err(_) => format!("bulk {id}: {}", audit::NO_ANSWER),
    };
    audit::record(operator.name(), Action::StoppedBulk, None, &outcome);
    let bulk = stopped?.ok_or_else(Problem::no_bulk)?;
    Answer::success("bulk", &ShownBulk::of(bulk))
}

async fn all(call: &Call) -> Result<Vec<ShownBulk>, Problem> {
    let bulks = view::queue(call, &ListBulks).await?;
    Ok(bulks.into_iter().map(ShownBulk::of).collect())
}

/// The bulk with the path's id.
async fn find(call: &Call) -> Result<ShownBulk, Problem> {
    let mut bulks = all(call).await?.into_iter();
    bulks
        .find(|bulk| bulk.id == call.id)
        .ok_or_else(Problem::no_bulk)
}
