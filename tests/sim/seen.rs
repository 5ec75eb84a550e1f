//! The queue's inputs and replies, as far as the oracles read them.

use reelay::ids::JobKey;
use reelay::machine::job::State;
use reelay::machine::limiter::Availability;
use reelay::machine::queue::{
    Afford, Alarm, AlertAnswered, AlertsDue, Ask, Bulk, BulkRefused, ChangeLimits, Claim,
    DeleteOld, Enqueue, EnqueueAgain, GetPositions, Heard, Input, Limit, Matching, Pause,
    PauseUpstream, Redelivered, Refused, Report, Resume, ResumeUpstream, Scope, StartBulk,
    StopBulk, Summary, Sweep, Terms, Unaffordable,
};
use std::fmt::Debug;

#[derive(Debug)]
pub(crate) enum Seen {
    Enqueue {
        summary: Summary,
        terms: Terms,
        new: bool,
        refused: Option<Refused>,
    },
    Report {
        summary: Summary,
        availability: Option<Availability>,
    },
    Heard {
        ask: Ask,
        state: Option<State>,
    },
    Afford {
        key: JobKey,
        over: bool,
    },
    Claim,
    Alarm,
    Sweep,
    DeleteOld,
    Pause,
    Resume,
    PauseUpstream {
        scope: Scope,
    },
    ResumeUpstream {
        scope: Scope,
    },
    /// What was changed: nothing if the changes were refused.
    ChangeLimits {
        changed: Vec<(Limit, Option<u64>)>,
    },
    StartBulk {
        said: Matching,
        started: Result<Bulk, BulkRefused>,
    },
    StopBulk {
        bulk: Option<Bulk>,
    },
    Other,
}

impl Seen {
    /// The queue refused an order or payment that it would have had to charge.
    pub(crate) fn is_over_budget(&self) -> bool {
        matches!(
            self,
            Self::Enqueue {
                refused: Some(Refused::OverBudget(_)),
                ..
            } | Self::Afford { over: true, .. }
        )
    }
}

/// An input of the queue that the oracles read.
pub(crate) trait Watched: Input + Clone + Debug + 'static {
    fn seen(self, reply: &Self::Reply) -> Seen;
}

impl Watched for Enqueue {
    fn seen(self, reply: &Self::Reply) -> Seen {
        Seen::Enqueue {
            summary: self.summary,
            terms: self.terms,
            new: true,
            refused: reply.err(),
        }
    }
}

impl Watched for EnqueueAgain {
    fn seen(self, _: &Self::Reply) -> Seen {
        Seen::Enqueue {
            summary: self.summary,
            terms: self.terms,
            new: false,
            refused: None,
        }
    }
}

impl Watched for Report {
    fn seen(self, _: &Self::Reply) -> Seen {
        Seen::Report {
            summary: self.summary,
            availability: self.availability,
        }
    }
}

impl Watched for Heard {
    fn seen(self, (): &Self::Reply) -> Seen {
        Seen::Heard {
            ask: self.ask,
            state: self.said.ok().flatten(),
        }
    }
}

impl Watched for Afford {
    fn seen(self, reply: &Self::Reply) -> Seen {
        Seen::Afford {
            key: self.key,
            over: matches!(reply, Err(Unaffordable::OverBudget(_))),
        }
    }
}

impl Watched for PauseUpstream {
    fn seen(self, _: &Self::Reply) -> Seen {
        Seen::PauseUpstream { scope: self.scope }
    }
}

impl Watched for ResumeUpstream {
    fn seen(self, _: &Self::Reply) -> Seen {
        Seen::ResumeUpstream { scope: self.scope }
    }
}

impl Watched for ChangeLimits {
    fn seen(self, reply: &Self::Reply) -> Seen {
        let changed = if reply.is_ok() {
            self.changes
        } else {
            Vec::new()
        };
        Seen::ChangeLimits { changed }
    }
}

impl Watched for StartBulk {
    fn seen(self, reply: &Self::Reply) -> Seen {
        Seen::StartBulk {
            said: self.said,
            started: reply.clone(),
        }
    }
}

impl Watched for StopBulk {
    fn seen(self, reply: &Self::Reply) -> Seen {
        Seen::StopBulk {
            bulk: reply.clone(),
        }
    }
}

macro_rules! watched {
    ($($input:ident => $seen:ident),*) => {
        $(impl Watched for $input {
            fn seen(self, _: &Self::Reply) -> Seen {
                Seen::$seen
            }
        })*
    };
}
watched!(Claim => Claim, Alarm => Alarm, Sweep => Sweep, DeleteOld => DeleteOld, Pause => Pause, Resume => Resume, GetPositions => Other,
    Redelivered => Other, AlertsDue => Other, AlertAnswered => Other);
