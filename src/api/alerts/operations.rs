//! The description of the routes of alerts.

use crate::api::openapi::formats::json_answer;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::webhooks::alert_test::AlertTest;

pub(crate) fn send_test(schemas: &mut Schemas) -> Operation {
    Operation::new("testAlert", "Operators")
        .says(
            "Send a test alert",
            "Sends one signed message of the type `test` to `ALERT_WEBHOOK_URL`. It is sent once and not stored. The answer has the receiver's response, whatever it was.",
        )
        .answers(200, json_answer("The result.", &schemas.of::<AlertTest>()))
        .fails([Problem::no_alert_receiver()])
}
