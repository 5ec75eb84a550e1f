//! Where webhooks go.

use crate::address;
use crate::config::environment::Environment;
use crate::variables::{ConfigError, ConfigErrors, Variables, base_url, is_safe};
use url::Url;

/// The app's webhook route below its own address, if `WEBHOOK_URL` is not set.
const PATH: &str = "/api/webhooks/worker";

const WEBHOOK_URL: &str = "WEBHOOK_URL";
const NEXTJS_URL: &str = "NEXTJS_URL";
const WANTED_WHOLE: &str = "the whole https address of the app's webhook route, such as \
     https://app.example.com/api/webhooks/worker, with a valid host and without a user or a fragment";
const WANTED_APP: &str = "the https address of the app, such as https://app.example.com, with a valid \
     host and without a user or a query (WEBHOOK_URL may have a query)";

/// The app's webhook route.
pub(crate) struct Receiver {
    pub(crate) url: Url,
    /// The name of the setting that it comes from.
    pub(crate) setting: &'static str,
}

impl Variables<'_> {
    /// The whole address of the app's webhook route: `WEBHOOK_URL`, or else [`PATH`] below
    /// `NEXTJS_URL`.
    ///
    /// Both are checked, even if only one is used. Production requires TLS, except for a loopback
    /// host.
    pub(crate) fn receiver(
        &self,
        environment: Environment,
        errors: &mut ConfigErrors,
    ) -> Option<Receiver> {
        let is_open = |url: &Url| environment == Environment::Development || is_safe(url);
        let whole = self.address(WEBHOOK_URL, WANTED_WHOLE, |text| {
            receiver_url(text).filter(is_open)
        });
        let below = self.address(NEXTJS_URL, WANTED_APP, |text| {
            base_url(text).filter(is_open).map(below_app)
        });
        let (whole, below) = (errors.keep(whole), errors.keep(below));
        let found = whole?.or(below?);
        if found.is_none() {
            let wanted = "the https address of the app, unless WEBHOOK_URL is set";
            errors.add(ConfigError::missing(NEXTJS_URL, wanted));
        }
        found
    }

    /// The receiver that a setting names, if it is set.
    fn address(
        &self,
        setting: &'static str,
        wanted: &str,
        read: impl Fn(&str) -> Option<Url>,
    ) -> Result<Option<Receiver>, ConfigError> {
        let Some(text) = self.text(setting)? else {
            return Ok(None);
        };
        let url = read(&text).ok_or_else(|| ConfigError::new(setting, wanted))?;
        Ok(Some(Receiver { url, setting }))
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
