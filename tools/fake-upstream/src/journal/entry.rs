//! One request as it is recorded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a request is to the story of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// `:predictLongRunning`.
    Submit,
    /// The operation asked for.
    Poll,
    /// The file's own address, which redirects to the bytes.
    Download,
    /// The bytes.
    Bytes,
    /// Anything that reached the other host.
    Other,
    /// A webhook.
    Webhook,
    /// A path this server does not know.
    Unknown,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Being worked on.
    Pending,
    /// Held by a gate.
    Held,
    /// Deliberately never answered.
    Hung,
    /// Answered with `status`.
    Answered,
    /// Its connection was reset.
    Reset,
    /// The caller went away first.
    Abandoned,
}

/// What the caller gave as `x-goog-api-key`; the key itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeySeen {
    /// There was none.
    Absent,
    /// There was one, and no key was named at start to compare with.
    Present,
    /// The key named by `--api-key`.
    Equal,
    /// Another key than the one named by `--api-key`.
    Different,
}

/// One request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Grows by one with every request, across resets too.
    pub(crate) seq: u64,
    /// When it came, in milliseconds since the epoch.
    pub(crate) at_ms: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// By lower-case name, secrets replaced by a word in angle brackets.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) api_key: KeySeen,
    /// The body's start as text.
    pub(crate) body: String,
    /// The whole body's length.
    pub(crate) body_bytes: usize,
    pub(crate) step: Step,
    /// The operation's id, once known.
    pub(crate) operation: Option<String>,
    /// The prompt of the job it belongs to, once known.
    pub(crate) prompt: Option<String>,
    /// The mark it met.
    pub(crate) fault: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    /// Whether what it does is visible (accepted, put into the inbox, refused, held): only then do waiters count it.
    #[serde(skip)]
    pub(crate) visible: bool,
}
