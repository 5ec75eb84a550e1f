//! The lines of the checklist. Pure. No line contains a secret.

use crate::api::command;
use crate::api::settings::{LimitOrigin, shown};
use crate::config::{Config, Environment};
use crate::machine::delivery::{DeliveryState, advice};
use crate::machine::queue::Overrides;
use crate::models::PROVIDERS;
use crate::store::stats::OwnedDelivery;
use crate::upstream::provider::KeyCheck;
use crate::webhooks::test_event::without_query;
use serde::Serialize;
use url::Url;

const WEBHOOK_URL: &str = "WEBHOOK_URL";
const BUCKET: &str = "R2";
pub(crate) const LAST_WEBHOOK: &str = "last webhook";
pub(crate) const LIMITS: &str = "limits";

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct SetupCheck {
    /// What was checked: a setting, `R2`, a provider, `limits` or `last webhook`.
    pub name: &'static str,
    pub state: CheckState,
    /// The result and what to do about it, in one or two sentences.
    pub detail: String,
    /// The shell command that fixes it; absent if no command does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// `unknown` says nothing for or against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    Ok,
    Failed,
    Unknown,
}

/// What became of a call to the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    Answers,
    /// The worker has no such binding.
    NotBound,
    /// The call failed, or took too long.
    Silent,
}

impl SetupCheck {
    fn new(name: &'static str, state: CheckState, detail: impl Into<String>) -> Self {
        Self {
            name,
            state,
            detail: detail.into(),
            command: None,
        }
    }
}

/// Whether each optional key is set.
pub fn keys(config: &Config) -> [SetupCheck; 2] {
    let key = |name, is_set: bool, who: &str| {
        if is_set {
            return SetupCheck::new(name, CheckState::Ok, "Set.");
        }
        let place = match config.environment {
            Environment::Development => " Set it in .dev.vars.",
            Environment::Production => "",
        };
        let detail = format!("Optional, and not set. {who}{place}");
        SetupCheck {
            command: command::that_sets(name, true, config.environment),
            ..SetupCheck::new(name, CheckState::Unknown, detail)
        }
    };
    [
        key(
            "API_KEY",
            config.api_key.is_some(),
            "The app's server needs it, unless it signs a JWT for each user.",
        ),
        key(
            "ADMIN_KEY",
            config.admin_key.is_some(),
            "Operators need it, unless they have a JWT with the role admin.",
        ),
    ]
}

/// Whether the app answers at the address of its webhook route, which `setting` names. `status` is
/// its answer to a GET. Several answers say nothing about a POST: a route that only takes POST may
/// be a 404, and a login that protects the whole app lets no webhook through.
pub fn app(
    receiver: &Url,
    setting: &'static str,
    status: Option<u16>,
    environment: Environment,
) -> SetupCheck {
    let url = without_query(receiver.clone());
    let place = match environment {
        Environment::Development => "in .dev.vars",
        Environment::Production => "in the wrangler configuration and deploy",
    };
    let Some(status) = status else {
        let detail = format!(
            "{url} did not answer within 5 seconds. Start the app, or correct {setting} {place}."
        );
        return SetupCheck::new(setting, CheckState::Failed, detail);
    };
    let (state, then) = match status {
        300..=399 => (
            CheckState::Failed,
            format!(
                "It redirects, and webhooks follow no redirect. Correct {setting} {place}{}.",
                if setting == WEBHOOK_URL {
                    ""
                } else {
                    ", or set WEBHOOK_URL to the final address"
                }
            ),
        ),
        401 | 403 => (
            CheckState::Unknown,
            "A login may be in the way of webhooks. Send a test webhook.".to_owned(),
        ),
        404 => (
            CheckState::Unknown,
            format!(
                "A route that only takes POST may answer so. Send a test webhook. If that fails too, correct {setting} {place}."
            ),
        ),
        500.. => (
            CheckState::Failed,
            advice(status).map_or_else(
                || "Its own log says why.".to_owned(),
                |advice| format!("That means: {advice}."),
            ),
        ),
        _ => (CheckState::Ok, String::new()),
    };
    let detail = format!("{url} answered {status} to a GET. {then}");
    SetupCheck::new(setting, state, detail.trim_end())
}

