//! Polls of a job on any wire: the job, and its fault.

use axum::http::StatusCode;
use axum::response::Response;

use crate::call::Call;
use crate::ledger::Operation;
use crate::lock::locked;
use crate::marks::PollFault;
use crate::wire::answers;

/// Counts a poll of the job with this name; `None` if there is none.
pub(crate) fn count(call: &Call, id: &str, name: &str) -> Option<Operation> {
    locked(&call.world.ledger)
        .find(id)
        .filter(|operation| operation.name() == name)
        .map(|operation| {
            operation.polls += 1;
            operation.clone()
        })
}

/// Whether there is a job with this name.
pub(crate) fn is_known(call: &Call, id: &str, name: &str) -> bool {
    locked(&call.world.ledger)
        .find(id)
        .is_some_and(|operation| operation.name() == name)
}

/// Records which job a poll belongs to, before anything is decided.
pub(crate) fn recognise(call: &Call, id: &str) {
    if let Some(operation) = locked(&call.world.ledger).find(id) {
        call.belongs_to(operation);
    }
}

/// Meets the job's fault: the fault's answer, or whether the answer must say explicitly that the
/// job is not done.
pub(crate) async fn meet(call: &Call, operation: &Operation) -> Result<bool, Box<Response>> {
    let mark =
        locked(&call.world.faults).meet("poll", &operation.id, &operation.marks.poll, |marks| {
            &marks.poll
        });
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    let answer = match mark.map(|mark| mark.fault) {
        Some(PollFault::Refuse(refusal)) => {
            answers::refuse(operation.wire(), &refusal, &operation.model)
        }
        Some(PollFault::Raw(raw)) => answers::raw(&raw, Some(operation)),
        Some(PollFault::Hang) => call.hang().await,
        Some(PollFault::Reset) => call.cut(),
        Some(PollFault::Garbage) => answers::garbage(),
        Some(PollFault::Html) => answers::web_page(StatusCode::OK),
        Some(PollFault::DoneFalse) => return Ok(true),
        None => return Ok(false),
    };
    Err(Box::new(answer))
}
