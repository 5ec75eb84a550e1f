//! Accepting an order: create the job, give it a place in the queue, and take it back if the queue
//! refuses it.
//!
//! Each state holds the message to send next and turns its reply into the next state. A job is
//! accepted even if the queue did not confirm its place, because its own alarm repeats the request.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{Create, Created, Request, Start, Withdraw};
use crate::machine::message::{NoAnswer, Reply};
use crate::machine::queue::{Enqueue, EnqueueAgain, Mode, Position, Refused, Summary, Terms};
use crate::time::Millis;

/// What follows a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Enqueue(Enqueuing),
    EnqueueAgain(EnqueuingAgain),
    Withdraw(Withdrawing),
    Over(Result<Accepted, Rejection>),
}

/// An accepted order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// False for a repeat of the same order.
    pub new: bool,
    pub status: Status,
    pub epoch: u64,
    /// When the job was created.
    pub created_at: Millis,
    /// `None` when the queue did not answer: the job will repeat the request.
    pub position: Option<Position>,
}

/// Why an order was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The id belongs to another order.
    Conflict,
    /// The queue refused it; nothing was stored.
    Refused(Refused),
    /// An object did not answer; the same order may be repeated.
    Unavailable,
}

/// The first state.
#[derive(Debug, Clone, PartialEq)]
pub struct Creating {
    pub key: JobKey,
    pub message: Create,
}

/// The job exists and needs a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Enqueuing {
    pub message: Enqueue,
}

/// The job was accepted before; only its place in the queue may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct EnqueuingAgain {
    pub message: EnqueueAgain,
}

/// The queue refused the job, so the job is withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawing {
    pub key: JobKey,
    pub message: Withdraw,
    rejection: Rejection,
}

impl Creating {
    pub fn new(key: JobKey, request: Request) -> Self {
        Self {
            key: key.clone(),
            message: Create {
                key,
                request: Box::new(request),
            },
        }
    }

    pub fn answered(self, reply: Reply<Create>) -> Next {
        let terms = Terms {
            not_before: self.message.request.order.start_after,
            ..Terms::default()
        };
        match reply {
            Ok(Ok(Created { new: true, summary })) => Next::Enqueue(Enqueuing {
                message: Enqueue { summary, terms },
            }),
            Ok(Ok(Created {
                new: false,
                summary,
            })) if summary.status == Status::Queued => Next::EnqueueAgain(EnqueuingAgain {
                message: EnqueueAgain { summary, terms },
            }),
            Ok(Ok(Created {
                new: false,
                summary,
            })) => Next::Over(Ok(accepted(false, &summary, Some(Position::NOT_IN_LINE)))),
            Ok(Err(_)) => Next::Over(Err(Rejection::Conflict)),
            Err(NoAnswer) => Next::Over(Err(Rejection::Unavailable)),
        }
    }
}

impl Enqueuing {
    pub fn answered(self, reply: Reply<Enqueue>) -> Next {
        let summary = self.message.summary;
        match reply {
            Ok(Ok(position)) => Next::Over(Ok(accepted(true, &summary, position))),
            Ok(Err(refused)) => Next::Withdraw(Withdrawing {
                message: Withdraw {
                    created_at: summary.created_at,
                },
                key: summary.key,
                rejection: Rejection::Refused(refused),
            }),
            // The job is durable and will request its place itself.
            Err(NoAnswer) => Next::Over(Ok(accepted(true, &summary, None))),
        }
    }
}

impl EnqueuingAgain {
    pub fn answered(self, reply: Reply<EnqueueAgain>) -> Next {
        Next::Over(Ok(accepted(
            false,
            &self.message.summary,
            reply.unwrap_or(None),
        )))
    }
}

impl Withdrawing {
    /// If the job could not be withdrawn, it may still run, so the caller must repeat the order.
    pub fn answered(self, reply: Reply<Withdraw>) -> Next {
        Next::Over(Err(if reply == Ok(true) {
            self.rejection
        } else {
            Rejection::Unavailable
        }))
    }
}

fn accepted(new: bool, summary: &Summary, position: Option<Position>) -> Accepted {
    Accepted {
        new,
        status: summary.status,
        epoch: summary.epoch,
        created_at: summary.created_at,
        position,
    }
}

/// Whether a job may need the images stored with this request. A repeated order stores copies that
/// no job uses.
pub fn may_need_images(outcome: &Result<Accepted, Rejection>) -> bool {
    match outcome {
        Ok(Accepted { new, .. }) => *new,
        Err(Rejection::Conflict | Rejection::Refused(_)) => false,
        Err(Rejection::Unavailable) => true,
    }
}

/// Work done after the response is sent. If it is lost, an alarm or the sweep does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// The job has a slot and can start.
    Start(Start),
    /// A message on the platform's queue will claim a slot for the job.
    WakeUp,
    Nothing,
}

impl Accepted {
    pub fn follow_up(&self, mode: Mode) -> FollowUp {
        match self.position {
            Some(Position {
                admitted: Some(start),
                ..
            }) if start.epoch == self.epoch => FollowUp::Start(start),
            Some(Position { number: 0, .. }) => FollowUp::Nothing,
            Some(_) if mode == Mode::Queue => FollowUp::WakeUp,
            Some(_) => FollowUp::Nothing,
            // The queue may not know the job. Besides the job's own alarm, a message now checks on
            // it.
            None => FollowUp::WakeUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Accepted, Rejection, may_need_images};
    use crate::machine::Status;
    use crate::machine::queue::{OverBudget, Refused, Whose};

    #[test]
    fn images_are_removed_when_no_job_can_need_them_i15() {
        let accepted = |new| {
            Ok(Accepted {
                new,
                status: Status::Queued,
                epoch: 1,
                created_at: 0,
                position: None,
            })
        };
        assert!(may_need_images(&accepted(true)));
        assert!(
            !may_need_images(&accepted(false)),
            "the job has the images of the first request"
        );
        let over = OverBudget {
            whose: Whose::Everyone,
            price_micros: 1,
            resets_at: None,
        };
        for refused in [Refused::Full { retry_after: 1 }, Refused::OverBudget(over)] {
            assert!(
                !may_need_images(&Err(Rejection::Refused(refused))),
                "{refused:?}"
            );
        }
        assert!(!may_need_images(&Err(Rejection::Conflict)));
        assert!(
            may_need_images(&Err(Rejection::Unavailable)),
            "the job may have been created"
        );
    }
}
