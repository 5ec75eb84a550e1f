//! An operator's actions on a running worker: pause and resume, view every user's jobs and
//! webhooks, redeliver webhooks, clean up. Other callers are refused (I17, I5, I7).

use crate::harness::worker::ADMIN_KEY;
use crate::harness::{
    Answer, Api, Lent, Setup, Ticker, World, exclusive, kept, shared, unique, until,
};
use reqwest::blocking::RequestBuilder;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// The time between two ticks of the clock that replaces the minute's cron trigger.
const TICK: Duration = Duration::from_millis(300);
/// How many attempts the schedule of [`given_up`] makes.
const ATTEMPTS: usize = 2;
const EPOCH: &str = "1970-01-01T00:00:00Z";
/// In milliseconds.
const TWO_DAYS: i64 = 172_800_000;

/// Every address that only operators may use.
const OPERATORS_ONLY: [(&str, &str); 15] = [
    ("POST", "/api/queue/pause"),
    ("POST", "/api/queue/resume"),
    ("GET", "/api/queue/jobs"),
    ("GET", "/api/queue/settings"),
    ("PATCH", "/api/queue/settings"),
    ("POST", "/api/bulk"),
    ("GET", "/api/bulk"),
    ("GET", "/api/bulk/1"),
    ("POST", "/api/bulk/1/stop"),
    ("GET", "/api/webhooks/deliveries"),
    ("POST", "/api/webhooks/deliveries/msg_1/redeliver"),
    ("POST", "/api/webhooks/recover?since=2026-01-01T00:00:00Z"),
    ("POST", "/api/webhooks/test"),
    ("POST", "/api/alerts/test"),
    ("POST", "/api/cron/cleanup"),
];

/// A worker whose webhooks are exhausted soon, with a retention of one day.
fn given_up() -> Lent {
    static WORLD: Mutex<Option<World>> = Mutex::new(None);
    let variables = [
        ("WEBHOOK_RETRY_SECONDS", "0,1"),
        ("CLEANUP_RETENTION_DAYS", "1"),
    ];
    kept(
        &WORLD,
        &Setup {
            variables: &variables,
            ..Setup::default()
        },
    )
}

#[test]
fn while_paused_nothing_is_started_in_any_mode_and_after_the_resumption_all_completes_in_order_i17_i1_i4_i6()
 {
    let world = World::start(&[("MAX_CONCURRENT_JOBS", "1"), ("DISPATCH_MODE", "immediate")]);
    for (number, mode) in ["immediate", "alarm", "queue", "cron"]
        .into_iter()
        .enumerate()
    {
        if number > 0 {
            world.worker.kill();
            world.worker.restart_with(&[("DISPATCH_MODE", mode)]);
        }
        paused_and_resumed(&world, mode);
    }
}

fn paused_and_resumed(world: &World, mode: &str) {
    world.upstream.reset();
    world.upstream.close("poll");
    let (user, operator) = (world.user(), operator(world));
    // The sweep runs in every mode, whether or not it starts jobs there.
    let _sweep = Ticker::start(&world.worker, TICK);
    let prompts: Vec<String> = (0..3).map(|_| unique("around a pause")).collect();
    let running = user.generate(&prompts[0]);
    world.upstream.wait_held("poll", &prompts[0], 1);
    let paused = operator.post("/api/queue/pause").json();
    assert_eq!(
        (&paused["success"], &paused["paused"]),
        (&json!(true), &json!(true)),
        "{paused:#}"
    );
    assert_eq!(
        operator.post("/api/queue/pause").json(),
        paused,
        "the second pause changes nothing"
    );
    let waiting: Vec<String> = prompts[1..]
        .iter()
        .map(|prompt| user.generate(prompt))
        .collect();
    world.upstream.open("poll");
    user.ends_as(&running, "completed");
    // A sweep that began after the slot was freed has ended.
    world.worker.tick();
    for (id, position) in waiting.iter().zip(1..) {
        let paused =
            json!({ "status": "queued", "blockedBy": "paused", "queuePosition": position });
        let generation = user.waits_as(id, &paused);
        assert_eq!(
            generation.get("estimatedStartAt"),
            None,
            "{mode}: {generation:#}"
        );
    }
    let status = status(&user);
    assert_eq!(
        (&status["paused"], &status["pausedSince"]),
        (&json!(true), &paused["pausedSince"]),
        "{status:#}"
    );
    for prompt in &prompts[1..] {
        assert!(
            world.upstream.requests("submit", prompt).is_empty(),
            "{prompt} in {mode}"
        );
    }
    let resumed = operator.post("/api/queue/resume").json();
    assert_eq!(resumed, json!({ "success": true, "paused": false }));
    for (id, prompt) in waiting.iter().zip(&prompts[1..]) {
        user.ends_as(id, "completed");
        assert_eq!(
            world.upstream.requests("submit", prompt).len(),
            1,
            "{prompt} in {mode}"
        );
    }
    let rendered = world.upstream.render_stats();
    let accepted = rendered["accepted"].as_array().into_iter().flatten();
    let accepted: Vec<&str> = accepted.filter_map(|job| job["prompt"].as_str()).collect();
    assert_eq!(accepted, prompts, "the order in {mode}");
    world.all_slots_are_free();
}

