//! Orders to the peer that does the same job as a Cloudflare Workflow.

use crate::upstream::{API_KEY, Upstream, WEBHOOK_SECRET};
use crate::worker::{Kind, Worker};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const KIND: Kind = Kind::Peer("workflow");
const ORDER_KEY: &str = "the-benchmarks-own-order-key";

/// How many orders this run has sent.
static ORDERS: AtomicU64 = AtomicU64::new(0);

/// The peer's variables.
pub(crate) fn variables<'a>(
    upstream: &'a Upstream,
    poll_interval: &'a str,
) -> Vec<(&'a str, &'a str)> {
    vec![
        ("UPSTREAM", &upstream.origin),
        ("APP", &upstream.origin),
        ("API_KEY", API_KEY),
        ("ORDER_KEY", ORDER_KEY),
        ("WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("MODEL", "veo-3.1-generate-001"),
        ("POLL_INTERVAL_MS", poll_interval),
    ]
}

/// Orders a video. If the worker closes the connection, the order is repeated under the same id.
pub(crate) async fn order(worker: &Worker, prompt: &str) {
    let id = format!("order-{}", ORDERS.fetch_add(1, Ordering::Relaxed));
    let send = || {
        let request = worker.http.post(&worker.origin).bearer_auth(ORDER_KEY);
        request.json(&json!({ "id": id, "prompt": prompt })).send()
    };
    let answer = match send().await {
        Ok(answer) => answer,
        Err(_) => send().await.expect("the peer answers"),
    };
    assert!(
        answer.status().is_success(),
        "an order is accepted: {}",
        answer.status()
    );
    answer.bytes().await.expect("the peer's answer");
}
