//! One webhook attempt to the app, following the Standard Webhooks specification 1.0.

use crate::clients::http::{HttpAnswer, HttpCall, Lost};
use crate::clients::retry_after;
use crate::clock;
use crate::machine::delivery::Receipt;
use crate::time::{Millis, SECOND};
use crate::webhooks::event;
use crate::webhooks::test_event::{TestOutcome, TestReply};
use url::Url;
use worker::Method;

/// The time limit for the receiver's answer.
const TIMEOUT: Millis = 15 * SECOND;

/// Sends one attempt. Only a 2xx is a delivery. A redirect is a failure and is never followed. The
/// body of the answer is never read.
pub async fn send(
    receiver: &Url,
    secrets: &[Vec<u8>],
    event_id: &str,
    body: &str,
    now: Millis,
) -> Receipt {
    let Ok(answer) = post(receiver, secrets, event_id, body, now).await else {
        return Receipt::Failed {
            status: None,
            retry_after: None,
        };
    };
    let status = answer.status();
    let asked = answer
        .header("retry-after")
        .and_then(|value| retry_after::parse(&value, now));
    answer.discard();
    match status {
        200..=299 => Receipt::Accepted { status },
        410 => Receipt::Gone,
        _ => Receipt::Failed {
            status: Some(status),
            retry_after: asked,
        },
    }
}

/// Sends a test event once, in the same way, and returns the answer's details for the operator.
pub async fn test(
    receiver: &Url,
    secrets: &[Vec<u8>],
    event_id: &str,
    body: &str,
    now: Millis,
) -> TestOutcome {
    let sent = post(receiver, secrets, event_id, body, now).await;
    let took = clock::now().saturating_sub(now);
    let reply = match sent {
        Ok(answer) => {
            let (status, content_type) = (answer.status(), answer.header("content-type"));
            let location = answer.header("location");
            answer.discard();
            TestReply::Answered {
                status,
                content_type,
                location,
            }
        }
        // The platform does not say why a call failed.
        Err(Lost) if took >= TIMEOUT => TestReply::TimedOut,
        Err(Lost) => TestReply::NoConnection,
    };
    TestOutcome { reply, took }
}

async fn post(
    receiver: &Url,
    secrets: &[Vec<u8>],
    event_id: &str,
    body: &str,
    now: Millis,
) -> Result<HttpAnswer, Lost> {
    let timestamp = now / SECOND;
    let signature = event::signature(secrets, event_id, timestamp, body);
    let timestamp = timestamp.to_string();
    let call = HttpCall {
        method: Method::Post,
        url: receiver.as_str(),
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
    call.send().await
}
