//! Veo over the Gemini API wire.
//!
//! The key goes to the configured host only. Files are named by Google under Google's own host; wherever
//! that host really is (`VEO3_API_URL`), the file is asked for there.

use super::http::{Answer, Call, Lost};
use crate::clock;
use crate::machine::job::{Progress, Request};
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::machine::{Millis, SECOND};
use crate::wire::retry_after;
use crate::wire::veo::{self, Reply};
use url::Url;
use worker::Method;

/// The host Google names its files under.
const GOOGLE_HOST: &str = "generativelanguage.googleapis.com";
/// The version of the API, below the configured address.
const VERSION: &str = "v1beta";
/// How long a download's headers may take, for each address on the way.
const DOWNLOAD_HEADERS_TIMEOUT: Millis = 30 * SECOND;
/// How long a download may take, whole.
const DOWNLOAD_TIMEOUT: Millis = 300 * SECOND;
/// The longest JSON answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// How many redirects a download may take.
const MAX_REDIRECTS: usize = 5;

/// The upstream as configured.
#[derive(Clone, Copy)]
pub struct Veo<'a> {
    /// Without a path, or with one that ends in the version.
    pub url: &'a Url,
    pub key: &'a str,
    /// How long a submit or a poll may take, whole.
    pub timeout: Millis,
}

/// A video on its way, headers received.
#[derive(Debug)]
pub struct Download {
    pub(super) answer: Answer,
    /// The length the upstream announced, in bytes.
    pub(super) length: Option<u64>,
}

impl Veo<'_> {
    /// Pays for a render. The caller has made its intent durable.
    pub async fn submit(&self, request: &Request) -> Outcome<String> {
        let url = format!("{}/models/{}:predictLongRunning", self.base(), request.model);
        let call = Call {
            method: Method::Post,
            url: &url,
            headers: &[("content-type", "application/json"), ("x-goog-api-key", self.key)],
            body: Some(veo::submit_body(request)),
            headers_within: self.timeout,
            all_within: self.timeout,
        };
        match read_reply(call).await {
            Ok(reply) => veo::read_submit(reply.as_reply()),
            Err(Lost) => Outcome::Unknown,
        }
    }

    /// Asks how a render stands.
    pub async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let url = format!("{}/{operation}", self.base());
        let call = Call {
            method: Method::Get,
            url: &url,
            headers: &[("x-goog-api-key", self.key)],
            body: None,
            headers_within: self.timeout,
            all_within: self.timeout,
        };
        match read_reply(call).await {
            Ok(reply) => veo::read_poll(reply.as_reply()),
            Err(Lost) => Outcome::Unknown,
        }
    }

    /// Opens a video's file, following redirects.
    pub async fn download(&self, uri: &str) -> Outcome<Download> {
        let Some(mut url) = self.locate(uri) else {
            return Outcome::Refused(storage("The video's address is not usable."));
        };
        for _ in 0..=MAX_REDIRECTS {
            let key = [("accept-encoding", "identity"), ("x-goog-api-key", self.key)];
            let call = Call {
                method: Method::Get,
                url: url.as_str(),
                headers: if self.is_ours(&url) { &key } else { &key[..1] },
                body: None,
                headers_within: DOWNLOAD_HEADERS_TIMEOUT,
                all_within: DOWNLOAD_TIMEOUT,
            };
            let Ok(answer) = call.send().await else { return Outcome::Unknown };
            if !(300..=399).contains(&answer.status()) {
                return accept(answer);
            }
            let next = answer.header("location").and_then(|location| url.join(&location).ok());
            answer.discard();
            match next.filter(|next| self.may_visit(next)) {
                Some(next) => url = next,
                None => return retry("The video's address redirects to one that may not be visited.", None),
            }
        }
        retry("The video's address redirects too often.", None)
    }

    fn base(&self) -> String {
        let url = self.url.as_str().trim_end_matches('/');
        if url.ends_with(VERSION) || url.ends_with("/v1") { url.to_owned() } else { format!("{url}/{VERSION}") }
    }

    /// Where a file really is: one that Google names under its own host lives at the configured one.
    fn locate(&self, uri: &str) -> Option<Url> {
        let mut url = Url::parse(uri).ok()?;
        if url.host_str() == Some(GOOGLE_HOST) {
            let path = url.path().to_owned();
            let query = url.query().map(str::to_owned);
            url = self.url.clone();
            let prefix = self.url.path().trim_end_matches('/').trim_end_matches(VERSION).trim_end_matches('/');
            url.set_path(&format!("{prefix}{path}"));
            url.set_query(query.as_deref());
        }
        self.may_visit(&url).then_some(url)
    }

    /// Only encrypted addresses, but for the configured upstream's own scheme, which may be a local one.
    fn may_visit(&self, url: &Url) -> bool {
        url.scheme() == "https" || (url.scheme() == "http" && self.url.scheme() == "http")
    }

    fn is_ours(&self, url: &Url) -> bool {
        url.origin() == self.url.origin()
    }
}