#[test]
fn a_pause_outlives_the_runtime_i17() {
    let world = exclusive();
    let (user, operator, prompt) = (world.user(), operator(&world), unique("after the kill"));
    let paused = operator.post("/api/queue/pause").json();
    let id = user.generate(&prompt);
    world.worker.kill();
    world.worker.restart();
    world.worker.tick();
    user.waits_as(&id, &json!({ "status": "queued", "blockedBy": "paused" }));
    assert_eq!(status(&user)["pausedSince"], paused["pausedSince"]);
    assert!(world.upstream.requests("submit", &prompt).is_empty());
    assert_eq!(operator.post("/api/queue/resume").status, 200);
    user.ends_as(&id, "completed");
    for action in ["Queue paused", "Queue resumed"] {
        audited(&world, action, |line| line["operator"] == "ADMIN_KEY");
    }
}

#[test]
fn a_webhook_that_was_given_up_is_listed_counted_and_sent_again_as_the_same_event_i5() {
    let world = given_up();
    let (user, operator) = (world.user(), operator(&world));
    world.upstream.inbox_mode("status:503");
    let id = user.generate(&unique("told to nobody"));
    user.ends_as(&id, "completed");
    let given_up = until("the exhaustion is reported to the queue", PATIENCE, || {
        listed(&operator, "exhausted")
            .into_iter()
            .find(|event| event["generationId"] == id)
    });
    assert_eq!(
        (
            &given_up["event"],
            &given_up["userId"],
            &given_up["attempts"],
            &given_up["lastStatus"]
        ),
        (
            &json!("generation.completed"),
            &json!(user.user),
            &json!(ATTEMPTS),
            &json!(503)
        ),
        "{given_up:#}"
    );
    let webhooks = status(&user)["webhooks"].clone();
    assert!(
        webhooks["exhausted"].as_u64() >= Some(1) && webhooks["exhaustedSince"].is_string(),
        "{webhooks:#}"
    );
    let own = user
        .get(&format!("/api/generations/{id}/deliveries"))
        .json();
    assert_eq!(own, json!({ "success": true, "deliveries": [given_up] }));
    let stranger = world.user();
    assert_eq!(
        stranger
            .get(&format!("/api/generations/{id}/deliveries"))
            .status,
        404
    );

    world.upstream.inbox_mode("ok");
    let event_id = given_up["id"].as_str().expect("an id").to_owned();
    let again = operator.post(&format!("/api/webhooks/deliveries/{event_id}/redeliver"));
    assert_eq!(
        (again.status, &again.json()["delivery"]["state"]),
        (200, &json!("pending")),
        "{}",
        again.text()
    );
    let delivered = until("the delivery is reported to the queue", PATIENCE, || {
        listed(&operator, "delivered")
            .into_iter()
            .find(|event| event["generationId"] == id)
    });
    assert_eq!(
        (&delivered["id"], &delivered["attempts"]),
        (&json!(event_id), &json!(ATTEMPTS + 1)),
        "{delivered:#}"
    );
    // All attempts share one id and one body; each has its own signature.
    let attempts = world.upstream.only_event(&id, "generation.completed");
    assert_eq!(attempts.len(), ATTEMPTS + 1, "{attempts:#?}");
    assert_eq!(attempts[0]["id"], event_id);
    assert!(user.steps(&id).contains(&"webhook_redelivered".to_owned()));
    audited(&world, "Webhook redelivered", |line| {
        line["userId"] == user.user.as_str() && tells(line, &event_id)
    });
    let unknown = operator.post("/api/webhooks/deliveries/msg_unknown/redeliver");
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (404, &json!("delivery_not_found"))
    );
}

