//! Webhook events: listing their deliveries and sending them again.

pub mod delivery;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod receiver_test;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::call::Call;
use crate::api::deliveries::delivery::ShownDelivery;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::api::query::{DeliveriesQuery, deliveries_query, since};
use crate::clock;
use crate::ids::JobKey;
use crate::machine::job::{Deliveries, Redeliver};
use crate::machine::queue::{Redelivered, RedeliveredEvent};
use crate::objects::messages::{Exhausted, FindDelivery, ListDeliveries};
use crate::objects::stub;
use crate::store::stats::OwnedDelivery;
use crate::time::rfc3339;
use futures::StreamExt;
use serde::Serialize;

/// The maximum number of events that one request sends again. A job takes a few milliseconds.
const MAX_RECOVERED: u32 = 300;
/// How many jobs get the message at the same time: the platform allows six connections.
const TOLD_AT_ONCE: usize = 6;

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = DeliveryPage))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryPage {
    success: bool,
    data: Vec<ShownDelivery>,
    has_more: bool,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recovery {
    success: bool,
    /// How many events were queued for delivery again.
    recovered: u32,
    /// Whether another request would find more events.
    has_more: bool,
}

/// `GET /api/generations/{id}/deliveries`: the events of one generation, read from its job, oldest
/// first.
pub(crate) async fn of_generation(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    let deliveries: Vec<_> = view::job(call, &key, &Deliveries)
        .await?
        .into_iter()
        .map(|summary| ShownDelivery::of(&key, summary))
        .collect();
    Answer::success("deliveries", &deliveries)
}

/// `GET /api/webhooks/deliveries`: the events of all users, newest first, as last reported to the
/// queue.
pub(crate) async fn list(call: &Call, _: Operator) -> Result<Answer, Problem> {
    let query = deliveries_query(|name| call.parameter(name)).map_err(Problem::invalid)?;
    let DeliveriesQuery {
        state,
        limit,
        after,
    } = query;
    let message = ListDeliveries {
        state: state.map(str::to_owned),
        limit,
        after,
    };
    let page = view::queue(call, &message)
        .await?
        .map_err(view::unknown_cursor)?;
    let data = page
        .deliveries
        .into_iter()
        .map(|OwnedDelivery { key, summary }| ShownDelivery::of(&key, summary))
        .collect();
    Answer::json(
        200,
        &DeliveryPage {
            success: true,
            data,
            has_more: page.next.is_some(),
            next_cursor: page.next,
        },
    )
}

/// `POST /api/webhooks/deliveries/{id}/redeliver`: sends the same event at once, in any state.
pub(crate) async fn redeliver(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let event = view::queue(
        call,
        &FindDelivery {
            event_id: call.id.clone(),
        },
    )
    .await?;
    let event = event.ok_or_else(Problem::no_delivery)?;
    let (user, generation) = (event.key.user_id.clone(), event.key.generation_id.clone());
    let sent = send_again(call, event).await;
    let outcome = match &sent {
        Ok(RedeliveredEvent {
            delivery: Some(_), ..
        }) => "due at once",
        Ok(_) => "the event no longer exists",
        Err(_) => audit::NO_ANSWER,
    };
    let outcome = format!("{} of {generation}: {outcome}", call.id);
    audit::record(operator.name(), Action::Redelivered, Some(&user), &outcome);
    let sent = sent?;
    let delivery = sent
        .delivery
        .clone()
        .map(|summary| ShownDelivery::of(&sent.key, summary));
    note(call, vec![sent]).await;
    Answer::success("delivery", &delivery.ok_or_else(Problem::no_delivery)?)
}

/// `POST /api/webhooks/recover?since=`: sends again the events exhausted since then, the oldest
/// first.
pub(crate) async fn recover(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let since = since(|name| call.parameter(name)).map_err(Problem::invalid)?;
    let mut events = view::queue(
        call,
        &Exhausted {
            since,
            limit: MAX_RECOVERED + 1,
        },
    )
    .await?;
    let mut has_more = events.len() > MAX_RECOVERED as usize;
    events.truncate(MAX_RECOVERED as usize);
    // Logged first, because the caller may disconnect before the last event.
    let outcome = format!("{} given up since {}", events.len(), rfc3339(since));
    audit::record(operator.name(), Action::Recovered, None, &outcome);
    let told = events.into_iter().map(|event| send_again(call, event));
    let answers: Vec<_> = futures::stream::iter(told)
        .buffer_unordered(TOLD_AT_ONCE)
        .collect()
        .await;
    // Events of jobs that did not answer are still listed for the next request.
    has_more |= answers.iter().any(Result::is_err);
    let sent: Vec<RedeliveredEvent> = answers.into_iter().flatten().collect();
    let recovered = sent.iter().filter(|event| event.delivery.is_some()).count();
    let recovered = u32::try_from(recovered).unwrap_or(u32::MAX);
    note(call, sent).await;
    Answer::json(
        200,
        &Recovery {
            success: true,
            recovered,
            has_more,
        },
    )
}

/// `POST /api/webhooks/test`: sends one signed event to the receiver and returns its response. The
/// event is sent once and not stored.
pub(crate) async fn send_test(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let test = receiver_test::test(&call.config, clock::moment()).await;
    let outcome = test.status.map_or_else(
        || "no answer".to_owned(),
        |status| format!("answered {status}"),
    );
    audit::record(operator.name(), Action::TestedWebhook, None, &outcome);
    Answer::json(200, &test)
}

/// Sends a job the message to deliver an event again.
async fn send_again(call: &Call, event: OwnedDelivery) -> Result<RedeliveredEvent, Problem> {
    let OwnedDelivery { key, summary } = event;
    let event_id = summary.id;
    let message = Redeliver {
        event_id: event_id.clone(),
    };
    let reply = stub::job(&call.env, &key, &message)
        .await
        .map_err(|error| view::silent(&error))?;
    // A refusal means that the job or its event no longer exists.
    let delivery = reply
        .ok()
        .and_then(|events| events.into_iter().find(|delivery| delivery.id == event_id));
    Ok(RedeliveredEvent {
        key,
        event_id,
        delivery,
    })
}

/// Reports the redelivered events to the queue at once; otherwise the jobs report them a little
/// later. A failure is only logged.
async fn note(call: &Call, events: Vec<RedeliveredEvent>) {
    if events.is_empty() {
        return;
    }
    if let Err(error) = stub::queue(&call.env, &Redelivered { events }).await {
        view::silent(&error);
    }
}
