//! Accepting a job is two messages: create (durable, with a timer of its own), then enqueue. If the second one gets no
//! answer the job is accepted all the same, because its timer repeats the enqueue, and a message of the platform's
//! queue stands in for a timer that is lost.

use crate::dispatch::{Accepted, Rejection, Submission, inputs};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::Request;
use crate::machine::queue::{Card, Standing, Terms};
use crate::objects::messages::{JobMessage, JobReply, QueueMessage, QueueReply};
use crate::objects::stub;
use crate::time::Millis;
use worker::Env;

/// Keeps the images, creates, then enqueues.
pub async fn accept(env: &Env, submission: Submission) -> Result<Accepted, Rejection> {
    let Submission { key, request, uploads } = submission;
    let images: Vec<String> = uploads.iter().map(|upload| upload.image.key.clone()).collect();
    if let Err(error) = inputs::keep(env, uploads).await {
        tracing::error!(reason = %error, "[STORAGE] Images not stored");
        return Err(Rejection::Unavailable);
    }
    let accepted = create(env, &key, request).await;
    if !may_need_images(&accepted) {
        inputs::remove(env, &images).await;
    }
    accepted
}

/// Whether there is, or may be, a job whose images these are. A repeat of an order has put its own beside those that the
/// job has, or had.
fn may_need_images(accepted: &Result<Accepted, Rejection>) -> bool {
    match accepted {
        Ok(Accepted { new, .. }) => *new,
        Err(Rejection::Conflict | Rejection::Full { .. } | Rejection::OverBudget { .. }) => false,
        Err(Rejection::Unavailable) => true,
    }
}

async fn create(env: &Env, key: &JobKey, request: Request) -> Result<Accepted, Rejection> {
    let terms = Terms { not_before: request.start_after, ..Terms::default() };
    let create = JobMessage::Create { key: key.clone(), request: Box::new(request) };
    match stub::job(env, key, &create).await {
        Ok(JobReply::Created { new: true, card }) => enqueue_new(env, card, terms).await,
        Ok(JobReply::Created { new: false, card }) => Ok(enqueue_again(env, card, terms).await),
        Ok(JobReply::Conflict) => Err(Rejection::Conflict),
        Ok(_) => {
            tracing::error!(reason = "answered out of turn", "[JOB] Create failed");
            Err(Rejection::Unavailable)
        }
        Err(error) => {
            tracing::error!(reason = %error, "[JOB] Create failed");
            Err(Rejection::Unavailable)
        }
    }
}

async fn enqueue_new(env: &Env, card: Card, terms: Terms) -> Result<Accepted, Rejection> {
    let (key, accepted) = (card.key.clone(), unheard(true, &card));
    match stub::queue(env, &QueueMessage::Enqueue { card, promised: false, terms }).await {
        Ok(QueueReply::Full { retry_after }) => {
            Err(withdraw(env, &key, accepted.created_at, Rejection::Full { retry_after }).await)
        }
        Ok(QueueReply::OverBudget { over }) => {
            Err(withdraw(env, &key, accepted.created_at, Rejection::OverBudget { over }).await)
        }
        reply => Ok(heard(accepted, reply)),
    }
}

/// A repeat was accepted before, so the queue may not refuse it now.
async fn enqueue_again(env: &Env, card: Card, terms: Terms) -> Accepted {
    let accepted = unheard(false, &card);
    if accepted.status != Status::Queued {
        return Accepted { standing: Some(Standing::NOT_IN_LINE), ..accepted };
    }
    let reply = stub::queue(env, &QueueMessage::Enqueue { card, promised: true, terms }).await;
    heard(accepted, reply)
}

/// An accepted job of which the queue has not yet said anything.
fn unheard(new: bool, card: &Card) -> Accepted {
    Accepted { new, status: card.status, epoch: card.epoch, created_at: card.created_at, standing: None }
}

fn heard(accepted: Accepted, reply: Result<QueueReply, stub::StubError>) -> Accepted {
    let reason = match reply {
        Ok(QueueReply::Standing { standing }) => return Accepted { standing: Some(standing), ..accepted },
        Ok(_) => "unexpected answer".to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::error!(reason, "[QUEUE] Enqueue left to the job");
    accepted
}

/// Takes back a job the queue refused. If that fails the job may run after all, so the caller must ask again.
async fn withdraw(env: &Env, key: &JobKey, created_at: Millis, refused: Rejection) -> Rejection {
    match stub::job(env, key, &JobMessage::Withdraw { created_at }).await {
        Ok(JobReply::Withdrawn | JobReply::Missing) => refused,
        Ok(_) => Rejection::Unavailable,
        Err(error) => {
            tracing::error!(reason = %error, "[JOB] Withdraw failed");
            Rejection::Unavailable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Accepted, Rejection, Status, may_need_images};
    use crate::machine::queue::{OverBudget, Whose};

    #[test]
    fn images_are_removed_when_no_job_can_need_them_i15() {
        let accepted = |new| Ok(Accepted { new, status: Status::Queued, epoch: 1, created_at: 0, standing: None });
        assert!(may_need_images(&accepted(true)));
        assert!(!may_need_images(&accepted(false)), "the job has the images of the first request");
        let over = OverBudget { whose: Whose::Everyone, price_micros: 1, resets_at: None };
        for refused in [Rejection::Conflict, Rejection::Full { retry_after: 1 }, Rejection::OverBudget { over }] {
            assert!(!may_need_images(&Err(refused)), "{refused:?}");
        }
        assert!(may_need_images(&Err(Rejection::Unavailable)), "the job may have been made");
    }
}
