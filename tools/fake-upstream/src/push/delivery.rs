//! Sends pushes, and publishes the key that signs some of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::Push;
use super::event::{self, Event};
use super::signing::StaticSecret;
use crate::clock;
use crate::ledger::Operation;
use crate::lock::locked;
use crate::marks::PushFault;
use crate::world::World;

/// How often a push is attempted that no receiver accepts.
const MAX_ATTEMPTS: u32 = 4;
/// The wait after the first attempt; it doubles after each.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The age of an `old` push's signature.
const OLD_MS: u64 = 600_000;

/// The route of the keys, recorded like the rest of the main listener.
pub(crate) fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/.well-known/jwks.json", get(keys))
        .with_state(world)
}

/// `GET /.well-known/jwks.json`: the key of pushes whose address a request named.
async fn keys(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.pushes.signer.keys())
}

/// The address of a push, and its signer.
#[derive(Clone)]
enum Target {
    Named(String),
    Fixed(StaticSecret),
}

/// Schedules the pushes of a job that was just accepted, whether or not it is polled.
pub(crate) fn schedule(world: &Arc<World>, operation: &Operation) {
    let own = &operation.marks.push;
    let faults = if own.is_empty() {
        locked(&world.faults).defaults().push.clone()
    } else {
        own.clone()
    };
    let event = Event::of(operation);
    let targets = targets(world, operation);
    if targets.is_empty() || faults.contains(&PushFault::Off) {
        return;
    }
    let early = faults.contains(&PushFault::Early);
    let Some(event) = event else { return };
    let wait = if early {
        Duration::ZERO
    } else {
        operation.render
    };
    let (world, id) = (world.clone(), operation.id.clone());
    tokio::spawn(async move {
        let reset = world.until_reset();
        let push = async {
            tokio::time::sleep(wait).await;
            let wanted = locked(&world.ledger)
                .find(&id)
                .is_some_and(|operation| !operation.cancelled);
            if wanted {
                for target in targets {
                    deliver(&world, &event, &target, &faults).await;
                }
            }
        };
        tokio::select! {
            () = push => {}
            () = reset => {}
        }
    });
}

/// The addresses in the request; if it has none, the fixed one.
fn targets(world: &World, operation: &Operation) -> Vec<Target> {
    let named = event::uris(&operation.request);
    if named.is_empty() {
        locked(&world.pushes.fixed)
            .clone()
            .map(Target::Fixed)
            .into_iter()
            .collect()
    } else {
        named.into_iter().map(Target::Named).collect()
    }
}

/// Attempts until the push is accepted; a push that is sent twice is sent again after that.
async fn deliver(world: &World, event: &Event, target: &Target, faults: &[PushFault]) {
    let number = world.pushes.made.fetch_add(1, Ordering::Relaxed);
    let id = format!("msg_{number}_{}", event.operation);
    let mut wanted = if faults.contains(&PushFault::Twice) {
        2
    } else {
        1
    };
    let mut wait = FIRST_WAIT;
    for attempt in 1..=MAX_ATTEMPTS {
        let push = send(world, event, target, faults, (&id, attempt)).await;
        let taken = push
            .status
            .is_some_and(|status| (200..300).contains(&status));
        locked(&world.pushes.sent).push(push);
        if taken {
            wanted -= 1;
            if wanted == 0 {
                return;
            }
        } else {
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }
}

/// One attempt.
async fn send(
    world: &World,
    event: &Event,
    target: &Target,
    faults: &[PushFault],
    (id, attempt): (&str, u32),
) -> Push {
    let now_ms = clock::unix_ms();
    let signed_ms = if faults.contains(&PushFault::Old) {
        now_ms.saturating_sub(OLD_MS)
    } else {
        now_ms
    };
    let timestamp = signed_ms / 1000;
    let forged = faults.contains(&PushFault::Forged);
    // A forger does not know the key, so the signature is of another text.
    let said = if forged {
        format!("{}{id}", event.body)
    } else {
        event.body.clone()
    };
    let (uri, signed, signature) = match target {
        Target::Named(uri) => (uri, "v1a", world.pushes.signer.sign(id, timestamp, &said)),
        Target::Fixed(secret) => (&secret.uri, "v1", secret.sign(id, timestamp, &said)),
    };
    let request = world
        .pushes
        .client
        .post(uri)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .body(event.body.clone());
    let answer = request.send().await;
    Push {
        at_ms: now_ms,
        uri: uri.clone(),
        id: id.to_owned(),
        attempt,
        r#type: event.kind.to_owned(),
        operation: event.operation.clone(),
        prompt: event.prompt.clone(),
        signed,
        body: event.body.clone(),
        status: answer.as_ref().ok().map(|answer| answer.status().as_u16()),
        error: answer.err().map(|error| error.to_string()),
    }
}
