//! Operators' actions on the queue: pauses, everyone's jobs, the clean-up.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod scope;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::body;
use crate::api::call::Call;
use crate::api::generations;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::api::query::{JobsQuery, jobs_query};
use crate::machine::queue::{
    DeleteOld, Pause, PauseUpstream, Pauses, Resume, ResumeUpstream, Scope,
};
use crate::objects::messages::Stats;
use crate::store::stats::PausedUpstream;
use crate::time::rfc3339;
use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gate {
    success: bool,
    /// Whether the whole queue is paused.
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_since: Option<String>,
    /// The providers and models that are paused by themselves; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paused_upstreams: Vec<PausedUpstream>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct CleanUp {
    success: bool,
    /// How many generations the clean-up is about to delete.
    expiring: u64,
}

/// `POST /api/queue/pause`: no further job starts, of the whole queue, of one provider or of one
/// model; running jobs continue.
pub(crate) async fn pause(call: &mut Call, operator: Operator) -> Result<Answer, Problem> {
    let body = body::small_object(&mut call.request).await?;
    match scope::scope(&body).map_err(Problem::invalid)? {
        None => {
            let pauses = view::queue(call, &Pause).await;
            gate(&operator, Action::Paused, None, pauses)
        }
        Some(scope) => {
            let message = PauseUpstream {
                scope: scope.clone(),
            };
            let pauses = view::queue(call, &message).await;
            gate(&operator, Action::PausedUpstream, Some(&scope), pauses)
        }
    }
}

/// `POST /api/queue/resume`.
pub(crate) async fn resume(call: &mut Call, operator: Operator) -> Result<Answer, Problem> {
    let body = body::small_object(&mut call.request).await?;
    let scope = match scope::scope(&body) {
        Ok(scope) => scope,
        Err(_) => scope::paused_scope(&body, &paused(call).await?).map_err(Problem::invalid)?,
    };
    match scope {
        None => {
            let pauses = view::queue(call, &Resume).await;
            gate(&operator, Action::Resumed, None, pauses)
        }
        Some(scope) => {
            let message = ResumeUpstream {
                scope: scope.clone(),
            };
            let pauses = view::queue(call, &message).await;
            gate(&operator, Action::ResumedUpstream, Some(&scope), pauses)
        }
    }
}

/// The providers and models that are paused.
async fn paused(call: &Call) -> Result<Vec<Scope>, Problem> {
    let stats = view::queue(call, &Stats).await?;
    let paused = stats.paused_upstreams.into_iter();
    Ok(paused
        .map(|pause| Scope {
            provider: pause.provider,
            model: pause.model,
        })
        .collect())
}

fn gate(
    operator: &Operator,
    action: Action,
    scope: Option<&Scope>,
    pauses: Result<Pauses, Problem>,
) -> Result<Answer, Problem> {
    let since = |pauses: &Pauses| match scope {
        None => pauses.queue,
        Some(scope) => {
            let mut upstreams = pauses.upstreams.iter();
            upstreams
                .find(|pause| pause.scope == *scope)
                .map(|pause| pause.since)
        }
    };
    let outcome = match pauses.as_ref().map(since) {
        Ok(Some(since)) => format!("paused since {}", rfc3339(since)),
        Ok(None) => "jobs are started".to_owned(),
        Err(_) => audit::NO_ANSWER.to_owned(),
    };
    let outcome = match scope {
        Some(scope) => format!("{scope}: {outcome}"),
        None => outcome,
    };
    audit::record(operator.name(), action, None, &outcome);
    let pauses = pauses?;
    Answer::json(
        200,
        &Gate {
            success: true,
            paused: pauses.queue.is_some(),
            paused_since: pauses.queue.map(rfc3339),
            paused_upstreams: PausedUpstream::all(&pauses.upstreams),
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