#[test]
fn all_that_was_given_up_since_a_time_is_recovered_once_i5() {
    const JOBS: usize = 3;
    let world = given_up();
    let (user, operator) = (world.user(), operator(&world));
    let since = |time: &str| operator.post(&format!("/api/webhooks/recover?since={time}"));
    let recovered = since(EPOCH).json();
    assert_eq!(
        (&recovered["success"], &recovered["hasMore"]),
        (&json!(true), &json!(false)),
        "{recovered:#}"
    );
    world.upstream.inbox_mode("status:500");
    let ids: Vec<String> = (0..JOBS)
        .map(|_| user.generate(&unique("while the app was down")))
        .collect();
    for id in &ids {
        user.ends_as(id, "completed");
    }
    let of_these = || {
        let exhausted = listed(&operator, "exhausted");
        exhausted
            .into_iter()
            .filter(|event| ids.iter().any(|id| event["generationId"] == *id))
            .collect::<Vec<_>>()
    };
    let given_up = until("all are reported to the queue", PATIENCE, || {
        Some(of_these()).filter(|all| all.len() == JOBS)
    });
    world.upstream.inbox_mode("ok");
    let first = given_up
        .iter()
        .filter_map(|event| event["exhaustedAt"].as_str())
        .min()
        .expect("a time");
    let answer = since(first);
    assert_eq!(
        answer.json(),
        json!({ "success": true, "recovered": JOBS, "hasMore": false }),
        "{}",
        answer.text()
    );
    assert_eq!(
        since(first).json()["recovered"],
        0,
        "the deliveries are pending"
    );
    for id in &ids {
        world.upstream.wait("webhook", id, ATTEMPTS + 1);
        assert_eq!(
            world.upstream.only_event(id, "generation.completed").len(),
            ATTEMPTS + 1
        );
    }
    assert_eq!(since("2999-01-01T00:00:00Z").json()["recovered"], 0);
    let bad = operator.post("/api/webhooks/recover?since=yesterday");
    assert_eq!(
        (bad.status, &bad.json()["errors"][0]["parameter"]),
        (400, &json!("since")),
        "{}",
        bad.text()
    );
    audited(&world, "Webhooks recovered", |line| {
        tells(line, &format!("{JOBS} given up since {first}"))
    });
}

#[test]
fn a_clean_up_that_an_operator_starts_forgets_what_is_old_with_its_webhooks() {
    let world = given_up();
    let (user, operator) = (world.user(), operator(&world));
    let [old, young] = ["long ago", "lately"].map(|when| user.generate(&unique(when)));
    for id in [&old, &young] {
        user.ends_as(id, "completed");
    }
    world.worker.kill();
    let statement = "UPDATE entry SET stage = 'ended', lease_until = NULL, updated_at = updated_at - ?1 \
                WHERE generation_id = ?2";
    let databases = world
        .worker
        .databases("QueueManager")
        .into_iter()
        .filter(|path| !is_alarms(path));
    let aged: usize = databases
        .map(|path| {
            open(&path)
                .execute(statement, (TWO_DAYS, &old))
                .unwrap_or(0)
        })
        .sum();
    assert_eq!(aged, 1);
    world.worker.restart();
    let answer = operator.post("/api/cron/cleanup");
    assert_eq!(
        (answer.status, &answer.json()["expiring"]),
        (200, &json!(1)),
        "{}",
        answer.text()
    );
    until("the job is deleted", PATIENCE, || {
        (user.get(&format!("/api/generations/{old}")).status == 404).then_some(())
    });
    until("the job's events are deleted", PATIENCE, || {
        let listed = operator.get("/api/webhooks/deliveries?limit=100").json();
        let known = |id: &str| {
            listed["data"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|event| event["generationId"] == id)
        };
        (known(&young) && !known(&old)).then_some(())
    });
    assert_eq!(
        operator.post("/api/cron/cleanup").json()["expiring"],
        0,
        "the other job is young"
    );
    audited(&world, "Clean-up started", |line| {
        tells(line, "1 are about to be deleted")
    });
}

