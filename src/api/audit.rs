//! Who did what: one line for each thing that an operator changes.

use crate::api::call::Call;
use crate::log::AUDIT;

/// What an operator has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Paused,
    Resumed,
    Redelivered,
    Recovered,
    TestedWebhook,
    CleanedUp,
    /// Anything that a user may do, in that user's name.
    ActedForUser,
}

/// The outcome of what may have been done or not.
pub(crate) const NO_ANSWER: &str = "no answer came, it may have been done";

/// Writes the line. `operator` is the caller's name, `user` the owner of what was changed, `outcome`
/// the result.
pub(crate) fn record(operator: &str, action: Action, user: Option<&str>, outcome: &str) {
    match action {
        Action::Paused => tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Queue paused"),
        Action::Resumed => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Queue resumed");
        }
        Action::Redelivered => {
            tracing::info!(target: AUDIT, operator, userId = user, outcome, "[AUDIT] Webhook redelivered");
        }
        Action::Recovered => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Webhooks recovered");
        }
        Action::TestedWebhook => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Test webhook sent");
        }
        Action::CleanedUp => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Clean-up started");
        }
        Action::ActedForUser => {
            tracing::info!(target: AUDIT, operator, userId = user, outcome, "[AUDIT] Acted for a user");
        }
    }
}

/// The same of an operator who acted for another user, once the answer's status is known. Reading
/// is no act.
pub(crate) fn acted(call: &Call, status: u16) {
    let Some((operator, user)) = &call.acting else {
        return;
    };
    let method = call.method();
    if matches!(method.as_str(), "GET" | "HEAD") {
        return;
    }
    record(
        operator,
        Action::ActedForUser,
        Some(user),
        &format!("{method} {} answered {status}", call.path()),
    );
}
