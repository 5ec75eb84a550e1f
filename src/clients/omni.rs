//! Gemini Omni over the Interactions API.
//!
//! The key goes to the configured host only, wherever the address of a video leads.

use super::file::{self, Download};
use super::gemini::{located, visit};
use super::http::{Call, Lost};
use super::provider::Provider;
use crate::machine::Millis;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::wire::google::Reply;
use crate::wire::omni::{self, Look, Place};
use crate::wire::order::Order;
use crate::wire::variables::{ConfigError, Variables};
use async_trait::async_trait;
use futures::stream;
use std::rc::Rc;
use url::Url;
use worker::Method;

/// Where Google serves the API.
const DEFAULT_URL: &str = "https://generativelanguage.googleapis.com";
/// The version of the API, below the configured address.
const VERSION: &str = "v1";
/// The longest answer that tells nothing but an id or a state, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// The longest interaction that is read, in bytes: it may repeat the images of the order, or hold the video itself.
const MAX_INTERACTION: usize = 16 * 1024 * 1024;
/// The header that carries the key.
const KEY_HEADER: &str = "x-goog-api-key";

/// The upstream as configured.
struct Omni {
    /// `GEMINI_API_URL`: without a path, or with one that ends in a version.
    url: Url,
    /// `GEMINI_API_KEY`.
    key: String,
    /// `UPSTREAM_TIMEOUT_MS`: how long each request may take, whole.
    timeout: Millis,
}

/// Set up by its key.
pub(super) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigError> {
    let url = variables.safe_url("GEMINI_API_URL", DEFAULT_URL)?;
    let timeout = variables.upstream_timeout()?;
    Ok(variables.header_key("GEMINI_API_KEY")?.map(|key| Rc::new(Omni { url, key, timeout }) as Rc<dyn Provider>))
}

#[async_trait(?Send)]
impl Provider for Omni {
    async fn submit(&self, order: &Order<'_>) -> Outcome<String> {
        match self.post("interactions", Some(omni::submit_body(order))).await {
            Ok(reply) => omni::read_submit(&reply),
            Err(Lost) => Outcome::Unknown,
        }
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let Ok(reply) = self.interaction(operation).await else { return Outcome::Unknown };
        match omni::read_poll(&reply, operation) {
            Look::Told(outcome) => outcome,
            Look::File { id, cost_micros } => match self.get(&format!("files/{id}"), MAX_ANSWER).await {
                Ok(reply) => omni::read_file(&reply, &id, cost_micros),
                Err(Lost) => Outcome::Unknown,
            },
        }
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        let url = match omni::place(uri) {
            Some(Place::Interaction { id }) => return self.inline(id).await,
            Some(Place::File { id }) => Url::parse(&format!("{}/files/{id}:download?alt=media", self.base())).ok(),
            Some(Place::Elsewhere { uri }) => located(&self.url, uri),
            None => None,
        };
        let Some(url) = url else { return Outcome::Refused(file::storage("The video's address is not usable.")) };
        file::open(url, |url| visit(url, &self.url, &self.key)).await
    }

    async fn cancel(&self, operation: &str) -> Outcome<()> {
        match self.post(&format!("interactions/{operation}/cancel"), None).await {
            Ok(reply) => omni::read_cancel(&reply),
            Err(Lost) => Outcome::Unknown,
        }
    }
}

impl Omni {
    /// The API's address with its version.
    fn base(&self) -> String {
        let url = self.url.as_str().trim_end_matches('/');
        if ["/v1", "/v1beta"].iter().any(|version| url.ends_with(version)) {
            url.to_owned()
        } else {
            format!("{url}/{VERSION}")
        }
    }

    async fn interaction(&self, id: &str) -> Result<Reply, Lost> {
        self.get(&format!("interactions/{id}?stream=false"), MAX_INTERACTION).await
    }

    /// A video that an interaction holds itself.
    async fn inline(&self, id: &str) -> Outcome<Download> {
        let Ok(reply) = self.interaction(id).await else { return Outcome::Unknown };
        match omni::read_inline(&reply) {
            Some(bytes) => Outcome::Done(Download::from_chunks(stream::iter([Ok(bytes)]))),
            None => file::retry("The video service's answer does not hold the video.", None),
        }
    }

    async fn get(&self, path: &str, limit: usize) -> Result<Reply, Lost> {
        self.call(Method::Get, path, None, limit).await
    }

    /// The answer may repeat the images of the order.
    async fn post(&self, path: &str, body: Option<String>) -> Result<Reply, Lost> {
        self.call(Method::Post, path, body, MAX_INTERACTION).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<String>, limit: usize) -> Result<Reply, Lost> {
        let url = format!("{}/{path}", self.base());
        let call = Call {
            method,
            url: &url,
            headers: &[("content-type", "application/json"), (KEY_HEADER, &self.key)],
            body,
            headers_within: self.timeout,
            all_within: self.timeout,
        };
        call.read(limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::Omni;
    use url::Url;

    #[test]
    fn the_version_is_added_unless_the_address_names_one() {
        for (url, base) in [
            ("https://generativelanguage.googleapis.com", "https://generativelanguage.googleapis.com/v1"),
            ("http://127.0.0.1:8788/", "http://127.0.0.1:8788/v1"),
            ("https://gateway.example/google/v1", "https://gateway.example/google/v1"),
            ("https://gateway.example/google/v1beta/", "https://gateway.example/google/v1beta"),
        ] {
            let omni = Omni { url: Url::parse(url).expect("an address"), key: String::new(), timeout: 1 };
            assert_eq!(omni.base(), base);
        }
    }
}
