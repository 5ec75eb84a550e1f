//! Orders to Reelay, and the settings under which it is measured.

use crate::load::load;
use crate::upstream::{API_KEY, Upstream, WEBHOOK_SECRET};
use crate::worker::Worker;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The service key of the app's own server, which sends the orders.
const SERVICE_KEY: &str = "the-benchmarks-own-service-key";

/// How many orders of [`orders`] are sent at a time.
const AT_ONCE: usize = 16;
/// The interval at which the upstream's renders are counted.
const LOOK: Duration = Duration::from_millis(20);

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

/// A worker's address, and the client that calls it: enough to read from another task.
#[derive(Clone)]
pub(crate) struct Reader {
    http: Client,
    origin: String,
}

/// A generation and its user.
#[derive(Clone)]
pub(crate) struct Ordered {
    pub(crate) user: String,
    pub(crate) id: String,
}

/// Orders a video; returns the generation's id.
pub(crate) async fn order(worker: &Worker, user: &str, prompt: &str) -> String {
    try_order(worker, user, prompt)
        .await
        .expect("an order is accepted")
}

/// Orders a video; returns the generation's id, or why there is none. If the worker closes the
/// connection, the order is repeated under the same key.
pub(crate) async fn try_order(worker: &Worker, user: &str, prompt: &str) -> Result<String, String> {
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
        Err(_) => send().await.map_err(|error| error.to_string())?,
    };
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("HTTP {}", status.as_u16()));
    }
    let body: Value = answer.json().await.map_err(|error| error.to_string())?;
    let id = body["generationId"].as_str();
    id.map(str::to_owned).ok_or_else(|| "no id".to_owned())
}

/// Sends `count` orders, 16 at a time, spread over `users` users; returns what was ordered.
pub(crate) async fn orders(
    worker: &Worker,
    count: usize,
    users: usize,
    prompt: impl Fn(usize) -> String,
) -> Vec<Ordered> {
    let ordered = Mutex::new(Vec::with_capacity(count));
    let send = |index| {
        let (user, prompt) = (format!("user-{}", index % users), prompt(index));
        let ordered = &ordered;
        async move {
            let id = order(worker, &user, &prompt).await;
            ordered
                .lock()
                .expect("no order panics")
                .push(Ordered { user, id });
        }
    };
    load(count, AT_ONCE, send).await;
    ordered.into_inner().expect("no order panics")
}

/// Takes `count` slots with renders that last for a day; returns these jobs.
pub(crate) async fn hold(worker: &Worker, upstream: &Upstream, count: usize) -> Vec<Ordered> {
    let before = upstream.counts().await.operations;
    let held = orders(worker, count, count, |index| {
        format!("A boat that holds slot {index}. [[render:86400000]]")
    })
    .await;
    while upstream.counts().await.operations < before + count as u64 {
        tokio::time::sleep(LOOK).await;
    }
    held
}

/// Cancels a generation.
pub(crate) async fn cancel(worker: &Worker, job: &Ordered) {
    let path = format!("{}/api/generations/{}/cancel", worker.origin, job.id);
    let request = worker.http.post(path).bearer_auth(SERVICE_KEY);
    let answer = request.header("X-User-Id", &job.user).send().await;
    answer
        .and_then(Response::error_for_status)
        .expect("a generation can be cancelled");
}

/// How many generations the queue knows, with any status.
pub(crate) async fn known(worker: &Worker) -> u64 {
    let body = get(worker, "user", "/api/queue/stats").await;
    let by_status = body["stats"]["byStatus"].as_object().expect("the figures");
    by_status.values().filter_map(Value::as_u64).sum()
}

impl Reader {
    pub(crate) fn of(worker: &Worker) -> Self {
        Self {
            http: worker.http.clone(),
            origin: worker.origin.clone(),
        }
    }

    /// The status of a generation; `None` if it was not answered.
    pub(crate) async fn status(&self, job: &Ordered) -> Option<String> {
        let path = format!("{}/api/generations/{}", self.origin, job.id);
        let request = self.http.get(path).bearer_auth(SERVICE_KEY);
        let answer = request.header("X-User-Id", &job.user).send().await.ok()?;
        let body: Value = answer.error_for_status().ok()?.json().await.ok()?;
        Some(body["generation"]["status"].as_str()?.to_owned())
    }
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
