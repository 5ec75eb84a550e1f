//! One request on its way through the server: recorded when it arrives, and the actions that a
//! handler can take on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::clock;
use crate::connection::Cutter;
use crate::gates::Closed;
use crate::journal::{Entry, KeySeen, Outcome, Step, TokenSeen, Wire};
use crate::ledger::Operation;
use crate::world::World;

/// The largest body read.
const MAX_BODY_BYTES: usize = 32 << 20;
/// The longest part of a body that is recorded.
const MAX_RECORDED_BYTES: usize = 64 << 10;

/// A handler's access to its request.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) world: Arc<World>,
    pub(crate) seq: u64,
    /// The earliest time at which the answer may leave.
    due: Instant,
    cutter: Cutter,
}

impl Call {
    /// Returns once the answer may leave.
    pub(crate) async fn due(&self) {
        if clock::now() < self.due {
            tokio::time::sleep_until(self.due.into()).await;
        }
    }

    /// Records the prompt of the job that the request would start.
    pub(crate) fn asks_for(&self, prompt: &str) {
        self.world
            .journal
            .update(self.seq, |entry| entry.prompt = Some(prompt.to_owned()));
    }

    /// Records which job the request belongs to.
    pub(crate) fn belongs_to(&self, operation: &Operation) {
        self.world.journal.update(self.seq, |entry| {
            entry.prompt = Some(operation.prompt.clone());
            entry.operation = Some(operation.id.clone());
            entry.wire = Some(operation.wire());
        });
    }

    /// Records the mark that the request meets.
    pub(crate) fn meets(&self, label: &str) {
        self.world.journal.update(self.seq, |entry| {
            entry.fault = Some(label.to_owned());
        });
    }

    /// The request has taken effect visibly, though it may not be answered yet.
    pub(crate) fn visible(&self) {
        self.world
            .journal
            .update(self.seq, |entry| entry.visible = true);
    }

    /// Waits while the step's gate is closed.
    pub(crate) async fn pass(&self, step: Step, how: Closed) {
        let gates = &self.world.gates;
        if !gates.is_closed(step, how) {
            return;
        }
        let mut before = Outcome::Pending;
        self.world.journal.update(self.seq, |entry| {
            before = entry.outcome;
            entry.outcome = Outcome::Held;
            entry.visible = true;
        });
        gates.opened(step, how).await;
        self.world
            .journal
            .update(self.seq, |entry| entry.outcome = before);
    }

    /// Never answers; a reset of the world cuts the connection.
    pub(crate) async fn hang(&self) -> Response {
        let reset = self.world.until_reset();
        self.world.journal.update(self.seq, |entry| {
            entry.outcome = Outcome::Hung;
            entry.visible = true;
        });
        reset.await;
        self.cut()
    }

    /// Resets the connection. The response that the handler then returns is never sent.
    pub(crate) fn cut(&self) -> Response {
        self.cutter.cut();
        self.world.journal.update(self.seq, |entry| {
            entry.outcome = Outcome::Reset;
            entry.visible = true;
        });
        StatusCode::NO_CONTENT.into_response()
    }

    /// Records that the caller disconnected before it had the whole answer.
    pub(crate) fn abandoned(&self) {
        self.world
            .journal
            .update(self.seq, |entry| entry.outcome = Outcome::Abandoned);
    }

    fn answered(&self, status: StatusCode) {
        self.world.journal.update(self.seq, |entry| {
            if entry.outcome != Outcome::Reset {
                entry.outcome = Outcome::Answered;
                entry.status = Some(status.as_u16());
            }
            entry.visible = true;
        });
    }
}

/// Notices that a handler was dropped because its caller disconnected.
struct Watch {
    call: Call,
    answered: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.answered {
            self.call.world.journal.update(self.call.seq, |entry| {
                entry.outcome = Outcome::Abandoned;
                entry.visible = true;
            });
        }
    }
}

/// Middleware of the main listener.
pub(crate) async fn record(
    State(world): State<Arc<World>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
    next: Next,
) -> Response {
    let step = step_of(request.method().as_str(), request.uri().path());
    record_as(step, world, cutter, request, next).await
}

/// Middleware of the other host, where every request is recorded as a visit.
pub(crate) async fn record_visit(
    State(world): State<Arc<World>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
    next: Next,
) -> Response {
    record_as(Step::Other, world, cutter, request, next).await
}

async fn record_as(
    step: Step,
    world: Arc<World>,
    cutter: Cutter,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let wait = if step.is_of_google() {
        world.options.answer
    } else {
        Duration::ZERO
    };
    let due = clock::now() + wait;
    let api_key = key_seen(&world, &parts.headers);
    let authorization = token_seen(&world, &parts.headers);
    let wire = wire_of(parts.uri.path()).filter(|_| step != Step::Other);
    let seq = world.journal.add(|seq| Entry {
        seq,
        at_ms: clock::unix_ms(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: without_key(parts.uri.query().unwrap_or_default()),
        headers: without_secrets(&parts.headers, api_key, authorization),
        api_key,
        authorization,
        body: recorded_body(step, &bytes),
        body_bytes: bytes.len(),
        step,
        wire,
        operation: None,
        prompt: None,
        fault: None,
        status: None,
        outcome: Outcome::Pending,
        visible: false,
    });
    let call = Call {
        world,
        seq,
        due,
        cutter,
    };
    let mut watch = Watch {
        call: call.clone(),
        answered: false,
    };
    parts.extensions.insert(call.clone());
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    call.due().await;
    watch.answered = true;
    call.answered(response.status());
    response
}

/// The recorded part of a body: its beginning, without the assertion of a token request.
fn recorded_body(step: Step, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_RECORDED_BYTES)]);
    if step == Step::Token {
        without_value("assertion", &text)
    } else {
        text.into_owned()
    }
}

