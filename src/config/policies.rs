//! The policies of the machines: what a job and the queue read from the settings.

use crate::config::alerts;
use crate::config::read::MAX_COST;
use crate::machine::queue::{Limit, MAX_PRIORITY};
use crate::machine::{job, queue};
use crate::time::{DAY, Millis};
use crate::variables::{ConfigError, ConfigErrors, Variables};
use std::ops::RangeInclusive;

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

/// The maximum of `MAX_SUBMITS_PER_MINUTE`.
const MOST_SUBMITS_PER_MINUTE: u64 = 100_000;
/// The maximum of `MAX_CONCURRENT_JOBS`, of all users together and of one.
const MOST_JOBS: u64 = 1_000;

pub(crate) fn queue(variables: &Variables<'_>, errors: &mut ConfigErrors) -> Option<queue::Policy> {
    let mode = errors.keep(variables.dispatch_mode());
    let slots = errors.keep(limit(variables, Limit::MaxConcurrentJobs));
    let user_slots = errors.keep(limit(variables, Limit::MaxConcurrentJobsPerUser));
    let max_waiting = errors.keep(variables.number("MAX_QUEUE_LENGTH", 10_000, 0..=1_000_000));
    let submits_per_minute = errors.keep(submits_per_minute(variables));
    let (max_cost_per_day, max_cost_per_user_per_day) = budgets(variables, errors);
    let retention = errors.keep(variables.number("CLEANUP_RETENTION_DAYS", 7, 1..=3_650));
    let alerts = alerts::policy(variables, errors);
    Some(queue::Policy {
        mode: mode?,
        slots: slots?.unwrap_or(3),
        user_slots: user_slots?.unwrap_or(queue::Policy::UNLIMITED),
        max_waiting: max_waiting?,
        submits_per_minute: submits_per_minute?.unwrap_or(queue::Policy::UNLIMITED),
        max_cost_per_day: max_cost_per_day?,
        max_cost_per_user_per_day: max_cost_per_user_per_day?,
        retention: retention? * DAY,
        alerts: alerts?,
    })
}

/// `MAX_SUBMITS_PER_MINUTE`; `None` if each model's own limit applies.
pub(crate) fn submits_per_minute(variables: &Variables<'_>) -> Result<Option<u64>, ConfigError> {
    limit(variables, Limit::MaxSubmitsPerMinute)
}

/// `MAX_USER_PRIORITY`. By default a user's own token cannot move ahead of other users.
pub(crate) fn max_user_priority(variables: &Variables<'_>) -> Result<u8, ConfigError> {
    let most = u64::from(MAX_PRIORITY);
    let read = variables.number("MAX_USER_PRIORITY", 0, 0..=most)?;
    Ok(u8::try_from(read).unwrap_or(MAX_PRIORITY))
}

/// The setting of a limit that an operator may also change at run time; `None` if it is not set.
pub(crate) fn limit(variables: &Variables<'_>, limit: Limit) -> Result<Option<u64>, ConfigError> {
    let variable = setting_of(limit);
    if limit.is_money() {
        variables.micros(variable)
    } else {
        variables.optional_number(variable, values_of(limit))
    }
}

/// The values that a limit can have, both ends included; of money in millionths of a US dollar.
pub(crate) fn values_of(limit: Limit) -> RangeInclusive<u64> {
    match limit {
        Limit::MaxConcurrentJobs | Limit::MaxConcurrentJobsPerUser => 1..=MOST_JOBS,
        Limit::MaxSubmitsPerMinute => 1..=MOST_SUBMITS_PER_MINUTE,
        Limit::MaxCostPerDay | Limit::MaxCostPerUserPerDay => 1..=MAX_COST,
    }
}

/// The variable of a limit.
pub fn setting_of(limit: Limit) -> &'static str {
    match limit {
        Limit::MaxConcurrentJobs => "MAX_CONCURRENT_JOBS",
        Limit::MaxConcurrentJobsPerUser => "MAX_CONCURRENT_JOBS_PER_USER",
        Limit::MaxSubmitsPerMinute => "MAX_SUBMITS_PER_MINUTE",
        Limit::MaxCostPerDay => "MAX_COST_PER_DAY",
        Limit::MaxCostPerUserPerDay => "MAX_COST_PER_USER_PER_DAY",
    }
}

/// Reads a value for a limit as the variable of that limit would be read, with the same errors.
pub fn read_limit(kind: Limit, text: &str) -> Result<u64, ConfigError> {
    let variable = setting_of(kind);
    let source = |name: &str| (name == variable).then(|| text.to_owned());
    let read = limit(&Variables::new(&source), kind)?;
    read.ok_or_else(|| ConfigError::new(variable, "a number"))
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
    let all = errors.keep(limit(variables, Limit::MaxCostPerDay));
    let each = errors.keep(limit(variables, Limit::MaxCostPerUserPerDay));
    if matches!((all, each), (Some(Some(_)), Some(None))) {
        errors.add(no_budget_per_user());
    }
    (all, each)
}

/// The error of a budget of all users without one for each user.
pub fn no_budget_per_user() -> ConfigError {
    let wanted = "set if MAX_COST_PER_DAY is set: otherwise one user could use up the whole budget";
    ConfigError::new(setting_of(Limit::MaxCostPerUserPerDay), wanted)
}
