//! A running fake, with the actions that every test needs.

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::process::Process;

/// The model where any model does.
pub(crate) const MODEL: &str = "veo-3.1-generate-preview";
/// The header that lets a request pass.
pub(crate) const KEY: (&str, &str) = ("x-goog-api-key", "a-key");
/// Long enough for every answer that arrives at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough to conclude that no answer arrives.
pub(crate) const HANGING: Duration = Duration::from_millis(300);

/// A fake whose renders take no time.
pub(crate) struct Fake(pub(crate) Process);

impl Fake {
    pub(crate) fn start() -> Self {
        Self(Process::start(&["--render-ms", "0"]))
    }

    /// The absolute address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.origin)
    }

    pub(crate) fn get(&self, path: &str) -> io::Result<Answer> {
        get(&self.url(path), PATIENCE)
    }

    pub(crate) fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        Request {
            method: "POST",
            url: &self.url(path),
            headers,
            body,
            patience: PATIENCE,
        }
        .send()
    }

    /// Gets from the control API, which must succeed.
    pub(crate) fn control(&self, path: &str) -> Value {
        let answer = self
            .get(&format!("/__control/{path}"))
            .expect("the control API answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Posts to the control API, which must succeed.
    pub(crate) fn tell(&self, path: &str, body: &Value) -> Value {
        let json = ("content-type", "application/json");
        let answer = self.post(&format!("/__control/{path}"), &[json], &body.to_string());
        let answer = answer.expect("the control API answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Submits a body with a good key.
    pub(crate) fn submit_body(&self, model: &str, body: &Value) -> io::Result<Answer> {
        let path = format!("/v1beta/models/{model}:predictLongRunning");
        self.post(&path, &[KEY], &body.to_string())
    }

    /// Submits a prompt, waiting no longer than `patience`.
    pub(crate) fn submit_for(&self, prompt: &str, patience: Duration) -> io::Result<Answer> {
        let url = self.url(&format!("/v1beta/models/{MODEL}:predictLongRunning"));
        let body = json!({ "instances": [{ "prompt": prompt }] }).to_string();
        Request {
            method: "POST",
            url: &url,
            headers: &[KEY],
            body: &body,
            patience,
        }
        .send()
    }

    pub(crate) fn submit(&self, prompt: &str) -> io::Result<Answer> {
        self.submit_for(prompt, PATIENCE)
    }

    /// Submits a prompt that is accepted; returns the operation's name.
    pub(crate) fn accepted(&self, prompt: &str) -> String {
        let answer = self.submit(prompt).expect("an answer");
        answer.json()["name"].as_str().expect("a name").to_owned()
    }

    pub(crate) fn poll(&self, name: &str) -> io::Result<Answer> {
        self.get(&format!("/v1beta/{name}"))
    }

    /// Renders a prompt; returns the path of its video.
    pub(crate) fn video(&self, prompt: &str) -> String {
        let name = self.accepted(prompt);
        let done = self.poll(&name).expect("an answer").json();
        let sample = &done["response"]["generateVideoResponse"]["generatedSamples"][0];
        let uri = sample["video"]["uri"].as_str().expect("a video");
        uri.strip_prefix("https://generativelanguage.googleapis.com")
            .expect("Google's address")
            .to_owned()
    }

    /// How many jobs were accepted, and are therefore paid.
    pub(crate) fn paid(&self) -> usize {
        self.control("operations").as_array().expect("a list").len()
    }

    /// The recorded requests of a step.
    pub(crate) fn recorded(&self, step: &str) -> Vec<Value> {
        let requests = self.control(&format!("requests?step={step}"));
        requests.as_array().expect("a list").clone()
    }
}

/// The time now, for measuring durations.
#[allow(clippy::disallowed_methods, reason = "a test measures the real thing")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

/// A GET with a good key.
pub(crate) fn get(url: &str, patience: Duration) -> io::Result<Answer> {
    Request {
        method: "GET",
        url,
        headers: &[KEY],
        body: "",
        patience,
    }
    .send()
}
