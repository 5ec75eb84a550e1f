//! Alerts: where they go, and when they fire.

use crate::config::environment::Environment;
use crate::config::read::WebhookSecrets;
use crate::config::receiver::receiver_url;
use crate::machine::alerts::{AlertKind, AlertKinds, AlertPolicy};
use crate::time::{DAY, Millis};
use crate::variables::{ConfigError, ConfigErrors, Variables, is_safe};
use url::Url;

const URL: &str = "ALERT_WEBHOOK_URL";
const SECRET: &str = "ALERT_WEBHOOK_SECRET";
const KINDS: &str = "ALERT_KINDS";
/// The value of [`KINDS`] that turns all alerts off.
const NO_KIND: &str = "none";
/// The longest threshold: seven days.
const MAX_THRESHOLD: Millis = 7 * DAY;

/// Where alerts go.
#[derive(Clone)]
pub struct AlertReceiver {
    /// Its path or query may be a secret, such as Slack's: only its origin may be shown.
    pub url: Url,
    /// The keys that sign the messages.
    pub secrets: Vec<Vec<u8>>,
}

impl AlertReceiver {
    /// The part of the address that is no secret.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

impl Variables<'_> {
    /// `None` if alerts are only logged and shown. Without secrets of their own, the messages are
    /// signed with those of the app's webhooks.
    pub(crate) fn alert_receiver(
        &self,
        environment: Environment,
        webhook_secrets: Option<&[Vec<u8>]>,
        errors: &mut ConfigErrors,
    ) -> Option<AlertReceiver> {
        let url = errors.keep(self.alert_url(environment));
        let secrets = errors.keep(self.alert_secrets());
        Some(AlertReceiver {
            url: url??,
            secrets: secrets?.or_else(|| webhook_secrets.map(<[_]>::to_vec))?,
        })
    }

    /// Production requires TLS, except for a loopback host.
    fn alert_url(&self, environment: Environment) -> Result<Option<Url>, ConfigError> {
        let Some(text) = self.text(URL)? else {
            return Ok(None);
        };
        let is_open = |url: &Url| environment == Environment::Development || is_safe(url);
        receiver_url(&text).filter(is_open).map(Some).ok_or_else(|| {
            ConfigError::new(
                URL,
                "the whole https address of a webhook of Slack, Discord or your own, with a valid \
                 host and without a user or a fragment",
            )
        })
    }

    fn alert_secrets(&self) -> Result<Option<Vec<Vec<u8>>>, ConfigError> {
        let Some(text) = self.text(SECRET)? else {
            return Ok(None);
        };
        let secrets = WebhookSecrets::parse(&text);
        secrets
            .map(Some)
            .ok_or_else(|| ConfigError::new(SECRET, WebhookSecrets::WANTED))
    }

    fn alert_kinds(&self) -> Result<AlertKinds, ConfigError> {
        let text = self.text(KINDS)?;
        match text.as_deref() {
            None => return Ok(AlertKind::ALL.into_iter().collect()),
            Some(NO_KIND) => return Ok(AlertKinds::NONE),
            Some(_) => {}
        }
        let kind = |name: &str| {
            AlertKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == name.trim())
        };
        let kinds: Option<AlertKinds> = text.unwrap_or_default().split(',').map(kind).collect();
        kinds.ok_or_else(|| {
            let known = AlertKind::ALL.map(AlertKind::as_str).join(", ");
            ConfigError::new(
                KINDS,
                format!("a comma-separated list of alerts from {known}; or {NO_KIND}"),
            )
        })
    }
}

/// When alerts fire.
pub(crate) fn policy(variables: &Variables<'_>, errors: &mut ConfigErrors) -> Option<AlertPolicy> {
    let kinds = errors.keep(variables.alert_kinds());
    let threshold = 1_000..=MAX_THRESHOLD;
    let upstream_after =
        errors.keep(variables.number("ALERT_UPSTREAM_AFTER_MS", 300_000, threshold.clone()));
    let wait = errors.keep(variables.number("ALERT_WAIT_MS", 900_000, threshold));
    let budget_percent = errors.keep(variables.number("ALERT_BUDGET_PERCENT", 80, 1..=100));
    Some(AlertPolicy {
        kinds: kinds?,
        upstream_after: upstream_after?,
        wait: wait?,
        budget_percent: budget_percent?,
        has_receiver: matches!(variables.text(URL), Ok(Some(_))),
    })
}
