//! Who may start: the one place where slots are granted, whatever the mode, and the answer to "why does it wait?".

use super::{Book, Claim, Closed, Context, Entry, Event, Input, Mode, Place, Policy, Rows, Stand};
use crate::ids::JobKey;
use crate::machine::bug::{self, Bug};
use crate::machine::job::Start;
use crate::machine::lease::Lease;
use crate::machine::limiter::{PROBE_BACKOFF, Shut, WINDOW};
use crate::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// How many delayed entries one step takes into line at most.
const MAX_DELAYS: usize = 50;
/// How many of those before a job are counted.
const EXACT: u64 = 1_000;

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
    /// The slot that it holds.
    pub admitted: Option<Start>,
    /// `None` also while it waits for nothing but the next occasion to be started.
    pub blocked_by: Option<BlockedBy>,
    /// When it is expected to start, in milliseconds since the Unix epoch; `None` while the queue is paused.
    pub estimated_start: Option<Millis>,
}

impl Standing {
    /// Of a job that does not wait.
    pub const NOT_IN_LINE: Self = Self { position: 0, admitted: None, blocked_by: None, estimated_start: None };
}

impl Input for Claim {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Option<Standing>, R::Error> {
        context.admit(Some(&self.key))?;
        context.standing(&self.key)
    }
}

impl Input for Stand {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Option<Standing>, R::Error> {
        context.look_after(&self.key)?;
        context.standing(&self.key)
    }
}

impl<R: Rows> Context<'_, R> {
    /// Something came that may let a job start.
    pub(super) fn changed(&mut self) -> Result<(), R::Error> {
        self.changed_for(None)
    }

    /// The same; the caller starts this job itself.
    pub(super) fn changed_for(&mut self, starting: Option<&JobKey>) -> Result<(), R::Error> {
        self.changed = true;
        if self.admits_on_change() { self.admit(starting) } else { Ok(()) }
    }

    pub(super) fn admits_on_change(&self) -> bool {
        self.policy.mode == Mode::Immediate
    }

    /// Grants free slots in order. The caller of `starting` starts that one itself; the others are due to be
    /// started by the alarm at once.
    pub(super) fn admit(&mut self, starting: Option<&JobKey>) -> Result<(), R::Error> {
        self.take_into_line()?;
        if self.book.is_paused() && !bug::planted(Bug::PauseIgnored) {
            return Ok(());
        }
        let mut held = self.rows.count_held()?;
        while held < self.policy.slots && self.rows.has_waiting()? {
            let closed = self.closed()?;
            // Or each step would look for the first that is open through all who wait for the one upstream that is shut.
            if !closed.upstreams.is_empty() && !self.waits_for_others(&closed.upstreams)? {
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

    fn grant(&mut self, mut entry: Entry, starting: bool) -> Result<(), R::Error> {
        let granted = Lease::grant(entry.card.epoch, self.now);
        entry.place = Place::Held(if starting { granted } else { Lease { until: self.now, ..granted } });
        entry.unspent = true;
        self.book.serve(entry.card.priority, entry.round);
        self.book.use_upstream(&entry.card);
        self.count_grant(&entry);
        let waited = self.now.saturating_sub(entry.enqueued_at);
        self.events.push(Event::Admitted { key: entry.card.key.clone(), waited });
        self.rows.save(&entry)
    }

    /// Whether anyone waits for another upstream than these.
    fn waits_for_others(&self, upstreams: &[String]) -> Result<bool, R::Error> {
        let mut next = self.rows.next_upstream(None)?;
        while let Some(upstream) = next {
            if !upstreams.contains(&upstream) {
                return Ok(true);
            }
            next = self.rows.next_upstream(Some(&upstream))?;
        }
        Ok(false)
    }

    /// Delayed entries whose time has come wait from now on.
    pub(super) fn take_into_line(&mut self) -> Result<(), R::Error> {
        for mut entry in self.rows.delays_over(self.now, MAX_DELAYS)? {
            self.changed = true;
            // One that was refused keeps its turn. One that was only ordered for later counts as ordered now, or all that
            // a user has ordered for the same time would come in one turn, and before every priority.
            if entry.card.submits == 0 {
                entry.round = self.next_round(&entry.card)?;
                entry.enqueued_at = self.now;
            }
            entry.waits_since = self.waits_since(entry.place);
            entry.place = Place::Waiting;
            self.rows.save(&entry)?;
        }
        Ok(())
    }

    /// Where a job stands; `None` when the queue does not know it.
    pub(super) fn standing(&self, key: &JobKey) -> Result<Option<Standing>, R::Error> {
        let Some(entry) = self.rows.find(key)? else { return Ok(None) };
        standing_of(self.rows, &self.book, &entry, self.policy, self.now).map(Some)
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
            let admitted = Start { epoch: lease.epoch, created_at: entry.card.created_at };
            Ok(Standing { admitted: Some(admitted), ..Standing::NOT_IN_LINE })
        }
        Place::Watched { .. } | Place::Expiring { .. } | Place::Ended => Ok(Standing::NOT_IN_LINE),
        Place::Waiting | Place::Delayed { .. } => {
            let position = count_before(rows, entry)? + 1;
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

/// How many are before an entry in line. Beyond [`EXACT`] it is an estimate: all in line but those that came later.
fn count_before<R: Rows>(rows: &R, entry: &Entry) -> Result<u64, R::Error> {
    let before = rows.count_before(entry, EXACT)?;
    if before < EXACT {
        return Ok(before);
    }
    let (last, _) = rows.last_accepted()?;
    let later = last.saturating_sub(entry.sequence) + 1;
    Ok(rows.count_line(u64::MAX)?.saturating_sub(later).max(before))
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
