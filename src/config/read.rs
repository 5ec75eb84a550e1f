//! Parsers of single variables.

use crate::config::environment::Environment;
use crate::machine::delivery::EventKind;
use crate::machine::job::UnknownSubmit;
use crate::machine::queue::Mode;
use crate::models::{Aliases, MODELS};
use crate::time::{Millis, SECOND};
use crate::variables::ConfigError;
use crate::variables::{Variables, base_url};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use tracing::Level;

/// The shortest HS256 key (RFC 7518, section 3.2), in bytes.
const MIN_JWT_SECRET: usize = 32;
/// The shortest `API_KEY` or `ADMIN_KEY`, in characters.
const MIN_KEY: usize = 16;
/// The sizes Standard Webhooks allows for a secret, in bytes.
const WEBHOOK_SECRET_BYTES: RangeInclusive<usize> = 24..=64;
/// The maximum number of active webhook secrets.
const MAX_WEBHOOK_SECRETS: usize = 5;
/// The maximum number of attempts of a webhook.
const MAX_WEBHOOK_ATTEMPTS: usize = 20;
/// The longest wait before one webhook attempt, in seconds: seven days.
const MAX_WEBHOOK_WAIT: u64 = 7 * 24 * 3_600;
/// Millionths of a dollar in a dollar.
pub(crate) const DOLLAR: u64 = 1_000_000;
/// The highest budget: a million dollars.
pub(crate) const MAX_COST: u64 = 1_000_000 * DOLLAR;
/// The binding of the queue that the mode `queue` needs.
const DISPATCH_BINDING: &str = "DISPATCH";
/// The default waits before the attempts of a webhook, in seconds. The first ones are short: an app
/// that redeploys is back within a minute, and its user is waiting.
pub(crate) const WEBHOOK_WAITS: &str = "0,5,15,45,120,300,1800,7200,18000,36000,36000";

/// Secrets in the format of Standard Webhooks; several while one is being replaced.
pub(crate) struct WebhookSecrets;

impl WebhookSecrets {
    pub(crate) const WANTED: &str = "a comma-separated list of at most 5 secrets, each `whsec_` followed by the base64 of 24 to 64 bytes";

    pub(crate) fn parse(text: &str) -> Option<Vec<Vec<u8>>> {
        let secret = |secret: &str| {
            let encoded = secret.trim().strip_prefix("whsec_")?;
            STANDARD
                .decode(encoded)
                .ok()
                .filter(|bytes| WEBHOOK_SECRET_BYTES.contains(&bytes.len()))
        };
        let secrets: Option<Vec<Vec<u8>>> = text.split(',').map(secret).collect();
        secrets.filter(|secrets| secrets.len() <= MAX_WEBHOOK_SECRETS)
    }
}

