//! Google's APIs that use an API key: one address, one key, one time limit.
//!
//! The key is sent only to the configured host. Google names files under its own host; the file is
//! requested from the configured host instead.

use crate::clients::file;
use crate::clients::file::Download;
use crate::clients::http::{HttpAnswer, HttpCall, Lost};
use crate::clients::reply::Reply;
use crate::clients::video_address::may_be_fetched;
use crate::machine::outcome::Outcome;
use crate::time::Millis;
use crate::upstream::google::key_check;
use crate::upstream::provider::KeyCheck;
use crate::variables::{ConfigErrors, Variables};
use url::Url;
use worker::Method;

/// Google's own address of these APIs.
pub const GOOGLE_API_URL: &str = "https://generativelanguage.googleapis.com";
/// The key in `.dev.vars`, which only the local stand-in accepts.
const PUBLISHED_KEY: &str = "dev-key";
/// The host under which Google names its files.
const GOOGLE_HOST: &str = "generativelanguage.googleapis.com";
/// The versions that a configured address may end in.
const VERSIONS: [&str; 2] = ["/v1beta", "/v1"];
/// The longest body that is searched for the key, in bytes: errors are short.
const MAX_ERROR: usize = 64 * 1024;
/// The shortest key that is searched for, in bytes.
const MIN_KEY: usize = 8;
/// The header that carries the key.
const KEY_HEADER: &str = "x-goog-api-key";
/// The list of models with one model, below the version.
const LIST: &str = "models?pageSize=1";
/// The longest list that is read, in bytes. A gateway may send every model.
const MAX_LIST: usize = 1024 * 1024;

/// A configured API.
pub(crate) struct KeyApi {
    /// Without a path, or with one that ends in a version.
    url: Url,
    key: String,
    /// The version appended to an address without one.
    version: &'static str,
    /// The time limit for each whole request.
    timeout: Millis,
}

