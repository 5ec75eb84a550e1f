//! The position of a job, and why it waits.

use super::{Book, Entry, Memory, Mode, Policy, Rank, Stage, Summary};
use crate::machine::job::Start;
use crate::machine::limiter::{Backoff, PROBE_BACKOFF, Shut, WINDOW};
use crate::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// Why a waiting job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlockedBy {
    /// All slots are held.
    Concurrency,
    /// Its user holds as many slots as one user may.
    UserConcurrency,
    /// As many submits as allowed have been made within a minute.
    RateLimit,
    /// The upstream takes no submits for now; it is probed until it does.
    UpstreamBackoff,
    /// The order sets a later start.
    StartAfter,
    /// An operator has paused the queue, the provider or the model.
    Paused,
}

/// A job's position in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// From 1 while waiting, 0 otherwise.
    pub number: u64,
    /// The start that it was granted, while it holds a slot.
    pub admitted: Option<Start>,
    /// `None` also if nothing blocks it and it waits for the next admission.
    pub blocked_by: Option<BlockedBy>,
    /// When it is expected to start, in milliseconds since the Unix epoch; `None` while it is
    /// paused.
    pub estimated_start: Option<Millis>,
}

impl Position {
    /// The position of a job that does not wait.
    pub const NOT_IN_LINE: Self = Self {
        number: 0,
        admitted: None,
        blocked_by: None,
        estimated_start: None,
    };
}

pub(super) fn shut(memory: &Memory, upstream: &str, policy: &Policy, now: Millis) -> Option<Shut> {
    let unspent = memory.tally.unspent(upstream);
    memory.book.shut(upstream, unspent, policy, now)
}

/// The position of a known entry; `policy` has the settings.
pub fn position_of(memory: &Memory, entry: &Entry, policy: &Policy, now: Millis) -> Position {
    let policy = &policy.with(&memory.book.overrides);
    match entry.stage {
        Stage::Held(lease) => {
            let admitted = Start {
                epoch: lease.epoch,
                created_at: entry.summary.created_at,
            };
            Position {
                admitted: Some(admitted),
                ..Position::NOT_IN_LINE
            }
        }
        Stage::Watched { .. } | Stage::Deleting { .. } | Stage::Ended => Position::NOT_IN_LINE,
        Stage::Waiting => in_line(None, memory, entry, policy, now),
        Stage::Delayed { until } => in_line(Some(until), memory, entry, policy, now),
    }
}

/// The position of a job in line; a delayed one joins it at `until`.
fn in_line(
    until: Option<Millis>,
    memory: &Memory,
    entry: &Entry,
    policy: &Policy,
    now: Millis,
) -> Position {
    let Summary {
        key,
        upstream,
        submits,
        ..
    } = &entry.summary;
    let number = memory.ranks.before(&Rank::of(entry)) + 1;
    let Memory { book, tally, .. } = memory;
    if book.is_paused() || book.pauses_upstream(upstream) {
        return Position {
            number,
            blocked_by: Some(BlockedBy::Paused),
            ..Position::NOT_IN_LINE
        };
    }
    let shut = shut(memory, upstream, policy, now);
    let held = tally.held();
    let own_held = tally.held_by(&key.user_id);
    let delay = until.filter(|until| *until > now);
    let blocked_by = match (delay, shut) {
        (Some(_), _) if *submits == 0 => Some(BlockedBy::StartAfter),
        (Some(_), _) | (None, Some(Shut::Backoff { .. } | Shut::Probing)) => {
            Some(BlockedBy::UpstreamBackoff)
        }
        (None, Some(Shut::Rate { .. })) => Some(BlockedBy::RateLimit),
        (None, None)
            if policy
                .limited_user_slots()
                .is_some_and(|slots| own_held >= slots) =>
        {
            Some(BlockedBy::UserConcurrency)
        }
        (None, None) if held >= policy.slots => Some(BlockedBy::Concurrency),
        (None, None) => None,
    };
    let start = estimate(book, number, held, policy, now)
        .max(delay.unwrap_or(0))
        .max(opening(shut, now));
    Position {
        number,
        blocked_by,
        estimated_start: Some(on_occasion(start, policy.mode)),
        ..Position::NOT_IN_LINE
    }
}

/// Estimates the start, assuming that slots become free one after the other at the recent rate.
fn estimate(book: &Book, position: u64, held: u64, policy: &Policy, now: Millis) -> Millis {
    let free = policy.slots.saturating_sub(held);
    let ahead = position.saturating_sub(free);
    now.saturating_add(ahead.saturating_mul(book.usual_hold()) / policy.slots.max(1))
}

fn opening(shut: Option<Shut>, now: Millis) -> Millis {
    match shut {
        Some(Shut::Backoff { until } | Shut::Rate { until: Some(until) }) => until,
        Some(Shut::Rate { until: None }) => now + WINDOW,
        Some(Shut::Probing) => now + PROBE_BACKOFF.0,
        None => 0,
    }
}

/// Rounds up to the next full minute in mode `cron`; every other mode admits at once.
fn on_occasion(at: Millis, mode: Mode) -> Millis {
    if mode == Mode::Cron {
        at.div_ceil(MINUTE) * MINUTE
    } else {
        at
    }
}

/// The upstreams that take no submits for now. An upstream whose wait is over and that no job waits
/// for is left out: it may take submits again, but nobody has tried.
pub fn backoffs(memory: &Memory, now: Millis) -> Vec<(&str, Backoff)> {
    let Memory { book, tally, .. } = memory;
    book.all_backoffs(now)
        .filter(|(name, backoff)| backoff.until > now || tally.waits_for(name))
        .collect()
}
