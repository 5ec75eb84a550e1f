//! Whether and how the upstream sends a webhook when a render is done.

use crate::config::read::WebhookSecrets;
use crate::upstream::google::key_api::GOOGLE_API_URL;
use crate::upstream::webhook::PATH;
use crate::variables::ConfigError;
use crate::variables::{Variables, base_url, is_safe};
use url::Url;

const VARIABLE: &str = "UPSTREAM_WEBHOOK_SECRET";
/// The value by which each submit names the address of its webhook.
const PER_REQUEST: &str = "per-request";
/// Where the upstream publishes its signing keys, below its address without the API version.
const KEYS: &str = ".well-known/jwks.json";

/// The upstream's webhooks, which only make the next poll come sooner.
#[derive(Clone)]
pub struct UpstreamWebhooks {
    kind: Kind,
    /// Where the upstream publishes the keys that sign the webhooks named by submits.
    pub keys_url: Url,
}

#[derive(Clone)]
enum Kind {
    /// The webhook is registered with the upstream, which signs it with these secrets.
    Registered(Vec<Vec<u8>>),
    /// Each submit names the address of its webhook.
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

    /// The address that a submit names; `None` if the webhook is registered with the upstream.
    pub fn uri(&self, public_url: &str) -> Option<String> {
        match self.kind {
            Kind::Registered(_) => None,
            Kind::PerRequest => Some(format!("{public_url}{PATH}")),
        }
    }

    /// Whether an order may use webhooks: the upstream refuses a submit that names an address
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
        let kind = match self.text(VARIABLE)? {
            None => return Ok(None),
            Some(text) if text == PER_REQUEST => Kind::PerRequest,
            Some(text) => Kind::Registered(WebhookSecrets::parse(&text).ok_or_else(|| {
                ConfigError::new(
                    VARIABLE,
                    format!("the word {PER_REQUEST}, or {}", WebhookSecrets::WANTED),
                )
            })?),
        };
        let variable = if self.text("GEMINI_API_URL")?.is_some() {
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
