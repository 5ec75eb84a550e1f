//! Google's token endpoint: exchanges an assertion signed by the service account for an access
//! token.

use std::collections::BTreeMap;

use axum::extract::Form;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Router, routing};
use serde_json::json;

use crate::account::Refused;
use crate::call::Call;
use crate::clock;
use crate::gates::Closed;
use crate::journal::Step;
use crate::wire::answers;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The only route.
pub(super) fn routes() -> Router {
    Router::new().route("/token", routing::post(token))
}

/// `POST /token`.
async fn token(
    Extension(call): Extension<Call>,
    form: Result<Form<BTreeMap<String, String>>, FormRejection>,
) -> Response {
    call.pass(Step::Token, Closed::Before).await;
    let Ok(Form(form)) = form else {
        return refuse(&Refused {
            error: "invalid_request",
            description: "Could not parse the request as a form.".to_owned(),
        });
    };
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != GRANT_TYPE {
        let description = format!("Invalid grant_type: {}", field("grant_type"));
        return refuse(&Refused {
            error: "unsupported_grant_type",
            description,
        });
    }
    let world = &call.world;
    match world
        .account
        .check(field("assertion"), &world.token_uri(), clock::unix_ms())
    {
        Ok(()) => answers::json_answer(
            StatusCode::OK,
            &json!({
                "access_token": world.tokens.make(),
                "expires_in": world.tokens.lifetime().as_secs(),
                "token_type": "Bearer",
            }),
        ),
        Err(refused) => refuse(&refused),
    }
}

fn refuse(refused: &Refused) -> Response {
    let body = json!({ "error": refused.error, "error_description": refused.description });
    answers::json_answer(StatusCode::BAD_REQUEST, &body)
}
