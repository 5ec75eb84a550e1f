//! What the worker is and what it offers.

use crate::api::openapi::formats::{json_answer, success};
use crate::api::openapi::operation::Operation;
use crate::api::openapi::schemas::Schemas;
use crate::api::service::{Health, Offered, WhoAmI};

const TAG: &str = "Service";

pub(crate) fn health(schemas: &mut Schemas) -> Operation {
    Operation::new("getHealth", TAG)
        .says(
            "Whether it works",
            "Its settings are whole and its queue answers. No token is needed.",
        )
        .answers(
            200,
            json_answer("It works.", &schemas.of::<Health<'static>>()),
        )
}

pub(crate) fn models(schemas: &mut Schemas) -> Operation {
    Operation::new("listModels", TAG)
        .says(
            "What can be ordered",
            "The models of the providers that are set up here, with what each takes and costs.",
        )
        .answers(
            200,
            success("The models.", "data", &schemas.of::<Offered<'static>>()),
        )
}

pub(crate) fn whoami(schemas: &mut Schemas) -> Operation {
    Operation::new("whoAmI", TAG)
        .says(
            "What a token is good for",
            "Whose it is, and whether the operator routes are open to it.",
        )
        .answers(
            200,
            success("The caller.", "caller", &schemas.of::<WhoAmI<'static>>()),
        )
}
