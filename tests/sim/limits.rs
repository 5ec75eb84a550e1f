//! How often the upstream may be asked: what it sees itself, in real time, and a model of what the
//! queue has heard.

use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::limiter::Availability;
use reelay::time::{DAY, MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

/// A submit that reached the upstream.
#[derive(Debug, Clone, Copy)]
struct Made {
    at: Millis,
    /// When its slot was granted.
    granted_at: Millis,
    /// The clock was set while the call was on its way: should it be cut off, it is taken for lost
    /// at any time.
    astray: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The limits by the real time from which they were in force.
    in_force: Vec<(Millis, u64)>,
    /// The models' own limits.
    own: BTreeMap<String, u64>,
    made: BTreeMap<String, Vec<Made>>,
    /// When each attempt's slot was granted, in real time.
    granted: BTreeMap<(JobKey, u64), Millis>,
    /// When the call of each attempt left, in real time.
    left: BTreeMap<(JobKey, u64), Millis>,
    /// When the clock was last set forward: the queue then forgets what it has heard too early.
    jumped_at: Millis,
    /// When the clock was last set, forward or back.
    set_at: Millis,
    /// When the queue heard of submits, by its clock.
    heard: BTreeMap<String, Vec<Millis>>,
    /// The upstreams that take no submits, as far as the queue has heard: when each is probed next,
    /// by the queue's clock, and how many probes have failed.
    blocked: BTreeMap<String, (Millis, u32)>,
}

impl Limits {
    pub(crate) fn allow(&mut self, real: Millis, limit: u64) {
        self.in_force.push((real, limit));
    }

    /// The model allows no more, whatever the operator says.
    pub(crate) fn of_model(&mut self, upstream: String, limit: u64) {
        self.own.insert(upstream, limit);
    }

    /// How many submits of a model may be made within a minute, the operator's limit being `limit`.
    pub(crate) fn of(&self, upstream: &str, limit: u64) -> u64 {
        self.own
            .get(upstream)
            .copied()
            .unwrap_or(u64::MAX)
            .min(limit)
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

    /// The queue has heard of so many new submits, and of what the last one's answer says about the
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
            // What was heard before the clock was set back counts from now on.
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
    }

    /// Whoever takes no submits is probed at once.
    pub(crate) fn probe_now(&mut self, now: Millis) {
        for (until, _) in self.blocked.values_mut() {
            *until = (*until).min(now);
        }
    }

    /// Whether no further right may be given out, `unspent` being granted already: an upstream that
    /// takes no submits is probed by one at a time.
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

    /// The largest limit that was in force at some time since `from`.
    fn largest_since(&self, from: Millis) -> u64 {
        let before = self.in_force.iter().rev().find(|(at, _)| *at <= from);
        let later = self.in_force.iter().filter(|(at, _)| *at > from);
        before
            .into_iter()
            .chain(later)
            .map(|(_, limit)| *limit)
            .max()
            .unwrap_or(u64::MAX)
    }

    /// How many submits of the last minute there are with one that is made now, and how many are
    /// allowed.
    fn make(&mut self, upstream: &str, made: Made) -> (u64, u64) {
        let from = made.at.saturating_sub(MINUTE).max(self.jumped_at);
        let all = self.made.entry(upstream.to_owned()).or_default();
        all.push(made);
        let (mut count, mut since) = (0, from);
        for other in all.iter().filter(|other| other.at > from && !other.astray) {
            count += 1;
            since = since.min(other.granted_at);
        }
        (count, self.of(upstream, self.largest_since(since)))
    }
}

/// A submit counts until a minute after the second in which the queue heard of it.
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