impl Variables<'_> {
    /// An amount of US dollars in millionths; `None` if it is not set.
    pub(crate) fn micros(&self, variable: &'static str) -> Result<Option<u64>, ConfigError> {
        let Some(text) = self.text(variable)? else {
            return Ok(None);
        };
        let micros = micros(&text).filter(|micros| (1..=MAX_COST).contains(micros));
        let wanted = || {
            format!(
                "an amount of US dollars such as 25 or 12.50, above 0 and at most {}",
                MAX_COST / DOLLAR
            )
        };
        micros
            .map(Some)
            .ok_or_else(|| ConfigError::new(variable, wanted()))
    }

    pub(crate) fn environment(&self) -> Result<Environment, ConfigError> {
        match self.text("ENVIRONMENT")?.as_deref() {
            None | Some("production") => Ok(Environment::Production),
            Some("development") => Ok(Environment::Development),
            Some(_) => Err(ConfigError::new("ENVIRONMENT", "production or development")),
        }
    }

    pub(crate) fn log_level(&self) -> Result<Level, ConfigError> {
        let Some(word) = self.text("LOG_LEVEL")? else {
            return Ok(Level::INFO);
        };
        let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];
        levels
            .into_iter()
            .find(|level| level.as_str() == word)
            .ok_or_else(|| ConfigError::new("LOG_LEVEL", "one of ERROR, WARN, INFO, DEBUG"))
    }

    pub(crate) fn dispatch_mode(&self) -> Result<Mode, ConfigError> {
        const VARIABLE: &str = "DISPATCH_MODE";
        let Some(word) = self.text(VARIABLE)? else {
            return Ok(Mode::Immediate);
        };
        let mode = Mode::ALL.into_iter().find(|mode| mode.as_str() == word);
        let mode = mode.ok_or_else(|| {
            let known = Mode::ALL.map(Mode::as_str).join(", ");
            ConfigError::new(VARIABLE, format!("one of {known}"))
        })?;
        if mode == Mode::Queue && !self.has_binding(DISPATCH_BINDING) {
            let wanted = format!(
                "immediate, alarm or cron, until the wrangler configuration has the queue binding {DISPATCH_BINDING}"
            );
            return Err(ConfigError::new(VARIABLE, wanted));
        }
        Ok(mode)
    }

    pub(crate) fn unknown_submit(&self) -> Result<UnknownSubmit, ConfigError> {
        match self.text("UNKNOWN_SUBMIT")?.as_deref() {
            None | Some("fail") => Ok(UnknownSubmit::Fail),
            Some("retry") => Ok(UnknownSubmit::Retry),
            Some(_) => Err(ConfigError::new(
                "UNKNOWN_SUBMIT",
                "fail, or retry (which may pay twice)",
            )),
        }
    }

    pub(crate) fn jwt_secret(&self) -> Result<Vec<u8>, ConfigError> {
        let secret = self.required("JWT_SECRET", "a random secret of at least 32 bytes")?;
        if secret.len() < MIN_JWT_SECRET {
            return Err(ConfigError::new("JWT_SECRET", "at least 32 bytes long"));
        }
        Ok(secret.into_bytes())
    }

    /// A key that callers send; `None` if it is not set.
    pub(crate) fn key(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        match self.text(variable)? {
            Some(key) if key.len() < MIN_KEY => {
                Err(ConfigError::new(variable, "at least 16 characters long"))
            }
            key => Ok(key),
        }
    }

    pub(crate) fn default_model(&self) -> Result<Option<&'static str>, ConfigError> {
        let Some(id) = self.text("DEFAULT_MODEL")? else {
            return Ok(None);
        };
        let mut known: Vec<&'static str> = MODELS
            .iter()
            .filter(|model| model.retires_at.is_none())
            .map(|model| model.id)
            .collect();
        let found = known.iter().copied().find(|known| *known == id);
        known.sort_unstable();
        known.dedup();
        found.map(Some).ok_or_else(|| {
            ConfigError::new("DEFAULT_MODEL", format!("one of {}", known.join(", ")))
        })
    }

    pub(crate) fn model_aliases(&self) -> Result<Aliases, ConfigError> {
        let Some(text) = self.text("MODEL_ALIASES")? else {
            return Ok(Aliases::default());
        };
        Aliases::parse(&text).map_err(|bad| ConfigError::new("MODEL_ALIASES", bad.to_string()))
    }

    pub(crate) fn webhook_secrets(&self) -> Result<Vec<Vec<u8>>, ConfigError> {
        const VARIABLE: &str = "WEBHOOK_SECRET";
        let text = self.required(VARIABLE, WebhookSecrets::WANTED)?;
        WebhookSecrets::parse(&text)
            .ok_or_else(|| ConfigError::new(VARIABLE, WebhookSecrets::WANTED))
    }

    pub(crate) fn webhook_schedule(&self) -> Result<Vec<Millis>, ConfigError> {
        let text = self
            .text("WEBHOOK_RETRY_SECONDS")?
            .unwrap_or_else(|| WEBHOOK_WAITS.to_owned());
        let waits: Option<Vec<Millis>> = text
            .split(',')
            .map(|wait| {
                wait.trim()
                    .parse()
                    .ok()
                    .filter(|wait| *wait <= MAX_WEBHOOK_WAIT)
                    .map(|wait: u64| wait * SECOND)
            })
            .collect();
        waits.filter(|waits| waits.len() <= MAX_WEBHOOK_ATTEMPTS).ok_or_else(|| {
            ConfigError::new(
                "WEBHOOK_RETRY_SECONDS",
                format!(
                    "a comma-separated list of at most {MAX_WEBHOOK_ATTEMPTS} waits in seconds, \
                     each at most {MAX_WEBHOOK_WAIT}"
                ),
            )
        })
    }

    pub(crate) fn events(&self) -> Result<BTreeSet<EventKind>, ConfigError> {
        let Some(text) = self.text("WEBHOOK_EVENTS")? else {
            let default =
                |kind: &EventKind| kind.is_terminal() || *kind == EventKind::PendingClarification;
            return Ok(EventKind::ALL.into_iter().filter(default).collect());
        };
        let kinds: Option<BTreeSet<EventKind>> = text
            .split(',')
            .map(|name| {
                EventKind::ALL
                    .into_iter()
                    .find(|kind| kind.as_str() == name.trim())
            })
            .collect();
        kinds.ok_or_else(|| {
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            ConfigError::new(
                "WEBHOOK_EVENTS",
                format!("a comma-separated list of events from {known}"),
            )
        })
    }

    pub(crate) fn public_url(&self) -> Result<Option<String>, ConfigError> {
        let Some(text) = self.text("PUBLIC_URL")? else {
            return Ok(None);
        };
        base_url(&text)
            .map(|url| Some(url.as_str().trim_end_matches('/').to_owned()))
            .ok_or_else(|| {
                ConfigError::new(
                    "PUBLIC_URL",
                    "an http or https address with a valid host and without a query",
                )
            })
    }

    pub(crate) fn origins(&self) -> Result<Vec<String>, ConfigError> {
        let Some(text) = self.text("CORS_ORIGINS")? else {
            return Ok(Vec::new());
        };
        let origins: Option<Vec<String>> = text
            .split(',')
            .map(|origin| {
                let url = base_url(origin.trim()).filter(|url| url.path() == "/")?;
                Some(url.origin().ascii_serialization())
            })
            .collect();
        origins.ok_or_else(|| {
            ConfigError::new(
                "CORS_ORIGINS",
                "a comma-separated list of origins such as https://app.example.com",
            )
        })
    }
}

/// Parses a decimal number of dollars with at most six decimal places, without floating-point
/// rounding.
pub(crate) fn micros(text: &str) -> Option<u64> {
    let (whole, places) = text
        .split_once('.')
        .map_or((text, "0"), |(whole, places)| (whole, places));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || !(1..=6).contains(&places.len()) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let micros: u64 = format!("{places:0<6}").parse().ok()?;
    whole.checked_mul(DOLLAR)?.checked_add(micros)
}
