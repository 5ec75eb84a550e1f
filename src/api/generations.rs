//! Generations: create, read, list, cancel, retry, confirm, clarify, timeline.

pub mod answers;
pub mod clarification;
pub mod events;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod view;

use crate::api::access::Sender;
use crate::api::answer::Answer;
use crate::api::body;
use crate::api::call::Call;
pub(crate) use crate::api::generations::events::follow;
use crate::api::order::request::{Intake, body_user_id, parse};
use crate::api::problem::Problem;
use crate::api::query::{ListQuery, list_query};
use crate::clock;
use crate::dispatch;
use crate::dispatch::Submission;
use crate::generation::{Generation, Links};
use crate::ids::JobKey;
use crate::log;
use crate::machine::Status;
use crate::machine::acceptance::{Accepted, Rejection};
use crate::machine::job::{
    Cancel, Confirm, Job, Refusal, Request, Retry, TimelineEntry, View, Warning,
};
use crate::machine::message::Message;
use crate::machine::queue::{Afford, BlockedBy, Position, Refused, Unaffordable};
use crate::money::dollars;
use crate::objects::messages::{GetTimeline, List};
use crate::objects::positions;
use crate::time::rfc3339;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::Instrument;

/// An accepted order.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Created))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedOrder<'a> {
    success: bool,
    generation_id: &'a str,
    status: Status,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    queue_position: Option<u64>,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    blocked_by: Option<BlockedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_start_at: Option<String>,
    /// US dollars, by the model's list price.
    estimated_cost: f64,
    /// Parts of this order that were ignored.
    warnings: Vec<Warning>,
    links: Links,
}

/// The generation after a change.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed<'a> {
    success: bool,
    generation_id: &'a str,
    status: Status,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    queue_position: Option<u64>,
    generation: &'a Generation,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = GenerationPage))]
#[serde(rename_all = "camelCase")]
pub(crate) struct GenerationPage {
    success: bool,
    data: Vec<Generation>,
    has_more: bool,
    /// The value of `after` for the next page; null on the last page.
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    next_cursor: Option<String>,
}

/// `POST /api/generations`.
pub(crate) async fn create(call: &mut Call, sender: Sender) -> Result<Answer, Problem> {
    let body = body::json_object(&mut call.request).await?;
    let named = body_user_id(&body).map_err(|error| Problem::invalid(vec![error]))?;
    let max_priority = sender.max_priority(call);
    let user = sender.acts_for(call, named.as_deref()).await?;
    let submission = asked(call, &user, max_priority, &body)?;
    // Frees the body: images are large, and their bytes are decoded.
    drop(body);
    let Submission {
        key,
        request: Request {
            order,
            terms,
            origin,
        },
        ..
    } = &submission;
    let (key, not_before) = (key.clone(), order.start_after);
    let (price, warnings) = (terms.price_micros, origin.warnings.clone());
    let (provider, model) = (terms.provider.clone(), terms.model.clone());
    log::generation(&key);
    let accepted = dispatch::accept(&call.env, submission)
        .await
        .map_err(|rejection| match rejection {
            Rejection::Conflict => Problem::idempotency_conflict(),
            Rejection::Refused(Refused::Full { retry_after }) => Problem::queue_full(retry_after),
            Rejection::Refused(Refused::OverBudget(over)) => Problem::over_budget(&over, call.now),
            Rejection::Unavailable => Problem::unavailable(),
        })?;
    tracing::info!(new = accepted.new, provider, model, "[API] Accepted");
    let mode = call.config.queue.mode;
    let follow_up = dispatch::follow_up(
        call.env.clone(),
        mode,
        key.clone(),
        not_before,
        accepted.clone(),
    );
    call.context.wait_until(follow_up.in_current_span());
    created(call, &key, &accepted, dollars(price), warnings)
}

fn asked(
    call: &Call,
    user_id: &str,
    max_priority: u8,
    body: &Map<String, Value>,
) -> Result<Submission, Problem> {
    let (idempotency_key, public_url) = (call.header("Idempotency-Key"), call.public_url());
    let providers = call.config.providers.names();
    let intake = Intake {
        user_id,
        max_priority,
        idempotency_key: idempotency_key.as_deref(),
        public_url: &public_url,
        catalogue: call.config.catalogue(&providers, call.now),
        webhooks: call
            .config
            .upstream_webhooks
            .as_ref()
            .is_some_and(|push| push.may_ask(&public_url)),
        start_timeout: call.config.start_timeout,
        moment: clock::moment(),
    };
    parse(body, intake).map_err(Problem::invalid)
}

