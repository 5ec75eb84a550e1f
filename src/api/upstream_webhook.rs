//! The upstream's own webhooks: a reason to look at a render now, and nothing more.

pub mod verify;

use crate::api::answer::Answer;
use crate::api::body;
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::ids::JobKey;
use crate::log;
use crate::machine::job::UpstreamWebhook;
use crate::objects::stub;
use crate::upstream::webhook::{Claim, job};

/// The largest body, in bytes: an event holds names and addresses only.
const MAX_BODY: usize = 64 * 1024;

/// `POST /api/webhooks/upstream`, open to whoever can sign. What the event says is never believed: the job it is about
/// asks the upstream itself.
pub(crate) async fn receive(call: &mut Call) -> Result<Answer, Problem> {
    let settings = call.config.upstream_push.clone().ok_or_else(Problem::no_route)?;
    let claim = Claim::read(|name| call.header(name), call.now_seconds()).ok_or_else(Problem::unsigned)?;
    let body = body::bounded(&mut call.request, MAX_BODY).await?;
    if !verify::is_genuine(&settings, &claim, &body).await {
        return Err(Problem::unsigned());
    }
    if let Some(key) = job(&body) {
        log::generation(&key);
        nudge(call, &key, claim.id).await?;
    }
    Ok(Answer::empty(204))
}

/// Has the job look at its render now; one that is not there has nothing to look at.
async fn nudge(call: &Call, key: &JobKey, id: String) -> Result<(), Problem> {
    stub::job(&call.env, key, &UpstreamWebhook { id }).await.map(drop).map_err(|error| view::silent(&error))
}
