//! The description of the checklist.

use crate::api::openapi::formats::success;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::setup::check::SetupCheck;

pub(crate) fn show(schemas: &mut Schemas) -> Operation {
    Operation::new("checkSetup", "Operators")
        .says(
            "Check the setup",
            "Checks the optional keys, the app, the R2 bucket, the key of each video service by a free call, the limits in force and the last webhook. Each check takes at most 5 seconds. No answer contains a secret.",
        )
        .answers(
            200,
            success("The checks.", "checks", &schemas.list_of::<SetupCheck>()),
        )
}
