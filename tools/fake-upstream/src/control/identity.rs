//! Credentials of this server's callers, and the address of its pushes.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::handler::{Shared, bad_request};
use crate::push::Push;

/// `GET /__control/service-account`: the account's file, with this server's token endpoint.
pub(super) async fn service_account(State(world): Shared) -> Json<Value> {
    Json(world.account.file(&world.token_uri()))
}

/// `POST /__control/tokens/expire`: invalidates every token issued so far.
pub(super) async fn expire_tokens(State(world): Shared) -> Json<Value> {
    world.tokens.expire();
    Json(json!({ "ok": true }))
}

/// The address for pushes of requests that name none.
#[derive(Deserialize)]
pub(super) struct NewPush {
    uri: String,
    #[serde(default)]
    secret: String,
}

/// `POST /__control/push`: sets that address; `""` turns those pushes off.
pub(super) async fn set_push(State(world): Shared, Json(new): Json<NewPush>) -> Response {
    match world.pushes.set(&new.uri, &new.secret) {
        Ok(()) => Json(json!({ "uri": new.uri })).into_response(),
        Err(reason) => bad_request(reason),
    }
}

/// `GET /__control/pushes`: every finished attempt.
pub(super) async fn pushes(State(world): Shared) -> Json<Vec<Push>> {
    Json(world.pushes.sent())
}
