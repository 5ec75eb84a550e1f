//! The worker's settings: read from its environment, typed and cross-checked.
//!
//! If a value is wrong, every request fails with the variable's name and what it must be. The error
//! never contains the value, which may be a secret in the wrong variable.

pub mod environment;
pub mod published;
pub mod read;
pub mod receiver;
#[cfg(not(target_arch = "wasm32"))]
pub mod reference;
pub mod upstream_webhook;

pub use crate::config::environment::Environment;
pub use crate::config::upstream_webhook::UpstreamWebhooks;
pub use crate::variables::ConfigError;

use crate::machine::{job, queue};
use crate::models::{Aliases, Catalogue};
use crate::signed_url::UrlSigner;
use crate::time::{DAY, Millis};
use crate::upstream::REGISTRY;
use crate::upstream::registry::Providers;
use crate::variables::Variables;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use tracing::Level;
use url::Url;

/// How long the address in a webhook stays valid, in seconds: seven days.
pub const WEBHOOK_VIDEO_URL_TTL: u64 = 7 * 24 * 3_600;
/// How long an address handed out by the API stays valid, in seconds: one hour.
pub const VIDEO_URL_TTL: u64 = 3_600;

/// The maximum of `MAX_SUBMITS_PER_MINUTE`. Also its value when it is not set, so that only each
/// model's own limit applies.
const MOST_SUBMITS_PER_MINUTE: u64 = 100_000;

/// The maximum of `START_TIMEOUT_MS`.
const MAX_START_TIMEOUT: Millis = 30 * DAY;

/// Every setting.
#[derive(Clone)]
pub struct Config {
    /// `ENVIRONMENT`: `production` (default) or `development`.
    pub environment: Environment,
    /// `MAX_RETRIES` (3), `STORE_TIMEOUT_MS` (900000), `JOB_TIMEOUT_MS` (600000), `UNKNOWN_SUBMIT`
    /// (`fail`), `POLL_INTERVAL_MS` (2500), `WEBHOOK_RETRY_SECONDS`, `WEBHOOK_EVENTS` and
    /// `ENABLE_CLARIFICATIONS` (`false`).
    pub job: job::Policy,
    /// `DISPATCH_MODE` (`immediate`), `MAX_CONCURRENT_JOBS` (3), `MAX_CONCURRENT_JOBS_PER_USER`
    /// (`MAX_CONCURRENT_JOBS`), `MAX_QUEUE_LENGTH` (10000), `MAX_SUBMITS_PER_MINUTE` (by model),
    /// `MAX_COST_PER_DAY` and `MAX_COST_PER_USER_PER_DAY` (none).
    pub queue: queue::Policy,
    /// Where webhooks go: `WEBHOOK_URL`, or else `/api/webhooks/worker` below `NEXTJS_URL`. Its
    /// query may contain a secret.
    pub webhook_url: Url,
    /// `DOWNLOAD_IDLE_MS` (30000): how long a download of a video may receive no byte before it is
    /// cut off.
    pub download_idle: Millis,
    /// `WEBHOOK_SECRET`: the keys that sign webhooks; several while one is being replaced.
    pub webhook_secrets: Vec<Vec<u8>>,
    /// The providers whose secrets are set; each reads its own variables.
    pub providers: Providers,
    /// `UPSTREAM_WEBHOOK_SECRET`: whether and how the upstream sends a webhook when a render is
    /// done.
    pub upstream_webhooks: Option<UpstreamWebhooks>,
    /// `PUBLIC_URL`: the address under which the app reaches this worker, without a final slash.
    /// If `None`, the address of the request is used.
    pub public_url: Option<String>,
    /// Signs addresses of videos with a key derived from `JWT_SECRET`.
    pub url_signer: UrlSigner,
    /// How long the address in a webhook stays valid, in seconds.
    pub webhook_video_url_ttl: u64,
    /// How long an address handed out by the API stays valid, in seconds.
    pub video_url_ttl: u64,
    /// `CORS_ORIGINS`: the browser origins that may call.
    pub cors_origins: Vec<String>,
    /// `JWT_SECRET`: the HS256 key of users' tokens.
    pub jwt_secret: Vec<u8>,
    /// `API_KEY`: the token of the app's own server.
    pub api_key: Option<String>,
    /// `ADMIN_KEY`: the operators' token.
    pub admin_key: Option<String>,
    /// `DEFAULT_MODEL`: the model of an order that names none. If `None`, the first model that can
    /// be ordered.
    pub default_model: Option<&'static str>,
    /// `MAX_SUBMITS_PER_MINUTE`, if the operator has set it: it replaces the models' own limits.
    pub submits_per_minute: Option<u64>,
    /// `START_TIMEOUT_MS` (none): how long an order may wait to be started, in milliseconds.
    pub start_timeout: Option<Millis>,
    /// `LOG_LEVEL` (`INFO`): the lowest level that is logged.
    pub log_level: Level,
    /// `MODEL_ALIASES`: current models for old names, as `old=model` separated by commas.
    pub model_aliases: Aliases,
}

