//! Veo over the Gemini API wire.
//!
//! The key goes to the configured host only. Files are named by Google under Google's own host; wherever
//! that host really is (`VEO3_API_URL`), the file is asked for there.

use super::file::{self, Download};
use super::http::{Call, Lost};
use super::provider::Provider;
use crate::machine::Millis;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::wire::gemini;
use crate::wire::order::Order;
use crate::wire::variables::{ConfigError, Variables};
use async_trait::async_trait;
use std::rc::Rc;
use url::Url;
use worker::Method;

/// Where the wire once was.
const DEFAULT_URL: &str = "https://generativelanguage.googleapis.com";
/// The host Google names its files under.
const GOOGLE_HOST: &str = "generativelanguage.googleapis.com";
/// The version of the API, below the configured address.
const VERSION: &str = "v1beta";
/// The longest JSON answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// The header that carries the key.
const KEY_HEADER: &str = "x-goog-api-key";

/// The upstream as configured.
struct Gemini {
    /// `VEO3_API_URL`: without a path, or with one that ends in the version.
    url: Url,
    /// `VEO3_API_KEY`.
    key: String,
    /// `UPSTREAM_TIMEOUT_MS`: how long a submit or a poll may take, whole.
    timeout: Millis,
}

/// Set up by its key.
pub(super) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigError> {
    let url = variables.safe_url("VEO3_API_URL", DEFAULT_URL)?;
    let timeout = variables.upstream_timeout()?;
    Ok(variables.header_key("VEO3_API_KEY")?.map(|key| Rc::new(Gemini { url, key, timeout }) as Rc<dyn Provider>))
}

#[async_trait(?Send)]
impl Provider for Gemini {
    async fn submit(&self, order: &Order<'_>) -> Outcome<String> {
        let url = format!("{}/models/{}:predictLongRunning", self.base(), order.request.model);
        let call = Call {
            method: Method::Post,
            url: &url,
            headers: &[("content-type", "application/json"), (KEY_HEADER, &self.key)],
            body: Some(gemini::submit_body(order)),
            headers_within: self.timeout,
            all_within: self.timeout,
        };
        match call.read(MAX_ANSWER).await {
            Ok(reply) => gemini::read_submit(&reply),
            Err(Lost) => Outcome::Unknown,
        }
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let url = format!("{}/{operation}", self.base());
        let call = Call {
            method: Method::Get,
            url: &url,
            headers: &[(KEY_HEADER, &self.key)],
            body: None,
            headers_within: self.timeout,
            all_within: self.timeout,
        };
        match call.read(MAX_ANSWER).await {
            Ok(reply) => gemini::read_poll(&reply),
            Err(Lost) => Outcome::Unknown,
        }
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        let Some(url) = located(&self.url, uri) else {
            return Outcome::Refused(file::storage("The video's address is not usable."));
        };
        file::open(url, |url| visit(url, &self.url, &self.key)).await
    }
}

impl Gemini {
    fn base(&self) -> String {
        let url = self.url.as_str().trim_end_matches('/');
        if url.ends_with(VERSION) || url.ends_with("/v1") { url.to_owned() } else { format!("{url}/{VERSION}") }
    }
}

/// Whether an address of a file may be visited, and whether the key goes with it.
pub(super) fn visit(url: &Url, upstream: &Url, key: &str) -> Option<file::Credential> {
    let ours = url.origin() == upstream.origin();
    file::may_visit(url, upstream).then(|| ours.then(|| (KEY_HEADER, key.to_owned())))
}

/// Where a file really is: one that Google names under its own host lives at the configured one.
pub(super) fn located(upstream: &Url, uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok()?;
    if url.host_str() == Some(GOOGLE_HOST) {
        let path = url.path().to_owned();
        let query = url.query().map(str::to_owned);
        url = upstream.clone();
        let prefix = upstream.path().trim_end_matches('/').trim_end_matches(VERSION).trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url.set_query(query.as_deref());
    }
    file::may_visit(&url, upstream).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::located;
    use url::Url;

    fn at(base: &str, uri: &str) -> Option<String> {
        located(&Url::parse(base).expect("a base address"), uri).map(Into::into)
    }

    #[test]
    fn a_file_under_googles_name_is_fetched_from_the_configured_host() {
        let uri = "https://generativelanguage.googleapis.com/v1beta/files/abc123:download?alt=media";
        for base in ["http://127.0.0.1:8788", "http://127.0.0.1:8788/", "http://127.0.0.1:8788/v1beta"] {
            let expected = "http://127.0.0.1:8788/v1beta/files/abc123:download?alt=media";
            assert_eq!(at(base, uri).as_deref(), Some(expected), "{base}");
        }
        let gateway = at("https://gateway.example/google/v1beta", uri);
        assert_eq!(gateway.as_deref(), Some("https://gateway.example/google/v1beta/files/abc123:download?alt=media"));
    }

    #[test]
    fn an_unencrypted_address_is_visited_only_when_the_upstream_itself_is_local() {
        assert_eq!(at("https://gateway.example", "http://10.0.0.1/secret"), None);
        assert_eq!(at("https://gateway.example", "file:///etc/passwd"), None);
        assert!(at("http://127.0.0.1:1", "http://127.0.0.1:2/v.mp4").is_some());
    }
}
