//! Settings with which the worker refuses to run, and settings that limit it.

use crate::harness::{Configuration, Lent, Setup, World, unique, until};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn a_bad_variable_stops_the_worker_with_its_name_and_never_its_value() {
    let world = World::start(&[("POLL_INTERVAL_MS", "as-fast-as-possible")]);
    let user = world.user();
    for answer in [
        user.create(&json!({ "prompt": "for nobody" })),
        user.get("/health"),
        user.get("/api/generations"),
    ] {
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (500, "application/problem+json")
        );
        let text = answer.text();
        assert!(
            text.contains("POLL_INTERVAL_MS") && !text.contains("as-fast-as-possible"),
            "{text}"
        );
        assert_eq!(answer.json()["code"], "misconfigured");
    }
    assert_eq!(world.upstream.requests("submit", "for nobody").len(), 0);
    let is_told = |line: &&Value| line["message"] == "[API] Misconfigured";
    let lines = until("each request is logged", Duration::from_mins(1), || {
        let lines = world.worker.lines();
        (lines.iter().filter(is_told).count() >= 3).then_some(lines)
    });
    assert!(
        lines
            .iter()
            .filter(is_told)
            .all(|line| line["level"] == "ERROR"),
        "{lines:#?}"
    );
    for line in lines {
        assert!(!line.to_string().contains("as-fast-as-possible"), "{line}");
    }
}

/// A worker with these lines in the variables of its `wrangler.toml`.
fn with_variables(lines: &str) -> Lent {
    let text = format!("[vars]\n{lines}\n");
    World::start_with(&Setup {
        configuration: Configuration {
            replacements: &[("[vars]\n", &text)],
            injector: false,
        },
        ..Setup::default()
    })
}

#[test]
fn a_variable_without_quotes_counts_and_a_list_or_an_object_is_refused() {
    let budget = "DEMO = true\nMAX_COST_PER_DAY = 25\nMAX_COST_PER_USER_PER_DAY = 0.5";
    {
        let world = with_variables(budget);
        let user = world.user();
        let offered = user.get("/api/models").json()["data"]["providers"].clone();
        assert!(
            offered
                .as_array()
                .is_some_and(|all| all.contains(&json!("demo"))),
            "{offered}"
        );
        let refused = user.create(&json!({ "prompt": "beyond the budget" }));
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (402, Some("budget_exceeded")),
            "{}",
            refused.text()
        );
        assert!(refused.text().contains("$0.50"), "{}", refused.text());
    }
    let world = with_variables("DEMO = [\"xyz\"]\nMAX_RETRIES = { xyz = 1 }");
    let answer = world.user().get("/health");
    assert_eq!(answer.status, 500, "{}", answer.text());
    let wanted = "must be a text in quotes, not a list or an object";
    let error = |name: &str| json!({ "setting": name, "detail": wanted });
    assert_eq!(
        answer.json()["errors"],
        json!([error("DEMO"), error("MAX_RETRIES")])
    );
}

#[test]
fn an_order_beyond_the_queues_length_is_refused_and_leaves_nothing_behind() {
    let world = World::start(&[("MAX_QUEUE_LENGTH", "1"), ("MAX_CONCURRENT_JOBS", "1")]);
    let user = world.user();
    world.upstream.close("submit");
    let first = user.generate(&unique("runs"));
    world.upstream.wait_held("submit", "runs", 1);
    let second = user.generate(&unique("waits"));
    let (id, prompt) = (unique("refused"), unique("finds no place"));
    let order = json!({ "generationId": id, "prompt": prompt });
    let answer = user.create(&order);
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (429, Some("queue_full")),
        "{}",
        answer.text()
    );
    assert!(
        answer
            .header("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| seconds > 0),
        "{:?}",
        answer.headers
    );
    assert_eq!(user.get(&format!("/api/generations/{id}")).status, 404);
    assert_eq!(
        user.get("/api/generations").json()["data"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    world.upstream.open("submit");
    user.ends_as(&first, "completed");
    user.ends_as(&second, "completed");
    assert_eq!(
        world.upstream.requests("submit", &prompt).len(),
        0,
        "a refused order is not run later"
    );
    assert_eq!(
        user.create(&order).status,
        201,
        "the same order is taken once there is a place"
    );
    user.ends_as(&id, "completed");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
}

#[test]
fn a_render_that_never_ends_fails_at_the_jobs_deadline_i1() {
    let world = World::start(&[("JOB_TIMEOUT_MS", "3000")]);
    let (user, prompt) = (
        world.user(),
        format!("{} [[result:never]]", unique("endless")),
    );
    let id = user.generate(&prompt);
    user.fails_with(&id, "deadline_exceeded");
    world.upstream.only_event(&id, "generation.failed");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
}
