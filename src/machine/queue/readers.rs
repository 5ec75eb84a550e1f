//! The readers of waiting jobs, as one isolate of the worker knows them: many readers cost the queue
//! one question a second.

use super::Position;
use crate::ids::JobKey;
use crate::time::{Millis, SECOND};
use std::collections::BTreeMap;

/// How long a position is shown before it is asked for again.
const AGE: Millis = SECOND;
/// How long others are shown what is known while one request asks.
const ASKING: Millis = 5 * SECOND;
/// How long after its last reader a position is still asked for.
const READ: Millis = 30 * SECOND;
/// The most positions of one question. With more readers, those asked for longest ago come first.
const MOST: usize = 500;

/// The positions that an isolate knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    jobs: BTreeMap<JobKey, Known>,
    /// When a request asked that has no answer yet.
    asking_since: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    position: Position,
    /// When the job last changed. After another change the position is not true any more.
    changed_at: Millis,
    told_at: Millis,
    read_at: Millis,
}

/// A job whose position is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub key: JobKey,
    /// When the job last changed.
    pub changed_at: Millis,
}

/// What to do for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    Show(Position),
    /// Ask the queue for these; the reader's own is the first.
    Ask(Vec<Wanted>),
}

impl Readers {
    /// Somebody reads a job that waits.
    pub fn read(&mut self, job: Wanted, now: Millis) -> Lookup {
        let is_asking = self
            .asking_since
            .is_some_and(|since| now.saturating_sub(since) < ASKING);
        let known = self.jobs.get_mut(&job.key);
        if let Some(known) = known.filter(|known| known.changed_at == job.changed_at) {
            known.read_at = now;
            if is_asking || known.is_recent(now) {
                return Lookup::Show(known.position);
            }
        }
        self.jobs
            .retain(|_, known| now.saturating_sub(known.read_at) < READ);
        self.asking_since = Some(now);
        let mut others: Vec<_> = self
            .jobs
            .iter()
            .filter(|(key, known)| **key != job.key && !known.is_recent(now))
            .collect();
        others.sort_by_key(|(_, known)| known.told_at);
        let others: Vec<_> = others
            .into_iter()
            .take(MOST - 1)
            .map(|(key, known)| Wanted {
                key: key.clone(),
                changed_at: known.changed_at,
            })
            .collect();
        Lookup::Ask(std::iter::once(job).chain(others).collect())
    }

    /// The queue told these positions when asked at `asked_at`; `None` of a job that it does not
    /// know.
    pub fn told(&mut self, jobs: Vec<Wanted>, positions: &[Option<Position>], asked_at: Millis) {
        self.not_told(asked_at);
        for (job, position) in jobs.into_iter().zip(positions) {
            let Some(position) = *position else {
                self.jobs.remove(&job.key);
                continue;
            };
            let read_at = self.jobs.get(&job.key).map_or(asked_at, |old| old.read_at);
            let known = Known {
                position,
                changed_at: job.changed_at,
                told_at: asked_at,
                read_at,
            };
            self.jobs.insert(job.key, known);
        }
    }

    /// The queue did not answer when asked at `asked_at`.
    pub fn not_told(&mut self, asked_at: Millis) {
        self.asking_since.take_if(|since| *since == asked_at);
    }
}

impl Known {
    fn is_recent(&self, now: Millis) -> bool {
        now.saturating_sub(self.told_at) < AGE
    }
}
