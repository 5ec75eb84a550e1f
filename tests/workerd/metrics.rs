//! The counters of a run, as the dashboard and as Prometheus read them.

use crate::harness::worker::{ADMIN_KEY, SERVICE_KEY};
use crate::harness::{Api, Setup, World, unique, until};
use crate::sdk::google::Sdk;
use reelay::api::metrics::exposition::{Format, expose};
use reelay::machine::metrics::{Count, Histogram, MetricsByUpstream};
use reelay::store::stats::QueueStats;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/workerd/strict_openmetrics.py"
);
/// The strict parser.
static PARSER: Sdk = Sdk::of(&["prometheus_client==0.26.0"], "REELAY_PYTHON_PROMETHEUS");
const OPEN_METRICS: &str =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PATIENCE: Duration = Duration::from_mins(1);
/// In milliseconds.
const THREE_MINUTES: i64 = 180_000;

/// A series with its name and labels, and its expected count in the run below.
type Counted = (&'static str, &'static [(&'static str, &'static str)], f64);
const COUNTED: [Counted; 23] = [
    ("reelay_jobs_accepted_total", &[("provider", "veo3")], 2.0),
    ("reelay_jobs_started_total", &[], 3.0),
    ("reelay_queue_wait_seconds_count", &[], 3.0),
    ("reelay_attempts_total", &[("outcome", "completed")], 1.0),
    ("reelay_attempts_total", &[("outcome", "failed")], 1.0),
    (
        "reelay_attempt_failures_total",
        &[("code", "provider_rejected_content")],
        1.0,
    ),
    ("reelay_retries_total", &[("phase", "submitting")], 1.0),
    (
        "reelay_upstream_calls_total",
        &[("call", "submit"), ("outcome", "done")],
        1.0,
    ),
    (
        "reelay_upstream_calls_total",
        &[("call", "submit"), ("outcome", "retry")],
        1.0,
    ),
    (
        "reelay_upstream_calls_total",
        &[("call", "submit"), ("outcome", "refused")],
        1.0,
    ),
    (
        "reelay_upstream_calls_total",
        &[("call", "fetch"), ("outcome", "done")],
        1.0,
    ),
    (
        "reelay_upstream_errors_total",
        &[("class", "provider_rate_limited")],
        1.0,
    ),
    ("reelay_upstream_rate_limited_total", &[], 1.0),
    ("reelay_phase_seconds_count", &[("phase", "rendering")], 1.0),
    (
        "reelay_processing_seconds_count",
        &[("outcome", "completed")],
        1.0,
    ),
    (
        "reelay_webhook_attempts_total",
        &[("outcome", "delivered")],
        2.0,
    ),
    (
        "reelay_webhook_attempts_total",
        &[("outcome", "failed")],
        2.0,
    ),
    ("reelay_webhook_retries_total", &[], 2.0),
    ("reelay_webhook_delivery_seconds_count", &[], 2.0),
    ("reelay_webhook_exhausted_total", &[], 0.0),
    ("reelay_jobs", &[("status", "completed")], 1.0),
    ("reelay_slots_used", &[], 0.0),
    ("reelay_jobs_without_timer", &[], 0.0),
];

