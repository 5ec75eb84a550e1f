//! The worker's API as a user's app calls it.

use super::ready::until;
use super::token;
use super::{Events, Wire};
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a generation may take to end in any test.
const ENDS: Duration = Duration::from_secs(100);

/// One user's view of the worker.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    origin: String,
    token: Option<String>,
    pub(crate) wire: Wire,
    pub(crate) user: String,
}

/// An answer with its whole body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null if it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's value, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The id of the generation that was ordered.
    #[track_caller]
    pub(crate) fn generation_id(&self) -> String {
        let id = self.json()["generationId"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("an id: {} {}", self.status, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Api {
    /// A user with a valid token.
    pub(crate) fn new(origin: String, user: String) -> Self {
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(Duration::from_mins(2))
            .build();
        let token = Some(token::user(&user));
        Self {
            http: http.expect("an HTTP client"),
            origin,
            token,
            wire: Wire::Gemini,
            user,
        }
    }

    /// The same user, whose generations use another wire.
    pub(crate) fn over(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    /// The same with another token, or none.
    pub(crate) fn with_token(&self, token: Option<String>) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    /// Sends a request, changed by `prepare`, to a path or, without the token, to a whole address.
    #[track_caller]
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        let answer = self.open(method, path, prepare);
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer {
            status,
            headers,
            body: answer.bytes().expect("the answer is whole").into(),
        }
    }

    /// As [`Self::send`], with the body not read yet.
    #[track_caller]
    fn open(
        &self,
        method: &str,
        path: &str,
        prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Response {
        let own = path.starts_with('/');
        let url = if own {
            format!("{}{path}", self.origin)
        } else {
            path.to_owned()
        };
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, url);
        if let Some(token) = self.token.as_ref().filter(|_| own) {
            request = request.bearer_auth(token);
        }
        prepare(request).send().expect("the worker answers")
    }

    /// Opens the live events of a generation, beginning with the one after `after`.
    #[track_caller]
    pub(crate) fn events(&self, id: &str, after: Option<u64>) -> Events {
        self.try_events(id, after)
            .expect("there is room for a stream")
    }

    /// The same; `None` if too many streams are open.
    #[track_caller]
    pub(crate) fn try_events(&self, id: &str, after: Option<u64>) -> Option<Events> {
        let path = format!("/api/generations/{id}/events");
        let answer = self.open("GET", &path, |request| match after {
            Some(after) => request.header("Last-Event-ID", after),
            None => request,
        });
        if answer.status() == 429 {
            return None;
        }
        assert_eq!(
            answer.status(),
            200,
            "{}",
            answer.text().unwrap_or_default()
        );
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Some(Events::new(answer))
    }

    /// The whole address of a path, for other clients.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The user's token.
    pub(crate) fn bearer(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, |request| request)
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str) -> Answer {
        self.send("POST", path, |request| request)
    }

    /// Orders a generation with any body.
    #[track_caller]
    pub(crate) fn create(&self, body: &Value) -> Answer {
        self.send("POST", "/api/generations", |request| request.json(body))
    }

    /// The same with a worker that may be killed meanwhile; the status if there is an answer.
    pub(crate) fn try_create(&self, body: &Value) -> Option<u16> {
        let request = self
            .http
            .post(format!("{}/api/generations", self.origin))
            .json(body);
        let request = self.token.iter().fold(request, RequestBuilder::bearer_auth);
        request.send().ok().map(|answer| answer.status().as_u16())
    }

    /// Orders a generation over the user's wire; returns its id.
    #[track_caller]
    pub(crate) fn generate(&self, prompt: &str) -> String {
        self.generate_by(self.wire.model(), prompt)
    }

    /// The same with a given model.
    #[track_caller]
    pub(crate) fn generate_by(&self, model: &str, prompt: &str) -> String {
        let answer = self
            .create(&json!({ "prompt": prompt, "provider": self.wire.provider(), "model": model }));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.generation_id()
    }

    #[track_caller]
    pub(crate) fn generation(&self, id: &str) -> Value {
        let answer = self.get(&format!("/api/generations/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["generation"].clone()
    }

    /// Waits until a generation has these values. A position may be a second or two old.
    #[track_caller]
    pub(crate) fn waits_as(&self, id: &str, wanted: &Value) -> Value {
        let wanted = wanted.as_object().expect("fields");
        let what = format!("{id} waits as {wanted:?}");
        until(&what, ENDS, || {
            let generation = self.generation(id);
            let is_met = wanted
                .iter()
                .all(|(name, value)| generation[name] == *value);
            is_met.then_some(generation)
        })
    }

    /// Waits until a generation has ended with this status and its webhook is delivered or
    /// exhausted.
    #[track_caller]
    pub(crate) fn ends_as(&self, id: &str, status: &str) -> Value {
        let generation = until("the generation is done", ENDS, || {
            Some(self.generation(id)).filter(|generation| generation["phase"] == "done")
        });
        assert_eq!(
            generation["status"],
            status,
            "{generation:#}\n{:#}",
            self.timeline(id)
        );
        generation
    }

    /// Waits until a generation has failed with this code.
    #[track_caller]
    pub(crate) fn fails_with(&self, id: &str, code: &str) -> Value {
        let generation = self.ends_as(id, "failed");
        assert_eq!(generation["errorCode"], code, "{generation:#}");
        generation
    }

    /// The names of a generation's steps so far.
    #[track_caller]
    pub(crate) fn steps(&self, id: &str) -> Vec<String> {
        let timeline = self.timeline(id);
        let steps = timeline["timeline"].as_array().into_iter().flatten();
        steps
            .filter_map(|step| Some(step["step"].as_str()?.to_owned()))
            .collect()
    }

    #[track_caller]
    pub(crate) fn timeline(&self, id: &str) -> Value {
        self.get(&format!("/api/generations/{id}/timeline")).json()
    }
}
