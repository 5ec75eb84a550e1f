//! A test webhook, which an operator asks for.

use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::call::Call;
use crate::api::deliveries::receiver_test;
use crate::api::problem::Problem;
use crate::clock;

/// `POST /api/webhooks/test`: sends one signed event to the receiver and says what came back. It is never repeated and
/// is in no list.
pub(crate) async fn send(call: &Call) -> Result<Answer, Problem> {
    let caller = call.operator()?;
    let test = receiver_test::test(&call.config, clock::moment()).await;
    let outcome = test.status.map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}"));
    audit::record(caller.name(), Action::TestedWebhook, None, &outcome);
    Answer::json(200, &test)
}