/// The step of a request, from its path alone.
fn step_of(method: &str, path: &str) -> Step {
    match path {
        "/api/webhooks/worker" if method == "POST" => return Step::Webhook,
        "/token" => return Step::Token,
        "/.well-known/jwks.json" => return Step::Keys,
        _ if path.starts_with("/storage/") || path.starts_with("/download/storage/") => {
            return if path.contains("/o/") {
                Step::Download
            } else {
                Step::Unknown
            };
        }
        _ if path.starts_with("/download/") => return Step::Bytes,
        _ => {}
    }
    let Some((_, resource)) = versioned(path) else {
        return Step::Unknown;
    };
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    match (kind, method) {
        ("models" | "projects", "POST") if rest.ends_with(":predictLongRunning") => Step::Submit,
        ("models", "GET") if rest.is_empty() => Step::Models,
        ("models", "GET") if rest.contains("/operations/") => Step::Poll,
        ("projects", "GET") if rest.ends_with("/models") => Step::Models,
        ("projects", "POST") if rest.ends_with(":fetchPredictOperation") => Step::Poll,
        ("interactions", "POST") if rest.is_empty() => Step::Submit,
        ("interactions", "POST") if rest.ends_with("/cancel") => Step::Cancel,
        ("interactions", "GET") => Step::Poll,
        ("interactions", "DELETE") => Step::Delete,
        ("files", _) if rest.ends_with(":download") => Step::Download,
        ("files", _) => Step::File,
        _ => Step::Unknown,
    }
}

/// The wire that a path belongs to; a file's is that of its job.
fn wire_of(path: &str) -> Option<Wire> {
    if path == "/token" || path.starts_with("/storage/") || path.starts_with("/download/storage/") {
        return Some(Wire::Vertex);
    }
    let (_, resource) = versioned(path)?;
    match resource.split('/').next()? {
        "models" => Some(Wire::Gemini),
        "projects" => Some(Wire::Vertex),
        "interactions" => Some(Wire::Omni),
        _ => None,
    }
}

/// Splits a path of one of the API's versions into the version and the resource.
fn versioned(path: &str) -> Option<(&str, &str)> {
    let parts = path.strip_prefix('/')?.split_once('/')?;
    ["v1", "v1beta", "v1beta1"]
        .contains(&parts.0)
        .then_some(parts)
}

/// Compares the caller's key with the expected one.
pub(crate) fn key_seen(world: &World, headers: &HeaderMap) -> KeySeen {
    match (headers.get("x-goog-api-key"), &world.options.api_key) {
        (None, _) => KeySeen::Absent,
        (Some(_), None) => KeySeen::Present,
        (Some(given), Some(expected)) if given.as_bytes() == expected.as_bytes() => KeySeen::Equal,
        (Some(_), Some(_)) => KeySeen::Different,
    }
}

/// Classifies the caller's access token.
pub(crate) fn token_seen(world: &World, headers: &HeaderMap) -> TokenSeen {
    world
        .tokens
        .seen(headers.get("authorization").map(HeaderValue::as_bytes))
}

/// The headers with every credential replaced by a word.
fn without_secrets(
    headers: &HeaderMap,
    key: KeySeen,
    token: TokenSeen,
) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for (name, value) in headers {
        let value = match name.as_str() {
            "x-goog-api-key" => match key {
                KeySeen::Equal => "<equal>".to_owned(),
                KeySeen::Different => "<different>".to_owned(),
                KeySeen::Present | KeySeen::Absent => "<present>".to_owned(),
            },
            "authorization" => match token {
                TokenSeen::Equal => "<equal>".to_owned(),
                TokenSeen::Expired => "<expired>".to_owned(),
                TokenSeen::Different | TokenSeen::Absent => "<different>".to_owned(),
            },
            "cookie" => "<present>".to_owned(),
            _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        kept.insert(name.as_str().to_owned(), value);
    }
    kept
}

/// The query with the values of credentials replaced by a word.
fn without_key(query: &str) -> String {
    without_value("access_token", &without_value("key", query))
}

/// The pairs of a query, with the value of one name replaced by a word.
fn without_value(name: &str, pairs: &str) -> String {
    let given = |pair: &str| pair.split_once('=').is_some_and(|(given, _)| given == name);
    pairs
        .split('&')
        .map(|pair| {
            if given(pair) {
                format!("{name}=<present>")
            } else {
                pair.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join("&")
}
