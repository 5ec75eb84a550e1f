//! The lines of the checklist. Pure. No line contains a secret.

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

const APP: &str = "NEXTJS_URL";
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

/// Whether each secret is set. The first two always are, or no request would be answered.
pub fn secrets(config: &Config) -> [SetupCheck; 4] {
    let secret = |name, is_set: bool, who: &str| {
        if is_set {
            return SetupCheck::new(name, CheckState::Ok, "Set.");
        }
        let (place, command) = match config.environment {
            Environment::Development => (" Set it in .dev.vars.", None),
            Environment::Production => ("", Some("npx reelay-secrets".to_owned())),
        };
        let detail = format!("Not set. {who}{place}");
        SetupCheck {
            command,
            ..SetupCheck::new(name, CheckState::Failed, detail)
        }
    };
    [
        secret("JWT_SECRET", !config.jwt_secret.is_empty(), ""),
        secret("WEBHOOK_SECRET", !config.webhook_secrets.is_empty(), ""),
        secret(
            "API_KEY",
            config.api_key.is_some(),
            "The app's server needs it, unless it signs a JWT for each user.",
        ),
        secret(
            "ADMIN_KEY",
            config.admin_key.is_some(),
            "Operators need it, unless they have a JWT with the role admin.",
        ),
    ]
}

/// Whether the app answers at the address of its webhook route. `status` is its answer to a GET,
/// for which the route need not exist.
pub fn app(receiver: &Url, status: Option<u16>, environment: Environment) -> SetupCheck {
    let url = without_query(receiver.clone());
    let place = match environment {
        Environment::Development => "NEXTJS_URL in .dev.vars",
        Environment::Production => "NEXTJS_URL in the wrangler configuration and deploy",
    };
    let (state, detail) = match status {
        None => (
            CheckState::Failed,
            format!("{url} did not answer within 5 seconds. Start the app, or correct {place}."),
        ),
        Some(404) => (
            CheckState::Failed,
            format!(
                "{url} answered 404: the app has no webhook route there. Add it, or correct {place}."
            ),
        ),
        Some(status) => {
            let helps = matches!(status, 300..=399 | 500..);
            let advice = advice(status).filter(|_| helps);
            let advice = advice.map_or_else(String::new, |advice| format!(": {advice}"));
            let state = if status < 500 {
                CheckState::Ok
            } else {
                CheckState::Failed
            };
            (
                state,
                format!("The app answers at {url} ({status} to a GET){advice}."),
            )
        }
    };
    SetupCheck::new(APP, state, detail)
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
            let (detail, command) = match environment {
                Environment::Development => {
                    (format!("{why} Replace {setting} in .dev.vars."), None)
                }
                Environment::Production => (why, Some(put(setting))),
            };
            SetupCheck {
                command,
                ..SetupCheck::new(provider, CheckState::Failed, detail)
            }
        }
    }
}

/// The command that replaces a secret. The key of a service account has several lines, so it comes
/// from its file.
fn put(secret: &str) -> String {
    let source = if secret.ends_with("_ACCOUNT") {
        " < key.json"
    } else {
        ""
    };
    format!("npx wrangler secret put {secret}{source}")
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
