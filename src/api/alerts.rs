//! Alerts: a test of their receiver.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::access::Operator;
use crate::api::answer::Answer;
use crate::api::audit;
use crate::api::audit::Action;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::clock;
use crate::machine::alerts::{AlertMessage, test_body};
use crate::webhooks::alert_test::AlertTest;
use crate::webhooks::send;

/// `POST /api/alerts/test`: sends one signed message to the receiver of alerts and returns its
/// response. The message is sent once and not stored.
pub(crate) async fn send_test(call: &Call, operator: Operator) -> Result<Answer, Problem> {
    let receiver = call.config.alert_receiver.as_ref();
    let receiver = receiver.ok_or_else(Problem::no_alert_receiver)?;
    let moment = clock::moment();
    let AlertMessage { id, body } = test_body(moment);
    let outcome = send::test(&receiver.url, &receiver.secrets, &id, &body, moment.now).await;
    let test = AlertTest::of(receiver.origin(), &outcome);
    let said = test.status.map_or_else(
        || "no answer".to_owned(),
        |status| format!("answered {status}"),
    );
    audit::record(operator.name(), Action::TestedAlert, None, &said);
    Answer::json(200, &test)
}
