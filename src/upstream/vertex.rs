//! Veo over Vertex AI.
//!
//! Calls carry a token of the service account, only to Vertex AI and Cloud Storage. If a token is
//! rejected (401), it is replaced and the call repeated once: a rejected call has had no effect. A
//! video comes from the bucket of `VERTEX_OUTPUT`, or without a bucket from the answer to a poll,
//! decoded while it streams.

pub mod operation;
pub mod service_account;
pub mod token;
pub mod wire;

use crate::clients::file;
use crate::clients::file::Download;
use crate::clients::http::{HttpAnswer, HttpCall, Lost, unreadable_told};
use crate::clients::video_address::may_be_fetched;
use crate::clock;
use crate::machine::job::Progress;
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::time::Millis;
use crate::upstream::google::unavailable;
use crate::upstream::google::{key_check, poll_answer};
use crate::upstream::provider::{KeyCheck, Provider};
use crate::upstream::render_request::RenderRequest;
use crate::upstream::vertex::operation::OperationName;
use crate::upstream::vertex::service_account::ServiceAccount;
use crate::upstream::vertex::wire::VideoPlace;
use crate::variables::{ConfigError, ConfigErrors, Variables, is_loopback};
use async_trait::async_trait;
use std::rc::Rc;
use url::Url;
use worker::Method;

/// The version of the API, below its host; the one that Google's SDK uses.
const VERSION: &str = "v1beta1";
/// The longest JSON answer to a submit that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// The address of Cloud Storage.
pub(crate) const DEFAULT_STORAGE: &str = "https://storage.googleapis.com";
/// The default location of renders.
pub(crate) const DEFAULT_LOCATION: &str = "us-central1";
/// A part of the private key of the local stand-in's service account, which `.dev.vars` publishes.
const PUBLISHED_KEY: &str = "6O7iSNefloKkCR4hKZWlKVwQgRPoRqPE";
/// The names of variables that are used in more than one place.
const ACCOUNT: &str = "VERTEX_SERVICE_ACCOUNT";
const PROJECT: &str = "VERTEX_PROJECT";
const LOCATION: &str = "VERTEX_LOCATION";
const OUTPUT: &str = "VERTEX_OUTPUT";
const API_URL: &str = "VERTEX_API_URL";
/// The rule for a project's name.
const PROJECT_RULE: &str =
    "a project's id (6 to 30 of a-z, 0-9 and -, a letter first) or its number";

/// The configured upstream.
struct Vertex {
    /// `VERTEX_SERVICE_ACCOUNT`.
    account: ServiceAccount,
    /// `VERTEX_PROJECT`, or the account's own.
    project: String,
    /// `VERTEX_LOCATION` (us-central1).
    location: String,
    /// `VERTEX_OUTPUT`: the bucket for the videos; without it, they come in the answer to a poll.
    output: Option<String>,
    /// `VERTEX_API_URL`: used instead of the location's host.
    api: Option<Url>,
    /// `VERTEX_STORAGE_URL`.
    storage: Url,
    /// `UPSTREAM_TIMEOUT_MS`: the time limit for a submit, a poll or a token request.
    timeout: Millis,
}

/// A request to Vertex AI, without the token.
struct Asked<'a> {
    url: &'a str,
    /// Built again for each attempt, because a body with images is large.
    body: &'a dyn Fn() -> String,
    headers_within: Millis,
    all_within: Millis,
}

/// Opens the provider if the service account's key is set.
pub(crate) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigErrors> {
    let Some(key) = variables.text(ACCOUNT)? else {
        return Ok(None);
    };
    let mut errors = ConfigErrors::default();
    let api = errors.keep(api(variables));
    // A configuration that calls only the local machine, such as a test with production settings,
    // may use the stand-in's account.
    if !matches!(&api, Some(Some(api)) if is_loopback(api)) {
        errors.keep(variables.refuse_published(ACCOUNT, |key| key.contains(PUBLISHED_KEY)));
    }
    let account = errors.keep(account(&key));
    let project = errors.keep(project(variables, account.as_ref()));
    let location = errors.keep(location(variables));
    let output = errors.keep(output(variables));
    let storage = errors.keep(variables.safe_url("VERTEX_STORAGE_URL", DEFAULT_STORAGE));
    let timeout = errors.keep(variables.upstream_timeout());
    let vertex = || {
        Some(Vertex {
            account: account?,
            project: project?,
            location: location?,
            output: output?,
            api: api?,
            storage: storage?,
            timeout: timeout?,
        })
    };
    match vertex() {
        Some(vertex) if errors.is_empty() => Ok(Some(Rc::new(vertex))),
        _ => Err(errors),
    }
}