/// Whether the bucket of the videos answers.
pub fn bucket(storage: Storage) -> SetupCheck {
    let (state, detail) = match storage {
        Storage::Answers => (CheckState::Ok, "The bucket answers."),
        Storage::NotBound => (
            CheckState::Failed,
            "The wrangler configuration binds no bucket as VIDEOS. Add it under r2_buckets and deploy.",
        ),
        Storage::Silent => (
            CheckState::Failed,
            "The bucket bound as VIDEOS does not answer. Check that it exists, and that R2 is enabled in the account.",
        ),
    };
    SetupCheck::new(BUCKET, state, detail)
}

/// Whether a video service accepts its key.
pub fn key(provider: &'static str, tried: KeyCheck, environment: Environment) -> SetupCheck {
    match tried {
        KeyCheck::Accepted => SetupCheck::new(provider, CheckState::Ok, "Ready for orders."),
        KeyCheck::Unknown(why) => SetupCheck::new(provider, CheckState::Unknown, why),
        KeyCheck::Failed(why) => SetupCheck::new(provider, CheckState::Failed, why),
        KeyCheck::Refused(why) => {
            let known = PROVIDERS.iter().find(|known| known.name == provider);
            let setting = known.map_or("its key", |known| known.setting);
            let detail = match environment {
                Environment::Development => format!("{why} Replace {setting} in .dev.vars."),
                Environment::Production => why,
            };
            SetupCheck {
                command: command::that_sets(setting, false, environment),
                ..SetupCheck::new(provider, CheckState::Failed, detail)
            }
        }
    }
}

/// The limits in force, and which of them an operator changed.
pub fn limits(config: &Config, overrides: &Overrides) -> SetupCheck {
    let limits = shown(config, overrides);
    let told = limits.iter().map(|limit| {
        let value = match &limit.value {
            Some(value) => value.to_string(),
            None => "none".to_owned(),
        };
        let origin = match limit.origin {
            LimitOrigin::Setting => "",
            LimitOrigin::Runtime => " (changed at run time)",
        };
        format!("{} {value}{origin}", limit.name)
    });
    let detail = format!("In force: {}.", told.collect::<Vec<_>>().join(", "));
    SetupCheck::new(LIMITS, CheckState::Ok, detail)
}

/// Whether the app accepted the newest webhook, of all generations.
pub fn last_webhook(newest: Option<&OwnedDelivery>) -> SetupCheck {
    let Some(OwnedDelivery { key, summary }) = newest else {
        return SetupCheck::new(LAST_WEBHOOK, CheckState::Unknown, "None was sent yet.");
    };
    let event = format!("{} of {}", summary.kind.as_str(), key.generation_id);
    let answer = match summary.last_status {
        Some(status) => match advice(status) {
            Some(advice) => format!("The last answer was {status}: {advice}."),
            None => format!("The last answer was {status}."),
        },
        None => "There was no answer.".to_owned(),
    };
    let (state, detail) = match summary.state {
        DeliveryState::Delivered { .. } => (CheckState::Ok, format!("The app accepted {event}.")),
        DeliveryState::Pending { .. } if summary.attempts == 0 => {
            (CheckState::Unknown, format!("{event} is about to be sent."))
        }
        DeliveryState::Pending { .. } => (
            CheckState::Failed,
            format!("The app did not accept {event} yet. {answer}"),
        ),
        DeliveryState::Exhausted { .. } => (
            CheckState::Failed,
            format!("The app did not accept {event}. {answer} Send it again under Deliveries."),
        ),
    };
    SetupCheck::new(LAST_WEBHOOK, state, detail)
}

/// The queue, which knows the limits and the webhooks, did not answer.
pub fn silent_queue(name: &'static str) -> SetupCheck {
    let detail = "The queue did not answer. Check again; the worker's log says why.";
    SetupCheck::new(name, CheckState::Failed, detail)
}