struct ReadReply {
    status: u16,
    retry_after: Option<String>,
    body: Vec<u8>,
    now: Millis,
}

impl ReadReply {
    fn as_reply(&self) -> Reply<'_> {
        Reply { status: self.status, retry_after: self.retry_after.as_deref(), body: &self.body, now: self.now }
    }
}

async fn read_reply(call: Call<'_>) -> Result<ReadReply, Lost> {
    let answer = call.send().await?;
    let (status, retry_after) = (answer.status(), answer.header("retry-after"));
    let body = answer.read(MAX_ANSWER).await?;
    Ok(ReadReply { status, retry_after, body, now: clock::now() })
}

fn accept(answer: Answer) -> Outcome<Download> {
    let status = answer.status();
    let asked = answer.header("retry-after").and_then(|value| retry_after::parse(&value, clock::now()));
    if status != 200 {
        answer.discard();
        return retry(&format!("Fetching the video was answered with HTTP {status}."), asked);
    }
    let content_type = answer.header("content-type").unwrap_or_default();
    if !content_type.starts_with("video/") && !content_type.starts_with("application/octet-stream") {
        answer.discard();
        return retry("The video's address answered with something that is not a video.", None);
    }
    let encoded = answer.header("content-encoding").is_some_and(|encoding| encoding != "identity");
    let length = answer.header("content-length").and_then(|length| length.parse().ok()).filter(|_| !encoded);
    Outcome::Done(Download { answer, length })
}

fn storage(sentence: &str) -> Failure {
    Failure::new(ErrorCode::StorageFailed, sentence)
}

fn retry(sentence: &str, after: Option<Millis>) -> Outcome<Download> {
    Outcome::Retry { after, failure: storage(sentence) }
}

#[cfg(test)]
mod tests {
    use super::Veo;
    use url::Url;

    fn located(base: &str, uri: &str) -> Option<String> {
        let url = Url::parse(base).expect("a base address");
        Veo { url: &url, key: "k", timeout: 1 }.locate(uri).map(Into::into)
    }

    #[test]
    fn a_file_under_googles_name_is_fetched_from_the_configured_host() {
        let uri = "https://generativelanguage.googleapis.com/v1beta/files/abc123:download?alt=media";
        for base in ["http://127.0.0.1:8788", "http://127.0.0.1:8788/", "http://127.0.0.1:8788/v1beta"] {
            let expected = "http://127.0.0.1:8788/v1beta/files/abc123:download?alt=media";
            assert_eq!(located(base, uri).as_deref(), Some(expected), "{base}");
        }
        let gateway = located("https://gateway.example/google/v1beta", uri);
        assert_eq!(gateway.as_deref(), Some("https://gateway.example/google/v1beta/files/abc123:download?alt=media"));
    }

    #[test]
    fn an_unencrypted_address_is_visited_only_when_the_upstream_itself_is_local() {
        assert_eq!(located("https://gateway.example", "http://10.0.0.1/secret"), None);
        assert_eq!(located("https://gateway.example", "file:///etc/passwd"), None);
        assert!(located("http://127.0.0.1:1", "http://127.0.0.1:2/v.mp4").is_some());
    }
}
