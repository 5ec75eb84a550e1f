//! The readers of waiting jobs, as one isolate of the worker knows them: those who read again and
//! again cost the queue one question a second.

use super::Position;
use crate::ids::JobKey;
use crate::time::{Millis, SECOND};
use std::collections::BTreeMap;

/// How long a position is shown before it is asked for again.
const AGE: Millis = SECOND;
/// How long it is shown while a request asks for it.
const OLDEST: Millis = 2 * SECOND;
/// How long after its last reader a position is still asked for. Pages read every two seconds.
const READ: Millis = 5 * SECOND;
/// The most positions of one question. With more readers, those asked for longest ago come first.
const MOST: usize = 500;

/// The positions that an isolate knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    jobs: BTreeMap<JobKey, Known>,
    /// The last question for all jobs.
    asked: Option<LastAsked>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LastAsked {
    at: Millis,
    is_answered: bool,
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
    /// Ask the queue for the reader's own position and for these others.
    Ask(Vec<Wanted>),
}

impl Readers {
    /// Somebody reads a job that waits.
    pub fn read(&mut self, job: &Wanted, now: Millis) -> Lookup {
        let (is_asking, asked_lately) = self.asked.as_ref().map_or((false, false), |asked| {
            let age = now.saturating_sub(asked.at);
            // A request that was cut off brings no answer.
            (!asked.is_answered && age < OLDEST, age < AGE)
        });
        let known = self.jobs.get_mut(&job.key);
        if let Some(known) = known.filter(|known| known.changed_at == job.changed_at) {
            known.read_at = now;
            let age = now.saturating_sub(known.told_at);
            if age < AGE || is_asking && age < OLDEST {
                return Lookup::Show(known.position);
            }
        }
        if is_asking || asked_lately {
            return Lookup::Ask(Vec::new());
        }
        self.forget_unread(now);
        self.asked = Some(LastAsked {
            at: now,
            is_answered: false,
        });
        let mut others: Vec<_> = self
            .jobs
            .iter()
            .filter(|(key, _)| **key != job.key)
            .collect();
        others.sort_by_key(|(_, known)| known.told_at);
        let others = others
            .into_iter()
            .take(MOST - 1)
            .map(|(key, known)| Wanted {
                key: key.clone(),
                changed_at: known.changed_at,
            });
        Lookup::Ask(others.collect())
    }

    /// The queue told these positions when asked at `asked_at`. A job that is not in line is asked
    /// for with its next read: it may be about to join.
    pub fn told(
        &mut self,
        positions: impl IntoIterator<Item = (Wanted, Option<Position>)>,
        asked_at: Millis,
    ) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.at == asked_at) {
            asked.is_answered = true;
        }
        self.forget_unread(asked_at);
        for (job, position) in positions {
            let old = self.jobs.get(&job.key);
            if old.is_some_and(|old| old.told_at > asked_at) {
                continue;
            }
            let read_at = old.map_or(asked_at, |old| old.read_at);
            if let Some(position) = position.filter(|position| position.number > 0) {
                let known = Known {
                    position,
                    changed_at: job.changed_at,
                    told_at: asked_at,
                    read_at,
                };
                self.jobs.insert(job.key, known);
            } else {
                self.jobs.remove(&job.key);
            }
        }
    }

    /// The queue did not answer when asked at `asked_at`.
    pub fn not_told(&mut self, asked_at: Millis) {
        self.asked.take_if(|asked| asked.at == asked_at);
    }

    fn forget_unread(&mut self, now: Millis) {
        self.jobs
            .retain(|_, known| now.saturating_sub(known.read_at) < READ);
    }
}
