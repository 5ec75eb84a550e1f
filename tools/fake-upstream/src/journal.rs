//! The record of every request, and waiting for requests to come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::world::locked;

/// The most requests remembered; older ones are forgotten.
const MAX_ENTRIES: usize = 50_000;

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

/// What `GET /__control/wait` waits for.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// Only requests of this step.
    pub(crate) step: Option<Step>,
    /// At least so many; one by default.
    pub(crate) count: Option<usize>,
    /// Gives up after this time; 10 s by default.
    pub(crate) timeout_ms: Option<u64>,
    /// Only requests whose body, path or prompt contains this.
    pub(crate) contains: Option<String>,
    /// Only requests with a greater sequence number.
    pub(crate) since: Option<u64>,
    /// Only requests that came to this.
    pub(crate) outcome: Option<Outcome>,
}

impl Wanted {
    fn matches(&self, entry: &Entry) -> bool {
        entry.visible
            && self.step.is_none_or(|step| entry.step == step)
            && self.since.is_none_or(|since| entry.seq > since)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && self.contains.as_ref().is_none_or(|text| {
                entry.body.contains(text)
                    || entry.path.contains(text)
                    || entry.prompt.as_ref().is_some_and(|prompt| prompt.contains(text))
            })
    }
}

/// Every request since the start or the last reset.
pub(crate) struct Journal {
    log: Mutex<Log>,
    changed: watch::Sender<u64>,
}

struct Log {
    next: u64,
    entries: VecDeque<Entry>,
}

impl Journal {
    /// An empty journal; the first request will have number 1.
    pub(crate) fn new() -> Self {
        Self { log: Mutex::new(Log { next: 1, entries: VecDeque::new() }), changed: watch::Sender::new(0) }
    }

    /// Adds a request and returns its number.
    pub(crate) fn add(&self, make: impl FnOnce(u64) -> Entry) -> u64 {
        let mut log = locked(&self.log);
        let seq = log.next;
        log.next += 1;
        if log.entries.len() >= MAX_ENTRIES {
            log.entries.pop_front();
        }
        log.entries.push_back(make(seq));
        seq
    }

    /// Changes a request's entry, if it is still remembered, and wakes who waits.
    pub(crate) fn update(&self, seq: u64, change: impl FnOnce(&mut Entry)) {
        let mut log = locked(&self.log);
        if let Ok(index) = log.entries.binary_search_by_key(&seq, |entry| entry.seq) {
            change(&mut log.entries[index]);
        }
        drop(log);
        self.changed.send_modify(|version| *version += 1);
    }

    /// The requests after a number, of one step or of all.
    pub(crate) fn list(&self, since: u64, step: Option<Step>) -> Vec<Entry> {
        let log = locked(&self.log);
        log.entries
            .iter()
            .filter(|entry| entry.seq > since && step.is_none_or(|step| entry.step == step))
            .cloned()
            .collect()
    }

    /// Forgets every request; numbers go on. Returns the last number given.
    pub(crate) fn clear(&self) -> u64 {
        let mut log = locked(&self.log);
        log.entries.clear();
        log.next - 1
    }

    /// Waits until enough requests match. Returns those that do, and whether they are enough.
    pub(crate) async fn wait(&self, wanted: &Wanted) -> (bool, Vec<Entry>) {
        let mut changed = self.changed.subscribe();
        let enough = wanted.count.unwrap_or(1);
        let timeout = Duration::from_millis(wanted.timeout_ms.unwrap_or(10_000));
        let reached = tokio::time::timeout(timeout, async {
            loop {
                changed.mark_unchanged();
                if self.matching(wanted).len() >= enough || changed.changed().await.is_err() {
                    return;
                }
            }
        });
        let _ = reached.await;
        let found = self.matching(wanted);
        (found.len() >= enough, found)
    }

    fn matching(&self, wanted: &Wanted) -> Vec<Entry> {
        let log = locked(&self.log);
        log.entries.iter().filter(|entry| wanted.matches(entry)).cloned().collect()
    }
}
