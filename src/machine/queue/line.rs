//! The positions of all jobs in line at once, so that many readers cost one question.

use super::position::{Claimant, position_at, shut as shut_of};
use super::{BlockedBy, InLine, MAX_PRIORITY, Memory, Mode, Policy, Position, Rows};
use crate::ids::JobKey;
use crate::machine::message::message;
use crate::time::{Millis, SECOND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long the positions of up to [`JOBS_PER_AGE`] jobs are used before they are asked for again;
/// of twice as many, twice as long.
const AGE: Millis = SECOND;
const JOBS_PER_AGE: u64 = 10_000;
/// How much the clocks of the queue and of a job may differ.
const CLOCKS: Millis = 2 * SECOND;

/// Asks for the positions of all jobs in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetLine;
message!(GetLine -> PositionList);

/// The positions of all jobs in line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionList {
    pub taken_at: Millis,
    pub jobs: Vec<PositionInLine>,
    /// The position of a job that joins now.
    pub next: Position,
    /// The same for a job of an upstream that takes no submits, by upstream.
    pub next_by_upstream: BTreeMap<String, Position>,
}

/// A job that says it waits.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    pub upstream: &'a str,
    pub has_submitted: bool,
    /// When it last changed.
    pub since: Millis,
    /// It does not start before this.
    pub not_before: Option<Millis>,
}

/// A job in line: user, generation, number, why it waits, and when it is expected to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionInLine(String, String, u64, Option<BlockedBy>, Option<Millis>);

/// Computes the positions of all jobs in line; `policy` has the settings.
pub fn line<R: Rows>(
    rows: &R,
    memory: &Memory,
    policy: &Policy,
    now: Millis,
) -> Result<PositionList, R::Error> {
    let policy = &policy.with(&memory.book.overrides);
    let jobs = rows.in_line()?;
    let next = |upstream| next(jobs.len() as u64, upstream, memory, policy, now);
    let shut = memory.book.upstreams();
    let shut = shut.filter(|upstream| {
        let is_paused = memory.book.pauses_upstream(upstream);
        is_paused || shut_of(memory, upstream, policy, now).is_some()
    });
    let next_by_upstream = shut.map(|upstream| (upstream.clone(), next(upstream)));
    let (next, next_by_upstream) = (next(""), next_by_upstream.collect());
    let levels = Levels::of(&jobs);
    let positions = jobs.into_iter().map(|job| {
        let claimant = Claimant {
            user_id: &job.key.user_id,
            upstream: &job.upstream,
            submits: job.submits,
            delayed_until: job.delayed_until,
        };
        let number = levels.count_before(&job) + 1;
        let position = position_at(number, &claimant, memory, policy, now);
        let JobKey {
            user_id,
            generation_id,
        } = job.key;
        PositionInLine(
            user_id,
            generation_id,
            number,
            position.blocked_by,
            position.estimated_start,
        )
    });
    Ok(PositionList {
        taken_at: now,
        jobs: positions.collect(),
        next,
        next_by_upstream,
    })
}

/// The position of a job of a new user that joins a line of this length.
fn next(jobs: u64, upstream: &str, memory: &Memory, policy: &Policy, now: Millis) -> Position {
    let newcomer = Claimant {
        user_id: "",
        upstream,
        submits: 0,
        delayed_until: None,
    };
    let position = position_at(jobs + 1, &newcomer, memory, policy, now);
    let starts = jobs == 0 && position.blocked_by.is_none() && policy.mode == Mode::Immediate;
    if starts {
        Position::NOT_IN_LINE
    } else {
        position
    }
}

/// The waiting jobs of one priority.
#[derive(Default)]
struct Level {
    /// In order.
    turns: Vec<(u64, u64)>,
    /// The keys that order jobs of different priorities, in order.
    keys: Vec<(i64, u64)>,
}

struct Levels(Vec<Level>);

impl Levels {
    fn of(jobs: &[InLine]) -> Self {
        let mut levels: Vec<Level> = (0..=MAX_PRIORITY).map(|_| Level::default()).collect();
        for job in jobs.iter().filter(|job| job.delayed_until.is_none()) {
            if let Some(level) = levels.get_mut(usize::from(job.priority)) {
                level.turns.push(job.turn);
                level.keys.push((job.head_start_key, job.turn.1));
            }
        }
        for level in &mut levels {
            level.turns.sort_unstable();
            level.keys.sort_unstable();
        }
        Self(levels)
    }

    /// How many jobs wait ahead of this one, as [`Rows::count_before`] counts.
    fn count_before(&self, job: &InLine) -> u64 {
        let key = (job.head_start_key, job.turn.1);
        let before = |(priority, level): (usize, &Level)| {
            if priority == usize::from(job.priority) {
                level.turns.partition_point(|turn| *turn < job.turn)
            } else {
                level.keys.partition_point(|other| *other < key)
            }
        };
        self.0.iter().enumerate().map(before).sum::<usize>() as u64
    }
}

/// A line as its readers use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    taken_at: Millis,
    next: Position,
    next_by_upstream: BTreeMap<String, Position>,
    by_job: BTreeMap<JobKey, Position>,
}

impl From<PositionList> for Positions {
    fn from(line: PositionList) -> Self {
        let by_job = line.jobs.into_iter().map(|job| {
            let PositionInLine(user_id, generation_id, number, blocked_by, estimated_start) = job;
            let position = Position {
                number,
                admitted: None,
                blocked_by,
                estimated_start,
            };
            (JobKey::new(user_id, generation_id), position)
        });
        Self {
            taken_at: line.taken_at,
            next: line.next,
            next_by_upstream: line.next_by_upstream,
            by_job: by_job.collect(),
        }
    }
}

impl Positions {
    /// Whether the positions are recent enough to be shown.
    pub fn are_recent(&self, now: Millis) -> bool {
        let jobs = self.by_job.len() as u64;
        now.saturating_sub(self.taken_at) < AGE * jobs.div_ceil(JOBS_PER_AGE).max(1)
    }

    /// The position of a job that waits. One that joined after the positions were taken is shown as
    /// the last in line. `None` if it should be in line and is not: only the queue knows more.
    pub fn find(&self, key: &JobKey, job: Newcomer<'_>, now: Millis) -> Option<Position> {
        let is_new = job.since + CLOCKS >= self.taken_at;
        let position = self.by_job.get(key).copied();
        position.or_else(|| is_new.then(|| self.last(job, now)))
    }

    fn last(&self, job: Newcomer<'_>, now: Millis) -> Position {
        let next = self.next_by_upstream.get(job.upstream);
        let next = *next.unwrap_or(&self.next);
        let until = job.not_before.filter(|until| *until > now);
        match until {
            Some(until) if next.blocked_by != Some(BlockedBy::Paused) => Position {
                number: next.number.max(1),
                admitted: None,
                blocked_by: Some(if job.has_submitted {
                    BlockedBy::UpstreamBackoff
                } else {
                    BlockedBy::StartAfter
                }),
                estimated_start: next.estimated_start.max(Some(until)),
            },
            Some(_) | None => next,
        }
    }
}
