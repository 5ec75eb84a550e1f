//! Who did what: one line for each thing that an operator changes.

use super::call::Call;
use crate::log::{self, Line};

/// What an operator has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Paused,
    Resumed,
    Redelivered,
    Recovered,
    CleanedUp,
    /// Anything that a user may do, in that user's name.
    ActedForUser,
}

impl Action {
    fn message(self) -> &'static str {
        match self {
            Self::Paused => "[AUDIT] Queue paused",
            Self::Resumed => "[AUDIT] Queue resumed",
            Self::Redelivered => "[AUDIT] Webhook redelivered",
            Self::Recovered => "[AUDIT] Webhooks recovered",
            Self::CleanedUp => "[AUDIT] Clean-up started",
            Self::ActedForUser => "[AUDIT] Acted for a user",
        }
    }
}

/// Writes the line. `operator` is the caller's name, `user` whose things were touched, `outcome` what came of it.
pub(super) fn record(call: &Call, operator: &str, action: Action, user: Option<&str>, outcome: &str) {
    log::info(&Line {
        message: action.message(),
        user,
        request: Some(&call.request_id),
        reason: Some(format!("by {operator}: {outcome}")),
        ..Line::default()
    });
}

/// The same of an operator who acted for another user, once the answer's status is known. Reading is no act.
pub(super) fn acted(call: &Call, status: u16) {
    let Some((operator, user)) = call.acting() else { return };
    let method = call.method();
    if matches!(method.as_str(), "GET" | "HEAD") {
        return;
    }
    record(call, operator, Action::ActedForUser, Some(user), &format!("{method} {} answered {status}", call.path()));
}
