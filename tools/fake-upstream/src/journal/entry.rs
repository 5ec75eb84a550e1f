//! One request as it is recorded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a request is to the story of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// `:predictLongRunning`, or a new interaction.
    Submit,
    /// The operation or the interaction asked for.
    Poll,
    /// An interaction called off.
    Cancel,
    /// An interaction deleted.
    Delete,
    /// What the Files API says of a file.
    File,
    /// The file's own address, which redirects to the bytes; or an object of Cloud Storage, which
    /// is the bytes.
    Download,
    /// The bytes.
    Bytes,
    /// Anything that reached the other host.
    Other,
    /// A token asked for with an assertion.
    Token,
    /// The keys of pushes asked for.
    Keys,
    /// A webhook.
    Webhook,
    /// A path this server does not know.
    Unknown,
}

impl Step {
    /// Every step.
    pub(crate) const ALL: [Self; 12] = [
        Self::Submit,
        Self::Poll,
        Self::Cancel,
        Self::Delete,
        Self::File,
        Self::Download,
        Self::Bytes,
        Self::Other,
        Self::Token,
        Self::Keys,
        Self::Webhook,
        Self::Unknown,
    ];

    /// Whether it is asked of Google's services, and so takes `--answer-ms`.
    pub(crate) fn is_of_google(self) -> bool {
        match self {
            Self::Submit
            | Self::Poll
            | Self::Cancel
            | Self::Delete
            | Self::File
            | Self::Download
            | Self::Bytes
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

/// What the caller gave as `Authorization`; the token itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenSeen {
    /// There was none.
    Absent,
    /// A token of this server's that still holds.
    Equal,
    /// A token of this server's whose time is over.
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
    /// When it came, in milliseconds since the epoch.
    pub(crate) at_ms: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// By lower-case name, secrets replaced by a word in angle brackets.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) api_key: KeySeen,
    pub(crate) authorization: TokenSeen,
    /// The body's start as text.
    pub(crate) body: String,
    /// The whole body's length.
    pub(crate) body_bytes: usize,
    pub(crate) step: Step,
    /// By its path; for a file, by its job.
    pub(crate) wire: Option<Wire>,
    /// The operation's id, once known.
    pub(crate) operation: Option<String>,
    /// The prompt of the job it belongs to, once known.
    pub(crate) prompt: Option<String>,
    /// The mark it met.
    pub(crate) fault: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    /// Whether what it does is visible (accepted, put into the inbox, refused, held): only then do
    /// waiters count it.
    #[serde(skip)]
    pub(crate) visible: bool,
}
