//! `POST /api/webhooks/worker`.

use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use serde_json::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::{Interval, interval};

use crate::call::Call;
use crate::clock;
use crate::gates::Closed;
use crate::inbox::{Delivery, Mode};
use crate::journal::Step;
use crate::lock::locked;
use crate::world::World;

/// Verifies a webhook, stores it, and answers according to the mode.
pub(crate) async fn receive(
    Extension(call): Extension<Call>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let world = &call.world;
    let mode = locked(&world.inbox).mode.clone();
    if mode == Mode::Reset {
        return call.cut();
    }
    let checked = verify(world, &headers, &body);
    let valid = checked.is_ok();
    let attempt = locked(&world.inbox).keep(delivery(&call, &headers, &body, checked));
    call.visible();
    call.pass(Step::Webhook, Closed::Before).await;
    if let Mode::Slow(ms) = mode {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let response = match mode {
        Mode::Hang => return call.hang().await,
        Mode::Reset | Mode::CommitThenReset => return call.cut(),
        Mode::Status(status, after) => failure(status, after),
        Mode::Redirect => {
            let elsewhere = format!("{}/api/webhooks/worker", world.other_origin);
            let location = [(header::LOCATION, elsewhere)];
            (StatusCode::TEMPORARY_REDIRECT, location).into_response()
        }
        Mode::Endless => Body::new(Endless(interval(Duration::from_millis(10)))).into_response(),
        Mode::FailFirst(count) if attempt <= count => failure(500, None),
        Mode::FailFirst(_) | Mode::Slow(_) | Mode::Ok if valid => {
            axum::Json(json!({ "received": true })).into_response()
        }
        Mode::FailFirst(_) | Mode::Slow(_) | Mode::Ok => failure(401, None),
    };
    locked(&world.inbox).answered(call.seq, response.status().as_u16());
    response
}

/// Whether any of the secrets signed it; otherwise why the last one does not match.
fn verify(world: &World, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    let mut reason = "no secret".to_owned();
    for verifier in &world.verifiers {
        match verifier.verify(body, headers) {
            Ok(()) => return Ok(()),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(reason)
}

fn delivery(
    call: &Call,
    headers: &HeaderMap,
    body: &[u8],
    checked: Result<(), String>,
) -> Delivery {
    let fields: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| fields[name].as_str().map(str::to_owned);
    let headers = headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect::<std::collections::BTreeMap<_, _>>();
    Delivery {
        seq: call.seq,
        received_at: clock::unix_ms(),
        id: headers.get("webhook-id").cloned().unwrap_or_default(),
        headers,
        body: String::from_utf8_lossy(body).into_owned(),
        valid: checked.is_ok(),
        reason: checked.err(),
        attempt: 0,
        event: field("event"),
        generation_id: field("generationId"),
        answered: None,
    }
}

fn failure(status: u16, retry_after: Option<String>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(json!({ "received": false }))).into_response();
    if let Some(after) = retry_after.and_then(|after| after.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, after);
    }
    response
}

/// A body that never ends.
struct Endless(Interval);

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_tick(context)
            .map(|_| Some(Ok(Frame::data(Bytes::from_static(&[b' '; 4096])))))
    }
}
