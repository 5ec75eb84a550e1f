//! The fake upstream as a process, driven by its control API (see the head of
//! `tools/fake-upstream/src/main.rs`).

use super::process::Program;
use super::ready::until;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

/// The secret of the app's webhooks: 32 bytes.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_dGhlLXRlc3RzLW93bi13ZWJob29rLXNlY3JldCEhIQ==";
/// Where Vertex AI stores its videos.
pub(crate) const OUTPUT: &str = "gs://the-tests-own-bucket/videos/";
/// The only API key that the upstream accepts.
pub(crate) const API_KEY: &str = "the-tests-own-upstream-key";
/// The sample video that the upstream renders.
pub(crate) const SAMPLE: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tools/fake-upstream/assets/sample.mp4"
));
/// The size of the head of a video of a wanted size; the upstream's pattern follows it.
const HEAD: u64 = 144;
/// How long anything may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether these bytes are those of a video of a wanted size, starting at byte `first`: byte `i` is
/// `i % 251`.
pub(crate) fn follows_pattern(bytes: &[u8], first: u64) -> bool {
    (first..)
        .zip(bytes)
        .all(|(place, byte)| place < HEAD || u64::from(*byte) == place % 251)
}

/// A running upstream with its webhook inbox.
pub(crate) struct Upstream {
    program: Program,
    origin: String,
    http: Client,
}