fn api(variables: &Variables<'_>) -> Result<Option<Url>, ConfigError> {
    let url = variables.text(API_URL)?;
    url.map(|url| variables.safe_url(API_URL, &url)).transpose()
}

fn account(key: &str) -> Result<ServiceAccount, ConfigError> {
    ServiceAccount::parse(key).map_err(|flaw| {
        let wanted = format!("the JSON key of a service account, but {flaw}");
        ConfigError::new(ACCOUNT, wanted)
    })
}

/// Empty if it can only be told from an account that cannot be read.
fn project(
    variables: &Variables<'_>,
    account: Option<&ServiceAccount>,
) -> Result<String, ConfigError> {
    let of_account = account.map(|account| account.project_id.as_deref());
    match (variables.text(PROJECT)?, of_account) {
        (Some(project), _) if is_project(&project) => Ok(project),
        (Some(_), _) => Err(ConfigError::new(PROJECT, PROJECT_RULE)),
        (None, None) => Ok(String::new()),
        (None, Some(Some(project))) if is_project(project) => Ok(project.to_owned()),
        (None, Some(Some(_))) => Err(ConfigError::new(
            PROJECT,
            format!("set to {PROJECT_RULE}: the project_id of {ACCOUNT} is neither"),
        )),
        (None, Some(None)) => Err(ConfigError::new(
            PROJECT,
            format!("set, because {ACCOUNT} has no project_id"),
        )),
    }
}

fn location(variables: &Variables<'_>) -> Result<String, ConfigError> {
    let location = variables
        .text(LOCATION)?
        .unwrap_or_else(|| DEFAULT_LOCATION.to_owned());
    let usable = wire::is_location(&location);
    usable
        .then_some(location)
        .ok_or_else(|| ConfigError::new(LOCATION, "a region such as us-central1, or global"))
}

fn output(variables: &Variables<'_>) -> Result<Option<String>, ConfigError> {
    let output = variables.text(OUTPUT)?;
    if output
        .as_deref()
        .is_some_and(|output| !wire::is_output(output))
    {
        let wanted =
            "a bucket of Cloud Storage, or a folder in one, such as gs://my-bucket/videos/";
        return Err(ConfigError::new(OUTPUT, wanted));
    }
    Ok(output)
}

fn is_project(name: &str) -> bool {
    let id = (6..=30).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .chars()
            .all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '-');
    let number = (1..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
    id || number
}

#[async_trait(?Send)]
impl Provider for Vertex {
    async fn submit(&self, request: &RenderRequest<'_>) -> Outcome<String> {
        let (project, location, model) = (&self.project, &self.location, request.model);
        let path = format!(
            "projects/{project}/locations/{location}/publishers/google/models/{model}:predictLongRunning"
        );
        let url = self.address(location, &path);
        let body = || wire::submit_body(request, self.output.as_deref());
        let answer = self.send(&self.question(&url, &body), of_submit).await?;
        let reply = answer.reply(MAX_ANSWER).await?;
        unreadable_told(&reply, wire::read_submit(&reply))
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let operation = OperationName::parse(operation)
            .ok_or_else(|| Trouble::retry(unavailable("The render is not from Vertex AI.")))?;
        let answer = self
            .ask(operation, (self.timeout, self.timeout), of_poll)
            .await?;
        poll_answer::read_poll(answer, operation.inline_uri()).await
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        match wire::place(uri).ok_or_else(file::unusable_address)? {
            VideoPlace::Stored(path) => self.fetch_stored(&path).await,
            VideoPlace::Inline(operation) => {
                let limits = (file::HEADERS_TIMEOUT, file::TIMEOUT);
                poll_answer::inline_video(self.ask(operation, limits, of_fetch).await?)
            }
            VideoPlace::Elsewhere(uri) => {
                let url = Url::parse(uri).map_err(|_| file::unusable_address())?;
                file::open(url, |url| {
                    may_be_fetched(url, &self.storage).then_some(None)
                })
                .await
            }
        }
    }

