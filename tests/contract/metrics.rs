//! The window of the metrics, and the response to Prometheus.

use reelay::api::metrics::exposition::{Format, expose};
use reelay::api::query::metrics_window;

use reelay::machine::metrics::{Count, Histogram, MetricsByUpstream, UpstreamCall};
use reelay::store::stats::QueueStats;
use reelay::time::{DAY, HOUR, MINUTE};
use serde_json::json;

#[test]
fn a_window_is_minutes_hours_or_days_up_to_a_week() {
    for (text, window) in [
        ("1m", MINUTE),
        ("90m", 90 * MINUTE),
        ("6h", 6 * HOUR),
        ("7d", 7 * DAY),
        ("168h", 7 * DAY),
    ] {
        assert_eq!(metrics_window(Some(text)), Ok(window), "{text}");
    }
    assert_eq!(
        [metrics_window(None), metrics_window(Some(""))],
        [Ok(HOUR), Ok(HOUR)]
    );
}

#[test]
fn a_bad_window_is_named_with_its_limits() {
    for text in [
        "0m",
        "8d",
        "169h",
        "1",
        "h",
        "1.5h",
        "-1h",
        "+1h",
        "1h ",
        "1w",
        "1H",
        "99999999999999999999d",
        "é",
    ] {
        let error = metrics_window(Some(text)).expect_err(text);
        assert_eq!(error.name(), "window");
        assert!(
            error.detail.contains("1m") && error.detail.contains("7d"),
            "{}",
            error.detail
        );
    }
}

#[test]
fn prometheus_gets_openmetrics_when_it_asks_for_it_and_anyone_else_the_classic_format() {
    let asked = [
        (
            Some("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4"),
            Format::OpenMetrics,
        ),
        (Some("Application/OpenMetrics-Text"), Format::OpenMetrics),
        (Some("text/plain"), Format::Classic),
        (Some("*/*"), Format::Classic),
        (None, Format::Classic),
    ];
    for (accept, format) in asked {
        assert_eq!(Format::asked_for(accept), format, "{accept:?}");
    }
}

#[test]
fn counters_gauges_and_histograms_are_written_in_base_units_with_their_labels() {
    let (classic, open) = (written(Format::Classic), written(Format::OpenMetrics));
    for line in [
        r#"reelay_upstream_calls_total{call="submit",outcome="done",model="veo-3.1",provider="veo3"} 2"#,
        r#"reelay_cost_charged_dollars_total{model="veo-3.1",provider="veo3"} 3.2"#,
        r#"reelay_queue_wait_seconds_bucket{le="2.5",model="veo-3.1",provider="veo3"} 1"#,
        r#"reelay_queue_wait_seconds_bucket{le="+Inf",model="veo-3.1",provider="veo3"} 1"#,
        r#"reelay_queue_wait_seconds_sum{model="veo-3.1",provider="veo3"} 1.5"#,
        r#"reelay_queue_waiting{priority="0"} 2"#,
        r#"reelay_queue_waiting{priority="10"} 0"#,
    ] {
        for text in [&classic, &open] {
            assert!(text.lines().any(|own| same(own, line)), "{line} in\n{text}");
        }
    }
    assert!(
        classic.contains("# TYPE reelay_upstream_calls_total counter\n")
            && !classic.contains("# EOF"),
        "{classic}"
    );
    assert!(
        open.contains("# TYPE reelay_upstream_calls counter\n") && open.ends_with("# EOF\n"),
        "{open}"
    );
    assert!(
        open.contains("# UNIT reelay_queue_wait_seconds seconds\n") && !classic.contains("# UNIT"),
        "{open}"
    );
}

fn written(format: Format) -> String {
    let mut totals = MetricsByUpstream::default();
    let metrics = totals.of("veo3/veo-3.1");
    metrics.count(Count::call(UpstreamCall::Submit, &Ok(())), 2);
    metrics.count(Count::Charged, 3_200_000);
    metrics.observe(Histogram::Wait, 1_500);
    expose(totals, stats(), format).expect("text")
}

/// Whether two lines are equal, apart from the order of labels and the number's notation.
fn same(one: &str, other: &str) -> bool {
    let parts = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{')?;
        let mut labels: Vec<String> = labels
            .trim_end_matches('}')
            .split(',')
            .map(str::to_owned)
            .collect();
        labels.sort();
        Some((
            name.to_owned(),
            labels,
            value.parse::<f64>().ok()?.to_bits(),
        ))
    };
    parts(one).is_some() && parts(one) == parts(other)
}

fn stats() -> QueueStats {
    let stats = json!({
        "mode": "immediate", "paused": false, "slots": { "total": 3, "used": 1 }, "byStatus": { "queued": 2 },
        "waitingByPriority": { "0": 2 }, "oldestWaitMs": 1_500,
    });
    serde_json::from_value(stats).expect("the queue's statistics")
}
