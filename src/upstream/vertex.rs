//! Veo over Vertex AI.
//!
//! Calls carry a token of the service account, to Vertex AI and to Cloud Storage only. A token that is not believed (401)
//! is replaced and the call repeated once: such a call has not been applied. A video comes from the bucket of
//! `VERTEX_OUTPUT`, or without one out of the answer to a poll, decoded while it streams.

pub mod operation;
pub mod service_account;
pub mod token;
pub mod wire;

use crate::clients::file;
use crate::clients::file::Download;
use crate::clients::http::{Answer, Call, Lost, unreadable_told};
use crate::clients::video_address::may_be_fetched;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::time::Millis;
use crate::upstream::google::poll_answer;
use crate::upstream::google::unavailable;
use crate::upstream::order::Order;
use crate::upstream::provider::Provider;
use crate::upstream::vertex::operation::Operation;
use crate::upstream::vertex::service_account::ServiceAccount;
use crate::upstream::vertex::token::NoToken;
use crate::upstream::vertex::wire::Place;
use crate::variables::{ConfigError, Variables, is_loopback};
use async_trait::async_trait;
use std::rc::Rc;
use url::Url;
use worker::Method;

/// The version of the API, below its host; the one that Google's SDK uses.
const VERSION: &str = "v1beta1";
/// The longest JSON answer to a submit that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// Where Cloud Storage is.
const DEFAULT_STORAGE: &str = "https://storage.googleapis.com";
/// Where renders are asked for.
const DEFAULT_LOCATION: &str = "us-central1";
/// A part of the private key of the local stand-in's service account, which `.dev.vars` publishes.
const PUBLISHED_KEY: &str = "6O7iSNefloKkCR4hKZWlKVwQgRPoRqPE";
/// The names of the variables that are read in more than one place.
const ACCOUNT: &str = "VERTEX_SERVICE_ACCOUNT";
const PROJECT: &str = "VERTEX_PROJECT";
const LOCATION: &str = "VERTEX_LOCATION";
const OUTPUT: &str = "VERTEX_OUTPUT";
const API_URL: &str = "VERTEX_API_URL";
/// What a project is called.
const PROJECT_RULE: &str = "a project's id (6 to 30 of a-z, 0-9 and -, a letter first) or its number";

/// The upstream as configured.
struct Vertex {
    /// `VERTEX_SERVICE_ACCOUNT`.
    account: ServiceAccount,
    /// `VERTEX_PROJECT`, or the account's own.
    project: String,
    /// `VERTEX_LOCATION` (us-central1).
    location: String,
    /// `VERTEX_OUTPUT`: the bucket that videos are put into; without one they come in the answer.
    output: Option<String>,
    /// `VERTEX_API_URL`: instead of the location's host.
    api: Option<Url>,
    /// `VERTEX_STORAGE_URL`.
    storage: Url,
    /// `UPSTREAM_TIMEOUT_MS`: how long a submit, a poll or a token may take, whole.
    timeout: Millis,
}

/// A question to Vertex AI, to which the token is still to be added.
struct Asked<'a> {
    url: &'a str,
    /// Made anew for each time it is sent, because one with images is large.
    body: &'a dyn Fn() -> String,
    headers_within: Millis,
    all_within: Millis,
}

