//! Access control: an access token, the only project, and an existing region.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::target::Target;
use crate::call::token_seen;
use crate::journal::{TokenSeen, Wire};
use crate::marks::Refusal;
use crate::wire::answers;
use crate::world::World;

/// The regions served here.
const LOCATIONS: [&str; 8] = [
    "global",
    "us-central1",
    "us-east4",
    "us-east5",
    "us-west1",
    "europe-west4",
    "asia-northeast1",
    "asia-southeast1",
];

/// Accepts a request with a valid token; otherwise returns the answer. `service` is the service's
/// name.
pub(super) fn admit(
    world: &World,
    headers: &HeaderMap,
    service: &str,
) -> Result<(), Box<Response>> {
    let (message, reason) = match token_seen(world, headers) {
        TokenSeen::Equal => return Ok(()),
        TokenSeen::Absent => (
            "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or \
             other valid authentication credential. See \
             https://developers.google.com/identity/sign-in/web/devconsole-project.",
            "CREDENTIALS_MISSING",
        ),
        TokenSeen::Expired => (INVALID, "ACCESS_TOKEN_EXPIRED"),
        TokenSeen::Different => (INVALID, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    };
    let details = error_info(reason, "googleapis.com", &json!({ "service": service }));
    Err(Box::new(answers::error_with(
        StatusCode::UNAUTHORIZED,
        message,
        &[details],
    )))
}

const INVALID: &str = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
     other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";

/// Accepts a call of a model.
pub(super) fn admit_call(
    world: &World,
    headers: &HeaderMap,
    target: &Target,
) -> Result<(), Box<Response>> {
    admit(world, headers, "aiplatform.googleapis.com")?;
    if !LOCATIONS.contains(&target.location.as_str()) {
        return Err(Box::new(answers::refuse(
            Wire::Vertex,
            &Refusal::NotFound,
            &target.model,
        )));
    }
    let place = format!("projects/{}/locations/{}", target.project, target.location);
    let resource = format!("{place}/publishers/google/models/{}", target.model);
    admit_project(
        world,
        &target.project,
        "aiplatform.endpoints.predict",
        &resource,
    )
}

/// Accepts the list of a project's own models.
pub(super) fn admit_list(
    world: &World,
    headers: &HeaderMap,
    project: &str,
    location: &str,
) -> Result<(), Box<Response>> {
    admit(world, headers, "aiplatform.googleapis.com")?;
    let resource = format!("projects/{project}/locations/{location}");
    admit_project(world, project, "aiplatform.models.list", &resource)
}

/// Accepts the only project.
fn admit_project(
    world: &World,
    project: &str,
    permission: &str,
    resource: &str,
) -> Result<(), Box<Response>> {
    if project == world.options.project {
        return Ok(());
    }
    let message = format!(
        "Permission '{permission}' denied on resource '//aiplatform.googleapis.com/{resource}' (or it may not exist)."
    );
    let metadata = json!({ "permission": permission, "resource": resource });
    let details = error_info(
        "IAM_PERMISSION_DENIED",
        "aiplatform.googleapis.com",
        &metadata,
    );
    Err(Box::new(answers::error_with(
        StatusCode::FORBIDDEN,
        &message,
        &[details],
    )))
}

fn error_info(reason: &str, domain: &str, metadata: &Value) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    })
}
