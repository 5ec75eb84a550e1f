//! The API: finds the route, checks the caller, runs the handler and answers. Every error becomes a
//! problem; no internal error reaches the caller.

pub mod access;
pub mod alerts;
pub mod answer;
pub mod audit;
pub mod auth;
pub mod body;
pub mod bulk;
pub mod call;
pub mod command;
pub mod cors;
pub mod deliveries;
pub mod field_error;
pub mod generations;
pub mod json_text;
pub mod limit;
pub mod metrics;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
pub mod operators;
pub mod order;
pub mod problem;
pub mod query;
pub mod queue;
pub mod request_id;
pub mod routes;
pub mod service;
pub mod settings;
pub mod setup;
pub mod strict;
pub mod unanswered;
pub mod upstream_webhook;
pub mod videos;

pub use crate::api::body::{MAX_BODY, is_json};
pub use crate::api::cors::{allowed_headers, allowed_origin, is_preflight};
pub use crate::api::generations::events::last_event_id;
pub use crate::api::query::{
    DEFAULT_LIMIT, DeliveriesQuery, JobsQuery, ListQuery, MAX_CURSOR, MAX_EXPIRES_IN, MAX_LIMIT,
    MAX_SEARCH, deliveries_query, expires_in, jobs_query, list_query, metrics_window, since,
};
pub use crate::api::request_id::request_id;
pub use crate::config::VIDEO_URL_TTL;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::routes::Routed;
use crate::clock;
use crate::config::{self, Config};
use crate::log;
use crate::time::Millis;
use crate::upstream::webhook;
use std::rc::Rc;
use tracing::Instrument;
use worker::{Context, Env, Request, Response};

/// Answers one request. Every error becomes an answer too.
pub async fn handle(request: Request, env: Env, context: Context) -> Response {
    let moment = clock::moment();
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let request_id = request_id(header("X-Request-Id").as_deref(), moment.random);
    let origin = header("Origin");
    let method = request.inner().method();
    let span = log::request(&request_id, &method);
    let answered = async {
        let (answer, origins) = match Config::from_env(&env) {
            Ok(config) => {
                let origins = config.cors_origins.clone();
                (respond(request, env, context, config).await, origins)
            }
            Err(errors) => {
                tracing::error!(reason = %errors, "[API] Misconfigured");
                let problem = Problem::misconfigured(&errors, config::environment(&env));
                (Answer::problem(problem), Vec::new())
            }
        };
        tell(&answer, clock::now().saturating_sub(moment.now));
        cors::decorate(answer, origin.as_deref(), &origins)
    };
    answered
        .instrument(span)
        .await
        .into_response(&request_id, method == "HEAD")
}

/// Logs one line per request: 5xx as an error, 401 and 429 as a warning.
fn tell(answer: &Answer, took: Millis) {
    let (status, code) = (answer.status(), answer.code());
    match status {
        500.. => tracing::error!(status, code, durationMs = took, "[API] Answered"),
        401 | 429 => tracing::warn!(status, code, durationMs = took, "[API] Answered"),
        _ => tracing::info!(status, code, durationMs = took, "[API] Answered"),
    }
}

async fn respond(request: Request, env: Env, context: Context, config: Rc<Config>) -> Answer {
    let Ok(url) = request.url() else {
        return Answer::problem(Problem::no_route());
    };
    let method = request.inner().method();
    let preflight = is_preflight(&method, |name| request.headers().has(name).unwrap_or(false));
    let (route, id) = match routes::route(&method, url.path()) {
        // Without `UPSTREAM_WEBHOOK_SECRET`, the route for the upstream's webhooks does not exist.
        _ if url.path() == webhook::PATH && config.upstream_webhooks.is_none() => {
            return Answer::problem(Problem::no_route());
        }
        Routed::Found(route, id) => (route, id.to_owned()),
        Routed::NotFound => return Answer::problem(Problem::no_route()),
        Routed::Options { allow } if preflight => {
            let header = |name: &str| request.headers().get(name).ok().flatten();
            let (origin, requested) = (header("Origin"), header("Access-Control-Request-Headers"));
            return cors::preflight(
                &allow,
                origin.as_deref(),
                requested.as_deref(),
                &config.cors_origins,
            );
        }
        Routed::Options { allow } => return Answer::empty(204).with("Allow", allow),
        Routed::MethodNotAllowed { allow } => {
            return Answer::problem(Problem::method_not_allowed(allow));
        }
    };
    log::route(route.pattern);
    let mut call = Call::new(request, url, id, env, context, config);
    let answer = route
        .access
        .answer(&mut call)
        .await
        .unwrap_or_else(Answer::problem);
    audit::acted(&call, answer.status());
    answer
}
