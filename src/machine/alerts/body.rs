//! The body of a message about an alert: a text for chats, and fields for programs.
//!
//! It contains our own words, numbers and the names of models only: never a prompt, an address or
//! anything else of a user.
//!
//! Sources: Slack's incoming webhooks show `text`
//! (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>), Discord's webhooks
//! show `content`, at most 2,000 characters
//! (<https://discord.com/developers/docs/resources/webhook#execute-webhook>).

use super::condition::{Condition, Counters, Figures};
use super::kind::{AlertKind, AlertPolicy};
use super::message::AlertMessage;
use crate::machine::delivery::event_id;
use crate::money::dollars;
use crate::time::{HOUR, MINUTE, Millis, Moment, rfc3339};
use serde::Serialize;
use std::collections::BTreeMap;

/// The page of the documentation, with a heading for each kind.
const PAGE: &str = "docs/alerts.md";

/// A message about an alert.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = Alert))]
#[serde(rename_all = "camelCase")]
pub struct AlertBody<'a> {
    /// What happened and what to do, in words. Slack shows it.
    text: &'a str,
    /// The same. Discord shows it.
    content: &'a str,
    /// `msg_…`: the `webhook-id` of every attempt.
    id: &'a str,
    /// What the alert is about.
    #[serde(rename = "type")]
    kind: AlertKind,
    state: AlertState,
    /// When it began, as RFC 3339.
    since: String,
    /// When it was over; only if resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    /// `{provider}/{model}`; only of `upstream_unavailable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<&'a str>,
    /// The numbers in the text, by name. Times are in milliseconds, amounts in US dollars.
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = BTreeMap<String, f64>))]
    figures: BTreeMap<&'static str, Figure>,
    /// What to do, in one or two sentences.
    action: &'static str,
    /// The page of the documentation about this alert.
    docs: String,
}

/// Which change of an alert a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Firing,
    Resolved,
}

/// A number in the text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Figure {
    Count(u64),
    Dollars(f64),
}

