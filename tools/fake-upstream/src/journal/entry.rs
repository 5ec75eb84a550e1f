//! One recorded request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The kind of a request in a job's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// `:predictLongRunning`, or a new interaction.
    Submit,
    /// A poll of the operation or the interaction.
    Poll,
    /// The cancellation of an interaction.
    Cancel,
    /// The deletion of an interaction.
    Delete,
    /// A file's metadata in the Files API.
    File,
    /// The file's own address, which redirects to the bytes, or an object of Cloud Storage, which
    /// has the bytes itself.
    Download,
    /// The bytes.
    Bytes,
    /// Anything that reached the other host.
    Other,
    /// A list of models, by which a key is tried.
    Models,
    /// A request for a token with an assertion.
    Token,
    /// A request for the keys of pushes.
    Keys,
    /// A webhook.
    Webhook,
    /// A path this server does not know.
    Unknown,
}

impl Step {
    /// Every step.
    pub(crate) const ALL: [Self; 13] = [
        Self::Submit,
        Self::Poll,
        Self::Cancel,
        Self::Delete,
        Self::File,
        Self::Download,
        Self::Bytes,
        Self::Other,
        Self::Models,
        Self::Token,
        Self::Keys,
        Self::Webhook,
        Self::Unknown,
    ];

    /// Whether the request is to Google's services, so that `--answer-ms` delays it.
    pub(crate) fn is_of_google(self) -> bool {
        match self {
            Self::Submit
            | Self::Poll
            | Self::Cancel
            | Self::Delete
            | Self::File
            | Self::Download
            | Self::Bytes
            | Self::Models
            | Self::Token => true,
            Self::Other | Self::Keys | Self::Webhook | Self::Unknown => false,
        }
    }
}

/// Which of Google's wires a request or a job belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wire {
    /// Veo over the Gemini API.
    Gemini,
    /// Veo over Vertex AI, with its tokens and its objects of Cloud Storage.
    Vertex,
    /// Gemini Omni over the Interactions API.
    Omni,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// In progress.
    Pending,
    /// Held by a gate.
    Held,
    /// Deliberately never answered.
    Hung,
    /// Answered with `status`.
    Answered,
    /// Its connection was reset.
    Reset,
    /// The caller disconnected first.
    Abandoned,
}

/// The kind of the caller's `x-goog-api-key`; the key itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeySeen {
    /// There was none.
    Absent,
    /// A key, and `--api-key` named none to compare with.
    Present,
    /// The key named by `--api-key`.
    Equal,
    /// Another key than the one named by `--api-key`.
    Different,
}

/// The kind of the caller's `Authorization`; the token itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenSeen {
    /// There was none.
    Absent,
    /// A valid token of this server.
    Equal,
    /// An expired token of this server.
    Expired,
    /// Anything else.
    Different,
}

/// One request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Grows by one with every request, across resets too.
    pub(crate) seq: u64,
    /// When it arrived, in milliseconds since the epoch.
    pub(crate) at_ms: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// By lower-case name, secrets replaced by a word in angle brackets.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) api_key: KeySeen,
    pub(crate) authorization: TokenSeen,
    /// The beginning of the body as text.
    pub(crate) body: String,
    /// The whole body's length.
    pub(crate) body_bytes: usize,
    pub(crate) step: Step,
    /// The wire of its path; for a file, that of its job.
    pub(crate) wire: Option<Wire>,
    /// The operation's id, once known.
    pub(crate) operation: Option<String>,
    /// The prompt of the job it belongs to, once known.
    pub(crate) prompt: Option<String>,
    /// The mark that it met.
    pub(crate) fault: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    /// Whether its effect is visible (accepted, stored in the inbox, refused, held): waiters count
    /// it only then.
    #[serde(skip)]
    pub(crate) visible: bool,
}
