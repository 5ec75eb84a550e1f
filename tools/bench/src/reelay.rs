//! Orders to Reelay, and the settings under which it is measured.

use crate::upstream::{API_KEY, Upstream, WEBHOOK_SECRET};
use crate::worker::Worker;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// The service key of the app's own server, which sends the orders.
const SERVICE_KEY: &str = "the-benchmarks-own-service-key";

/// The upstream's price for a second of the default model, in US dollars.
pub(crate) const PRICE_PER_SECOND: f64 = 0.40;
/// The length of a video, in seconds.
pub(crate) const SECONDS: f64 = 8.0;

/// How many orders this run has sent.
static ORDERS: AtomicU64 = AtomicU64::new(0);

/// The worker's variables: as deployed, except `own` and the addresses of its neighbours.
pub(crate) fn variables<'a>(
    upstream: &'a Upstream,
    own: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut variables = vec![
        ("ENVIRONMENT", "production"),
        ("DISPATCH_MODE", "immediate"),
        ("JWT_SECRET", "the-benchmarks-own-jwt-secret-of-40-char"),
        ("API_KEY", SERVICE_KEY),
        ("WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("VEO3_API_KEY", API_KEY),
        ("VEO3_API_URL", &upstream.origin),
        ("NEXTJS_URL", &upstream.origin),
        ("MAX_SUBMITS_PER_MINUTE", "100000"),
        ("MAX_QUEUE_LENGTH", "1000000"),
    ];
    for (name, value) in own {
        variables.retain(|(known, _)| known != name);
        variables.push((name, value));
    }
    variables
}

/// Orders a video; returns the generation's id. If the worker closes the connection, the order is
/// repeated under the same key.
pub(crate) async fn order(worker: &Worker, user: &str, prompt: &str) -> String {
    let key = format!("bench-{}", ORDERS.fetch_add(1, Ordering::Relaxed));
    let send = || {
        let request = worker
            .http
            .post(format!("{}/api/generations", worker.origin))
            .bearer_auth(SERVICE_KEY);
        let request = request
            .header("X-User-Id", user)
            .header("Idempotency-Key", &key);
        request.json(&json!({ "prompt": prompt })).send()
    };
    let answer = match send().await {
        Ok(answer) => answer,
        Err(_) => send().await.expect("the worker answers"),
    };
    assert!(
        answer.status().is_success(),
        "an order is accepted: {}",
        answer.status()
    );
    let body: Value = answer.json().await.expect("the answer is JSON");
    body["generationId"]
        .as_str()
        .expect("an order has an id")
        .to_owned()
}

/// What a user's server reads at a path.
async fn get(worker: &Worker, user: &str, path: &str) -> Value {
    let request = worker
        .http
        .get(format!("{}{path}", worker.origin))
        .bearer_auth(SERVICE_KEY)
        .header("X-User-Id", user);
    let answer = request.send().await.expect("the worker answers");
    answer.json().await.expect("the answer is JSON")
}

/// Whether a user has any generation.
pub(crate) async fn has_any(worker: &Worker, user: &str) -> bool {
    let body = get(worker, user, "/api/generations?limit=1").await;
    !body["data"].as_array().expect("a page").is_empty()
}

/// The time of each step of a generation, in milliseconds since the Unix epoch, oldest first.
pub(crate) async fn timeline(worker: &Worker, user: &str, id: &str) -> Vec<(String, f64)> {
    let body = get(worker, user, &format!("/api/generations/{id}/timeline")).await;
    let entries = body["timeline"].as_array().expect("a timeline").iter();
    let read = |entry: &Value| {
        let at = chrono::DateTime::parse_from_rfc3339(entry["at"].as_str()?).ok()?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds since 1970 are exact"
        )]
        let at = at.timestamp_millis() as f64;
        Some((entry["step"].as_str()?.to_owned(), at))
    };
    entries.filter_map(read).collect()
}