impl KeyApi {
    /// Opens the API; `None` if its key is not set.
    pub(crate) fn open(
        variables: &Variables<'_>,
        key: &'static str,
        url: &'static str,
        version: &'static str,
    ) -> Result<Option<Self>, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        errors.keep(variables.refuse_published(key, |key| key == PUBLISHED_KEY));
        let url = errors.keep(variables.safe_url(url, GOOGLE_API_URL));
        let timeout = errors.keep(variables.upstream_timeout());
        match (errors.keep(variables.header_key(key)), url, timeout) {
            (Some(key), Some(url), Some(timeout)) if errors.is_empty() => Ok(key.map(|key| Self {
                url,
                key,
                version,
                timeout,
            })),
            _ => Err(errors),
        }
    }

    /// Sends a GET to a path below the version and reads the answer, at most `limit` bytes.
    pub(crate) async fn get(&self, path: &str, limit: usize) -> Result<Reply, Lost> {
        self.send(Method::Get, path, &[(KEY_HEADER, &self.key)], None, limit)
            .await
    }

    /// The same with a POST.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Option<String>,
        limit: usize,
    ) -> Result<Reply, Lost> {
        let headers = [
            ("content-type", "application/json"),
            (KEY_HEADER, self.key.as_str()),
        ];
        self.send(Method::Post, path, &headers, body, limit).await
    }

    /// Sends a GET to a path below the version; the caller reads the answer as it streams.
    pub(crate) async fn ask(&self, path: &str) -> Result<HttpAnswer, Lost> {
        let url = self.address(path);
        self.call(Method::Get, &url, &[(KEY_HEADER, &self.key)], None)
            .send()
            .await
    }

    /// The same for an answer that contains a video, with the time limits of a file.
    pub(crate) async fn ask_for_video(&self, path: &str) -> Result<HttpAnswer, Lost> {
        let url = self.address(path);
        let headers: [(&str, &str); 1] = [(KEY_HEADER, &self.key)];
        let call = self.call(Method::Get, &url, &headers, None);
        HttpCall {
            headers_within: file::HEADERS_TIMEOUT,
            all_within: file::TIMEOUT,
            ..call
        }
        .send()
        .await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
        limit: usize,
    ) -> Result<Reply, Lost> {
        let url = self.address(path);
        self.read(self.call(method, &url, headers, body), limit)
            .await
    }

    /// Tries the key by a list of models, which costs nothing.
    pub(crate) async fn check(&self, within: Millis) -> KeyCheck {
        let url = self.address(LIST);
        let headers: [(&str, &str); 1] = [(KEY_HEADER, &self.key)];
        let call = HttpCall {
            headers_within: within,
            all_within: within,
            ..self.call(Method::Get, &url, &headers, None)
        };
        key_check::read_list(self.read(call, MAX_LIST).await, "the API key")
    }

    /// Sends a call and reads the answer, without the key.
    async fn read(&self, call: HttpCall<'_>, limit: usize) -> Result<Reply, Lost> {
        let mut reply = call.read(limit).await?;
        if let Some(body) = without_key(&reply.body, &self.key) {
            reply.body = body;
        }
        Ok(reply)
    }

    fn call<'a>(
        &self,
        method: Method,
        url: &'a str,
        headers: &'a [(&'a str, &'a str)],
        body: Option<String>,
    ) -> HttpCall<'a> {
        HttpCall {
            method,
            url,
            headers,
            body,
            headers_within: self.timeout,
            all_within: self.timeout,
        }
    }

    /// Opens a file at the address that the upstream gave.
    pub(crate) async fn file(&self, uri: &str) -> Outcome<Download> {
        let url = self.located(uri).ok_or_else(file::unusable_address)?;
        file::open(url, |url| self.visit(url)).await
    }

    /// The address of a path below the version.
    pub(crate) fn address(&self, path: &str) -> String {
        let url = self.url.as_str().trim_end_matches('/');
        let version = if VERSIONS.iter().any(|version| url.ends_with(version)) {
            ""
        } else {
            self.version
        };
        format!("{url}{version}/{path}")
    }

    /// Whether an address may be visited, and whether the key is sent to it.
    fn visit(&self, url: &Url) -> Option<file::Credential> {
        let ours = url.origin() == self.url.origin();
        may_be_fetched(url, &self.url).then(|| ours.then(|| (KEY_HEADER, self.key.clone())))
    }

    /// The real address of a file: a file that Google names under its own host is at the configured
    /// host.
    fn located(&self, uri: &str) -> Option<Url> {
        // A path on the service itself, or a file's name.
        let mut url = match uri {
            file if file.starts_with("files/") => {
                let media = if file.contains(':') {
                    ""
                } else {
                    ":download?alt=media"
                };
                Url::parse(&format!(
                    "https://{GOOGLE_HOST}{}/{file}{media}",
                    self.version
                ))
                .ok()?
            }
            path if path.starts_with('/') => {
                Url::parse(&format!("https://{GOOGLE_HOST}{path}")).ok()?
            }
            address => Url::parse(address).ok()?,
        };
        if url.host_str() == Some(GOOGLE_HOST) {
            let path = self.url.path().trim_end_matches('/');
            let prefix = VERSIONS
                .iter()
                .find_map(|version| path.strip_suffix(version))
                .unwrap_or(path);
            let mut ours = self.url.clone();
            ours.set_path(&format!("{prefix}{}", url.path()));
            ours.set_query(url.query());
            url = ours;
        }
        Some(url)
    }
}