#[test]
fn a_run_is_counted_once_and_read_by_promtool_the_strict_parser_and_a_page_i18() {
    let world = World::start_beside(&Setup {
        variables: &[("WEBHOOK_RETRY_SECONDS", "0,1,1")],
        ..Setup::default()
    });
    // The first attempt of each event fails.
    world.upstream.inbox_mode("fail-first:1");
    let user = world.user();
    let limited = user.generate(&format!(
        "{} [[submit:429-retry:1s*1]]",
        unique("asked to wait")
    ));
    user.ends_as(&limited, "completed");
    let refused = user.generate(&format!("{} [[submit:400-safety]]", unique("refused")));
    user.fails_with(&refused, "provider_rejected_content");
    user.ends_as(&refused, "failed");
    the_queue_asks_at_once(&world);
    let operator = user.with_token(Some(ADMIN_KEY.to_owned()));
    let delivered = [("outcome", "delivered")];
    let samples = until("both webhooks are counted", PATIENCE, || {
        Some(samples(&operator))
            .filter(|samples| of(samples, "reelay_webhook_attempts_total", &delivered) >= 2.0)
    });
    let counted = |name: &str, labels: &[(&str, &str)]| of(&samples, name, labels);
    for (name, labels, expected) in COUNTED {
        assert!(
            (counted(name, labels) - expected).abs() < 1e-9,
            "{name} {labels:?}: {samples:#?}"
        );
    }
    let spent = counted("reelay_cost_charged_dollars_total", &[])
        - counted("reelay_cost_returned_dollars_total", &[]);
    assert!((spent - 3.2).abs() < 1e-9, "{spent}: {samples:#?}");
    assert!(
        counted("reelay_upstream_calls_total", &[("call", "poll")]) >= 1.0,
        "{samples:#?}"
    );
    the_page_shows_the_run(&user);
    let classic = operator.get("/metrics");
    assert_eq!(
        classic.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_promtool_reads(&classic.text());
}

#[test]
fn only_operators_read_the_counters_and_only_they_and_the_app_read_what_is_spent() {
    let world = crate::harness::shared();
    let user = world.user();
    let refused = user.get("/metrics");
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("operators_only"))
    );
    assert_eq!(user.with_token(None).get("/metrics").status, 401);
    assert_eq!(
        user.with_token(Some(SERVICE_KEY.to_owned()))
            .get("/metrics")
            .status,
        403
    );
    for (token, told) in [
        (None, false),
        (Some(SERVICE_KEY), true),
        (Some(ADMIN_KEY), true),
    ] {
        let caller =
            token.map_or_else(|| user.clone(), |key| user.with_token(Some(key.to_owned())));
        let answer = caller.get("/api/metrics?window=5m");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            answer.json()["metrics"].get("cost").is_some(),
            told,
            "{token:?}"
        );
    }
    for window in ["0m", "8d", "an%20hour"] {
        let bad = user.get(&format!("/api/metrics?window={window}"));
        assert_eq!(
            (bad.status, &bad.json()["errors"][0]["parameter"]),
            (400, &json!("window")),
            "{window}"
        );
    }
}

#[test]
fn everything_that_can_be_counted_is_read_by_promtool_and_the_strict_parser() {
    let mut totals = MetricsByUpstream::default();
    for upstream in ["veo3/veo-3.1", "omni/a \"quoted\" \\ model"] {
        for count in Count::all() {
            totals.of(upstream).count(count, 7);
        }
        for (spread, took) in Histogram::all()
            .into_iter()
            .flat_map(|spread| [(spread, 1), (spread, u64::MAX / 4)])
        {
            totals.of(upstream).observe(spread, took);
        }
    }
    for totals in [MetricsByUpstream::default(), totals] {
        assert_promtool_reads(&expose(totals.clone(), stats(), Format::Classic).expect("text"));
        let samples = parsed(&expose(totals.clone(), stats(), Format::OpenMetrics).expect("text"));
        let attempts = of(&samples, "reelay_attempts_total", &[]);
        assert!(
            (attempts - if totals.is_empty() { 0.0 } else { 42.0 }).abs() < 1e-9,
            "{attempts}"
        );
    }
}