/// Set up by the service account's key.
pub(crate) fn open(variables: &Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigError> {
    let Some(key) = variables.text(ACCOUNT) else { return Ok(None) };
    let api = variables.text(API_URL).map(|url| variables.safe_url(API_URL, &url)).transpose()?;
    // What talks to the own machine alone, such as a test in production's settings, may use the stand-in's account.
    if !api.as_ref().is_some_and(is_loopback) {
        variables.refuse_published(ACCOUNT, |key| key.contains(PUBLISHED_KEY))?;
    }
    let account = ServiceAccount::parse(&key)
        .map_err(|flaw| ConfigError::new(ACCOUNT, format!("the JSON key of a service account, but {flaw}")))?;
    Ok(Some(Rc::new(Vertex {
        project: project(variables, &account)?,
        account,
        location: location(variables)?,
        output: output(variables)?,
        api,
        storage: variables.safe_url("VERTEX_STORAGE_URL", DEFAULT_STORAGE)?,
        timeout: variables.upstream_timeout()?,
    })))
}

fn project(variables: &Variables<'_>, account: &ServiceAccount) -> Result<String, ConfigError> {
    match (variables.text(PROJECT), &account.project_id) {
        (Some(project), _) if is_project(&project) => Ok(project),
        (Some(_), _) => Err(ConfigError::new(PROJECT, PROJECT_RULE)),
        (None, Some(project)) if is_project(project) => Ok(project.clone()),
        (None, Some(_)) => {
            Err(ConfigError::new(PROJECT, format!("set to {PROJECT_RULE}: the project_id of {ACCOUNT} is neither")))
        }
        (None, None) => Err(ConfigError::new(PROJECT, format!("set, for {ACCOUNT} has no project_id"))),
    }
}

fn location(variables: &Variables<'_>) -> Result<String, ConfigError> {
    let location = variables.text(LOCATION).unwrap_or_else(|| DEFAULT_LOCATION.to_owned());
    let usable = wire::is_location(&location);
    usable.then_some(location).ok_or_else(|| ConfigError::new(LOCATION, "a region such as us-central1, or global"))
}

fn output(variables: &Variables<'_>) -> Result<Option<String>, ConfigError> {
    let output = variables.text(OUTPUT);
    if output.as_deref().is_some_and(|output| !wire::is_output(output)) {
        let wanted = "a bucket of Cloud Storage, or a folder in one, such as gs://my-bucket/videos/";
        return Err(ConfigError::new(OUTPUT, wanted));
    }
    Ok(output)
}

fn is_project(name: &str) -> bool {
    let id = (6..=30).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '-');
    let number = (1..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
    id || number
}

#[async_trait(?Send)]
impl Provider for Vertex {
    async fn submit(&self, order: &Order<'_>) -> Outcome<String> {
        let (project, location, model) = (&self.project, &self.location, &order.request.model);
        let path =
            format!("projects/{project}/locations/{location}/publishers/google/models/{model}:predictLongRunning");
        let url = self.address(location, &path);
        let body = || wire::submit_body(order, self.output.as_deref());
        match self.send(&self.question(&url, &body)).await {
            Ok(answer) => match answer.reply(MAX_ANSWER).await {
                Ok(reply) => unreadable_told(&reply, wire::read_submit(&reply)),
                Err(Lost) => Outcome::Unknown,
            },
            Err(outcome) => outcome,
        }
    }

    async fn poll(&self, operation: &str) -> Outcome<Progress> {
        let Some(operation) = Operation::parse(operation) else {
            let failure = unavailable("The render is not one of Vertex AI.");
            return Outcome::Retry { after: None, failure };
        };
        match self.ask(operation, (self.timeout, self.timeout)).await {
            Ok(answer) => poll_answer::read_poll(answer, operation.inline_uri()).await,
            Err(outcome) => outcome,
        }
    }

    async fn fetch(&self, uri: &str) -> Outcome<Download> {
        match wire::place(uri) {
            Some(Place::Stored(path)) => self.fetch_stored(&path).await,
            Some(Place::Inline(operation)) => self.fetch_inline(operation).await,
            Some(Place::Elsewhere(uri)) => self.fetch_elsewhere(uri).await,
            None => Outcome::Refused(file::storage("The video's address is not usable.")),
        }
    }
}

impl Vertex {
    fn address(&self, location: &str, path: &str) -> String {
        let host = self.api.as_ref().map_or_else(|| wire::host(location), Url::to_string);
        format!("{}/{VERSION}/{path}", host.trim_end_matches('/'))
    }

    fn question<'a>(&self, url: &'a str, body: &'a dyn Fn() -> String) -> Asked<'a> {
        Asked { url, body, headers_within: self.timeout, all_within: self.timeout }
    }

    /// Asks how an operation stands, where its name says that it is.
    async fn ask<T>(&self, operation: Operation<'_>, limits: (Millis, Millis)) -> Result<Answer, Outcome<T>>
    where
        Outcome<T>: From<NoToken>,
    {
        let url = self.address(operation.location, &operation.poll_path());
        let body = || operation.poll_body();
        let (headers_within, all_within) = limits;
        self.send(&Asked { headers_within, all_within, ..self.question(&url, &body) }).await
    }

    async fn fetch_stored(&self, path: &str) -> Outcome<Download> {
        let Ok(url) = Url::parse(&format!("{}/{path}", self.storage.as_str().trim_end_matches('/'))) else {
            return Outcome::Refused(file::storage("The video's address is not usable."));
        };
        let open = async |token: &str| file::follow(url.clone(), |url| visit(url, &self.storage, token)).await;
        match self.with_token(open).await {
            Ok(answer) if matches!(answer.status(), 401 | 403) => {
                answer.discard();
                file::retry("The service account may not read the videos in the bucket of VERTEX_OUTPUT.", None)
            }
            Ok(answer) => file::accept(answer),
            Err(outcome) => outcome,
        }
    }

    async fn fetch_elsewhere(&self, uri: &str) -> Outcome<Download> {
        match Url::parse(uri) {
            Ok(url) => file::open(url, |url| may_be_fetched(url, &self.storage).then_some(None)).await,
            Err(_) => Outcome::Refused(file::storage("The video's address is not usable.")),
        }
    }

    async fn fetch_inline(&self, operation: Operation<'_>) -> Outcome<Download> {
        match self.ask(operation, (file::HEADERS_TIMEOUT, file::TIMEOUT)).await {
            Ok(answer) if (200..=299).contains(&answer.status()) => {
                Outcome::Done(Download::from_chunks(poll_answer::decoded(answer.chunks())))
            }
            Ok(answer) => {
                let status = answer.status();
                answer.discard();
                file::refused_fetch(status, None)
            }
            Err(outcome) => outcome,
        }
    }

    async fn send<T>(&self, asked: &Asked<'_>) -> Result<Answer, Outcome<T>>
    where
        Outcome<T>: From<NoToken>,
    {
        self.with_token(async |token: &str| asked.send(token).await.map_err(|Lost| Outcome::Unknown)).await
    }

    /// Makes a call with a token, and once more with a fresh one if that was not believed.
    async fn with_token<T>(&self, call: impl AsyncFn(&str) -> Result<Answer, Outcome<T>>) -> Result<Answer, Outcome<T>>
    where
        Outcome<T>: From<NoToken>,
    {
        let token = self.token().await?;
        let answer = call(&token).await?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        answer.discard();
        token::forget(&token);
        let token = self.token().await?;
        let answer = call(&token).await?;
        if answer.status() == 401 {
            token::forget(&token);
        }
        Ok(answer)
    }

    async fn token(&self) -> Result<String, NoToken> {
        token::get(&self.account, self.timeout).await
    }
}

/// Whether a file's address may be visited, and whether the token goes with it.
fn visit(url: &Url, storage: &Url, token: &str) -> Option<file::Credential> {
    let ours = url.origin() == storage.origin();
    may_be_fetched(url, storage).then(|| ours.then(|| ("authorization", format!("Bearer {token}"))))
}

impl Asked<'_> {
    async fn send(&self, token: &str) -> Result<Answer, Lost> {
        let bearer = format!("Bearer {token}");
        let call = Call {
            method: Method::Post,
            url: self.url,
            headers: &[("authorization", &bearer), ("content-type", "application/json")],
            body: Some((self.body)()),
            headers_within: self.headers_within,
            all_within: self.all_within,
        };
        call.send().await
    }
}

/// Without a token nothing was bought, whatever the reason, and no other order gets one either.
impl From<NoToken> for Outcome<String> {
    fn from(none: NoToken) -> Self {
        let NoToken { is_final, after, failure } = none;
        if is_final { Self::Refused(failure) } else { Self::NotNow { after, failure } }
    }
}

/// Want of a token is no word on a render.
impl From<NoToken> for Outcome<Progress> {
    fn from(none: NoToken) -> Self {
        Self::Retry { after: none.after, failure: none.failure }
    }
}

/// Nor on a video.
impl From<NoToken> for Outcome<Download> {
    fn from(none: NoToken) -> Self {
        file::retry(&none.failure.message, none.after)
    }
}

#[cfg(test)]
mod tests {
    use super::{NoToken, visit};
    use crate::clients::file::Download;
    use crate::machine::job::Progress;
    use crate::machine::outcome::{ErrorCode, Failure, Outcome};
    use url::Url;

    #[test]
    fn the_token_goes_to_the_storage_alone() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let storage = url("https://storage.googleapis.com");
        let bearer = Some(Some(("authorization", "Bearer t".to_owned())));
        assert_eq!(visit(&url("https://storage.googleapis.com/storage/v1/b/x"), &storage, "t"), bearer);
        for other in ["https://storage.googleapis.com:444/x", "https://evil.example/x", "https://googleapis.com/x"] {
            assert_eq!(visit(&url(other), &storage, "t"), Some(None), "{other}");
        }
        assert_eq!(visit(&url("http://storage.googleapis.com/x"), &storage, "t"), None);
    }

    #[test]
    fn want_of_a_token_ends_an_order_only_by_the_endpoints_own_word_and_never_a_paid_render_i4() {
        let none = |is_final: bool| NoToken {
            is_final,
            after: Some(7),
            failure: Failure::new(ErrorCode::ProviderUnavailable, "No."),
        };
        assert!(matches!(Outcome::<String>::from(none(true)), Outcome::Refused(_)));
        for is_final in [true, false] {
            assert!(matches!(Outcome::<Progress>::from(none(is_final)), Outcome::Retry { after: Some(7), .. }));
            assert!(matches!(Outcome::<Download>::from(none(is_final)), Outcome::Retry { after: Some(7), .. }));
        }
        assert!(matches!(Outcome::<String>::from(none(false)), Outcome::NotNow { after: Some(7), .. }));
    }
}
