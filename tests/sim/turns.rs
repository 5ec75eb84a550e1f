//! Whose turn it is: a second implementation of admission, compared with every grant the queue
//! makes (I6).

use crate::limits::{Limits, belongs_to};
use crate::rows::{MapRows, is_held};
use crate::seen::Seen;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::job::State;
use reelay::machine::limiter::Availability;
use reelay::machine::queue::{Entry, HEAD_START, Policy, Stage, Summary};
use reelay::time::Millis;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A job's place in line.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    priority: u8,
    /// When the job was taken in; never decreases along the line.
    at: Millis,
    sequence: u64,
    round: u64,
    /// The earliest start.
    pub(crate) not_before: Option<Millis>,
}

#[derive(Debug, Default)]
pub(crate) struct Turns {
    pub(crate) places: BTreeMap<JobKey, Turn>,
    served: BTreeMap<u8, u64>,
}

/// The slots that one step of the queue granted.
pub(crate) struct Grants {
    /// The jobs that admission gave a slot.
    pub(crate) admitted: BTreeSet<JobKey>,
    /// A running job that took a slot by its own report.
    pub(crate) told: Option<JobKey>,
}

impl Turns {
    /// Notes what a message says about order and limits.
    pub(crate) fn hear(&mut self, rows: &MapRows, seen: &Seen, now: Millis, limits: &mut Limits) {
        match seen {
            Seen::Enqueue {
                summary,
                terms,
                refused,
                ..
            } => {
                let Ok(known) = same_job(rows, summary) else {
                    return;
                };
                learn(
                    known,
                    &summary.upstream,
                    summary.submits,
                    terms.availability,
                    now,
                    limits,
                );
                let stale = known.is_some_and(|entry| {
                    let age = (entry.summary.epoch, entry.summary.report_number);
                    (summary.epoch, summary.report_number) < age
                        || (summary.epoch == entry.summary.epoch && entry.stage != Stage::Ended)
                });
                if stale || refused.is_some() {
                    return;
                }
                match self
                    .places
                    .get_mut(&summary.key)
                    .filter(|_| terms.keeps_place && known.is_some())
                {
                    Some(turn) => turn.not_before = terms.not_before,
                    None => self.join(rows, &summary.key, summary.priority, terms.not_before, now),
                }
            }
            Seen::Report {
                summary,
                availability,
            } => {
                let Ok(known) = same_job(rows, summary) else {
                    return;
                };
                learn(
                    known,
                    &summary.upstream,
                    summary.submits,
                    *availability,
                    now,
                    limits,
                );
                if known.is_none() && (summary.status.is_terminal() || summary.status.is_pending())
                {
                    self.join(rows, &summary.key, summary.priority, None, now);
                }
            }
            Seen::Heard {
                ask,
                state:
                    Some(State {
                        submits,
                        availability,
                        ..
                    }),
            } => {
                let known = rows
                    .before(&ask.key)
                    .filter(|entry| entry.summary.created_at == ask.created_at);
                if let Some(entry) = known {
                    learn(
                        known,
                        &entry.summary.upstream,
                        *submits,
                        *availability,
                        now,
                        limits,
                    );
                }
            }
            Seen::Resume => limits.probe_now(now, |_| true),
            Seen::ResumeUpstream { scope } => {
                limits.probe_now(now, |upstream| belongs_to(scope, upstream));
            }
            Seen::Heard { .. }
            | Seen::Afford { .. }
            | Seen::Claim
            | Seen::Alarm
            | Seen::Sweep
            | Seen::DeleteOld
            | Seen::Pause
            | Seen::PauseUpstream { .. }
            | Seen::ChangeLimits { .. }
            | Seen::StartBulk { .. }
            | Seen::StopBulk { .. }
            | Seen::Other => {}
        }
        self.places.retain(|key, _| rows.entries.contains_key(key));
    }

