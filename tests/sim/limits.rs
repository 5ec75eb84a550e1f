//! The limits on submits: what the upstream sees, in real time, and a model of what has been
//! reported to the queue.

use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::limiter::Availability;
use reelay::machine::queue::Scope;
use reelay::time::{DAY, MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

/// A submit that reached the upstream.
#[derive(Debug, Clone, Copy)]
struct Made {
    at: Millis,
    /// When its slot was granted.
    granted_at: Millis,
    /// The clock was set while the call was in flight: if the call is cut off, it may count as lost
    /// at any time.
    astray: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The limits by the real time from which they were in force, and whether an operator set each
    /// at run time, so that it replaces the models' own.
    in_force: Vec<(Millis, u64, bool)>,
    /// What is paused besides the whole queue.
    pub(crate) paused: Vec<Scope>,
    /// The limits of the models themselves.
    own: BTreeMap<String, u64>,
    made: BTreeMap<String, Vec<Made>>,
    /// When each attempt's slot was granted, in real time.
    granted: BTreeMap<(JobKey, u64), Millis>,
    /// When the call of each attempt left, in real time.
    left: BTreeMap<(JobKey, u64), Millis>,
    /// When the clock was last set forward: the queue then forgets reported submits too early.
    jumped_at: Millis,
    /// When the clock was last set, forward or back.
    set_at: Millis,
    /// When submits were reported to the queue, by its clock.
    heard: BTreeMap<String, Vec<Millis>>,
    /// The upstreams that take no submits, as far as the queue knows: when each is probed next, by
    /// the queue's clock, and how many probes have failed.
    blocked: BTreeMap<String, (Millis, u32)>,
    /// Since when each of them takes no submits, by the queue's clock.
    blocked_since: BTreeMap<String, Millis>,
}

impl Limits {
    pub(crate) fn allow(&mut self, real: Millis, limit: u64, replaces: bool) {
        self.in_force.push((real, limit, replaces));
    }

    /// The model itself allows no more than this, whatever the operator's limit is.
    pub(crate) fn of_model(&mut self, upstream: String, limit: u64) {
        self.own.insert(upstream, limit);
    }

    /// How many submits a minute a model allows now.
    pub(crate) fn now(&self, upstream: &str) -> u64 {
        let latest = self.in_force.last();
        latest.map_or(u64::MAX, |latest| self.of(upstream, *latest))
    }

    fn of(&self, upstream: &str, (_, limit, replaces): (Millis, u64, bool)) -> u64 {
        let own = self.own.get(upstream).copied().unwrap_or(u64::MAX);
        if replaces { limit } else { own.min(limit) }
    }

    pub(crate) fn clock_jumped(&mut self, real: Millis, forward: bool) {
        self.set_at = real;
        if forward {
            self.jumped_at = real;
        }
    }

    pub(crate) fn granted(&mut self, key: JobKey, epoch: u64, real: Millis) {
        self.granted.insert((key, epoch), real);
    }

    /// A call leaves.
    pub(crate) fn leave(&mut self, key: JobKey, epoch: u64, real: Millis) {
        self.left.insert((key, epoch), real);
    }

    pub(crate) fn granted_at(&self, key: &JobKey, epoch: u64) -> Option<Millis> {
        self.granted.get(&(key.clone(), epoch)).copied()
    }

    pub(crate) fn left_at(&self, key: &JobKey, epoch: u64) -> Option<Millis> {
        self.left.get(&(key.clone(), epoch)).copied()
    }

    /// This many new submits were reported to the queue, with what the last answer says about the
    /// upstream.
    pub(crate) fn hear(
        &mut self,
        upstream: &str,
        submits: u64,
        availability: Option<Availability>,
        now: Millis,
    ) {
        let heard = self.heard.entry(upstream.to_owned()).or_default();
        for _ in 0..submits {
            // Submits reported before the clock was set back count from now on.
            heard.retain(|at| counts(*at, now));
            for at in heard.iter_mut() {
                *at = (*at).min(now);
            }
            heard.push(now);
        }
        let open = self.blocked.get(upstream).copied();
        let asked = match availability.filter(|_| submits > 0) {
            Some(Availability::Accepted) => {
                self.blocked.remove(upstream);
                self.blocked_since.remove(upstream);
                return;
            }
            Some(Availability::NotNow { after }) => after,
            Some(Availability::Failed) if open.is_some() => None,
            Some(Availability::Failed | Availability::Refused) | None => return,
        };
        let (until, mut failed) =
            open.map_or((now, 0), |(until, failed)| (until.min(now + DAY), failed));
        if open.is_some() && until <= now {
            failed += 1;
        }
        let doubled = [2, 4, 8, 16, 32]
            .get(failed as usize)
            .map_or(MINUTE, |seconds| seconds * SECOND);
        let wait = asked.map_or(doubled, |asked| asked.clamp(SECOND, DAY));
        self.blocked
            .insert(upstream.to_owned(), (until.max(now + wait), failed));
        self.blocked_since.entry(upstream.to_owned()).or_insert(now);
    }

    /// The upstreams that take no submits, since when, and when each is probed next.
    pub(crate) fn shut(&self, now: Millis) -> impl Iterator<Item = (&String, Millis, Millis)> {
        self.blocked.iter().map(move |(upstream, (until, _))| {
            let since = self.blocked_since.get(upstream).copied().unwrap_or(now);
            (upstream, since, (*until).min(now + DAY))
        })
    }

    /// Each of these upstreams that takes no submits is probed now.
    pub(crate) fn probe_now(&mut self, now: Millis, is_meant: impl Fn(&str) -> bool) {
        for (_, (until, _)) in self.blocked.iter_mut().filter(|(name, _)| is_meant(name)) {
            *until = (*until).min(now);
        }
    }

    /// Whether an operator paused this upstream by itself.
    pub(crate) fn is_paused(&self, upstream: &str) -> bool {
        self.paused.iter().any(|scope| belongs_to(scope, upstream))
    }

    /// Whether no further submit may be granted when `unspent` grants are not used yet: an upstream
    /// that takes no submits gets one probe at a time.
    pub(crate) fn is_blocked(&self, upstream: &str, unspent: u64, now: Millis) -> bool {
        self.blocked
            .get(upstream)
            .is_some_and(|(until, _)| (*until).min(now + DAY) > now || unspent > 0)
    }

    /// How many submits still count.
    pub(crate) fn heard(&self, upstream: &str, now: Millis) -> u64 {
        self.heard.get(upstream).map_or(0, |heard| {
            heard.iter().filter(|at| counts(**at, now)).count() as u64
        })
    }

    /// The largest limit of an upstream that was in force at any time since `from`.
    fn largest_since(&self, upstream: &str, from: Millis) -> u64 {
        let before = self.in_force.iter().rev().find(|(at, ..)| *at <= from);
        let later = self.in_force.iter().filter(|(at, ..)| *at > from);
        before
            .into_iter()
            .chain(later)
            .map(|limit| self.of(upstream, *limit))
            .max()
            .unwrap_or(u64::MAX)
    }

    /// Adds a submit. Returns how many the last minute holds, and how many are allowed.
    fn make(&mut self, upstream: &str, made: Made) -> (u64, u64) {
        let from = made.at.saturating_sub(MINUTE).max(self.jumped_at);
        let all = self.made.entry(upstream.to_owned()).or_default();
        all.push(made);
        let (mut count, mut since) = (0, from);
        for other in all.iter().filter(|other| other.at > from && !other.astray) {
            count += 1;
            since = since.min(other.granted_at);
        }
        (count, self.largest_since(upstream, since))
    }
}

/// Whether an upstream belongs to what an operator named.
pub(crate) fn belongs_to(scope: &Scope, upstream: &str) -> bool {
    match &scope.model {
        Some(model) => upstream == format!("{}/{model}", scope.provider),
        None => upstream.starts_with(&format!("{}/", scope.provider)),
    }
}

/// A submit counts until a minute after the second in which it was reported.
fn counts(at: Millis, now: Millis) -> bool {
    (at / SECOND + 1) * SECOND + MINUTE > now
}

impl World {
    /// Within any minute, the upstream sees no more submits of a model than the limit.
    pub(crate) fn check_rate(&mut self, number: usize, epoch: u64) {
        let object = &self.jobs[number];
        let upstream = object.request.terms.upstream();
        let attempt = (object.key.clone(), epoch);
        let granted_at = self
            .limits
            .granted
            .get(&attempt)
            .copied()
            .unwrap_or(self.real);
        let astray = self
            .limits
            .left
            .get(&attempt)
            .is_some_and(|at| *at <= self.limits.set_at);
        let (count, limit) = self.limits.make(
            &upstream,
            Made {
                at: self.real,
                granted_at,
                astray,
            },
        );
        if count > limit {
            let message =
                format!("{count} submits to {upstream} within a minute, {limit} are allowed");
            self.violated(Invariant::Limit, message);
        }
    }
}
