//! The upstream's webhooks. They only make the next poll come sooner.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod verify;

use crate::api::answer::Answer;
use crate::api::body;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::unanswered::silent;
use crate::log;
use crate::machine::job::UpstreamWebhook;
use crate::objects::stub;
use crate::upstream::webhook::{SignedClaim, job};

/// The largest body, in bytes: an event has only ids and addresses.
const MAX_BODY: usize = 64 * 1024;

/// A webhook signed by the upstream.
pub(crate) struct SignedEvent {
    /// Its `webhook-id`.
    id: String,
    body: Vec<u8>,
}

/// Reads a webhook and verifies its signature.
pub(crate) async fn signed(call: &mut Call) -> Result<SignedEvent, Problem> {
    let settings = call
        .config
        .upstream_webhooks
        .clone()
        .ok_or_else(Problem::no_route)?;
    let claim = SignedClaim::read(|name| call.header(name), call.now_seconds())
        .ok_or_else(Problem::unsigned)?;
    let body = body::bounded(&mut call.request, MAX_BODY).await?;
    if !verify::is_genuine(&settings, &claim, &body).await {
        return Err(Problem::unsigned());
    }
    Ok(SignedEvent { id: claim.id, body })
}

/// `POST /api/webhooks/upstream`. The content of the event is not trusted: the job polls the
/// upstream itself. A job that does not exist ignores the event.
pub(crate) async fn receive(
    call: &Call,
    SignedEvent { id, body }: SignedEvent,
) -> Result<Answer, Problem> {
    if let Some(key) = job(&body) {
        log::generation(&key);
        let reply = stub::job(&call.env, &key, &UpstreamWebhook { id }).await;
        reply.map(drop).map_err(|error| silent(&error))?;
    }
    Ok(Answer::empty(204))
}