/// The page's statistics of the run above.
fn the_page_shows_the_run(user: &Api) {
    let metrics = user.get("/api/metrics?window=15m").json()["metrics"].clone();
    let sum = |group: &str, series: &str| -> u64 {
        let series = metrics[group][series].as_array().expect("a series");
        assert_eq!(series.len(), 15);
        series.iter().filter_map(Value::as_u64).sum()
    };
    for (group, series, expected) in [
        ("queue", "accepted", 2),
        ("queue", "started", 3),
        ("processing", "completed", 1),
        ("processing", "failed", 1),
        ("processing", "cancelled", 0),
        ("processing", "retried", 1),
        ("upstream", "rateLimited", 1),
        ("upstream", "errors", 2),
        ("webhooks", "delivered", 2),
        ("webhooks", "failed", 2),
        ("webhooks", "exhausted", 0),
    ] {
        assert_eq!(
            sum(group, series),
            expected,
            "{group} {series}: {metrics:#}"
        );
    }
    assert_eq!(metrics["times"].as_array().map(Vec::len), Some(15));
    let sampled = metrics["queue"]["waiting"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|waiting| waiting == 0);
    assert!(sampled, "the sweep has taken a sample: {metrics:#}");
    let (models, errors) = (&metrics["byModel"], &metrics["upstreamErrors"]);
    let of_model = |field: &str| -> u64 {
        models
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, model)| model[field].as_u64())
            .sum()
    };
    assert_eq!(
        [
            of_model("completed"),
            of_model("failed"),
            of_model("retried")
        ],
        [1, 1, 1],
        "{metrics:#}"
    );
    assert_eq!(
        *errors,
        json!({ "provider_rate_limited": 1, "provider_rejected_content": 1 })
    );
    assert_eq!(
        metrics.get("cost"),
        None,
        "a user does not see the spending of all users"
    );
}

/// Two minutes after a job's end the queue checks it for new counts; this makes it check now.
fn the_queue_asks_at_once(world: &World) {
    world.all_slots_are_free();
    world.worker.kill();
    let statement = "UPDATE entry SET lease_until = lease_until - ?1 WHERE stage = 'watched'";
    let queues = world
        .worker
        .databases("QueueManager")
        .into_iter()
        .filter(|path| !path.ends_with("metadata.sqlite"));
    for path in queues {
        let queue = Connection::open(path).expect("a database");
        // A job that was checked already is no longer watched.
        queue
            .execute(statement, [THREE_MINUTES])
            .expect("the queue's entries");
    }
    world.worker.restart();
    world.worker.tick();
}

/// A sample's name with its labels, and its value.
type Samples = Vec<(String, BTreeMap<String, String>, f64)>;

/// The counters as Prometheus requests them.
fn samples(operator: &Api) -> Samples {
    let answer = operator.send("GET", "/metrics", |request| {
        request.header("accept", OPEN_METRICS)
    });
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    parsed(&answer.text())
}

fn parsed(text: &str) -> Samples {
    let output = fed(Command::new(PARSER.python()).arg(Path::new(SCRIPT)), text);
    assert!(
        output.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    let samples: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let read = |sample: Value| {
        let labels = serde_json::from_value(sample["labels"].clone()).expect("labels");
        (
            sample["name"].as_str().expect("a name").to_owned(),
            labels,
            sample["value"].as_f64().expect("a number"),
        )
    };
    samples.into_iter().map(read).collect()
}

/// The sum of all samples of a name with these labels.
fn of(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |own: &BTreeMap<String, String>| {
        labels
            .iter()
            .all(|(label, value)| own.get(*label).is_some_and(|own| own == value))
    };
    samples
        .iter()
        .filter(|(own, with, _)| own == name && fits(with))
        .map(|(_, _, value)| value)
        .sum()
}

/// Prometheus's own tool reads the text without a complaint.
#[track_caller]
fn assert_promtool_reads(text: &str) {
    let promtool = std::env::var_os("PROMTOOL").unwrap_or_else(|| "promtool".into());
    let output = fed(Command::new(promtool).args(["check", "metrics"]), text);
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success() && said.is_empty(),
        "{}\n{text}",
        String::from_utf8_lossy(&said)
    );
}

fn fed(command: &mut Command, text: &str) -> Output {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn stats() -> QueueStats {
    let stats = json!({
        "mode": "immediate", "paused": false, "slots": { "total": 3, "used": 1 }, "byStatus": { "queued": 2 },
        "waitingByPriority": { "0": 2 }, "oldestWaitMs": 1_500, "cost": { "today": 6.4, "limit": 25.0 },
    });
    serde_json::from_value(stats).expect("the queue's figures")
}
