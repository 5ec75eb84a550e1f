//! The worker's health, its models and the caller.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::answer::Answer;
use crate::api::auth::Caller;
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::machine::Status;
use crate::models::Model;
use crate::objects::messages::Stats;
use crate::store::stats::Slots;
use serde::Serialize;
use std::collections::BTreeMap;

/// The health of a correctly configured worker.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct Health<'a> {
    /// Always `ok`: a misconfigured worker answers with a problem.
    status: &'a str,
    /// The version of Reelay.
    version: &'a str,
    /// The dispatch mode: `immediate`, `cron`, `alarm` or `queue`.
    mode: &'a str,
    queue: QueueHealth,
}

/// The queue's key figures.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct QueueHealth {
    /// How many generations wait for a slot.
    waiting: u64,
    slots: Slots,
    paused: bool,
}

/// `GET /health`: the settings are valid and the queue answers; 503 if the queue does not answer.
pub(crate) async fn health(call: &Call, (): ()) -> Result<Answer, Problem> {
    let stats = view::queue(call, &Stats).await?;
    let waiting = stats
        .by_status
        .get(Status::Queued.as_str())
        .copied()
        .unwrap_or(0);
    let queue = QueueHealth {
        waiting,
        slots: stats.slots,
        paused: stats.paused,
    };
    let mode = call.config.queue.mode.as_str();
    Answer::json(
        200,
        &Health {
            status: "ok",
            version: env!("CARGO_PKG_VERSION"),
            mode,
            queue,
        },
    )
}

/// The models that this worker offers.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Models))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Offered<'a> {
    /// In order of preference. A model that two providers have is listed twice.
    models: Vec<&'a Model>,
    /// The same by provider.
    grouped_models: BTreeMap<&'a str, Vec<&'a Model>>,
    /// The model used if an order names none.
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    default_model: Option<&'a str>,
    /// The configured providers, in order of preference.
    providers: &'a [&'static str],
    /// The highest `priority` that the token may order.
    max_priority: u8,
}

/// `GET /api/models`: the models of the configured providers.
#[expect(clippy::unused_async, reason = "as every handler")]
pub(crate) async fn models(call: &Call, caller: Caller) -> Result<Answer, Problem> {
    let providers = call.config.providers.names();
    let catalogue = call.config.catalogue(&providers, call.now);
    let models: Vec<&Model> = catalogue.models().collect();
    let of = |provider: &str| {
        models
            .iter()
            .filter(|model| model.provider == provider)
            .copied()
            .collect()
    };
    let grouped_models = providers
        .iter()
        .map(|provider| (*provider, of(provider)))
        .collect();
    let default_model = catalogue.default().map(|model| model.id);
    Answer::success(
        "data",
        &Offered {
            models,
            grouped_models,
            default_model,
            providers: &providers,
            max_priority: caller.max_priority(call.config.max_user_priority),
        },
    )
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Caller))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhoAmI<'a> {
    kind: CallerKind,
    /// Absent for keys, which name the user in each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    /// Whether the caller may use the operator routes.
    operator: bool,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = CallerKind))]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallerKind {
    User,
    Service,
    Operator,
}

/// `GET /api/whoami`: what a token may do, so that the dashboard offers only that.
#[expect(clippy::unused_async, reason = "as every handler")]
pub(crate) async fn whoami(_: &Call, caller: Caller) -> Result<Answer, Problem> {
    let (kind, user_id) = match &caller {
        Caller::User { id, .. } => (CallerKind::User, Some(id.as_str())),
        Caller::Service => (CallerKind::Service, None),
        Caller::Operator => (CallerKind::Operator, None),
    };
    Answer::success(
        "caller",
        &WhoAmI {
            kind,
            user_id,
            operator: caller.is_operator(),
        },
    )
}
