//! The worker's settings: read from its environment, typed and cross-checked.
//!
//! If a value is wrong, every request fails with the names of all wrong variables and what they must
//! be. The error never contains the value, which may be a secret in the wrong variable.

pub mod alerts;
pub mod environment;
pub mod policies;
pub mod published;
pub mod read;
pub mod receiver;
#[cfg(not(target_arch = "wasm32"))]
pub mod reference;
pub mod upstream_webhook;

pub use crate::config::alerts::AlertReceiver;
pub use crate::config::environment::Environment;
pub use crate::config::upstream_webhook::UpstreamWebhooks;
pub use crate::variables::{ConfigError, ConfigErrors};

use crate::machine::queue::Limit;
use crate::machine::{job, queue};
use crate::models::{Aliases, Catalogue};
use crate::signed_url::UrlSigner;
use crate::time::{DAY, Millis};
use crate::upstream::REGISTRY;
use crate::upstream::registry::Providers;
use crate::variables::{NotText, Platform, Variables};
use js_sys::Reflect;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use tracing::Level;
use url::Url;
use wasm_bindgen::JsValue;
use worker::{Env, Fetcher};

/// How long the address in a webhook stays valid, in seconds: seven days.
pub const WEBHOOK_VIDEO_URL_TTL: u64 = 7 * 24 * 3_600;
/// How long an address handed out by the API stays valid, in seconds: one hour.
pub const VIDEO_URL_TTL: u64 = 3_600;

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
    /// `MAX_COST_PER_DAY` and `MAX_COST_PER_USER_PER_DAY` (none), `ALERT_KINDS` (all),
    /// `ALERT_UPSTREAM_AFTER_MS` (300000), `ALERT_WAIT_MS` (900000) and `ALERT_BUDGET_PERCENT`
    /// (80).
    pub queue: queue::Policy,
    /// Where webhooks go: `WEBHOOK_URL`, or else `/api/webhooks/worker` below `NEXTJS_URL`. Its
    /// query may contain a secret.
    pub webhook_url: Url,
    /// The name of the setting that says so.
    pub webhook_setting: &'static str,
    /// `DOWNLOAD_IDLE_MS` (30000): how long a download of a video may receive no byte before it is
    /// cut off.
    pub download_idle: Millis,
    /// `WEBHOOK_SECRET`: the keys that sign webhooks; several while one is being replaced.
    pub webhook_secrets: Vec<Vec<u8>>,
    /// `ALERT_WEBHOOK_URL` and `ALERT_WEBHOOK_SECRET` (`WEBHOOK_SECRET`): where alerts go. If
    /// `None`, they are only logged and shown.
    pub alert_receiver: Option<AlertReceiver>,
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
    /// `MAX_USER_PRIORITY` (0): the highest priority that a user's own token may order, unless the
    /// token says otherwise.
    pub max_user_priority: u8,
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
    pub fn from_env(env: &Env) -> Result<Rc<Self>, ConfigErrors> {
        thread_local! {
            /// A changed variable reaches only new isolates, so one parse per isolate is enough.
            static CONFIG: OnceCell<Rc<Config>> = const { OnceCell::new() };
        }
        CONFIG.with(|known| {
            if let Some(config) = known.get() {
                return Ok(Rc::clone(config));
            }
            let config = Rc::new(Self::parse(&WorkerEnv(env))?);
            Ok(Rc::clone(known.get_or_init(|| config)))
        })
    }

    /// Reads every setting; an empty value counts as an absent one. All errors are reported at
    /// once.
    pub fn parse(source: &dyn Platform) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let config = Self::read(&Variables::new(source), &mut errors);
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// Reads every setting before it returns, so that no error hides another.
    fn read(variables: &Variables<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        published::refuse(variables, errors);
        let environment = errors.keep(variables.environment());
        // While it is unknown, an address without TLS is no error.
        let receiver = variables.receiver(environment.unwrap_or(Environment::Development), errors);
        let jwt_secret = errors.keep(variables.jwt_secret());
        let webhook_secrets = errors.keep(variables.webhook_secrets());
        let alert_receiver = variables.alert_receiver(
            environment.unwrap_or(Environment::Development),
            webhook_secrets.as_deref(),
            errors,
        );
        let api_key = errors.keep(variables.key("API_KEY"));
        let admin_key = errors.keep(admin_key(variables));
        let providers = Providers::open(REGISTRY, variables, errors);
        let upstream_webhooks = errors.keep(variables.upstream_webhooks());
        let job = policies::job(variables, errors);
        let queue = policies::queue(variables, errors);
        let submits_per_minute = errors.keep(policies::submits_per_minute(variables));
        let max_user_priority = errors.keep(policies::max_user_priority(variables));
        let start_timeout =
            errors.keep(variables.optional_number("START_TIMEOUT_MS", 1_000..=MAX_START_TIMEOUT));
        let download_idle =
            errors.keep(variables.number("DOWNLOAD_IDLE_MS", 30_000, 1_000..=120_000));
        let default_model = errors.keep(variables.default_model());
        let model_aliases = errors.keep(variables.model_aliases());
        let public_url = errors.keep(variables.public_url());
        let cors_origins = errors.keep(variables.origins());
        let log_level = errors.keep(variables.log_level());
        let jwt_secret = jwt_secret?;
        let receiver = receiver?;
        Some(Self {
            environment: environment?,
            job: job?,
            queue: queue?,
            webhook_url: receiver.url,
            webhook_setting: receiver.setting,
            download_idle: download_idle?,
            webhook_secrets: webhook_secrets?,
            alert_receiver,
            providers: providers?,
            upstream_webhooks: upstream_webhooks?,
            public_url: public_url?,
            url_signer: UrlSigner::derive(&jwt_secret),
            webhook_video_url_ttl: WEBHOOK_VIDEO_URL_TTL,
            video_url_ttl: VIDEO_URL_TTL,
            cors_origins: cors_origins?,
            jwt_secret,
            api_key: api_key?,
            admin_key: admin_key?,
            default_model: default_model?,
            submits_per_minute: submits_per_minute?,
            max_user_priority: max_user_priority?,
            start_timeout: start_timeout?,
            model_aliases: model_aliases?,
            log_level: log_level?,
        })
    }
}

