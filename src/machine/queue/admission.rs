//! Who may start: the one place where slots are granted, whatever the mode, and the answer to "why does it wait?".

use super::{Book, Closed, Entry, Event, Mode, Place, Policy, Reply, Rows, Turn};
use crate::ids::JobKey;
use crate::machine::bug::{self, Bug};
use crate::machine::lease::Lease;
use crate::machine::limiter::{PROBE_BACKOFF, Shut, WINDOW};
use crate::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// How many delayed entries one step takes into line at most.
const MAX_DELAYS: usize = 50;

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
    /// The upstream takes no orders for now; it is probed until it does.
    UpstreamBackoff,
    /// The order said not before.
    StartAfter,
    /// An operator has paused the queue.
    Paused,
}

/// A job's standing in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// From 1 while waiting, 0 otherwise.
    pub position: u64,
    /// The epoch that holds a slot.
    pub admitted: Option<u64>,
    /// When the job that holds it was made.
    pub created_at: Option<Millis>,
    /// `None` also while it waits for nothing but the next occasion to be started.
    pub blocked_by: Option<BlockedBy>,
    /// When it is expected to start, in milliseconds since the Unix epoch; `None` while the queue is paused.
    pub estimated_start: Option<Millis>,
}

impl Standing {
    /// Of a job that does not wait.
    pub const NOT_IN_LINE: Self =
        Self { position: 0, admitted: None, created_at: None, blocked_by: None, estimated_start: None };
}

impl<R: Rows> Turn<'_, R> {
    /// Grants free slots in order. The caller of `starting` starts that one itself; the others are due to be
    /// started by the alarm at once.
    pub(super) fn admit(&mut self, starting: Option<&JobKey>) -> Result<(), R::Error> {
        if self.book.is_paused() && !bug::planted(Bug::PauseIgnored) {
            return Ok(());
        }
        let mut held = self.rows.count_held()?;
        while held < self.policy.slots && self.rows.has_waiting()? {
            let closed = self.closed()?;
            // Or each step would look for the first that is open through all who wait for the one upstream that is shut.
            let shut = !closed.upstreams.is_empty();
            if shut && !self.book.line.as_ref().is_some_and(|line| line.waits_for_others(&closed.upstreams)) {
                break;
            }
            let heads = self.rows.heads(&closed)?;
            let Some(entry) = heads.into_iter().min_by_key(|entry| (entry.head_start_key(), entry.sequence)) else {
                break;
            };
            let starting = starting == Some(&entry.card.key);
            self.grant(entry, starting)?;
            held += 1;
        }
        Ok(())
    }

    /// Nobody gets a slot from now on. What was granted stays so: who has a slot goes on to the end, and who has yet to
    /// begin begins.
    pub(super) fn pause(&mut self) -> Reply {
        let since = self.book.paused_since.unwrap_or(self.now);
        self.book.paused_since = Some(since);
        Reply::Paused { since: Some(since) }
    }

    /// Starts jobs again. An operator who resumes may know more than the last answer of an upstream: whoever asked for a
    /// wait is probed at once.
    pub(super) fn resume(&mut self) -> Reply {
        self.book.paused_since = None;
        self.book.probe_now(self.now);
        Reply::Paused { since: None }
    }

    /// Whether an entry that is not saved yet would be granted a slot as soon as it was in line: nobody else is there. It is
    /// then saved once, with its slot, which costs half of the rows; whoever else may come first is left to [`Self::admit`].
    pub(super) fn starts_at_once(&self, entry: &Entry) -> Result<bool, R::Error> {
        if entry.place != Place::Waiting || self.book.is_paused() || self.rows.has_waiting()? {
            return Ok(false);
        }
        if !self.rows.delays_over(self.now, 1)?.is_empty() || self.rows.count_held()? >= self.policy.slots {
            return Ok(false);
        }
        let Closed { user_slots, upstreams } = self.closed()?;
        let own_held = self.rows.count_held_by(&entry.card.key.user_id)?;
        Ok(user_slots.is_none_or(|slots| own_held < slots) && !upstreams.contains(&entry.card.upstream))
    }

    pub(super) fn grant(&mut self, mut entry: Entry, starting: bool) -> Result<(), R::Error> {
        let granted = Lease::grant(entry.card.epoch, self.now);
        entry.place = Place::Held(if starting { granted } else { Lease { until: self.now, ..granted } });
        entry.unspent = true;
        self.book.serve(entry.card.priority, entry.round);
        self.book.use_upstream(&entry.card);
        self.count_grant(&entry);
        let waited = self.now.saturating_sub(entry.enqueued_at);
        self.events.push(Event::Admitted { key: entry.card.key.clone(), waited });
        self.save(&entry)
    }

    /// Delayed entries whose time has come wait from now on; whether there were any.
    pub(super) fn take_into_line(&mut self) -> Result<bool, R::Error> {
        let over = self.rows.delays_over(self.now, MAX_DELAYS)?;
        let any = !over.is_empty();
        for mut entry in over {
            // One that was refused keeps its turn. One that was only ordered for later counts as ordered now, or all that
            // a user has ordered for the same time would come in one turn, and before every priority.
            if entry.card.submits == 0 {
                entry.round = self.next_round(&entry.card)?;
                entry.enqueued_at = self.now;
            }
            entry.waits_since = self.waits_since(entry.place);
            entry.place = Place::Waiting;
            self.save(&entry)?;
        }
        Ok(any)
    }

    fn closed(&self) -> Result<Closed, R::Error> {
        let mut upstreams = Vec::new();
        for upstream in self.book.upstreams() {
            if shut(self.rows, &self.book, upstream, self.policy, self.now)?.is_some() {
                upstreams.push(upstream.clone());
            }
        }
        Ok(Closed { user_slots: self.policy.limited_user_slots(), upstreams })
    }

    /// When the first upstream that is shut opens again.
    pub(super) fn next_opening(&self) -> Result<Option<Millis>, R::Error> {
        let mut first = None;
        for upstream in self.book.upstreams() {
            let opening = match shut(self.rows, &self.book, upstream, self.policy, self.now)? {
                Some(Shut::Backoff { until }) => Some(until),
                Some(Shut::Rate { until }) => until,
                Some(Shut::Probing) | None => None,
            };
            first = first.into_iter().chain(opening).min();
        }
        Ok(first)
    }
}

