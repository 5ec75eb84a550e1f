//! The worker behaves exactly as `openapi.json` says: `schemathesis` sends it what the description
//! allows and what it forbids, follows its links, and checks every answer.
//!
//! Its settings, and the rules that no schema can express, are in `tests/workerd/schemathesis`.

use crate::harness::worker::ADMIN_KEY;
use crate::harness::{Setup, World, token, told};
use crate::sdk::google::{Sdk, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The tool and its data generators, pinned: with these and a seed, each run is the same.
static SCHEMATHESIS: Sdk = Sdk::of(
    &[
        "schemathesis==4.32.5",
        "hypothesis==6.170.17",
        "jsonschema-rs==0.60.3",
    ],
    "SCHEMATHESIS_PYTHON",
);
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workerd/schemathesis");
const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/openapi.json");
/// The user of every call.
const TESTER: &str = "tester";
const UPSTREAM_SECRET: &str = "whsec_dGhlLXVwc3RyZWFtcy1vd24td2ViaG9vay1zZWNyZXQh";
/// The tag of the operations that only operators may use.
const OPERATORS: &str = "Operators";
/// The checks that must run. Each checks every answer that it applies to.
const CHECKS: [&str; 16] = [
    "a_command_is_refused_for_a_reason",
    "allow_header_conformance",
    "an_order_is_refused_for_a_reason",
    "content_type_conformance",
    "ensure_resource_availability",
    "ignored_auth",
    "missing_required_header",
    "negative_data_rejection",
    "not_a_server_error",
    "object_level_authorization",
    "positive_data_acceptance",
    "response_headers_conformance",
    "response_schema_conformance",
    "status_code_conformance",
    "unsupported_method",
    "use_after_free",
];

/// The parameters of one run.
struct Run {
    token: String,
    /// The arguments that select the operations, and how many they must select.
    selection: [String; 2],
    operations: usize,
    examples: u32,
    /// The least number of requests, a quarter below the actual one.
    least: u64,
}

#[test]
fn a_user_finds_everything_as_it_is_described() {
    let [_, others] = operations();
    let report = run(&Run {
        token: token::user(TESTER),
        selection: ["--exclude-tag".to_owned(), OPERATORS.to_owned()],
        operations: others,
        examples: 8,
        least: 800,
    });
    // A run that has almost no order accepted has tested little.
    let orders = &report["valid_rates"]["POST /api/generations"];
    let accepted = |phase: &str| orders[phase]["accepted"].as_u64().unwrap_or(0);
    assert!(
        accepted("coverage") >= 15 && accepted("examples") + accepted("fuzzing") >= 8,
        "{orders:#}"
    );
}

#[test]
fn an_operator_finds_everything_as_it_is_described() {
    let [operators, _] = operations();
    run(&Run {
        token: ADMIN_KEY.to_owned(),
        selection: ["--include-tag".to_owned(), OPERATORS.to_owned()],
        operations: operators,
        examples: 8,
        least: 200,
    });
}

/// How many operations the description has for operators, and how many for others.
fn operations() -> [usize; 2] {
    let document: Value =
        serde_json::from_slice(&std::fs::read(DESCRIPTION).expect("the description is there"))
            .expect("JSON");
    let items = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, item)| item);
    let all = items
        .flat_map(|item| item.as_object().into_iter().flatten())
        .map(|(_, operation)| operation.clone());
    let (operators, others): (Vec<Value>, Vec<Value>) =
        all.partition(|operation| operation["tags"][0] == OPERATORS);
    [operators.len(), others.len()]
}

/// Runs the tool against a worker of its own. It must run its checks and find nothing. Returns its
/// report.
fn run(run: &Run) -> Value {
    let variables = [
        ("UPSTREAM_WEBHOOK_SECRET", UPSTREAM_SECRET),
        ("MAX_CONCURRENT_JOBS", "100"),
        // Every priority that the description allows.
        ("MAX_USER_PRIORITY", "10"),
    ];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    let folder = world.worker.folder().join("schemathesis");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let python = SCHEMATHESIS.python();
    let output = Command::new(python.with_file_name("schemathesis"))
        .args([
            "--config-file",
            &format!("{SETTINGS}/schemathesis.toml"),
            "run",
            DESCRIPTION,
        ])
        .args([
            "--url",
            &world.worker.origin(),
            "--checks",
            "all",
            "--no-color",
            "--continue-on-failure",
        ])
        .args(["--max-examples", &run.examples.to_string()])
        .args(["--header", &format!("Authorization: Bearer {}", run.token)])
        .args([
            "--report",
            "json,ndjson",
            "--report-json-path",
            "report.json",
            "--report-ndjson-path",
            "events.ndjson",
        ])
        .args(&run.selection)
        .envs([
            ("PYTHONPATH", SETTINGS),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("SCHEMATHESIS_HOOKS", "hooks"),
        ])
        .envs([
            ("TESTER", TESTER),
            ("UPSTREAM_WEBHOOK_SECRET", UPSTREAM_SECRET),
        ])
        // The folder is new: the tool would repeat the findings of an earlier run.
        .current_dir(&folder)
        .output()
        .expect("schemathesis runs");
    assert!(output.status.success(), "{}", text(&output));
    let report = read(&folder.join("report.json"));
    assert_looked(run, &report, &text(&output));
    let checks = checks(&folder.join("events.ndjson"));
    let missing: Vec<&&str> = CHECKS
        .iter()
        .filter(|name| !checks.contains_key(**name))
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {checks:?}");
    assert!(
        checks.values().all(|times| *times >= run.least / 2),
        "{checks:?}"
    );
    told(&format!(
        "schemathesis: {} operations, {} requests, {} looks at answers, nothing found",
        report["operations"]["tested"],
        report["test_cases"]["generated"],
        checks.values().sum::<u64>(),
    ));
    report
}

fn assert_looked(run: &Run, report: &Value, printed: &str) {
    assert_eq!(
        report["failures"].as_array().map(Vec::len),
        Some(0),
        "{printed}"
    );
    assert_eq!(
        report["errors"].as_array().map(Vec::len),
        Some(0),
        "{printed}"
    );
    assert_eq!(report["complete"], true, "{printed}");
    assert_eq!(
        report["operations"]["tested"].as_u64(),
        Some(run.operations as u64),
        "{printed}"
    );
    for phase in ["coverage", "fuzzing"] {
        assert_eq!(
            report["phases"][phase]["status"], "success",
            "{phase}\n{printed}"
        );
    }
    let generated = report["test_cases"]["generated"].as_u64().unwrap_or(0);
    assert!(generated >= run.least, "{generated} requests\n{printed}");
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a report was written"))
        .expect("a report is JSON")
}

/// How many answers each check has checked.
fn checks(path: &Path) -> BTreeMap<String, u64> {
    let events = std::fs::read_to_string(path).expect("a report was written");
    let mut times = BTreeMap::new();
    for event in events
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
    {
        let cases = event["ScenarioFinished"]["recorder"]["checks"]
            .as_object()
            .into_iter()
            .flatten();
        for check in cases.flat_map(|(_, checks)| checks.as_array().into_iter().flatten()) {
            *times
                .entry(check["name"].as_str().unwrap_or_default().to_owned())
                .or_default() += 1;
        }
    }
    times
}
