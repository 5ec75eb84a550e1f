//! The record of every request, and waiting for requests to arrive.

mod entry;
mod waiting;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::lock::locked;

use waiting::Waiters;

pub(crate) use entry::{Entry, KeySeen, Outcome, Step, TokenSeen, Wire};
pub(crate) use waiting::Wanted;

/// The most requests stored; older ones are deleted.
const MAX_ENTRIES: usize = 50_000;

/// Every request since the start or the last reset.
pub(crate) struct Journal(Mutex<Log>);

struct Log {
    next: u64,
    /// In the order of their numbers.
    entries: VecDeque<Entry>,
    /// How many requests of each step were added, including those deleted since.
    counts: BTreeMap<Step, usize>,
    waiters: Waiters,
}

impl Log {
    /// The entries after a number.
    fn after(&self, since: u64) -> impl Iterator<Item = &Entry> {
        self.entries
            .range(self.entries.partition_point(|entry| entry.seq <= since)..)
    }

    /// The entries that match.
    fn matching(&self, wanted: &Wanted) -> impl Iterator<Item = &Entry> {
        self.after(wanted.since.unwrap_or_default())
            .filter(|entry| wanted.matches(entry))
    }
}

impl Journal {
    /// An empty journal; the first request gets number 1.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Log {
            next: 1,
            entries: VecDeque::new(),
            counts: nothing_counted(),
            waiters: Waiters::default(),
        }))
    }

    /// Adds a request and returns its number.
    pub(crate) fn add(&self, make: impl FnOnce(u64) -> Entry) -> u64 {
        let log = &mut *locked(&self.0);
        let seq = log.next;
        log.next += 1;
        if log.entries.len() >= MAX_ENTRIES
            && let Some(forgotten) = log.entries.pop_front()
        {
            log.waiters.without(&forgotten);
        }
        let entry = make(seq);
        *log.counts.entry(entry.step).or_default() += 1;
        log.waiters.with(&entry);
        log.entries.push_back(entry);
        seq
    }

    /// Changes a request's entry, if it is still stored, and notifies its waiters.
    pub(crate) fn update(&self, seq: u64, change: impl FnOnce(&mut Entry)) {
        let log = &mut *locked(&self.0);
        if let Ok(index) = log.entries.binary_search_by_key(&seq, |entry| entry.seq) {
            let entry = &mut log.entries[index];
            log.waiters.without(entry);
            change(entry);
            log.waiters.with(entry);
        }
    }

    /// The requests after a number, of one step or of all.
    pub(crate) fn list(&self, since: u64, step: Option<Step>) -> Vec<Entry> {
        let log = locked(&self.0);
        log.after(since)
            .filter(|entry| step.is_none_or(|step| entry.step == step))
            .cloned()
            .collect()
    }

    /// How many requests of each step arrived, whether or not they are still stored.
    pub(crate) fn counts(&self) -> BTreeMap<Step, usize> {
        locked(&self.0).counts.clone()
    }

    /// Deletes every request; numbers continue. Returns the last number given.
    pub(crate) fn clear(&self) -> u64 {
        let mut log = locked(&self.0);
        log.entries.clear();
        log.counts = nothing_counted();
        log.waiters.without_all();
        log.next - 1
    }

    /// Waits until enough requests match. Returns the matching ones, and whether they are enough.
    pub(crate) async fn wait(&self, wanted: &Wanted) -> (bool, Vec<Entry>) {
        let timeout = Duration::from_millis(wanted.timeout_ms.unwrap_or(10_000));
        // Either enough requests match or the time is over: the requests found then decide which.
        let _ = tokio::time::timeout(timeout, self.enough(wanted)).await;
        let found: Vec<Entry> = locked(&self.0).matching(wanted).cloned().collect();
        (found.len() >= wanted.enough(), found)
    }

    /// Completes once enough requests match.
    fn enough(&self, wanted: &Wanted) -> oneshot::Receiver<()> {
        let mut log = locked(&self.0);
        let matching = log.matching(wanted).count();
        log.waiters.add(wanted.clone(), matching)
    }
}

fn nothing_counted() -> BTreeMap<Step, usize> {
    Step::ALL.into_iter().map(|step| (step, 0)).collect()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    #[tokio::test]
    async fn a_request_is_counted_only_once_what_it_does_can_be_seen() {
        let journal = Journal::new();
        let seq = journal.add(entry);
        let wanted = Wanted {
            contains: Some("dog".to_owned()),
            ..wanted(1)
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
        assert!(
            !journal.list(0, None)[0].visible,
            "a deleted number changed another entry"
        );
    }

    #[tokio::test]
    async fn what_changes_while_someone_waits_is_counted_once_and_only_while_it_matches() {
        let journal = Journal::new();
        for _ in 0..3 {
            journal.add(entry);
        }
        journal.update(1, |entry| entry.visible = true);
        let mut told = journal.enough(&Wanted {
            outcome: Some(Outcome::Pending),
            ..wanted(2)
        });
        let mut is_told = || told.try_recv() == Err(TryRecvError::Closed);
        journal.update(1, |entry| entry.status = Some(200));
        assert!(!is_told(), "a request was counted twice");
        journal.update(1, |entry| entry.outcome = Outcome::Answered);
        journal.update(2, |entry| entry.visible = true);
        assert!(!is_told(), "a request that no longer matches was counted");
        journal.clear();
        journal.add(|seq| Entry {
            visible: true,
            ..entry(seq)
        });
        assert!(!is_told(), "a deleted request was counted");
        journal.add(|seq| Entry {
            visible: true,
            ..entry(seq)
        });
        assert!(is_told());
    }

    #[tokio::test]
    async fn a_request_that_is_forgotten_for_newer_ones_is_counted_by_nobody_who_waits() {
        let journal = Journal::new();
        let visible = |seq| Entry {
            visible: true,
            ..entry(seq)
        };
        journal.add(visible);
        let mut told = journal.enough(&wanted(2));
        for _ in 0..MAX_ENTRIES {
            journal.add(entry);
        }
        journal.add(visible);
        assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(journal.list(0, None).len(), MAX_ENTRIES);
        assert_eq!(journal.counts()[&Step::Submit], MAX_ENTRIES + 2);
    }

    #[tokio::test]
    async fn who_has_gone_away_or_was_told_is_no_longer_counted_for() {
        let journal = Journal::new();
        assert!(!journal.wait(&wanted(1)).await.0);
        drop(journal.enough(&wanted(1)));
        let told = journal.enough(&wanted(1));
        journal.add(|seq| Entry {
            visible: true,
            ..entry(seq)
        });
        assert_eq!(locked(&journal.0).waiters.len(), 0);
        drop(told);
        assert!(journal.wait(&wanted(1)).await.0);
        assert_eq!(locked(&journal.0).waiters.len(), 0);
    }

    #[test]
    fn each_step_is_listed_once() {
        assert_eq!(nothing_counted().len(), Step::ALL.len());
    }

    fn wanted(count: usize) -> Wanted {
        Wanted {
            step: Some(Step::Submit),
            count: Some(count),
            timeout_ms: Some(0),
            contains: None,
            since: None,
            outcome: None,
        }
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
