//! How many jobs are where.

use super::{Entry, Stage};
use std::collections::BTreeMap;

/// What keeps jobs from starting now, whatever their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Waiting users who hold as many slots as one user may.
    pub users: Vec<String>,
    /// Upstreams that take no submits for now.
    pub upstreams: Vec<String>,
}

/// How many jobs are in line and hold slots. It is counted once, then moves with each entry that a
/// step saves, so that no step counts rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    waiting: u64,
    delayed: u64,
    held: u64,
    /// The waiting jobs by upstream.
    waiting_for: BTreeMap<String, u64>,
    /// The waiting jobs by user.
    waiting_of: BTreeMap<String, u64>,
    /// The held slots by user.
    held_by: BTreeMap<String, u64>,
    /// The rights to submit whose use has not been reported, by upstream.
    unspent: BTreeMap<String, u64>,
}

impl Tally {
    /// How many jobs wait.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// How many jobs wait for their time.
    pub fn delayed(&self) -> u64 {
        self.delayed
    }

    /// How many jobs hold a slot.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// The upstreams that jobs wait for.
    pub(super) fn upstreams(&self) -> impl Iterator<Item = &String> {
        self.waiting_for.keys()
    }

    /// Whether a job waits for this upstream.
    pub fn waits_for(&self, upstream: &str) -> bool {
        self.waiting_for.contains_key(upstream)
    }

    /// Whether a job may wait that is not closed.
    pub fn may_have_open(&self, closed: &Closed) -> bool {
        let Closed { users, upstreams } = closed;
        let of_closed_users = users
            .iter()
            .filter_map(|user_id| self.waiting_of.get(user_id));
        let others = self.waiting > of_closed_users.sum();
        let mut names = self.waiting_for.keys();
        others && names.any(|upstream| !upstreams.contains(upstream))
    }

    /// How many slots a user holds.
    pub fn held_by(&self, user_id: &str) -> u64 {
        self.held_by.get(user_id).copied().unwrap_or(0)
    }

    /// The users who wait and hold at least this many slots.
    pub fn waiting_holders_of(&self, slots: u64) -> Vec<String> {
        let full = self.held_by.iter().filter(|(_, held)| **held >= slots);
        full.map(|(user_id, _)| user_id)
            .filter(|user_id| self.waiting_of.contains_key(*user_id))
            .cloned()
            .collect()
    }

    /// How many jobs hold a right to submit to this upstream and have not reported its use.
    pub fn unspent(&self, upstream: &str) -> u64 {
        self.unspent.get(upstream).copied().unwrap_or(0)
    }

    /// Counts waiting jobs of a user for an upstream.
    pub fn add_waiting(&mut self, user_id: &str, upstream: &str, jobs: u64) {
        self.waiting += jobs;
        raise(&mut self.waiting_for, upstream, jobs);
        raise(&mut self.waiting_of, user_id, jobs);
    }

    /// Counts jobs that wait for their time.
    pub fn add_delayed(&mut self, jobs: u64) {
        self.delayed += jobs;
    }

    /// Counts a job that holds a slot.
    pub fn add_held(&mut self, user_id: &str, upstream: &str, unspent: bool) {
        self.held += 1;
        raise(&mut self.held_by, user_id, 1);
        raise(&mut self.unspent, upstream, u64::from(unspent));
    }

    /// Counts an entry that is stored from now on.
    pub fn add(&mut self, entry: &Entry) {
        let (user_id, upstream) = (&entry.summary.key.user_id, &entry.summary.upstream);
        match entry.stage {
            Stage::Waiting => self.add_waiting(user_id, upstream, 1),
            Stage::Delayed { .. } => self.add_delayed(1),
            Stage::Held(_) => self.add_held(user_id, upstream, entry.unspent),
            Stage::Watched { .. } | Stage::Deleting { .. } | Stage::Ended => {}
        }
    }

    /// Takes back what was counted for an entry as it was stored.
    pub(super) fn subtract(&mut self, entry: &Entry) {
        let (user_id, upstream) = (&entry.summary.key.user_id, &entry.summary.upstream);
        match entry.stage {
            Stage::Waiting => {
                self.waiting = self.waiting.saturating_sub(1);
                lower(&mut self.waiting_for, upstream);
                lower(&mut self.waiting_of, user_id);
            }
            Stage::Delayed { .. } => self.delayed = self.delayed.saturating_sub(1),
            Stage::Held(_) => {
                self.held = self.held.saturating_sub(1);
                lower(&mut self.held_by, user_id);
                if entry.unspent {
                    lower(&mut self.unspent, upstream);
                }
            }
            Stage::Watched { .. } | Stage::Deleting { .. } | Stage::Ended => {}
        }
    }
}

fn raise(counts: &mut BTreeMap<String, u64>, name: &str, by: u64) {
    if by == 0 {
        return;
    }
    match counts.get_mut(name) {
        Some(count) => *count += by,
        None => drop(counts.insert(name.to_owned(), by)),
    }
}

fn lower(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) if *count > 1 => *count -= 1,
        Some(_) => drop(counts.remove(name)),
        None => {}
    }
}