    /// Joins the end of the line, in the round after the last one served and after the user's own
    /// last one.
    fn join(
        &mut self,
        rows: &MapRows,
        key: &JobKey,
        priority: u8,
        not_before: Option<Millis>,
        now: Millis,
    ) {
        let last = self.places.values().max_by_key(|turn| turn.sequence);
        let (sequence, at) = last.map_or((1, now), |last| (last.sequence + 1, last.at.max(now)));
        let own = self.places.iter().filter(|(other, turn)| {
            let waits = rows
                .before(other)
                .is_some_and(|entry| entry.stage == Stage::Waiting);
            other.user_id == key.user_id && turn.priority == priority && waits
        });
        let own = own.map(|(_, turn)| turn.round).max().unwrap_or(0);
        let round = own.max(self.served.get(&priority).copied().unwrap_or(0)) + 1;
        self.places.insert(
            key.clone(),
            Turn {
                priority,
                at,
                sequence,
                round,
                not_before,
            },
        );
    }

    /// A delayed job takes its place when its delay is over, as if ordered then.
    pub(crate) fn come_of_age(&mut self, rows: &MapRows, seen: &Seen, now: Millis) {
        let (mut joined, newest) = match seen {
            Seen::Report { summary, .. } if summary.status == Status::Processing => {
                (Vec::new(), Some(&summary.key))
            }
            Seen::Enqueue { summary, .. } if !stands_as_before(rows, &summary.key) => {
                (vec![summary.key.clone()], None)
            }
            _ => (Vec::new(), None),
        };
        let in_line = |entry: &Entry| matches!(entry.stage, Stage::Waiting | Stage::Held(_));
        let mut over: Vec<(Millis, u64, JobKey, bool)> = Vec::new();
        for key in rows.touched().into_iter().filter(|key| Some(key) != newest) {
            let (Some(before), Some(after)) = (rows.before(&key), rows.entries.get(&key)) else {
                continue;
            };
            let Stage::Delayed { until } = before.stage else {
                continue;
            };
            if before.sequence == after.sequence && in_line(after) {
                over.push((until, before.sequence, key, before.summary.submits == 0));
            }
        }
        over.sort();
        for (_, _, key, takes_turn) in over {
            joined.push(key.clone());
            let Some(priority) = self
                .places
                .get(&key)
                .map(|turn| turn.priority)
                .filter(|_| takes_turn)
            else {
                continue;
            };
            let own = self.places.iter().filter(|(other, turn)| {
                let waited = rows
                    .before(other)
                    .is_some_and(|entry| entry.stage == Stage::Waiting);
                let waits = waited
                    || (joined.contains(other) && rows.entries.get(other).is_some_and(in_line));
                **other != key && other.user_id == key.user_id && turn.priority == priority && waits
            });
            let own = own.map(|(_, turn)| turn.round).max().unwrap_or(0);
            let round = own.max(self.served.get(&priority).copied().unwrap_or(0)) + 1;
            if let Some(turn) = self.places.get_mut(&key) {
                turn.round = round;
                turn.at = now;
            }
        }
    }

    pub(crate) fn serve(&mut self, key: &JobKey) {
        if let Some(turn) = self.places.get(key) {
            let served = self.served.entry(turn.priority).or_default();
            *served = (*served).max(turn.round);
        }
    }

    /// The jobs that must get a slot when all of `waiting` wait and `held` hold one.
    pub(crate) fn next(
        &self,
        line: &Line<'_>,
        limits: &Limits,
        policy: &Policy,
        now: Millis,
    ) -> BTreeSet<JobKey> {
        let mut granted: Vec<&Entry> = Vec::new();
        while ((line.held.len() + granted.len()) as u64) < policy.slots {
            let holders = || line.held.iter().chain(&granted);
            let is_open = |entry: &&&Entry| {
                let user = &entry.summary.key.user_id;
                let upstream = &entry.summary.upstream;
                let of_user = holders()
                    .filter(|held| held.summary.key.user_id == *user)
                    .count() as u64;
                let unspent = line
                    .held
                    .iter()
                    .filter(|held| held.unspent && held.summary.upstream == *upstream)
                    .count()
                    + granted
                        .iter()
                        .filter(|held| held.summary.upstream == *upstream)
                        .count();
                of_user < policy.user_slots
                    && !limits.is_paused(upstream)
                    && !limits.is_blocked(upstream, unspent as u64, now)
                    && limits.heard(upstream, now) + (unspent as u64) < limits.now(upstream)
            };
            let waits = |entry: &&&Entry| {
                !granted
                    .iter()
                    .any(|other| other.summary.key == entry.summary.key)
            };
            let mut heads: BTreeMap<u8, (&Turn, &Entry)> = BTreeMap::new();
            for entry in line.waiting.iter().filter(waits).filter(is_open) {
                let Some(turn) = self.places.get(&entry.summary.key) else {
                    continue;
                };
                let head = heads.entry(turn.priority).or_insert((turn, entry));
                if (turn.round, turn.sequence) < (head.0.round, head.0.sequence) {
                    *head = (turn, entry);
                }
            }
            let key = |turn: &Turn| {
                (
                    turn.at + 100 * HEAD_START - u64::from(turn.priority) * HEAD_START,
                    turn.sequence,
                )
            };
            let Some((_, first)) = heads.into_values().min_by_key(|(turn, _)| key(turn)) else {
                break;
            };
            granted.push(first);
        }
        granted
            .into_iter()
            .map(|entry| entry.summary.key.clone())
            .collect()
    }
}

