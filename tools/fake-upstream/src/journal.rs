//! The record of every request, and waiting for requests to come.

mod entry;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;

use crate::world::locked;

pub(crate) use entry::{Entry, KeySeen, Outcome, Step, TokenSeen, Wire};

/// The most requests remembered; older ones are forgotten.
const MAX_ENTRIES: usize = 50_000;

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
                if self.count(wanted) >= enough || changed.changed().await.is_err() {
                    return;
                }
            }
        });
        let _ = reached.await;
        let found = self.matching(wanted);
        (found.len() >= enough, found)
    }

    fn count(&self, wanted: &Wanted) -> usize {
        locked(&self.log).entries.iter().filter(|entry| wanted.matches(entry)).count()
    }

    fn matching(&self, wanted: &Wanted) -> Vec<Entry> {
        let log = locked(&self.log);
        log.entries.iter().filter(|entry| wanted.matches(entry)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[tokio::test]
    async fn a_request_is_counted_only_once_what_it_does_can_be_seen() {
        let journal = Journal::new();
        let seq = journal.add(entry);
        let wanted = Wanted {
            step: Some(Step::Submit),
            count: None,
            timeout_ms: Some(0),
            contains: Some("dog".to_owned()),
            since: None,
            outcome: None,
        };
        assert!(!journal.wait(&wanted).await.0);
        journal.update(seq, |entry| entry.visible = true);
        assert!(journal.wait(&wanted).await.0);
    }

    #[test]
    fn numbers_go_on_after_everything_was_forgotten() {
        let journal = Journal::new();
        assert_eq!(journal.add(entry), 1);
        assert_eq!(journal.clear(), 1);
        assert_eq!(journal.add(entry), 2);
        journal.update(1, |entry| entry.visible = true);
        assert!(!journal.list(0, None)[0].visible, "a forgotten number changed another entry");
    }

    fn entry(seq: u64) -> Entry {
        Entry {
            seq,
            at_ms: 0,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: BTreeMap::new(),
            api_key: KeySeen::Absent,
            authorization: TokenSeen::Absent,
            body: "a dog".to_owned(),
            body_bytes: 5,
            step: Step::Submit,
            wire: None,
            operation: None,
            prompt: None,
            fault: None,
            status: None,
            outcome: Outcome::Pending,
            visible: false,
        }
    }
}