impl Upstream {
    /// Starts one on free ports; a render takes 300 ms unless its prompt has a mark for it.
    pub(crate) fn start(folder: &Path) -> Self {
        let binary = std::env::var_os("FAKE_UPSTREAM_BIN").expect(
            "FAKE_UPSTREAM_BIN names the built fake-upstream: run these tests by `npm test`",
        );
        let arguments = [
            "--listen",
            "127.0.0.1:0",
            "--webhook-secret",
            WEBHOOK_SECRET,
            "--api-key",
            API_KEY,
        ];
        let mut command = vec![binary.as_os_str()];
        command.extend(
            arguments
                .iter()
                .chain(&["--render-ms", "300"])
                .map(OsStr::new),
        );
        let program = Program::start(folder, "upstream", &command, &[]);
        let origin = until("the upstream listens", PATIENCE, || {
            let output = program.output();
            let line = output
                .lines()
                .find_map(|line| line.strip_prefix("listening on "))?;
            output.contains('\n').then(|| line.trim().to_owned())
        });
        let http = Client::builder()
            .no_proxy()
            .timeout(PATIENCE + Duration::from_secs(5))
            .build();
        Self {
            program,
            origin,
            http: http.expect("an HTTP client"),
        }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn log(&self) -> String {
        self.program.output()
    }

    /// The key of a service account that this upstream issues tokens to.
    pub(crate) fn service_account(&self) -> String {
        self.show("service-account", &[]).to_string()
    }

    /// Invalidates every access token issued so far.
    pub(crate) fn expire_tokens(&self) {
        self.control("tokens/expire", &json!({}));
    }

    /// Registers a webhook for finished operations.
    pub(crate) fn push_to(&self, uri: &str, secret: &str) {
        self.control("push", &json!({ "uri": uri, "secret": secret }));
    }

    /// The webhooks sent about a prompt's renders, with the answers.
    pub(crate) fn pushes(&self, prompt: &str) -> Vec<Value> {
        let all = self.show("pushes", &[]);
        all.as_array()
            .into_iter()
            .flatten()
            .filter(|push| push["prompt"] == prompt)
            .cloned()
            .collect()
    }

    /// Deletes all state, opens all gates and answers webhooks with 200 again.
    pub(crate) fn reset(&self) {
        self.control("reset", &json!({}));
    }

    /// Closes a step's gate.
    pub(crate) fn close(&self, step: &str) {
        self.control("gate", &json!({ "step": step, "state": "closed" }));
    }

    /// Holds submits once they are accepted, and therefore paid for.
    pub(crate) fn close_after_acceptance(&self) {
        self.control(
            "gate",
            &json!({ "step": "submit", "state": "closed", "after": true }),
        );
    }

    /// Opens a step's gate.
    pub(crate) fn open(&self, step: &str) {
        self.control("gate", &json!({ "step": step, "state": "open" }));
    }

    /// Sets the marks for every prompt without marks of its own, from now on.
    pub(crate) fn faults(&self, marks: &str) {
        self.control("faults", &json!({ "marks": marks }));
    }

    /// Sets how the inbox answers from now on.
    pub(crate) fn inbox_mode(&self, mode: &str) {
        self.control("inbox/mode", &json!({ "mode": mode }));
    }

    /// Waits until `count` requests of a step contain `text` in their body, path or prompt; returns
    /// them.
    #[track_caller]
    pub(crate) fn wait(&self, step: &str, text: &str, count: usize) -> Vec<Value> {
        self.wait_for(step, text, count, None)
    }

    /// Like [`Self::wait`], for requests that a gate holds.
    #[track_caller]
    pub(crate) fn wait_held(&self, step: &str, text: &str, count: usize) -> Vec<Value> {
        self.wait_for(step, text, count, Some("held"))
    }

    /// Like [`Self::wait`], for requests whose caller is known to be gone.
    #[track_caller]
    pub(crate) fn wait_abandoned(&self, step: &str, text: &str, count: usize) -> Vec<Value> {
        self.wait_for(step, text, count, Some("abandoned"))
    }

    #[track_caller]
    fn wait_for(&self, step: &str, text: &str, count: usize, outcome: Option<&str>) -> Vec<Value> {
        let timeout = PATIENCE.as_millis().to_string();
        let count_text = count.to_string();
        let mut query = vec![
            ("step", step),
            ("contains", text),
            ("count", &count_text),
            ("timeout_ms", &timeout),
        ];
        query.extend(outcome.map(|outcome| ("outcome", outcome)));
        let answer = self.show("wait", &query);
        assert_eq!(
            answer["reached"], true,
            "the upstream saw too few requests: {step}, {text}, {count}: {answer}"
        );
        answer["requests"].as_array().cloned().unwrap_or_default()
    }

    /// Every request of a step for this prompt.
    pub(crate) fn requests(&self, step: &str, prompt: &str) -> Vec<Value> {
        let all = self.show("requests", &[("step", step)]);
        all.as_array()
            .into_iter()
            .flatten()
            .filter(|request| request["prompt"] == prompt)
            .cloned()
            .collect()
    }

    /// Every request of a step.
    pub(crate) fn all_requests(&self, step: &str) -> Vec<Value> {
        self.show("requests", &[("step", step)])
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Every request that reached the other host.
    pub(crate) fn other_host_requests(&self) -> Vec<Value> {
        self.all_requests("other")
    }

    /// The paid renders of a prompt.
    pub(crate) fn paid(&self, prompt: &str) -> Vec<Value> {
        let all = self.show("operations", &[]);
        all.as_array()
            .into_iter()
            .flatten()
            .filter(|operation| operation["prompt"] == prompt)
            .cloned()
            .collect()
    }

    /// `rendering`, `maxRendering` and the accepted renders in order as `accepted`.
    pub(crate) fn render_stats(&self) -> Value {
        self.show("render-stats", &[])
    }

    /// The webhooks about a generation, oldest first.
    pub(crate) fn inbox(&self, generation_id: &str) -> Vec<Value> {
        let all = self.show("inbox", &[]);
        let of = |delivery: &&Value| delivery["generationId"] == generation_id;
        all.as_array()
            .into_iter()
            .flatten()
            .filter(of)
            .cloned()
            .collect()
    }

    /// The webhooks about a generation: attempts of one event with one body, all signed (I5).
    #[track_caller]
    pub(crate) fn only_event(&self, generation_id: &str, event: &str) -> Vec<Value> {
        let deliveries = self.inbox(generation_id);
        assert!(
            !deliveries.is_empty(),
            "no webhook arrived about {generation_id}"
        );
        for delivery in &deliveries {
            assert_eq!(delivery["event"], event, "{deliveries:#?}");
            assert_eq!(delivery["valid"], true, "{delivery:#}");
            assert_eq!(delivery["id"], deliveries[0]["id"], "an event has one id");
            assert_eq!(
                delivery["body"], deliveries[0]["body"],
                "an event has one body"
            );
        }
        deliveries
    }

    fn control(&self, path: &str, body: &Value) {
        let answer = self
            .http
            .post(format!("{}/__control/{path}", self.origin))
            .json(body)
            .send();
        let answer = answer.expect("the upstream answers");
        assert!(
            answer.status().is_success(),
            "{path} {body}: {}",
            answer.text().unwrap_or_default()
        );
    }

    fn show(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let mut url =
            url::Url::parse(&format!("{}/__control/{path}", self.origin)).expect("an address");
        url.query_pairs_mut().extend_pairs(query);
        self.http
            .get(url)
            .send()
            .and_then(reqwest::blocking::Response::json)
            .expect("the upstream answers")
    }
}