/// `LOG_LEVEL`, read before the other settings. It is `INFO` if the variable is wrong, so that the
/// worker can log the configuration error.
pub fn log_level(env: &Env) -> Level {
    Variables::new(&WorkerEnv(env))
        .log_level()
        .unwrap_or(Level::INFO)
}

/// `ENVIRONMENT`, for an answer while settings are wrong. If it is wrong itself, production.
pub fn environment(env: &Env) -> Environment {
    Variables::new(&WorkerEnv(env))
        .environment()
        .unwrap_or(Environment::Production)
}

/// The worker's environment.
struct WorkerEnv<'a>(&'a Env);

impl Platform for WorkerEnv<'_> {
    /// In TOML and JSON, a value without quotes reaches the worker as a number or as `true` or
    /// `false`.
    fn text(&self, name: &str) -> Result<Option<String>, NotText> {
        let value = Reflect::get(self.0, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        let switch = || value.as_bool().map(|is_on| is_on.to_string());
        let number = || value.as_f64().map(|number| number.to_string());
        let text = value.as_string().or_else(switch).or_else(number);
        text.map(Some).ok_or(NotText)
    }

    fn has_binding(&self, name: &str) -> bool {
        Reflect::has(self.0, &name.into()).unwrap_or(false)
    }

    fn assets(&self, name: &str) -> Option<Fetcher> {
        self.0.assets(name).ok()
    }
}

impl Config {
    /// The value of a limit's setting, whatever an operator set in its place; `None` if it is not
    /// set.
    pub fn own_limit(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::MaxConcurrentJobs => Some(self.queue.slots),
            Limit::MaxConcurrentJobsPerUser => {
                Some(self.queue.user_slots).filter(|slots| *slots != queue::Policy::UNLIMITED)
            }
            Limit::MaxSubmitsPerMinute => self.submits_per_minute,
            Limit::MaxCostPerDay => self.queue.max_cost_per_day,
            Limit::MaxCostPerUserPerDay => self.queue.max_cost_per_user_per_day,
        }
    }

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

/// The operators' key, which must differ from the key of the app's server.
fn admin_key(variables: &Variables<'_>) -> Result<Option<String>, ConfigError> {
    let key = variables.key("ADMIN_KEY")?;
    if key.is_some() && key == variables.key("API_KEY")? {
        return Err(ConfigError::new("ADMIN_KEY", "different from API_KEY"));
    }
    Ok(key)
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
            .field("max_user_priority", &self.max_user_priority)
            .finish_non_exhaustive()
    }
}
