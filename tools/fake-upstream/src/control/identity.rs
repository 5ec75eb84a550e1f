//! Who this server lets in, and where its pushes go.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::handler::{Shared, bad_request};
use crate::push::Push;

/// `GET /__control/service-account`: the account's file, its tokens to be had here.
pub(super) async fn service_account(State(world): Shared) -> Json<Value> {
    Json(world.account.file(&world.token_uri()))
}

/// `POST /__control/tokens/expire`: no token made so far holds any longer.
pub(super) async fn expire_tokens(State(world): Shared) -> Json<Value> {
    world.tokens.expire();
    Json(json!({ "ok": true }))
}

/// Where pushes go that no request names a place for.
#[derive(Deserialize)]
pub(super) struct NewPush {
    uri: String,
    #[serde(default)]
    secret: String,
}

/// `POST /__control/push`: sets that place; `""` ends those pushes.
pub(super) async fn set_push(State(world): Shared, Json(new): Json<NewPush>) -> Response {
    match world.pushes.set(&new.uri, &new.secret) {
        Ok(()) => Json(json!({ "uri": new.uri })).into_response(),
        Err(reason) => bad_request(reason),
    }
}

/// `GET /__control/pushes`: every attempt that has ended.
pub(super) async fn pushes(State(world): Shared) -> Json<Vec<Push>> {
    Json(world.pushes.sent())
}
