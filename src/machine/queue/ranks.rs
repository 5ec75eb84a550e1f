//! The ranks of the waiting jobs, so that no step counts rows.

use super::{Entry, Stage};
use std::collections::BTreeMap;

/// What orders a job among those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    pub priority: u8,
    /// See [`Entry::turn`].
    pub turn: (u64, u64),
    /// See [`Entry::head_start_key`].
    pub head_start_key: i64,
}

impl Rank {
    pub fn of(entry: &Entry) -> Self {
        Self {
            priority: entry.summary.priority,
            turn: entry.turn(),
            head_start_key: entry.head_start_key(),
        }
    }

    /// Orders jobs of different priorities.
    fn key(&self) -> (i64, u64) {
        (self.head_start_key, self.turn.1)
    }
}

/// The waiting jobs of one priority, in both orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Level {
    turns: Vec<(u64, u64)>,
    keys: Vec<(i64, u64)>,
}

/// The ranks of all waiting jobs: 32 bytes for each. They are read once, then move with each entry
/// that a step saves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranks(BTreeMap<u8, Level>);

impl FromIterator<Rank> for Ranks {
    fn from_iter<I: IntoIterator<Item = Rank>>(ranks: I) -> Self {
        let mut levels = BTreeMap::<u8, Level>::new();
        for rank in ranks {
            let level = levels.entry(rank.priority).or_default();
            level.turns.push(rank.turn);
            level.keys.push(rank.key());
        }
        for level in levels.values_mut() {
            level.turns.sort_unstable();
            level.keys.sort_unstable();
        }
        Self(levels)
    }
}

impl Ranks {
    /// Adds an entry that is stored from now on, if it waits.
    pub(super) fn add(&mut self, entry: &Entry) {
        if entry.stage == Stage::Waiting {
            let rank = Rank::of(entry);
            let level = self.0.entry(rank.priority).or_default();
            insert(&mut level.turns, rank.turn);
            insert(&mut level.keys, rank.key());
        }
    }

    /// Removes an entry as it was stored, if it waited.
    pub(super) fn subtract(&mut self, entry: &Entry) {
        let rank = Rank::of(entry);
        if entry.stage == Stage::Waiting
            && let Some(level) = self.0.get_mut(&rank.priority)
        {
            remove(&mut level.turns, &rank.turn);
            remove(&mut level.keys, &rank.key());
            if level.turns.is_empty() {
                self.0.remove(&rank.priority);
            }
        }
    }

    /// How many jobs wait ahead of this rank: those of the same priority with an earlier turn, and
    /// those of other priorities with an earlier [`Entry::head_start_key`] (then by sequence).
    pub fn before(&self, rank: &Rank) -> u64 {
        let before = |(priority, level): (&u8, &Level)| {
            if *priority == rank.priority {
                level.turns.partition_point(|turn| *turn < rank.turn)
            } else {
                level.keys.partition_point(|key| *key < rank.key())
            }
        };
        self.0.iter().map(before).sum::<usize>() as u64
    }
}

fn insert<T: Ord>(sorted: &mut Vec<T>, item: T) {
    let (Ok(at) | Err(at)) = sorted.binary_search(&item);
    sorted.insert(at, item);
}

fn remove<T: Ord>(sorted: &mut Vec<T>, item: &T) {
    if let Ok(at) = sorted.binary_search(item) {
        sorted.remove(at);
    }
}