fn shut<R: Rows>(
    rows: &R,
    book: &Book,
    upstream: &str,
    policy: &Policy,
    now: Millis,
) -> Result<Option<Shut>, R::Error> {
    Ok(book.shut(upstream, rows.count_unspent(upstream)?, policy, now))
}

/// A job's standing; `None` when the queue does not know it.
pub fn standing<R: Rows>(rows: &R, key: &JobKey, policy: &Policy, now: Millis) -> Result<Option<Standing>, R::Error> {
    let Some(entry) = rows.find(key)? else { return Ok(None) };
    standing_of(rows, &rows.book()?, &entry, policy, now).map(Some)
}

/// The standing of a known entry, `book` being what [`Rows::book`] has.
pub fn standing_of<R: Rows>(
    rows: &R,
    book: &Book,
    entry: &Entry,
    policy: &Policy,
    now: Millis,
) -> Result<Standing, R::Error> {
    match entry.place {
        Place::Held(lease) => {
            let created_at = Some(entry.card.created_at);
            Ok(Standing { admitted: Some(lease.epoch), created_at, ..Standing::NOT_IN_LINE })
        }
        Place::Watched { .. } | Place::Expiring { .. } | Place::Ended => Ok(Standing::NOT_IN_LINE),
        Place::Waiting | Place::Delayed { .. } => {
            let position = book.line(rows)?.count_before(rows, entry)? + 1;
            if book.is_paused() {
                return Ok(Standing { position, blocked_by: Some(BlockedBy::Paused), ..Standing::NOT_IN_LINE });
            }
            let shut = shut(rows, book, &entry.card.upstream, policy, now)?;
            let held = rows.count_held()?;
            let own_held = rows.count_held_by(&entry.card.key.user_id)?;
            let delay = if let Place::Delayed { until } = entry.place { Some(until) } else { None };
            let delay = delay.filter(|until| *until > now);
            let blocked_by = match (delay, shut) {
                (Some(_), _) if entry.card.submits == 0 => Some(BlockedBy::StartAfter),
                (Some(_), _) | (None, Some(Shut::Backoff { .. } | Shut::Probing)) => Some(BlockedBy::UpstreamBackoff),
                (None, Some(Shut::Rate { .. })) => Some(BlockedBy::RateLimit),
                (None, None) if policy.limited_user_slots().is_some_and(|slots| own_held >= slots) => {
                    Some(BlockedBy::UserConcurrency)
                }
                (None, None) if held >= policy.slots => Some(BlockedBy::Concurrency),
                (None, None) => None,
            };
            let start = estimate(book, position, held, policy, now).max(delay.unwrap_or(0)).max(opening(shut, now));
            let estimated_start = Some(on_occasion(start, policy.mode));
            Ok(Standing { position, blocked_by, estimated_start, ..Standing::NOT_IN_LINE })
        }
    }
}

/// Slots free themselves one after the other, as fast as they lately did.
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

/// The cron comes at full minutes; every other mode comes at once.
fn on_occasion(at: Millis, mode: Mode) -> Millis {
    if mode == Mode::Cron { at.div_ceil(MINUTE) * MINUTE } else { at }
}
