//! A test webhook, which an operator asks for.

use super::answer::Answer;
use super::audit::{self, Action};
use super::call::Call;
use crate::clock;
use crate::receiver;
use crate::wire::api::Problem;

/// `POST /api/webhooks/test`: sends one signed event to the receiver and says what came back. It is never repeated and
/// is in no list.
pub(super) async fn send(call: &Call) -> Result<Answer, Problem> {
    let caller = call.operator()?;
    let test = receiver::test(&call.config, clock::moment()).await;
    let outcome = test.status.map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}"));
    audit::record(caller.name(), Action::TestedWebhook, None, &outcome);
    Answer::json(200, &test)
}
