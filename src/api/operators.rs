//! What operators do to the queue as a whole.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::call::Call;
use crate::api::generations;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::api::query::{JobsQuery, jobs_query};
use crate::objects::messages::{QueueMessage, QueueReply};
use crate::time::rfc3339;
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
    /// How many generations are about to be forgotten.
    expiring: u64,
}

/// `POST /api/queue/pause`: nobody is started any more; what runs goes on.
pub(crate) async fn pause(call: &Call) -> Result<Answer, Problem> {
    turn(call, &QueueMessage::Pause, Action::Paused).await
}

/// `POST /api/queue/resume`.
pub(crate) async fn resume(call: &Call) -> Result<Answer, Problem> {
    turn(call, &QueueMessage::Resume, Action::Resumed).await
}

async fn turn(call: &Call, message: &QueueMessage, action: Action) -> Result<Answer, Problem> {
    let caller = call.operator()?;
    let reply = view::queue(call, message).await;
    let outcome = match &reply {
        Ok(QueueReply::Paused { since: Some(since) }) => format!("paused since {}", rfc3339(*since)),
        Ok(_) => "jobs are started".to_owned(),
        Err(_) => audit::NO_ANSWER.to_owned(),
    };
    audit::record(caller.name(), action, None, &outcome);
    let QueueReply::Paused { since } = reply? else { return Err(view::out_of_turn()) };
    let paused_since = since.map(rfc3339);
    Answer::json(200, &Gate { success: true, paused: paused_since.is_some(), paused_since })
}

/// `GET /api/queue/jobs`: the jobs of all users, newest first.
pub(crate) async fn jobs(call: &Call) -> Result<Answer, Problem> {
    call.operator()?;
    let JobsQuery { user_id, list } = jobs_query(|name| call.parameter(name)).map_err(Problem::invalid)?;
    generations::list_of(call, user_id, list).await
}

/// `POST /api/cron/cleanup`: the day's clean-up, now.
pub(crate) async fn clean_up(call: &Call) -> Result<Answer, Problem> {
    let caller = call.operator()?;
    let reply = view::queue(call, &QueueMessage::Expire).await;
    let outcome = match &reply {
        Ok(QueueReply::Expiring { count }) => format!("{count} are about to be forgotten"),
        Ok(_) | Err(_) => audit::NO_ANSWER.to_owned(),
    };
    audit::record(caller.name(), Action::CleanedUp, None, &outcome);
    let QueueReply::Expiring { count: expiring } = reply? else { return Err(view::out_of_turn()) };
    Answer::json(200, &CleanUp { success: true, expiring })
}
