//! One webhook attempt to the app, after the Standard Webhooks specification 1.0.

use super::http::Call;
use crate::machine::delivery::Receipt;
use crate::machine::{Millis, SECOND};
use crate::wire::{event, retry_after};
use url::Url;
use worker::Method;

/// How long the receiver may take.
const TIMEOUT: Millis = 15 * SECOND;
/// Where the app listens, below its own address.
const PATH: &str = "api/webhooks/worker";

/// Sends one attempt. Only a 2xx is a delivery; a redirect is a failure and is never followed; the body of
/// the answer is never read.
pub async fn send(app: &Url, secrets: &[Vec<u8>], event_id: &str, body: &str, now: Millis) -> Receipt {
    let timestamp = now / SECOND;
    let signature = event::signature(secrets, event_id, timestamp, body);
    let timestamp = timestamp.to_string();
    let url = format!("{}/{PATH}", app.as_str().trim_end_matches('/'));
    let call = Call {
        method: Method::Post,
        url: &url,
        headers: &[
            ("content-type", "application/json"),
            ("user-agent", "Reelay"),
            ("webhook-id", event_id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signature),
        ],
        body: Some(body.to_owned()),
        headers_within: TIMEOUT,
        all_within: TIMEOUT,
    };
    let Ok(answer) = call.send().await else { return Receipt::Failed { status: None, retry_after: None } };
    let status = answer.status();
    let asked = answer.header("retry-after").and_then(|value| retry_after::parse(&value, now));
    answer.discard();
    match status {
        200..=299 => Receipt::Accepted { status },
        410 => Receipt::Gone,
        _ => Receipt::Failed { status: Some(status), retry_after: asked },
    }
}
