//! The description of the service's routes.

use crate::api::openapi::formats::{json_answer, success};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::service::{Health, Offered, WhoAmI};

const TAG: &str = "Service";

pub(crate) fn health(schemas: &mut Schemas) -> Operation {
    Operation::new("getHealth", TAG)
        .says(
            "Check health",
            "Its settings are valid and its queue responds. Needs no token.",
        )
        .answers(
            200,
            json_answer("The worker is healthy.", &schemas.of::<Health<'static>>()),
        )
}

pub(crate) fn models(schemas: &mut Schemas) -> Operation {
    Operation::new("listModels", TAG)
        .says(
            "List models",
            "The models of the configured providers, with their parameters and prices.",
        )
        .answers(
            200,
            success("The models.", "data", &schemas.of::<Offered<'static>>()),
        )
}

pub(crate) fn whoami(schemas: &mut Schemas) -> Operation {
    Operation::new("whoAmI", TAG)
        .says(
            "Get the caller",
            "The user of the token, and whether it may use the operator routes.",
        )
        .answers(
            200,
            success("The caller.", "caller", &schemas.of::<WhoAmI<'static>>()),
        )
}