    async fn check_key(&self, within: Millis) -> KeyCheck {
        match token::fresh(&self.account, within, clock::now()).await {
            Ok(token) => self.list_models(&token.secret, within).await,
            Err(Trouble::Refused(failure)) => KeyCheck::Refused(failure.message),
            Err(Trouble::Retry { failure, .. } | Trouble::NotNow { failure, .. }) => {
                KeyCheck::Unknown(failure.message)
            }
            Err(Trouble::Unknown) => KeyCheck::unanswered(),
        }
    }
}

/// What a missing token means for the call that needs it.
type Tokenless = fn(Trouble) -> Trouble;

impl Vertex {
    fn address(&self, location: &str, path: &str) -> String {
        let host = self
            .api
            .as_ref()
            .map_or_else(|| wire::host(location), Url::to_string);
        format!("{}/{VERSION}/{path}", host.trim_end_matches('/'))
    }

    fn question<'a>(&self, url: &'a str, body: &'a dyn Fn() -> String) -> Asked<'a> {
        Asked {
            url,
            body,
            headers_within: self.timeout,
            all_within: self.timeout,
        }
    }

    /// Tries a token by a list of the project's own models, which costs nothing. It needs the same
    /// role as a render (`roles/aiplatform.user`).
    async fn list_models(&self, token: &str, within: Millis) -> KeyCheck {
        let (project, location) = (&self.project, &self.location);
        let path = format!("projects/{project}/locations/{location}/models?pageSize=1");
        let call = HttpCall {
            method: Method::Get,
            url: &self.address(location, &path),
            headers: &[("authorization", &format!("Bearer {token}"))],
            body: None,
            headers_within: within,
            all_within: within,
        };
        match key_check::read_list(call.read(MAX_ANSWER).await, "the service account") {
            // The token is good, so the key is.
            KeyCheck::Refused(why) => KeyCheck::Failed(format!(
                "{why} Give it the role Vertex AI User in {PROJECT}, where the API must be enabled."
            )),
            other @ (KeyCheck::Accepted | KeyCheck::Failed(_) | KeyCheck::Unknown(_)) => other,
        }
    }

    /// Polls an operation at the location that its name contains.
    async fn ask(
        &self,
        operation: OperationName<'_>,
        limits: (Millis, Millis),
        tokenless: Tokenless,
    ) -> Outcome<HttpAnswer> {
        let url = self.address(operation.location, &operation.poll_path());
        let body = || operation.poll_body();
        let (headers_within, all_within) = limits;
        self.send(
            &Asked {
                headers_within,
                all_within,
                ..self.question(&url, &body)
            },
            tokenless,
        )
        .await
    }

    async fn fetch_stored(&self, path: &str) -> Outcome<Download> {
        let url = Url::parse(&format!(
            "{}/{path}",
            self.storage.as_str().trim_end_matches('/')
        ));
        let url = url.map_err(|_| file::unusable_address())?;
        let open = async |token: &str| {
            file::follow(url.clone(), |url| visit(url, &self.storage, token)).await
        };
        let answer = self.with_token(open, of_fetch).await?;
        if matches!(answer.status(), 401 | 403) {
            answer.discard();
            return Err(file::retry(
                "The service account may not read the videos in the bucket of VERTEX_OUTPUT.",
            ));
        }
        file::accept(answer)
    }

    async fn send(&self, asked: &Asked<'_>, tokenless: Tokenless) -> Outcome<HttpAnswer> {
        self.with_token(async |token: &str| Ok(asked.send(token).await?), tokenless)
            .await
    }