#[test]
fn the_jobs_of_all_users_are_listed_for_operators_and_found_by_user_status_prompt_and_id_i7() {
    let world = shared();
    let (one, other, operator) = (world.user(), world.user(), operator(&world));
    let magic = unique("Zauberlehrling");
    let ids = [&one, &other].map(|user| user.generate(&format!("the {magic} at work")));
    one.ends_as(&ids[0], "completed");
    other.ends_as(&ids[1], "completed");
    let found = |api: &Api, path: &str| {
        let answer = api.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let data = answer.json()["data"].clone();
        let ids = data
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|job| Some(job["id"].as_str()?.to_owned()));
        ids.collect::<Vec<String>>()
    };
    let search = magic.to_uppercase();
    assert_eq!(
        found(&operator, &format!("/api/queue/jobs?search={search}")),
        [ids[1].clone(), ids[0].clone()]
    );
    assert_eq!(
        found(
            &operator,
            &format!("/api/queue/jobs?search={search}&limit=1")
        ),
        [ids[1].clone()]
    );
    assert_eq!(
        found(&operator, &format!("/api/queue/jobs?userId={}", one.user)),
        [ids[0].clone()]
    );
    let prefix = &ids[1][..ids[1].len() - 1];
    let by_id = format!(
        "/api/queue/jobs?search={prefix}&status=completed&userId={}",
        other.user
    );
    assert_eq!(found(&operator, &by_id), [ids[1].clone()]);
    assert_eq!(
        found(&one, &format!("/api/generations?search={search}")),
        [ids[0].clone()],
        "only the user's own jobs are found"
    );
    assert!(
        found(&one, "/api/generations?search=%25").is_empty(),
        "a wildcard character has no special meaning"
    );
    let first = operator
        .get(&format!("/api/queue/jobs?search={search}&limit=1"))
        .json();
    let next = first["nextCursor"].as_str().expect("there is another page");
    assert_eq!(
        found(
            &operator,
            &format!("/api/queue/jobs?search={search}&after={next}")
        ),
        [ids[0].clone()]
    );
    let bad = operator.get("/api/queue/jobs?userId=a/b&status=done");
    assert_eq!(
        bad.json()["errors"].as_array().map(Vec::len),
        Some(2),
        "{}",
        bad.text()
    );
}

#[test]
fn operator_routes_are_closed_to_everyone_else_and_change_nothing_for_them_i7() {
    let world = shared();
    let user = world.user();
    let nobody = user.with_token(None);
    for (method, path) in OPERATORS_ONLY {
        let refused = user.send(method, path, |request| request);
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (403, &json!("operators_only")),
            "{method} {path}"
        );
        assert_eq!(
            nobody.send(method, path, |request| request).status,
            401,
            "{method} {path}"
        );
    }
    assert_eq!(status(&user)["paused"], false);
}

#[test]
fn what_an_operator_changes_for_a_user_is_in_the_log_and_what_it_reads_is_not() {
    let world = exclusive();
    let (user, operator) = (world.user(), operator(&world));
    world.upstream.close("submit");
    let id = user.generate(&unique("cancelled by an operator"));
    let as_user = |method: &str, path: &str| -> Answer {
        operator.send(method, path, |request: RequestBuilder| {
            request.header("X-User-Id", &user.user)
        })
    };
    assert_eq!(
        as_user("GET", &format!("/api/generations/{id}")).status,
        200
    );
    assert_eq!(
        as_user("POST", &format!("/api/generations/{id}/cancel")).status,
        200
    );
    assert_eq!(
        as_user("POST", &format!("/api/generations/{id}/cancel")).status,
        409
    );
    world.upstream.open("submit");
    user.ends_as(&id, "cancelled");
    let audited = until("the lines are written", PATIENCE, || {
        let lines = audit_lines(&world, "Acted for a user");
        let own: Vec<Value> = lines
            .into_iter()
            .filter(|line| line["userId"] == user.user.as_str())
            .collect();
        (own.len() >= 2).then_some(own)
    });
    assert_eq!(audited.len(), 2, "{audited:#?}");
    for (line, answered) in audited.iter().zip(["answered 200", "answered 409"]) {
        let outcome = format!("POST /api/generations/{id}/cancel {answered}");
        assert_eq!(
            (&line["operator"], &line["outcome"]),
            (&json!("ADMIN_KEY"), &json!(outcome)),
            "{line}"
        );
    }
}

/// A caller with the admin key.
fn operator(world: &World) -> Api {
    world.user().with_token(Some(ADMIN_KEY.to_owned()))
}

fn status(api: &Api) -> Value {
    api.get("/api/queue/status").json()["status"].clone()
}

/// The events of one state, newest first.
fn listed(operator: &Api, state: &str) -> Vec<Value> {
    let answer = operator.get(&format!("/api/webhooks/deliveries?state={state}&limit=100"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

/// Waits for an audit line that fits.
fn audited(world: &World, action: &str, is: impl Fn(&Value) -> bool) {
    until("the line is written", PATIENCE, || {
        audit_lines(world, action).iter().any(&is).then_some(())
    });
}

/// Whether an audit line's outcome contains this text.
fn tells(line: &Value, what: &str) -> bool {
    line["outcome"]
        .as_str()
        .is_some_and(|outcome| outcome.contains(what))
}

/// The audit lines of an action.
fn audit_lines(world: &World, action: &str) -> Vec<Value> {
    let message = format!("[AUDIT] {action}");
    world
        .worker
        .lines()
        .into_iter()
        .filter(|line| line["message"] == message.as_str())
        .collect()
}

fn is_alarms(path: &Path) -> bool {
    path.ends_with("metadata.sqlite")
}

fn open(path: &Path) -> Connection {
    Connection::open(path).expect("a database")
}
