//! Where webhooks go.

use crate::address;
use crate::config::environment::Environment;
use crate::variables::ConfigError;
use crate::variables::{Variables, base_url, is_safe};
use url::Url;

/// The app's webhook route below its own address, if `WEBHOOK_URL` is not set.
const PATH: &str = "/api/webhooks/worker";

const WEBHOOK_URL: &str = "WEBHOOK_URL";
const NEXTJS_URL: &str = "NEXTJS_URL";

impl Variables<'_> {
    /// The whole address of the app's webhook route: `WEBHOOK_URL`, or else [`PATH`] below
    /// `NEXTJS_URL`.
    ///
    /// Both are checked, even if only one is used. Production requires TLS, except for a loopback
    /// host.
    pub(crate) fn receiver(&self, environment: Environment) -> Result<Url, ConfigError> {
        let is_open = |url: &Url| environment == Environment::Development || is_safe(url);
        let whole = match self.text(WEBHOOK_URL) {
            None => None,
            Some(text) => Some(receiver_url(&text).filter(is_open).ok_or_else(|| {
                ConfigError::new(
                    WEBHOOK_URL,
                    "the whole https address of the app's webhook route, such as \
                     https://app.example.com/api/webhooks/worker, with a valid host and without a user or a fragment",
                )
            })?),
        };
        let below = match self.text(NEXTJS_URL) {
            None => None,
            Some(text) => Some(base_url(&text).filter(is_open).map(below_app).ok_or_else(|| {
                ConfigError::new(
                    NEXTJS_URL,
                    "the https address of the app, such as https://app.example.com, with a valid host and without a \
                     user or a query (WEBHOOK_URL may have a query)",
                )
            })?),
        };
        whole.or(below).ok_or_else(|| {
            ConfigError::new(
                NEXTJS_URL,
                "set to the https address of the app, unless WEBHOOK_URL is set",
            )
        })
    }
}

/// An address with any path and query. A fragment is refused, because it would never be sent.
pub(crate) fn receiver_url(text: &str) -> Option<Url> {
    let url = address::parse(text)?;
    let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    (plain && matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Appends the route to the app's address, unless the address already ends with it.
fn below_app(mut app: Url) -> Url {
    let base = app.path().trim_end_matches('/').to_owned();
    if !base.ends_with(PATH) {
        app.set_path(&format!("{base}{PATH}"));
    }
    app
}
