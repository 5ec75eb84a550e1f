//! Request bodies for these tests.

use reelay::api::field_error::FieldError;
use reelay::api::order::request::{Intake, parse};
use reelay::ids::JobKey;
use reelay::machine::job::Request;
use reelay::models::{Aliases, Catalogue};
use reelay::time::Moment;
use serde_json::{Map, Value};

pub(crate) const MOMENT: Moment = Moment {
    now: 1_767_225_600_000,
    random: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
};

static NO_ALIASES: Aliases = Aliases::NONE;

/// All providers are set up; the date is 24 November 2026.
pub(crate) const CATALOGUE: Catalogue<'static> = Catalogue {
    providers: &["veo3", "vertex", "omni", "demo"],
    aliases: &NO_ALIASES,
    default_model: None,
    submits_per_minute: None,
    now: 1_795_478_400_000,
};

pub(crate) const INTAKE: Intake<'static> = Intake {
    user_id: "u_1",
    max_priority: 10,
    idempotency_key: None,
    public_url: "https://reelay.example.com",
    catalogue: CATALOGUE,
    webhooks: false,
    start_timeout: None,
    moment: MOMENT,
};

pub(crate) fn object(body: Value) -> Map<String, Value> {
    let Value::Object(object) = body else {
        panic!("a test's body must be an object")
    };
    object
}

pub(crate) fn parsed(body: Value) -> Result<(JobKey, Request), Vec<FieldError>> {
    parse(&object(body), INTAKE).map(|parsed| (parsed.key, parsed.request))
}

/// The request of a body that must be accepted.
pub(crate) fn accepted(body: Value) -> Request {
    parsed(body).expect("the body is valid").1
}

/// The names of all invalid fields of a body.
pub(crate) fn refused(body: Value) -> Vec<String> {
    let errors = parsed(body).expect_err("the body is not valid");
    errors.iter().map(|error| error.name().to_owned()).collect()
}
