//! The fake upstream as a process, driven by its control API (see the head of
//! `tools/fake-upstream/src/main.rs`).

use crate::worker::home;
use processes::process::{Program, new_folder};
use processes::ready::until;
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The secret of the app's webhooks: 32 bytes.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_dGhlLWJlbmNobWFya3Mtb3duLXdlYmhvb2tzLSEhISE=";
/// The API key that the upstream accepts.
pub(crate) const API_KEY: &str = "the-benchmarks-own-upstream-key";
/// How long the upstream may take to start, or a request to arrive.
const PATIENCE: Duration = Duration::from_mins(2);

/// The interval at which webhooks are counted.
const LOOK: Duration = Duration::from_millis(20);

/// A running upstream with its webhook inbox.
pub(crate) struct Upstream {
    #[expect(dead_code, reason = "it runs until it is dropped")]
    program: Program,
    folder: PathBuf,
    pub(crate) origin: String,
    http: Client,
}

/// A paid render.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) prompt: String,
    pub(crate) ready_at_ms: u64,
    /// When a poll first reported the end.
    pub(crate) told_at_ms: Option<u64>,
    pub(crate) polls: u32,
    pub(crate) file: String,
}

/// A webhook that arrived.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    pub(crate) received_at: u64,
    pub(crate) event: Option<String>,
    pub(crate) generation_id: Option<String>,
}

/// A request that arrived.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Arrival {
    pub(crate) at_ms: u64,
}

/// How many requests and webhooks have arrived since the last reset.
#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    pub(crate) operations: u64,
    pub(crate) inbox: u64,
}

#[derive(Deserialize)]
struct Waited {
    reached: bool,
    requests: Vec<Arrival>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        // After a failure the logs are kept for inspection; the next run removes them.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Upstream {
    /// Starts one on a free port.
    pub(crate) fn start(options: &[&str]) -> Self {
        let binary = std::env::var_os("FAKE_UPSTREAM_BIN")
            .expect("FAKE_UPSTREAM_BIN is set: run this by `npm run bench`");
        let usual = [
            "--listen",
            "127.0.0.1:0",
            "--webhook-secret",
            WEBHOOK_SECRET,
            "--api-key",
            API_KEY,
        ];
        let mut command = vec![binary.as_os_str()];
        command.extend(usual.iter().chain(options).map(OsStr::new));
        let folder = new_folder(&home());
        let program = Program::start(&folder, "upstream", &command, &[]);
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
            folder,
            origin,
            http: http.expect("an HTTP client"),
        }
    }

    /// Deletes all state, opens all gates and answers webhooks immediately with 200.
    pub(crate) async fn reset(&self) {
        self.control("reset", &json!({})).await;
    }

    /// Sets how the inbox answers from now on.
    pub(crate) async fn inbox_mode(&self, mode: &str) {
        self.control("inbox/mode", &json!({ "mode": mode })).await;
    }

    /// When the submit arrived whose prompt contains `text`, in milliseconds since the Unix epoch.
    pub(crate) async fn submitted(&self, text: &str) -> u64 {
        let query = [
            ("step", "submit"),
            ("contains", text),
            ("timeout_ms", "120000"),
        ];
        let waited: Waited = self.show("wait", &query).await;
        assert!(waited.reached, "no submit arrived with {text}");
        waited.requests[0].at_ms
    }

    pub(crate) async fn operations(&self) -> Vec<Operation> {
        self.show("operations", &[]).await
    }

    pub(crate) async fn inbox(&self) -> Vec<Delivery> {
        self.show("inbox", &[]).await
    }

    pub(crate) async fn counts(&self) -> Counts {
        self.show("counts", &[]).await
    }

    /// Waits until `count` webhooks have arrived since the last reset. Returns whether they have
    /// within `patience`.
    pub(crate) async fn webhooks(&self, count: u64, patience: Duration) -> bool {
        let arrived = async {
            while self.counts().await.inbox < count {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(patience, arrived).await.is_ok()
    }

    async fn control(&self, path: &str, body: &Value) {
        let sent = self
            .http
            .post(format!("{}/__control/{path}", self.origin))
            .json(body)
            .send()
            .await;
        let answer = sent.expect("the upstream answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    async fn show<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> T {
        let mut address =
            reqwest::Url::parse(&format!("{}/__control/{path}", self.origin)).expect("an address");
        address.query_pairs_mut().extend_pairs(query);
        let answer = self
            .http
            .get(address)
            .send()
            .await
            .expect("the upstream answers");
        answer
            .json()
            .await
            .expect("the upstream's answer can be read")
    }
}
