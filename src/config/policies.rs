//! The policies of the machines: what a job and the queue read from the settings.

use crate::config::alerts;
use crate::machine::{job, queue};
use crate::time::{DAY, Millis};
use crate::variables::{ConfigError, ConfigErrors, Variables};

/// The maximum of `MAX_SUBMITS_PER_MINUTE`. Also its value when it is not set, so that only each
/// model's own limit applies.
const MOST_SUBMITS_PER_MINUTE: u64 = 100_000;

pub(crate) fn job(variables: &Variables<'_>, errors: &mut ConfigErrors) -> Option<job::Policy> {
    let max_retries = errors.keep(variables.number("MAX_RETRIES", 3, 0..=10));
    let store_timeout = errors.keep(variables.number("STORE_TIMEOUT_MS", 900_000, 0..=86_400_000));
    let (job_timeout, poll_interval) = times(variables, errors);
    let unknown_submit = errors.keep(variables.unknown_submit());
    let webhook_schedule = errors.keep(variables.webhook_schedule());
    let events = errors.keep(variables.events());
    let clarifications = errors.keep(variables.switch("ENABLE_CLARIFICATIONS"));
    Some(job::Policy {
        max_retries: u32::try_from(max_retries?).unwrap_or(3),
        store_timeout: store_timeout?,
        job_timeout: job_timeout?,
        unknown_submit: unknown_submit?,
        poll_interval: poll_interval?,
        webhook_schedule: webhook_schedule?,
        events: events?,
        clarifications: clarifications?.unwrap_or(false),
    })
}

pub(crate) fn queue(variables: &Variables<'_>, errors: &mut ConfigErrors) -> Option<queue::Policy> {
    let mode = errors.keep(variables.dispatch_mode());
    let slots = errors.keep(variables.number("MAX_CONCURRENT_JOBS", 3, 1..=1_000));
    let user_slots =
        errors.keep(variables.optional_number("MAX_CONCURRENT_JOBS_PER_USER", 1..=1_000));
    let max_waiting = errors.keep(variables.number("MAX_QUEUE_LENGTH", 10_000, 0..=1_000_000));
    let submits_per_minute = errors.keep(submits_per_minute(variables));
    let (max_cost_per_day, max_cost_per_user_per_day) = budgets(variables, errors);
    let retention = errors.keep(variables.number("CLEANUP_RETENTION_DAYS", 7, 1..=3_650));
    let alerts = alerts::policy(variables, errors);
    let slots = slots?;
    Some(queue::Policy {
        mode: mode?,
        slots,
        user_slots: user_slots?.unwrap_or(slots).min(slots),
        max_waiting: max_waiting?,
        submits_per_minute: submits_per_minute?.unwrap_or(MOST_SUBMITS_PER_MINUTE),
        max_cost_per_day: max_cost_per_day?,
        max_cost_per_user_per_day: max_cost_per_user_per_day?,
        retention: retention? * DAY,
        alerts: alerts?,
    })
}

/// `MAX_SUBMITS_PER_MINUTE`; `None` if each model's own limit applies.
pub(crate) fn submits_per_minute(variables: &Variables<'_>) -> Result<Option<u64>, ConfigError> {
    variables.optional_number("MAX_SUBMITS_PER_MINUTE", 1..=MOST_SUBMITS_PER_MINUTE)
}

/// The limit of a whole job, and the time between two polls.
fn times(variables: &Variables<'_>, errors: &mut ConfigErrors) -> (Option<Millis>, Option<Millis>) {
    const WHOLE: &str = "JOB_TIMEOUT_MS";
    let whole = errors.keep(variables.number(WHOLE, 600_000, 1_000..=86_400_000));
    let between = errors.keep(variables.number("POLL_INTERVAL_MS", 2_500, 100..=600_000));
    if whole
        .zip(between)
        .is_some_and(|(whole, between)| whole <= between)
    {
        errors.add(ConfigError::new(WHOLE, "longer than POLL_INTERVAL_MS"));
    }
    (whole, between)
}

/// A daily budget in millionths of a US dollar, if there is one; `None` if the variable is invalid.
type Budget = Option<Option<u64>>;

/// The daily budgets of all users together and of each user. A budget for all requires one for each
/// user: otherwise one user's orders could use up the whole budget, even without any render.
fn budgets(variables: &Variables<'_>, errors: &mut ConfigErrors) -> (Budget, Budget) {
    const EACH: &str = "MAX_COST_PER_USER_PER_DAY";
    let all = errors.keep(variables.micros("MAX_COST_PER_DAY"));
    let each = errors.keep(variables.micros(EACH));
    if matches!((all, each), (Some(Some(_)), Some(None))) {
        let wanted =
            "set if MAX_COST_PER_DAY is set: otherwise one user could use up the whole budget";
        errors.add(ConfigError::new(EACH, wanted));
    }
    (all, each)
}
