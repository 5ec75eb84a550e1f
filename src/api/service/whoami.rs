//! What a token is good for, so that a page can offer no more than that.

use crate::api::answer::Answer;
use crate::api::auth::Caller;
use crate::api::call::Call;
use crate::api::problem::Problem;
use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Caller))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhoAmI<'a> {
    kind: Kind,
    /// Absent for a key, which acts for whom it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    /// Whether the operator routes are open.
    operator: bool,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = CallerKind))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    User,
    Service,
    Operator,
}

/// `GET /api/whoami`.
pub(crate) async fn show(call: &Call) -> Result<Answer, Problem> {
    let caller = call.anyone().await?;
    let (kind, user_id) = match &caller {
        Caller::User { id, .. } => (Kind::User, Some(id.as_str())),
        Caller::Service => (Kind::Service, None),
        Caller::Operator => (Kind::Operator, None),
    };
    Answer::success("caller", &WhoAmI { kind, user_id, operator: caller.is_operator() })
}
