//! The answer of an effect, without the number of the effect.

use reelay::machine::delivery::Receipt;
use reelay::machine::job;
use reelay::machine::job::{Effect, Progress, Video};
use reelay::machine::outcome::Outcome;

#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Enqueued(Outcome<bool>),
    Submitted(Outcome<String>),
    Polled(Outcome<Progress>),
    Stored(Outcome<Video>),
    Reported(Outcome<()>),
    Delivered(Receipt),
    UpstreamCancelled(Outcome<()>),
    FileDeleted(Outcome<()>),
}

impl Answer {
    pub(crate) fn to(self, effect: Effect) -> job::Answer {
        match (effect, self) {
            (Effect::Enqueue { epoch }, Self::Enqueued(outcome)) => {
                job::Answer::Enqueued { epoch, outcome }
            }
            (Effect::Submit { epoch, .. }, Self::Submitted(outcome)) => {
                job::Answer::Submitted { epoch, outcome }
            }
            (Effect::Poll { epoch, operation }, Self::Polled(outcome)) => job::Answer::Polled {
                epoch,
                operation,
                outcome,
            },
            (Effect::Store { epoch, attempt, .. }, Self::Stored(outcome)) => job::Answer::Stored {
                epoch,
                attempt,
                outcome,
            },
            (Effect::Report { number, .. }, Self::Reported(outcome)) => {
                job::Answer::Reported { number, outcome }
            }
            (Effect::Deliver { event_id }, Self::Delivered(receipt)) => {
                job::Answer::Delivered { event_id, receipt }
            }
            (Effect::CancelUpstream { operation }, Self::UpstreamCancelled(outcome)) => {
                job::Answer::UpstreamCancelled { operation, outcome }
            }
            (Effect::DeleteFile { attempt }, Self::FileDeleted(outcome)) => {
                job::Answer::FileDeleted { attempt, outcome }
            }
            (effect, answer) => panic!("{answer:?} is no answer to {effect:?}"),
        }
    }
}
