//! The audit log: one line for each change by an operator.

use crate::api::call::Call;
use crate::log::AUDIT;

/// What an operator did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Paused,
    Resumed,
    PausedUpstream,
    ResumedUpstream,
    ChangedLimits,
    StartedBulk,
    StoppedBulk,
    Redelivered,
    Recovered,
    TestedWebhook,
    TestedAlert,
    CleanedUp,
    /// Any change that a user may make, on behalf of that user.
    ActedForUser,
}

/// The outcome if no answer came: the change may have been made.
pub(crate) const NO_ANSWER: &str = "no answer; the change may have been made";

/// Logs an audit line. `operator` is the caller's name, `user` the owner of what was changed,
/// `outcome` the result.
pub(crate) fn record(operator: &str, action: Action, user: Option<&str>, outcome: &str) {
    match action {
        Action::Paused => tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Queue paused"),
        Action::Resumed => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Queue resumed");
        }
        Action::PausedUpstream => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Provider or model paused");
        }
        Action::ResumedUpstream => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Provider or model resumed");
        }
        Action::ChangedLimits => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Limits changed");
        }
        Action::StartedBulk => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Bulk started");
        }
        Action::StoppedBulk => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Bulk stopped");
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
        Action::TestedAlert => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Test alert sent");
        }
        Action::CleanedUp => {
            tracing::info!(target: AUDIT, operator, outcome, "[AUDIT] Clean-up started");
        }
        Action::ActedForUser => {
            tracing::info!(target: AUDIT, operator, userId = user, outcome, "[AUDIT] Acted for a user");
        }
    }
}

/// Logs an audit line for an operator who acted for another user, after the answer's status is
/// known. Reads are not logged.
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
