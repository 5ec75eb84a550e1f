//! Whether and how the upstream tells by itself that a render is done.

use crate::config::read::WebhookSecrets;
use crate::upstream::google::key_api::GOOGLE_API_URL;
use crate::upstream::webhook::PATH;
use crate::variables::ConfigError;
use crate::variables::{Variables, base_url, is_safe};
use url::Url;

const VARIABLE: &str = "UPSTREAM_WEBHOOK_SECRET";
/// The word for webhooks that each order names.
const PER_REQUEST: &str = "per-request";
/// Where the upstream publishes its keys, below its address without a version.
const KEYS: &str = ".well-known/jwks.json";

/// The upstream's webhooks, which only make a poll come sooner.
#[derive(Clone)]
pub struct UpstreamWebhooks {
    kind: Kind,
    /// Where the keys are published that sign webhooks which an order names.
    pub keys_url: Url,
}

#[derive(Clone)]
enum Kind {
    /// They are registered with the upstream, which signs them with these secrets.
    Registered(Vec<Vec<u8>>),
    /// Each order names where they go.
    PerRequest,
}

impl UpstreamWebhooks {
    /// The secrets of registered webhooks.
    pub fn secrets(&self) -> &[Vec<u8>] {
        match &self.kind {
            Kind::Registered(secrets) => secrets,
            Kind::PerRequest => &[],
        }
    }

    /// The address an order names; `None` leaves it to what is registered.
    pub fn uri(&self, public_url: &str) -> Option<String> {
        match self.kind {
            Kind::Registered(_) => None,
            Kind::PerRequest => Some(format!("{public_url}{PATH}")),
        }
    }

    /// Whether an order may ask for webhooks: the upstream would refuse one that names an address
    /// without TLS.
    pub fn may_ask(&self, public_url: &str) -> bool {
        match self.kind {
            Kind::Registered(_) => true,
            Kind::PerRequest => base_url(public_url).is_some_and(|url| is_safe(&url)),
        }
    }
}

impl Variables<'_> {
    pub(crate) fn upstream_webhooks(&self) -> Result<Option<UpstreamWebhooks>, ConfigError> {
        let kind = match self.text(VARIABLE) {
            None => return Ok(None),
            Some(text) if text == PER_REQUEST => Kind::PerRequest,
            Some(text) => Kind::Registered(WebhookSecrets::parse(&text).ok_or_else(|| {
                ConfigError::new(
                    VARIABLE,
                    format!("the word {PER_REQUEST}, or {}", WebhookSecrets::WANTED),
                )
            })?),
        };
        let variable = if self.text("GEMINI_API_URL").is_some() {
            "GEMINI_API_URL"
        } else {
            "VEO3_API_URL"
        };
        let upstream = self.safe_url(variable, GOOGLE_API_URL)?;
        let path = upstream
            .path()
            .trim_end_matches('/')
            .trim_end_matches("/v1beta")
            .trim_end_matches("/v1");
        let mut keys_url = upstream.clone();
        keys_url.set_path(&format!("{path}/{KEYS}"));
        Ok(Some(UpstreamWebhooks { kind, keys_url }))
    }
}
