//! Carries out the acceptance of an order.

use crate::dispatch::{Submission, inputs};
use crate::machine::acceptance::{Accepted, Creating, Next, Rejection, may_need_images};
use crate::machine::message::NoAnswer;
use crate::objects::stub;
use worker::Env;

/// Stores the images, creates the job, and enqueues it.
pub async fn accept(env: &Env, submission: Submission) -> Result<Accepted, Rejection> {
    let Submission {
        key,
        request,
        uploads,
    } = submission;
    let images: Vec<String> = uploads
        .iter()
        .map(|upload| upload.image.key.clone())
        .collect();
    if let Err(error) = inputs::keep(env, uploads).await {
        tracing::error!(reason = %error, "[STORAGE] Images not stored");
        return Err(Rejection::Unavailable);
    }
    let accepted = carry_out(env, Creating::new(key, request)).await;
    if !may_need_images(&accepted) {
        inputs::remove(env, &images).await;
    }
    accepted
}

async fn carry_out(env: &Env, creating: Creating) -> Result<Accepted, Rejection> {
    let key = creating.message.key.clone();
    let created = stub::job(env, &key, &creating.message).await;
    let created =
        created.inspect_err(|error| tracing::error!(reason = %error, "[JOB] Create failed"));
    let mut next = creating.answered(created.or(Err(NoAnswer)));
    loop {
        next = match next {
            Next::Enqueue(state) => {
                let reply = stub::queue(env, &state.message).await;
                let reply = reply.inspect_err(
                    |error| tracing::error!(reason = %error, "[QUEUE] Enqueue left to the job"),
                );
                state.answered(reply.or(Err(NoAnswer)))
            }
            Next::EnqueueAgain(state) => {
                let reply = stub::queue(env, &state.message).await;
                let reply = reply.inspect_err(
                    |error| tracing::error!(reason = %error, "[QUEUE] Enqueue left to the job"),
                );
                state.answered(reply.or(Err(NoAnswer)))
            }
            Next::Withdraw(state) => {
                let reply = stub::job(env, &key, &state.message).await;
                let reply = reply
                    .inspect_err(|error| tracing::error!(reason = %error, "[JOB] Withdraw failed"));
                state.answered(reply.or(Err(NoAnswer)))
            }
            Next::Over(accepted) => return accepted,
        };
    }
}