fn created(
    call: &Call,
    key: &JobKey,
    accepted: &Accepted,
    estimated_cost: f64,
    warnings: Vec<Warning>,
) -> Result<Answer, Problem> {
    let position = accepted.position.unwrap_or(Position::NOT_IN_LINE);
    positions::tell(key, accepted.created_at, position, call.now);
    let body = AcceptedOrder {
        success: true,
        generation_id: &key.generation_id,
        status: accepted.status,
        queue_position: Some(position.number),
        blocked_by: position.blocked_by,
        estimated_start_at: position.estimated_start.map(rfc3339),
        estimated_cost,
        warnings,
        links: view::links(call, key),
    };
    let answer = Answer::json(if accepted.new { 201 } else { 200 }, &body)?;
    let answer = answer.with("Location", view::location(call, &key.generation_id));
    Ok(if accepted.new {
        answer
    } else {
        answer.with("Idempotent-Replayed", "true")
    })
}

/// `GET /api/generations/{id}`.
pub(crate) async fn show(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    Answer::success("generation", &view::now(call, &key).await?)
}

/// `POST /api/generations/{id}/cancel`.
pub(crate) async fn cancel(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    changed(call, &key, &Cancel).await
}

/// `POST /api/generations/{id}/retry`. The job itself reports its new attempt to the queue.
pub(crate) async fn retry(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    afford(call, &key).await?;
    changed(call, &key, &Retry).await
}

/// `POST /api/generations/{id}/confirm`: queues an order that waits for confirmation.
pub(crate) async fn confirm(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    afford(call, &key).await?;
    changed(call, &key, &Confirm).await
}

/// `POST /api/generations/{id}/clarify`: a new attempt with another prompt, or with words added to
/// the previous one.
pub(crate) async fn clarify(call: &mut Call, key: JobKey) -> Result<Answer, Problem> {
    let body = body::json_object(&mut call.request).await?;
    let clarify = clarification::clarification(&body).map_err(Problem::invalid)?;
    afford(call, &key).await?;
    changed(call, &key, &clarify).await
}

/// A confirmation, a retry and a clarification cost money, so the queue first checks whether
/// today's budgets suffice. Only the queue knows the budgets in force.
async fn afford(call: &Call, key: &JobKey) -> Result<(), Problem> {
    match view::queue(call, &Afford { key: key.clone() }).await? {
        Ok(()) => Ok(()),
        Err(Unaffordable::OverBudget(over)) => Err(Problem::over_budget(&over, call.now)),
        Err(Unaffordable::Unknown) => {
            // An order accepted just now is not yet known to the queue. An order that was never
            // made is answered with 404.
            view::job(call, key, &View).await?;
            Err(Problem::unavailable())
        }
    }
}

/// Sends a message to a job and answers with the job after the change.
async fn changed<M>(call: &Call, key: &JobKey, message: &M) -> Result<Answer, Problem>
where
    M: Message<Reply = Result<Box<Job>, Refusal>> + Serialize,
{
    let job = view::job(call, key, message).await?;
    let generation = view::changed(call, &job).await;
    let body = Changed {
        success: true,
        generation_id: &generation.generation_id,
        status: generation.status,
        queue_position: generation.queue_position,
        generation: &generation,
    };
    Answer::json(200, &body)
}

/// `GET /api/generations`: the user's generations, newest first.
pub(crate) async fn list(call: &Call, user_id: String) -> Result<Answer, Problem> {
    let query = list_query(|name| call.parameter(name)).map_err(Problem::invalid)?;
    list_of(call, Some(user_id), query).await
}

/// A page of the generations of one user, or of all users.
pub(crate) async fn list_of(
    call: &Call,
    user_id: Option<String>,
    query: ListQuery,
) -> Result<Answer, Problem> {
    let ListQuery {
        status,
        search,
        limit,
        after,
    } = query;
    let message = List {
        user_id,
        status,
        search,
        limit,
        after,
    };
    let (data, next_cursor) = view::page(call, &message).await?;
    Answer::json(
        200,
        &GenerationPage {
            success: true,
            data,
            has_more: next_cursor.is_some(),
            next_cursor,
        },
    )
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = TimelineStep))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownStep<'a> {
    /// What happened, such as `submitted`.
    step: &'a str,
    at: String,
    /// Time until the next step, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// `GET /api/generations/{id}/timeline`.
pub(crate) async fn timeline(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    let timeline = view::job(call, &key, &GetTimeline).await?;
    Answer::success("timeline", &timeline_steps(&timeline))
}

fn timeline_steps(timeline: &[TimelineEntry]) -> Vec<ShownStep<'_>> {
    let next = timeline
        .iter()
        .skip(1)
        .map(|entry| Some(entry.at))
        .chain([None]);
    timeline
        .iter()
        .zip(next)
        .map(|(entry, next)| ShownStep {
            step: entry.step.as_str(),
            at: rfc3339(entry.at),
            duration_ms: next.map(|next| next.saturating_sub(entry.at)),
            detail: entry.detail.as_deref(),
        })
        .collect()
}
