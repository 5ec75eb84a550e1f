//! The settings of alerts, what the route of their test shows, and the metric.

use crate::variables::{WEBHOOK_SECRET, config_with, errors_of};
use reelay::api::metrics::exposition::{Format, expose};
use reelay::machine::alerts::{AlertKind, AlertKinds};
use reelay::machine::metrics::MetricsByUpstream;
use reelay::store::stats::QueueStats;
use reelay::time::MINUTE;
use serde_json::json;

const SLACK: &str = "https://hooks.slack.example/services/T0/B0/secret-xyz";
const OTHER_SECRET: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

#[test]
fn without_settings_every_alert_fires_and_none_is_sent() {
    let config = config_with(&[]).expect("valid settings");
    let alerts = config.queue.alerts;
    assert_eq!(alerts.kinds, AlertKind::ALL.into_iter().collect());
    assert_eq!(
        (alerts.upstream_after, alerts.wait, alerts.budget_percent),
        (5 * MINUTE, 15 * MINUTE, 80)
    );
    assert!(!alerts.has_receiver && config.alert_receiver.is_none());
}

#[test]
fn the_secret_of_the_apps_webhooks_signs_unless_there_is_another() {
    let secrets = |variables: &[(&str, &str)]| {
        let config = config_with(variables).expect("valid settings");
        assert!(config.queue.alerts.has_receiver);
        config.alert_receiver.expect("a receiver").secrets
    };
    let url = ("ALERT_WEBHOOK_URL", SLACK);
    let own = secrets(&[url, ("ALERT_WEBHOOK_SECRET", OTHER_SECRET)]);
    let of_app = secrets(&[url]);
    assert_eq!(of_app, [b"0123456789abcdef0123456789abcdef"]);
    assert_eq!(own, [b"fedcba9876543210fedcba9876543210"]);
    let both = format!("{WEBHOOK_SECRET},{OTHER_SECRET}");
    assert_eq!(secrets(&[url, ("ALERT_WEBHOOK_SECRET", &both)]).len(), 2);
}

#[test]
fn only_the_origin_of_the_receiver_can_be_shown() {
    let config = config_with(&[("ALERT_WEBHOOK_URL", SLACK)]).expect("valid settings");
    assert!(!format!("{config:?}").contains("slack"), "{config:?}");
    let receiver = config.alert_receiver.expect("a receiver");
    assert_eq!(receiver.origin(), "https://hooks.slack.example");
    assert_eq!(receiver.url.as_str(), SLACK, "it is sent to as it is");
}

#[test]
fn an_address_that_cannot_be_a_receivers_is_refused_without_being_shown() {
    for bad in [
        "hooks-xyz",
        "http://hooks-xyz.example/services",
        "ftp://hooks-xyz.example/services",
        "https://user-xyz@hooks.example/services",
        "https://hooks.example/services#xyz",
        "https://hooks xyz.example/services",
    ] {
        let error = config_with(&[("ALERT_WEBHOOK_URL", bad)]).expect_err(bad);
        assert_eq!(error.variable, "ALERT_WEBHOOK_URL", "{bad}");
        assert!(!error.to_string().contains("xyz"), "{error}");
    }
    let plain = ("ALERT_WEBHOOK_URL", "http://hooks.internal:3000/hook");
    assert!(config_with(&[plain, ("ENVIRONMENT", "development")]).is_ok());
    assert!(config_with(&[("ALERT_WEBHOOK_URL", "http://127.0.0.1:3000/hook")]).is_ok());
}

#[test]
fn bad_settings_of_alerts_are_refused_by_name_and_all_at_once() {
    let bad = [
        ("ALERT_WEBHOOK_URL", "hooks-xyz"),
        ("ALERT_WEBHOOK_SECRET", "whsec_xyz"),
        ("ALERT_KINDS", "long_wait,xyz"),
        ("ALERT_UPSTREAM_AFTER_MS", "999"),
        ("ALERT_WAIT_MS", "604800001"),
        ("ALERT_BUDGET_PERCENT", "101"),
        ("MAX_RETRIES", "11"),
    ];
    let errors = errors_of(&bad).expect_err("bad settings");
    let mut named: Vec<&str> = errors.list().iter().map(|error| error.variable).collect();
    let mut wanted: Vec<&str> = bad.iter().map(|(variable, _)| *variable).collect();
    named.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(named, wanted);
    assert!(!errors.to_string().contains("xyz"), "{errors}");
    let published = "whsec_ZGV2ZWxvcG1lbnQtb25seS1kZXZlbG9wbWVudC1vbmx5";
    let error = config_with(&[("ALERT_WEBHOOK_SECRET", published)]).expect_err("published");
    assert_eq!(error.variable, "ALERT_WEBHOOK_SECRET");
}

#[test]
fn kinds_are_chosen_by_name_and_none_turns_all_of_them_off() {
    let kinds =
        |text| config_with(&[("ALERT_KINDS", text)]).map(|config| config.queue.alerts.kinds);
    let two: AlertKinds = [AlertKind::LongWait, AlertKind::BudgetUsed]
        .into_iter()
        .collect();
    assert_eq!(kinds("long_wait, budget_used"), Ok(two));
    assert_eq!(kinds("none"), Ok(AlertKinds::NONE));
    for bad in ["None", "test", "long_wait,none", ","] {
        assert!(kinds(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_metric_has_a_series_for_each_kind() {
    let stats: QueueStats = serde_json::from_value(json!({
        "mode": "immediate", "paused": false, "slots": { "total": 3, "used": 1 }, "byStatus": {},
        "waitingByPriority": {},
        "alerts": [
            { "type": "upstream_unavailable", "upstream": "a/b", "since": "2026-01-01T00:00:00.000Z" },
            { "type": "upstream_unavailable", "upstream": "a/c", "since": "2026-01-01T00:00:00.000Z" },
            { "type": "long_wait", "since": "2026-01-01T00:00:00.000Z" },
        ],
    }))
    .expect("the queue's statistics");
    let text = expose(MetricsByUpstream::default(), stats, Format::Classic).expect("text");
    for (kind, count) in [
        ("upstream_unavailable", 2),
        ("long_wait", 1),
        ("webhooks_exhausted", 0),
        ("paid_answer_lost", 0),
        ("budget_used", 0),
        ("timers_lost", 0),
    ] {
        let line = format!("reelay_alerts_firing{{kind=\"{kind}\"}} {count}");
        let found = text.lines().any(|own| own.trim_end_matches(".0") == line);
        assert!(found, "{line} in\n{text}");
    }
}
