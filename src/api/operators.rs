//! Operators' changes to the whole queue.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::call::Call;
use crate::api::generations;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::api::query::{JobsQuery, jobs_query};
use crate::machine::queue::{DeleteOld, Pause, Resume};
use crate::time::{Millis, rfc3339};
use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gate {
    success: bool,
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_since: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct CleanUp {
    success: bool,
    /// How many generations the clean-up is about to delete.
    expiring: u64,
}

/// `POST /api/queue/pause`: no further job starts; running jobs continue.
pub(crate) async fn pause(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let since = view::queue(call, &Pause).await;
    gate(&operator, Action::Paused, since.map(Some))
}

/// `POST /api/queue/resume`.
pub(crate) async fn resume(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let resumed = view::queue(call, &Resume).await;
    gate(&operator, Action::Resumed, resumed.map(|()| None))
}

fn gate(
    operator: &Operator,
    action: Action,
    since: Result<Option<Millis>, Problem>,
) -> Result<Answer, Problem> {
    let outcome = match &since {
        Ok(Some(since)) => format!("paused since {}", rfc3339(*since)),
        Ok(None) => "jobs are started".to_owned(),
        Err(_) => audit::NO_ANSWER.to_owned(),
    };
    audit::record(operator.name(), action, None, &outcome);
    let paused_since = since?.map(rfc3339);
    Answer::json(
        200,
        &Gate {
            success: true,
            paused: paused_since.is_some(),
            paused_since,
        },
    )
}

/// `GET /api/queue/jobs`: the jobs of all users, newest first.
pub(crate) async fn jobs(call: &Call, _: Operator) -> Result<Answer, Problem> {
    let JobsQuery { user_id, list } =
        jobs_query(|name| call.parameter(name)).map_err(Problem::invalid)?;
    generations::list_of(call, user_id, list).await
}

/// `POST /api/cron/cleanup`: runs the daily clean-up now.
pub(crate) async fn clean_up(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let expiring = view::queue(call, &DeleteOld).await;
    let outcome = match &expiring {
        Ok(count) => format!("{count} are about to be deleted"),
        Err(_) => audit::NO_ANSWER.to_owned(),
    };
    audit::record(operator.name(), Action::CleanedUp, None, &outcome);
    Answer::json(
        200,
        &CleanUp {
            success: true,
            expiring: expiring?,
        },
    )
}
