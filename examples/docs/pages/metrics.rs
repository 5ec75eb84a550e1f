//! The table of metrics, read from a response to Prometheus in which everything was counted once.

use super::{code, codes, table};
use reelay::api::metrics::exposition::{Format, expose};
use reelay::machine::metrics::{Count, Histogram, MetricsByUpstream};
use reelay::machine::outcome::ErrorCode;
use serde_json::json;
use std::collections::BTreeMap;

/// The values of each label, in the order of the response.
type Labels = BTreeMap<String, Vec<String>>;

pub(super) fn table_of_metrics() -> String {
    let text = everything();
    let rows = text.split("# HELP ").skip(1).map(|family| {
        let mut lines = family.lines();
        let (name, help) = lines
            .next()
            .and_then(|line| line.split_once(' '))
            .expect("a help");
        let kind = lines
            .next()
            .and_then(|line| line.rsplit(' ').next())
            .expect("a type");
        [code(name), kind.to_owned(), labels(lines), help.to_owned()]
    });
    table(["metric", "type", "labels", "meaning"], rows)
}

/// The response of a worker in which everything has happened once.
fn everything() -> String {
    let mut totals = MetricsByUpstream::default();
    let metrics = totals.of("provider/model");
    for count in Count::all() {
        metrics.count(count, 1);
    }
    for histogram in Histogram::all() {
        metrics.observe(histogram, 1);
    }
    let backoff = json!({
        "upstream": "provider/model",
        "backoffSince": "2026-01-01T00:00:00Z",
        "backoffUntil": "2026-01-01T00:01:00Z",
    });
    let stats = json!({
        "mode": "immediate",
        "paused": false,
        "slots": { "total": 1, "used": 1 },
        "byStatus": {},
        "waitingByPriority": {},
        "upstreams": [backoff],
        "pausedUpstreams": [{ "provider": "provider", "model": "model", "pausedSince": "2026-01-01T00:00:00Z" }],
        "limits": {
            "maxConcurrentJobs": 1,
            "maxConcurrentJobsPerUser": 1,
            "maxSubmitsPerMinute": 1,
            "maxCostPerUserPerDay": 1.0,
        },
        "cost": { "today": 1.0, "limit": 1.0 },
    });
    let stats = serde_json::from_value(stats).expect("the queue's figures");
    expose(totals, stats, Format::Classic).expect("text")
}

/// The labels of a family's series, each with its values.
fn labels<'a>(series: impl Iterator<Item = &'a str>) -> String {
    let mut labels = Labels::new();
    for line in series {
        let Some((inner, _)) = line
            .split_once('{')
            .and_then(|(_, rest)| rest.split_once('}'))
        else {
            continue;
        };
        for (name, value) in inner.split(',').filter_map(|label| label.split_once('=')) {
            let values = labels.entry(name.to_owned()).or_default();
            let value = value.trim_matches('"').to_owned();
            if name != "le" && !values.contains(&value) {
                values.push(value);
            }
        }
    }
    labels.remove("le");
    let mut all = Vec::new();
    if labels.remove("provider").is_some() && labels.remove("model").is_some() {
        all.push(codes(["provider", "model"]));
    }
    all.extend(labels.iter().map(|(name, values)| label(name, values)));
    all.join("; ")
}

/// A label with its values.
fn label(name: &str, values: &[String]) -> String {
    let is_code = |value: &String| ErrorCode::ALL.iter().any(|code| code.as_str() == value);
    let is_number = |value: &String| value.bytes().all(|byte| byte.is_ascii_digit());
    let name = code(name);
    if values.iter().filter(|value| is_code(value)).count() == ErrorCode::ALL.len() {
        let failure = "a [failure code](error-codes.md#failure-codes)".to_owned();
        let others = values.iter().filter(|value| !is_code(value));
        let all: Vec<String> = [failure]
            .into_iter()
            .chain(others.map(|value| code(value)))
            .collect();
        return format!("{name}: {}", all.join(" or "));
    }
    match (values.first(), values.last()) {
        (Some(first), Some(last)) if values.iter().all(is_number) => {
            format!("{name}: {} to {}", code(first), code(last))
        }
        _ => format!("{name}: {}", codes(values.iter().map(String::as_str))),
    }
}