/// The body of an error without the key; `None` if it does not repeat the key.
fn without_key(body: &[u8], key: &str) -> Option<Vec<u8>> {
    let repeats = body.len() <= MAX_ERROR
        && key.len() >= MIN_KEY
        && body.windows(key.len()).any(|part| part == key.as_bytes());
    repeats.then(|| {
        String::from_utf8_lossy(body)
            .replace(key, "[key]")
            .into_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::{KeyApi, without_key};
    use url::Url;

    fn api(url: &str) -> KeyApi {
        KeyApi {
            url: Url::parse(url).expect("an address"),
            key: "k".to_owned(),
            version: "/v1",
            timeout: 1,
        }
    }

    fn at(base: &str, uri: &str) -> Option<String> {
        api(base).located(uri).map(Into::into)
    }

    #[test]
    fn the_version_is_added_unless_the_address_names_one() {
        for (url, base) in [
            (
                "https://generativelanguage.googleapis.com",
                "https://generativelanguage.googleapis.com/v1",
            ),
            ("http://127.0.0.1:8788/", "http://127.0.0.1:8788/v1"),
            (
                "https://gateway.example/google/v1",
                "https://gateway.example/google/v1",
            ),
            (
                "https://gateway.example/google/v1beta/",
                "https://gateway.example/google/v1beta",
            ),
        ] {
            assert_eq!(api(url).address("x"), format!("{base}/x"));
        }
    }

    #[test]
    fn a_file_under_googles_name_is_fetched_from_the_configured_host() {
        let uri =
            "https://generativelanguage.googleapis.com/v1beta/files/abc123:download?alt=media";
        for base in [
            "http://127.0.0.1:8788",
            "http://127.0.0.1:8788/",
            "http://127.0.0.1:8788/v1beta",
        ] {
            let expected = "http://127.0.0.1:8788/v1beta/files/abc123:download?alt=media";
            assert_eq!(at(base, uri).as_deref(), Some(expected), "{base}");
        }
        for base in [
            "https://gateway.example/google/v1beta",
            "https://gateway.example/google/v1",
        ] {
            let expected = "https://gateway.example/google/v1beta/files/abc123:download?alt=media";
            assert_eq!(at(base, uri).as_deref(), Some(expected), "{base}");
        }
    }

    #[test]
    fn a_path_or_a_files_name_is_at_the_service_itself() {
        let base = "https://gateway.example/google/v1";
        for (uri, path) in [
            ("files/abc", "v1/files/abc:download?alt=media"),
            (
                "files/abc:download?alt=media",
                "v1/files/abc:download?alt=media",
            ),
            (
                "/v1beta/files/abc:download?alt=media",
                "v1beta/files/abc:download?alt=media",
            ),
        ] {
            assert_eq!(
                at(base, uri),
                Some(format!("https://gateway.example/google/{path}")),
                "{uri}"
            );
        }
    }

    #[test]
    fn an_address_of_a_host_that_is_not_public_is_not_visited_unless_it_is_the_upstreams_own() {
        let visit = |base: &str, url: &str| api(base).visit(&Url::parse(url).expect("an address"));
        for url in [
            "http://10.0.0.1/secret",
            "https://10.0.0.1/secret",
            "file:///etc/passwd",
            "http://cdn.example.com/v",
        ] {
            assert_eq!(visit("https://gateway.example.com", url), None, "{url}");
        }
        assert_eq!(
            visit("http://127.0.0.1:1", "http://127.0.0.1:2/v.mp4"),
            None
        );
        assert!(
            visit("http://127.0.0.1:1", "http://127.0.0.1:1/v.mp4")
                .is_some_and(|credential| credential.is_some())
        );
    }

    #[test]
    fn an_error_that_repeats_the_key_is_read_without_it_i12() {
        let read = |body: &str, key: &str| {
            without_key(body.as_bytes(), key).map(|body| String::from_utf8(body).expect("text"))
        };
        let key = "a-secret-key";
        assert_eq!(
            read("bad key a-secret-key, a-secret-key", key).as_deref(),
            Some("bad key [key], [key]")
        );
        assert_eq!(
            (read("bad key", key), read("a key", "key"), read("", key)),
            (None, None, None)
        );
    }

    #[test]
    fn the_key_goes_to_the_configured_host_alone() {
        let api = api("https://gateway.example/google");
        let visit = |url: &str| api.visit(&Url::parse(url).expect("an address"));
        assert_eq!(
            visit("https://gateway.example/x"),
            Some(Some(("x-goog-api-key", "k".to_owned())))
        );
        for other in ["https://gateway.example:444/x", "https://evil.example/x"] {
            assert_eq!(visit(other), Some(None), "{other}");
        }
        assert_eq!(visit("http://gateway.example/x"), None);
    }
}