    /// Makes a call with a token, and once more with a fresh token if the first was rejected.
    async fn with_token(
        &self,
        call: impl AsyncFn(&str) -> Outcome<HttpAnswer>,
        tokenless: Tokenless,
    ) -> Outcome<HttpAnswer> {
        let token = self.token().await.map_err(tokenless)?;
        let answer = call(&token).await?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        answer.discard();
        token::forget(&token);
        let token = self.token().await.map_err(tokenless)?;
        let answer = call(&token).await?;
        if answer.status() == 401 {
            token::forget(&token);
        }
        Ok(answer)
    }

    async fn token(&self) -> Outcome<String> {
        token::get(&self.account, self.timeout).await
    }
}

/// Whether a file's address may be visited, and whether the token is sent to it.
fn visit(url: &Url, storage: &Url, token: &str) -> Option<file::Credential> {
    let ours = url.origin() == storage.origin();
    may_be_fetched(url, storage).then(|| ours.then(|| ("authorization", format!("Bearer {token}"))))
}

impl Asked<'_> {
    async fn send(&self, token: &str) -> Result<HttpAnswer, Lost> {
        let bearer = format!("Bearer {token}");
        let call = HttpCall {
            method: Method::Post,
            url: self.url,
            headers: &[
                ("authorization", &bearer),
                ("content-type", "application/json"),
            ],
            body: Some((self.body)()),
            headers_within: self.headers_within,
            all_within: self.all_within,
        };
        call.send().await
    }
}

/// Without a token nothing was bought, whatever the reason, and no other order gets a token either.
fn of_submit(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Retry { after, failure } => Trouble::NotNow { after, failure },
        other @ (Trouble::NotNow { .. } | Trouble::Refused(_) | Trouble::Unknown) => other,
    }
}

/// A missing token says nothing about the render.
fn of_poll(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(failure) => Trouble::retry(failure),
        other @ (Trouble::Retry { .. } | Trouble::NotNow { .. } | Trouble::Unknown) => other,
    }
}

/// A missing token says nothing about the video either.
fn of_fetch(trouble: Trouble) -> Trouble {
    of_poll(trouble).map_failure(|failure| Failure::storage(failure.message))
}

#[cfg(test)]
mod tests {
    use super::{of_fetch, of_poll, of_submit, visit};
    use crate::machine::outcome::{ErrorCode, Failure, Trouble};
    use url::Url;

    #[test]
    fn the_token_goes_to_the_storage_alone() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let storage = url("https://storage.googleapis.com");
        let bearer = Some(Some(("authorization", "Bearer t".to_owned())));
        assert_eq!(
            visit(
                &url("https://storage.googleapis.com/storage/v1/b/x"),
                &storage,
                "t"
            ),
            bearer
        );
        for other in [
            "https://storage.googleapis.com:444/x",
            "https://evil.example/x",
            "https://googleapis.com/x",
        ] {
            assert_eq!(visit(&url(other), &storage, "t"), Some(None), "{other}");
        }
        assert_eq!(
            visit(&url("http://storage.googleapis.com/x"), &storage, "t"),
            None
        );
    }

    #[test]
    fn want_of_a_token_ends_an_order_only_by_the_endpoints_own_word_and_never_a_paid_render_i4() {
        let failure = || Failure::new(ErrorCode::ProviderUnavailable, "No.");
        let passing = || Trouble::Retry {
            after: Some(7),
            failure: failure(),
        };
        assert_eq!(
            of_submit(Trouble::Refused(failure())),
            Trouble::Refused(failure())
        );
        assert_eq!(
            of_submit(passing()),
            Trouble::NotNow {
                after: Some(7),
                failure: failure()
            }
        );
        for (trouble, after) in [(Trouble::Refused(failure()), None), (passing(), Some(7))] {
            assert_eq!(
                of_poll(trouble.clone()),
                Trouble::Retry {
                    after,
                    failure: failure()
                }
            );
            assert_eq!(
                of_fetch(trouble),
                Trouble::Retry {
                    after,
                    failure: Failure::storage("No.")
                }
            );
        }
    }
}
