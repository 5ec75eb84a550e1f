//! The limits that operators change at run time.

pub mod changes;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::body;
use crate::api::call::Call;
use crate::api::field_error::FieldError;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::api::settings::changes::changes;
use crate::config::Config;
use crate::config::policies::{no_budget_per_user, setting_of};
use crate::machine::queue::{ChangeLimits, Limit, LimitConflict, Overrides};
use crate::money::dollars;
use crate::objects::messages::GetOverrides;
use crate::time::rfc3339;
use serde::Serialize;
use serde_json::Number;

/// A limit that can be changed at run time. Amounts are US dollars.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShownLimit {
    /// The name in a `PATCH`.
    pub name: &'static str,
    /// The setting that it replaces.
    pub setting: &'static str,
    /// The value in force; null if there is no limit.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schema(required = true, value_type = Option<f64>)
    )]
    pub value: Option<Number>,
    pub origin: LimitOrigin,
    /// The value of the setting; null if it is not set.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schema(required = true, value_type = Option<f64>)
    )]
    pub setting_value: Option<Number>,
    /// The operator who changed it; absent unless `origin` is `runtime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    /// When it was changed; absent unless `origin` is `runtime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
}

/// Where a value comes from: the worker's settings, or a change at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LimitOrigin {
    Setting,
    Runtime,
}

/// `GET /api/queue/settings`.
pub(crate) async fn show(call: &Call, _: Operator) -> Result<Answer, Problem> {
    let overrides = view::queue(call, &GetOverrides).await?;
    Answer::success("settings", &shown(&call.config, &overrides))
}

/// `PATCH /api/queue/settings`: changes all named limits, or none.
pub(crate) async fn change(call: &mut Call, operator: Operator) -> Result<Answer, Problem> {
    let body = body::small_object(&mut call.request).await?;
    let changes = changes(&body).map_err(Problem::invalid)?;
    let told: Vec<String> = changes.iter().map(told).collect();
    let message = ChangeLimits {
        changes,
        operator: operator.name().to_owned(),
    };
    let answered = view::queue(call, &message).await;
    let outcome = match &answered {
        Ok(Ok(_)) => told.join(", "),
        Ok(Err(_)) => format!("refused: {}", told.join(", ")),
        Err(_) => format!("{}: {}", told.join(", "), audit::NO_ANSWER),
    };
    audit::record(operator.name(), Action::ChangedLimits, None, &outcome);
    let overrides =
        answered?.map_err(|conflict| Problem::invalid(vec![refusal(conflict, &message)]))?;
    Answer::success("settings", &shown(&call.config, &overrides))
}

fn told((limit, value): &(Limit, Option<u64>)) -> String {
    let name = limit.as_str();
    match value {
        Some(value) if limit.is_money() => format!("{name} = {}", dollars(*value)),
        Some(value) => format!("{name} = {value}"),
        None => format!("{name} reset"),
    }
}

/// The limits in force.
pub fn shown(config: &Config, overrides: &Overrides) -> Vec<ShownLimit> {
    let policy = config.queue.with(overrides);
    let in_force = |limit| match limit {
        Limit::MaxConcurrentJobs => Some(policy.slots),
        Limit::MaxConcurrentJobsPerUser => Some(policy.user_slots_in_force()),
        Limit::MaxSubmitsPerMinute => overrides.value(limit).or(config.own_limit(limit)),
        Limit::MaxCostPerDay => policy.max_cost_per_day,
        Limit::MaxCostPerUserPerDay => policy.max_cost_per_user_per_day,
    };
    let show = |limit: Limit| {
        let over = overrides.get(limit);
        ShownLimit {
            name: limit.as_str(),
            setting: setting_of(limit),
            value: in_force(limit).and_then(|value| amount(limit, value)),
            origin: over.map_or(LimitOrigin::Setting, |_| LimitOrigin::Runtime),
            setting_value: config
                .own_limit(limit)
                .and_then(|value| amount(limit, value)),
            changed_by: over.map(|over| over.changed_by.clone()),
            changed_at: over.map(|over| rfc3339(over.changed_at)),
        }
    };
    Limit::ALL.map(show).to_vec()
}

/// A value as a number of the API.
fn amount(limit: Limit, value: u64) -> Option<Number> {
    if limit.is_money() {
        Number::from_f64(dollars(value))
    } else {
        Some(value.into())
    }
}

/// The error of limits that do not fit together, at a field that was sent.
fn refusal(conflict: LimitConflict, message: &ChangeLimits) -> FieldError {
    let sends = |limit: Limit| message.changes.iter().any(|(sent, _)| *sent == limit);
    let (name, detail) = match conflict {
        LimitConflict::PerUserAboveTotal { total, .. }
            if sends(Limit::MaxConcurrentJobsPerUser) =>
        {
            let detail = format!("must be at most maxConcurrentJobs, which is {total}");
            (Limit::MaxConcurrentJobsPerUser, detail)
        }
        LimitConflict::PerUserAboveTotal { per_user, .. } => {
            let detail = format!(
                "must be at least maxConcurrentJobsPerUser, which is {per_user}; change that too"
            );
            (Limit::MaxConcurrentJobs, detail)
        }
        LimitConflict::NoBudgetPerUser => {
            let detail = format!("must be {}", no_budget_per_user().wanted);
            (Limit::MaxCostPerUserPerDay, detail)
        }
    };
    FieldError::field(format!("/{}", name.as_str()), detail)
}
