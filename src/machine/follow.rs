//! What a live stream of one generation tells next.
//!
//! A [`Follower`] remembers how far it has told and what it last said, nothing else: whoever
//! carries it out reads the job and its timeline again after each wake-up, so a wake-up that is
//! lost, doubled or late loses and repeats nothing.

use super::Status;
use super::job::{Job, Phase, TimelineEntry};
use crate::time::{MINUTE, Millis, SECOND};

/// How often the progress of a render is read: only time moves it.
pub const PROGRESS_TICK: Millis = 5 * SECOND;
/// A stream that has told nothing for so long shows that it is alive; it also finds out so that its
/// client is gone.
pub const HEARTBEAT: Millis = 15 * SECOND;
/// The longest life of a stream; its client resumes. A forgotten one keeps no object in memory for
/// ever.
pub const LONGEST_LIFE: Millis = 15 * MINUTE;
/// How many timeline entries one reading takes at most.
pub const PAGE: u32 = 100;

/// A timeline entry with its number, by which a stream resumes: the first is 1, and numbers only
/// grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEntry {
    pub number: u64,
    pub entry: TimelineEntry,
}

/// How the job stands at the time of the telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    pub attempt: u32,
    pub status: Status,
    pub phase: &'static str,
    /// Per cent.
    pub progress: u8,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// A timeline entry, with how the job stands now rather than then.
    Step {
        entry: NumberedEntry,
        stand: Snapshot,
    },
    /// The job stands otherwise than last said.
    Progress { stand: Snapshot },
    /// The attempt is over and all that was written of it is told.
    End { status: Status },
    /// Nothing has happened.
    Heartbeat,
}

/// What a reading came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub events: Vec<StreamEvent>,
    pub then: Then,
}

/// What follows a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// There may be more entries already.
    LookAgain,
    /// Look again when something has happened, and at this time at the latest.
    Wait {
        until: Millis,
    },
    Close,
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// With the first entry after this one.
    After(u64),
    /// The job has ended, and the caller has been told everything.
    NothingLeft,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// Tells the job from one made anew under its name.
    created_at: Millis,
    /// The number of the last entry told.
    told: u64,
    said: Option<Snapshot>,
    told_at: Millis,
    closes_at: Millis,
}

/// Where a stream begins whose caller has seen everything up to the entry `after`; `last` is the
/// newest entry's number. A number that is still to come is of an earlier job of this name, whose
/// story is not this one's.
pub fn begin(job: &Job, after: u64, last: u64) -> Beginning {
    if job.status().is_terminal() && after == last {
        return Beginning::NothingLeft;
    }
    Beginning::After(if after > last { 0 } else { after })
}

impl Follower {
    /// Follows the job made at `created_at` from the entry after `after` on.
    pub fn new(created_at: Millis, after: u64, now: Millis) -> Self {
        Self {
            created_at,
            told: after,
            said: None,
            told_at: now,
            closes_at: now + LONGEST_LIFE,
        }
    }

    /// The number of the last entry told.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// Takes the job as it is now and the next entries after [`Self::told`], [`PAGE`] at most.
    pub fn look(&mut self, job: Option<&Job>, entries: Vec<NumberedEntry>, now: Millis) -> Look {
        let Some(job) = job.filter(|job| job.created_at == self.created_at) else {
            return Look {
                events: Vec::new(),
                then: Then::Close,
            };
        };
        let stand = Snapshot::of(job, now);
        let more = entries.len() >= PAGE as usize;
        let mut events: Vec<StreamEvent> = entries
            .into_iter()
            .map(|entry| StreamEvent::Step { entry, stand })
            .collect();
        if let Some(StreamEvent::Step { entry, .. }) = events.last() {
            self.told = entry.number;
            self.said = Some(stand);
        }
        let ended = stand.status.is_terminal() && !more;
        if ended {
            events.push(StreamEvent::End {
                status: stand.status,
            });
        } else if self.said != Some(stand) && !stand.status.is_terminal() {
            self.said = Some(stand);
            events.push(StreamEvent::Progress { stand });
        } else if events.is_empty() && now >= self.told_at + HEARTBEAT {
            events.push(StreamEvent::Heartbeat);
        }
        if !events.is_empty() {
            self.told_at = now;
        }
        let then = if ended || now >= self.closes_at {
            Then::Close
        } else if more {
            Then::LookAgain
        } else {
            Then::Wait {
                until: self.next_look(job, now),
            }
        };
        Look { events, then }
    }

    fn next_look(&self, job: &Job, now: Millis) -> Millis {
        let at_rest = self.closes_at.min(self.told_at + HEARTBEAT);
        if matches!(job.phase, Phase::Rendering { .. }) {
            at_rest.min(now + PROGRESS_TICK)
        } else {
            at_rest
        }
    }
}

impl Snapshot {
    fn of(job: &Job, now: Millis) -> Self {
        Self {
            attempt: job.attempt,
            status: job.status(),
            phase: job.phase_name(),
            progress: job.progress(now),
        }
    }
}