impl Config {
    /// The settings in the variables and secrets of the worker's environment, parsed once per
    /// isolate.
    pub fn from_env(env: &worker::Env) -> Result<Rc<Self>, ConfigError> {
        thread_local! {
            /// A changed variable reaches only new isolates, so one parse per isolate is enough.
            static CONFIG: OnceCell<Rc<Config>> = const { OnceCell::new() };
        }
        CONFIG.with(|known| {
            if let Some(config) = known.get() {
                return Ok(Rc::clone(config));
            }
            let config = Rc::new(Self::parse(|name| {
                env.var(name).ok().map(|value| value.to_string())
            })?);
            Ok(Rc::clone(known.get_or_init(|| config)))
        })
    }

    /// Reads every setting through `lookup`; an empty value counts as an absent one.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables::new(&lookup);
        let environment = variables.environment()?;
        published::refuse(&variables)?;
        let jwt_secret = variables.jwt_secret()?;
        Ok(Self {
            environment,
            job: job_policy(&variables)?,
            queue: queue_policy(&variables)?,
            webhook_url: variables.receiver(environment)?,
            download_idle: variables.number("DOWNLOAD_IDLE_MS", 30_000, 1_000..=120_000)?,
            webhook_secrets: variables.webhook_secrets()?,
            providers: Providers::open(REGISTRY, &variables)?,
            upstream_webhooks: variables.upstream_webhooks()?,
            public_url: variables.public_url()?,
            url_signer: UrlSigner::derive(&jwt_secret),
            webhook_video_url_ttl: WEBHOOK_VIDEO_URL_TTL,
            video_url_ttl: VIDEO_URL_TTL,
            cors_origins: variables.origins()?,
            jwt_secret,
            api_key: variables.key("API_KEY")?,
            admin_key: admin_key(&variables)?,
            default_model: variables.default_model()?,
            submits_per_minute: submits_per_minute(&variables)?,
            start_timeout: variables
                .optional_number("START_TIMEOUT_MS", 1_000..=MAX_START_TIMEOUT)?,
            model_aliases: variables.model_aliases()?,
            log_level: variables.log_level()?,
        })
    }
}

/// `LOG_LEVEL`, read before the other settings. It is `INFO` if the variable is wrong, so that the
/// worker can log the configuration error.
pub fn log_level(env: &worker::Env) -> Level {
    let lookup = |name: &str| env.var(name).ok().map(|value| value.to_string());
    Variables::new(&lookup).log_level().unwrap_or(Level::INFO)
}

impl Config {
    /// The models that can be ordered at `now`.
    pub fn catalogue<'a>(&'a self, providers: &'a [&'static str], now: Millis) -> Catalogue<'a> {
        let (aliases, default_model) = (&self.model_aliases, self.default_model);
        Catalogue {
            providers,
            aliases,
            default_model,
            submits_per_minute: self.submits_per_minute,
            now,
        }
    }
}