/// What happened, with its numbers.
type Told = (String, BTreeMap<&'static str, Figure>);

/// The body of the message that an alert fires.
pub(super) fn firing(
    id: &str,
    condition: &Condition,
    figures: &Figures,
    counters: Counters,
    policy: &AlertPolicy,
    now: Millis,
) -> String {
    let (sentence, numbers) = told(condition, figures, counters, policy, now);
    let action = action(condition.kind);
    let docs = docs(condition.kind);
    let text = format!("[FIRING] Reelay: {sentence} {action} ({docs})");
    write(&AlertBody {
        text: &text,
        content: &text,
        id,
        kind: condition.kind,
        state: AlertState::Firing,
        since: rfc3339(condition.since),
        resolved_at: None,
        upstream: condition.upstream.as_deref(),
        figures: numbers,
        action,
        docs,
    })
}

/// The body of the message that an alert is resolved.
pub(super) fn resolved(
    id: &str,
    (kind, upstream): (AlertKind, Option<&str>),
    (since, over_since): (Millis, Millis),
) -> String {
    let took = over_since.saturating_sub(since);
    let sentence = over(kind, upstream.unwrap_or_default());
    let text = format!(
        "[RESOLVED] Reelay: {sentence} It lasted {}.",
        duration(took)
    );
    write(&AlertBody {
        text: &text,
        content: &text,
        id,
        kind,
        state: AlertState::Resolved,
        since: rfc3339(since),
        resolved_at: Some(rfc3339(over_since)),
        upstream,
        figures: BTreeMap::from([("durationMs", Figure::Count(took))]),
        action: "Nothing is left to do.",
        docs: docs(kind),
    })
}

/// A test by an operator.
pub fn test_body(moment: Moment) -> AlertMessage {
    let (id, kind) = (event_id(moment, 0), AlertKind::Test);
    let action = action(kind);
    let text = format!("[TEST] Reelay: An operator tests the alerts. {action}");
    let body = write(&AlertBody {
        text: &text,
        content: &text,
        id: &id,
        kind,
        state: AlertState::Firing,
        since: rfc3339(moment.now),
        resolved_at: None,
        upstream: None,
        figures: BTreeMap::new(),
        action,
        docs: PAGE.to_owned(),
    });
    AlertMessage { id, body }
}

fn write(body: &AlertBody<'_>) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

fn docs(kind: AlertKind) -> String {
    format!("{PAGE}#{}", kind.as_str())
}

/// What happened, and its numbers.
fn told(
    condition: &Condition,
    figures: &Figures,
    counters: Counters,
    policy: &AlertPolicy,
    now: Millis,
) -> Told {
    let lasted = now.saturating_sub(condition.since);
    match condition.kind {
        AlertKind::UpstreamUnavailable => {
            let upstream = condition.upstream.as_deref().unwrap_or_default();
            let (since, took) = (clock(condition.since), duration(lasted));
            (
                format!(
                    "{upstream} has accepted no submits since {since} ({took}). Its jobs wait."
                ),
                BTreeMap::from([("durationMs", Figure::Count(lasted))]),
            )
        }
        AlertKind::WebhooksExhausted => {
            let since = clock(condition.since);
            let webhooks = counted(figures.exhausted, "webhook was", "webhooks were");
            (
                format!("{webhooks} given up since {since}: the app did not accept them."),
                BTreeMap::from([("exhausted", Figure::Count(figures.exhausted))]),
            )
        }
        AlertKind::LongWait => {
            let (took, limit) = (duration(lasted), duration(policy.wait));
            let jobs = counted(figures.waiting, "job waits", "jobs wait");
            let paused = if figures.is_paused {
                " An operator has paused the queue."
            } else {
                ""
            };
            (
                format!(
                    "The oldest waiting job has waited {took}, more than {limit}; {jobs}.{paused}"
                ),
                BTreeMap::from([
                    ("oldestWaitMs", Figure::Count(lasted)),
                    ("limitMs", Figure::Count(policy.wait)),
                    ("waiting", Figure::Count(figures.waiting)),
                ]),
            )
        }
        AlertKind::PaidAnswerLost => {
            let lost = counters.unknown_submits.growth().map_or(0, |lost| lost.by);
            let answers = counted(
                lost,
                "answer to a paid submit was",
                "answers to paid submits were",
            );
            (
                format!("{answers} lost: nobody knows whether the render started."),
                BTreeMap::from([("lost", Figure::Count(lost))]),
            )
        }
        AlertKind::BudgetUsed => {
            let limit = figures.limit_micros.unwrap_or(0);
            let percent = figures.used_percent(limit);
            let (spent, limit) = (dollars(figures.spent_micros), dollars(limit));
            (
                format!("{percent} % of today's budget is used: ${spent:.2} of ${limit:.2}."),
                BTreeMap::from([
                    ("percent", Figure::Count(percent)),
                    ("spent", Figure::Dollars(spent)),
                    ("limit", Figure::Dollars(limit)),
                ]),
            )
        }
        AlertKind::TimersLost => {
            let lost = counters.timers_repaired.growth().map_or(0, |lost| lost.by);
            let alarms = counted(lost, "alarm of a job was", "alarms of jobs were");
            (
                format!("{alarms} lost and re-armed."),
                BTreeMap::from([("lost", Figure::Count(lost))]),
            )
        }
        AlertKind::Test => (String::new(), BTreeMap::new()),
    }
}

/// What to do.
fn action(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::UpstreamUnavailable => {
            "Check the service's status page, your quota and its key. Reelay tests the service and \
             goes on by itself; resume the queue to test it at once."
        }
        AlertKind::WebhooksExhausted => {
            "Repair the app's webhook route, then send them again: on the dashboard under \
             Deliveries, or by POST /api/webhooks/recover."
        }
        AlertKind::LongWait => {
            "Look at blockedBy of a waiting job: raise the limit that it names, or resume the queue."
        }
        AlertKind::PaidAnswerLost => {
            "Look for the render at the video service before anyone retries the job: a retry may \
             pay twice."
        }
        AlertKind::BudgetUsed => {
            "Raise MAX_COST_PER_DAY, or expect that orders are refused with 402 until 00:00 UTC."
        }
        AlertKind::TimersLost => {
            "Check that the worker's cron trigger runs each minute: it re-arms alarms, so no job is \
             lost."
        }
        AlertKind::Test => "Nothing is to be done.",
    }
}

/// That it is over.
fn over(kind: AlertKind, upstream: &str) -> String {
    match kind {
        AlertKind::UpstreamUnavailable => {
            format!("{upstream} accepts submits again, or no job waits for it.")
        }
        AlertKind::WebhooksExhausted => "No webhook is exhausted any more.".to_owned(),
        AlertKind::LongWait => "No job waits for too long any more.".to_owned(),
        AlertKind::PaidAnswerLost => "No paid answer was lost for an hour.".to_owned(),
        AlertKind::BudgetUsed => "The budget has room again.".to_owned(),
        AlertKind::TimersLost => "No alarm was lost for an hour.".to_owned(),
        AlertKind::Test => String::new(),
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    let what = if count == 1 { one } else { many };
    format!("{count} {what}")
}

/// A time such as 2026-01-01 12:03 UTC.
fn clock(at: Millis) -> String {
    let time = rfc3339(at);
    let (day, rest) = time.split_once('T').unwrap_or((&time, ""));
    let minutes = rest.rsplit_once(':').map_or(rest, |(minutes, _)| minutes);
    format!("{day} {minutes} UTC")
}

/// A duration such as 40 s, 12 min or 3 h 20 min.
fn duration(millis: Millis) -> String {
    if millis < MINUTE {
        return format!("{} s", millis / 1_000);
    }
    let (hours, minutes) = (millis / HOUR, millis % HOUR / MINUTE);
    match (hours, minutes) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::{clock, duration};
    use crate::time::{HOUR, MINUTE, SECOND};

    #[test]
    fn times_and_durations_are_short() {
        assert_eq!(clock(1_767_225_780_000), "2026-01-01 00:03 UTC");
        for (millis, words) in [
            (40 * SECOND, "40 s"),
            (12 * MINUTE + SECOND, "12 min"),
            (3 * HOUR, "3 h"),
            (3 * HOUR + 20 * MINUTE, "3 h 20 min"),
        ] {
            assert_eq!(duration(millis), words);
        }
    }
}