/// The jobs that waited and that held a slot when the queue admitted.
pub(crate) struct Line<'a> {
    waiting: Vec<&'a Entry>,
    held: Vec<&'a Entry>,
}

impl<'a> Line<'a> {
    /// The line before the step's grants.
    pub(crate) fn before(rows: &'a MapRows, admitted: &BTreeSet<JobKey>, now: Millis) -> Self {
        let waits = |entry: &&Entry| match entry.stage {
            Stage::Waiting => true,
            Stage::Delayed { until } => until <= now,
            Stage::Held(_) => admitted.contains(&entry.summary.key),
            Stage::Watched { .. } | Stage::Deleting { .. } | Stage::Ended => false,
        };
        Self {
            waiting: rows.entries.values().filter(waits).collect(),
            held: rows
                .held()
                .filter(|entry| !admitted.contains(&entry.summary.key))
                .collect(),
        }
    }
}

impl Grants {
    pub(crate) fn of(rows: &MapRows, seen: &Seen) -> Self {
        let lease = |entry: &Entry| {
            if let Stage::Held(lease) = entry.stage {
                Some(lease.epoch)
            } else {
                None
            }
        };
        let new = rows.held().filter(|entry| {
            let before = rows
                .before(&entry.summary.key)
                .filter(|before| is_held(before));
            before.is_none_or(|before| lease(before) != lease(entry))
        });
        let new: BTreeSet<_> = new.map(|entry| entry.summary.key.clone()).collect();
        // A statement about an earlier epoch gives no slot under this one.
        let runs = |summary: &Summary| {
            rows.entries.get(&summary.key).and_then(lease) == Some(summary.epoch)
        };
        let told = match seen {
            Seen::Report { summary, .. }
                if summary.status == Status::Processing && runs(summary) =>
            {
                Some(&summary.key)
            }
            _ => None,
        };
        let told = told.filter(|key| new.contains(key)).cloned();
        Self {
            admitted: new
                .into_iter()
                .filter(|key| Some(key) != told.as_ref())
                .collect(),
            told,
        }
    }
}

/// Whether the step gave the job no new place: the message brought nothing new.
fn stands_as_before(rows: &MapRows, key: &JobKey) -> bool {
    let stage = |entry: &Entry| (entry.sequence, entry.summary.epoch);
    rows.before(key).map(stage) == rows.entries.get(key).map(stage)
}

/// A message of a job that was replaced since, or whose predecessor still holds a slot.
struct OfEarlierJob;

/// The entry of exactly the job that a summary is about.
fn same_job<'a>(rows: &'a MapRows, summary: &Summary) -> Result<Option<&'a Entry>, OfEarlierJob> {
    let Some(entry) = rows.before(&summary.key) else {
        return Ok(None);
    };
    let is_over = matches!(entry.stage, Stage::Deleting { .. } | Stage::Ended);
    match summary.created_at.cmp(&entry.summary.created_at) {
        Ordering::Equal => Ok(Some(entry)),
        Ordering::Less if !is_over => Err(OfEarlierJob),
        _ if is_held(entry) => Err(OfEarlierJob),
        Ordering::Less | Ordering::Greater => Ok(None),
    }
}

fn learn(
    known: Option<&Entry>,
    upstream: &str,
    submits: u64,
    availability: Option<Availability>,
    now: Millis,
    limits: &mut Limits,
) {
    let counted = known.map_or(0, |entry| entry.summary.submits);
    limits.hear(upstream, submits.saturating_sub(counted), availability, now);
}