fn job_policy(variables: &Variables<'_>) -> Result<job::Policy, ConfigError> {
    let max_retries = variables.number("MAX_RETRIES", 3, 0..=10)?;
    let poll_interval: Millis = variables.number("POLL_INTERVAL_MS", 2_500, 100..=600_000)?;
    let job_timeout: Millis = variables.number("JOB_TIMEOUT_MS", 600_000, 1_000..=86_400_000)?;
    if job_timeout <= poll_interval {
        return Err(ConfigError::new(
            "JOB_TIMEOUT_MS",
            "longer than POLL_INTERVAL_MS",
        ));
    }
    Ok(job::Policy {
        max_retries: u32::try_from(max_retries).unwrap_or(3),
        store_timeout: variables.number("STORE_TIMEOUT_MS", 900_000, 0..=86_400_000)?,
        job_timeout,
        unknown_submit: variables.unknown_submit()?,
        poll_interval,
        webhook_schedule: variables.webhook_schedule()?,
        events: variables.events()?,
        clarifications: variables.switch("ENABLE_CLARIFICATIONS")?,
    })
}

/// The operators' key, which must differ from the key of the app's server.
fn admin_key(variables: &Variables<'_>) -> Result<Option<String>, ConfigError> {
    let key = variables.key("ADMIN_KEY")?;
    if key.is_some() && key == variables.key("API_KEY")? {
        return Err(ConfigError::new("ADMIN_KEY", "different from API_KEY"));
    }
    Ok(key)
}

/// `MAX_SUBMITS_PER_MINUTE`; `None` if each model's own limit applies.
fn submits_per_minute(variables: &Variables<'_>) -> Result<Option<u64>, ConfigError> {
    variables.optional_number("MAX_SUBMITS_PER_MINUTE", 1..=MOST_SUBMITS_PER_MINUTE)
}

fn queue_policy(variables: &Variables<'_>) -> Result<queue::Policy, ConfigError> {
    let slots = variables.number("MAX_CONCURRENT_JOBS", 3, 1..=1_000)?;
    let (max_cost_per_day, max_cost_per_user_per_day) = budgets(variables)?;
    Ok(queue::Policy {
        mode: variables.dispatch_mode()?,
        slots,
        user_slots: variables
            .number("MAX_CONCURRENT_JOBS_PER_USER", slots, 1..=1_000)?
            .min(slots),
        max_waiting: variables.number("MAX_QUEUE_LENGTH", 10_000, 0..=1_000_000)?,
        submits_per_minute: submits_per_minute(variables)?.unwrap_or(MOST_SUBMITS_PER_MINUTE),
        max_cost_per_day,
        max_cost_per_user_per_day,
        retention: variables.number("CLEANUP_RETENTION_DAYS", 7, 1..=3_650)? * DAY,
    })
}

/// The daily budgets of all users together and of each user. A budget for all requires one for each
/// user: otherwise one user's orders could use up the whole budget, even without any render.
fn budgets(variables: &Variables<'_>) -> Result<(Option<u64>, Option<u64>), ConfigError> {
    const EACH: &str = "MAX_COST_PER_USER_PER_DAY";
    let (all, each) = (
        variables.micros("MAX_COST_PER_DAY")?,
        variables.micros(EACH)?,
    );
    if all.is_some() && each.is_none() {
        let wanted =
            "set if MAX_COST_PER_DAY is set: otherwise one user could use up the whole budget";
        return Err(ConfigError::new(EACH, wanted));
    }
    Ok((all, each))
}

/// Shows only settings that are not secret.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("environment", &self.environment)
            .field("job", &self.job)
            .field("queue", &self.queue)
            .field("providers", &self.providers.names())
            .field("default_model", &self.default_model)
            .finish_non_exhaustive()
    }
}
