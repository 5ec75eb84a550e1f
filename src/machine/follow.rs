//! What a live stream of one generation sends next.
//!
//! A [`Follower`] remembers only its position in the timeline and the last snapshot it sent. Its
//! shell reads the job and the timeline again after each wake-up, so a wake-up that is lost,
//! duplicated or late loses and repeats nothing.

use super::Status;
use super::job::{Job, Phase, TimelineEntry};
use crate::time::{MINUTE, Millis, SECOND};

/// How often the progress of a render is read. It changes only with time.
pub const PROGRESS_TICK: Millis = 5 * SECOND;
/// A stream that has sent nothing for this long sends a heartbeat. The failed write also reveals
/// that a client is gone.
pub const HEARTBEAT: Millis = 15 * SECOND;
/// The longest life of a stream, so that a forgotten one does not keep an object in memory forever.
/// The client reconnects and resumes.
pub const LONGEST_LIFE: Millis = 15 * MINUTE;
/// The most timeline entries that one read returns.
pub const PAGE: u32 = 100;

/// A timeline entry with its number, by which a stream resumes. The first is 1, and numbers only
/// grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEntry {
    pub number: u64,
    pub entry: TimelineEntry,
}

/// The state of the job at the time of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    pub attempt: u32,
    pub status: Status,
    pub phase: &'static str,
    /// Percent.
    pub progress: u8,
}

/// What the stream sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// A timeline entry, with a snapshot of the job as it is now, not as it was then.
    Step {
        entry: NumberedEntry,
        stand: Snapshot,
    },
    /// The snapshot differs from the last one sent.
    Progress { stand: Snapshot },
    /// The attempt has ended and all its entries have been sent.
    End { status: Status },
    /// Nothing has happened.
    Heartbeat,
}

/// The result of one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub events: Vec<StreamEvent>,
    pub then: Then,
}

/// What to do after a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// There may be more entries: read again at once.
    LookAgain,
    /// Read again when something has happened, and at this time at the latest.
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
    /// The job has ended, and the caller has received everything.
    NothingLeft,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// Distinguishes the job from a later one of the same name.
    created_at: Millis,
    /// The number of the last entry sent.
    told: u64,
    said: Option<Snapshot>,
    told_at: Millis,
    closes_at: Millis,
}

/// Where a stream begins whose caller has received every entry up to `after`; `last` is the newest
/// entry's number. If `after` is greater than `last`, it belongs to an earlier job of the same
/// name, so the stream starts from the beginning.
pub fn begin(job: &Job, after: u64, last: u64) -> Beginning {
    if job.status().is_terminal() && after == last {
        return Beginning::NothingLeft;
    }
    Beginning::After(if after > last { 0 } else { after })
}

impl Follower {
    /// Follows the job created at `created_at`, from the entry after `after`.
    pub fn new(created_at: Millis, after: u64, now: Millis) -> Self {
        Self {
            created_at,
            told: after,
            said: None,
            told_at: now,
            closes_at: now + LONGEST_LIFE,
        }
    }

    /// The number of the last entry sent.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// Takes the job as it is now and the next entries after [`Self::told`], at most [`PAGE`], and
    /// returns the events to send.
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
