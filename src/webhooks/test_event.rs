//! A test of the app's receiver: the event that is sent, and the result for the operator.

use crate::machine::Status;
use crate::machine::delivery::advice;
use crate::time::rfc3339;
use crate::time::{Millis, Moment};
use serde::Serialize;
use std::collections::BTreeMap;
use url::Url;

/// The event's name. No generation sends it, so a receiver only needs to accept it.
pub const EVENT: &str = "webhook.test";
/// What a test says if no answer came.
pub(crate) const TIMED_OUT: &str = "The receiver did not answer within 15 seconds.";
pub(crate) const NO_CONNECTION: &str = "No answer: the connection failed. Check the host and port, that its DNS entry exists, that its TLS \
     certificate is valid, and that the receiver is running.";
/// Stands in for the generation's id and the user's id.
const NAME: &str = "webhook-test";

/// A test event. It has the fields that every event has, so an app that reads them accepts it too.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = TestEventBody))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestBody {
    /// Always `webhook.test`.
    event: &'static str,
    /// Always `webhook-test`; no such job exists.
    job_id: &'static str,
    /// The same.
    generation_id: &'static str,
    /// Always `webhook-test`.
    user_id: &'static str,
    /// Always `queued`.
    status: Status,
    progress: u8,
    attempt: u32,
    timestamp: String,
    sequence: u64,
    metadata: BTreeMap<String, String>,
}

/// The event's id and the bytes of its body.
pub fn compose(moment: Moment) -> (String, String) {
    let body = TestBody {
        event: EVENT,
        job_id: NAME,
        generation_id: NAME,
        user_id: NAME,
        status: Status::Queued,
        progress: 0,
        attempt: 1,
        timestamp: rfc3339(moment.now),
        sequence: 1,
        metadata: BTreeMap::new(),
    };
    (
        format!("msg_{:032x}", moment.random),
        serde_json::to_string(&body).unwrap_or_default(),
    )
}

/// The receiver's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestReply {
    Answered {
        status: u16,
        content_type: Option<String>,
        location: Option<String>,
    },
    TimedOut,
    /// No connection, no TLS, no such host, or a connection that was cut off.
    NoConnection,
}

/// The result of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    pub reply: TestReply,
    /// How long the answer took, in milliseconds.
    pub took: Millis,
}

/// The result of a test webhook.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WebhookTest {
    /// Whether the test was made.
    pub success: bool,
    /// Whether the receiver answered with a 2xx.
    pub delivered: bool,
    /// The receiver's HTTP status; absent if it gave no response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    pub duration_ms: Millis,
    /// Where the event was sent, without the query.
    pub url: String,
    /// The receiver's response and what to do about it, in one or two sentences.
    pub detail: String,
}

impl WebhookTest {
    /// The outcome of a test of `receiver`.
    pub fn of(receiver: &Url, outcome: &TestOutcome) -> Self {
        let status = match outcome.reply {
            TestReply::Answered { status, .. } => Some(status),
            TestReply::TimedOut | TestReply::NoConnection => None,
        };
        Self {
            success: true,
            delivered: status.is_some_and(|status| (200..300).contains(&status)),
            status,
            duration_ms: outcome.took,
            url: without_query(receiver.clone()),
            detail: detail(receiver, &outcome.reply),
        }
    }
}

fn detail(receiver: &Url, reply: &TestReply) -> String {
    let (status, content_type, location) = match reply {
        TestReply::TimedOut => return TIMED_OUT.to_owned(),
        TestReply::NoConnection => return NO_CONNECTION.to_owned(),
        TestReply::Answered {
            status,
            content_type,
            location,
        } => (*status, content_type.as_deref(), location.as_deref()),
    };
    let html =
        content_type.is_some_and(|content_type| content_type.to_ascii_lowercase().contains("html"));
    let mut sentences = vec![match advice(status) {
        Some(advice) => format!("The receiver answered {status}: {advice}."),
        None if (200..300).contains(&status) => {
            format!("The receiver accepted the event with {status}.")
        }
        None => format!("The receiver answered {status}; its own log says why."),
    }];
    let target = location.and_then(|location| receiver.join(location).ok());
    if let Some(target) = target.filter(|_| (300..400).contains(&status)) {
        sentences.push(format!("It redirects to {}.", without_query(target)));
    } else if html {
        sentences.push(
            "The answer is an HTML page, so this is probably not the webhook route.".to_owned(),
        );
    }
    sentences.join(" ")
}

/// An address without its query, which may contain a secret.
pub fn without_query(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
