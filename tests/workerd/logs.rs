//! The log of a run: each step of each job, with the names under which an operator searches for it.

use crate::harness::{Api, Wire, World, exclusive, unique, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// The log messages of a job whose first webhook attempt fails.
const WAY: [&str; 12] = [
    "[JOB] Created",
    "[QUEUE] Enqueued",
    "[QUEUE] Admitted",
    "[API] Accepted",
    "[JOB] Started",
    "[UPSTREAM] Submitting",
    "[UPSTREAM] Submitted",
    "[UPSTREAM] Rendered",
    "[STORAGE] Stored",
    "[JOB] Completed",
    "[WEBHOOK] Attempt failed",
    "[WEBHOOK] Delivered",
];

#[test]
fn each_step_of_a_job_is_told_in_order_with_the_names_by_which_it_is_looked_for() {
    let world = exclusive();
    world.upstream.inbox_mode("fail-first:1");
    let orders = Wire::ALL.map(|wire| {
        let (user, request) = (world.user().over(wire), unique("request"));
        let id = ordered(&user, &request, "[[render:3000]]");
        (user, request, id)
    });
    for (user, request, id) in orders {
        user.ends_as(&id, "completed");
        let lines = lines_about(&world, &id, "[WEBHOOK] Delivered");
        let mut rest = lines.iter();
        for message in WAY {
            let line = rest.find(|line| line["message"] == message);
            let line = line.unwrap_or_else(|| panic!("no `{message}` in its place: {lines:#?}"));
            assert_eq!(line["userId"], user.user, "{line:#}");
        }
        let line = |message: &str| {
            lines
                .iter()
                .find(|line| line["message"] == message)
                .expect("a line")
        };
        let accepted = line("[API] Accepted");
        assert_eq!(
            (&accepted["requestId"], &accepted["new"]),
            (&json!(request), &json!(true))
        );
        assert_eq!(
            (&accepted["method"], &accepted["route"]),
            (&json!("POST"), &json!("/api/generations"))
        );
        assert!(line("[QUEUE] Admitted")["waitMs"].is_u64());
        for message in [
            "[UPSTREAM] Submitted",
            "[UPSTREAM] Rendered",
            "[STORAGE] Stored",
            "[WEBHOOK] Delivered",
        ] {
            let line = line(message);
            assert!(
                line["durationMs"].is_u64() && line["attempt"] == 1,
                "{line:#}"
            );
        }
        let submitted = line("[UPSTREAM] Submitted");
        let upstream = (&json!(user.wire.provider()), &json!(user.wire.model()));
        assert_eq!((&submitted["provider"], &submitted["model"]), upstream);
        assert!(
            line("[STORAGE] Stored")["bytes"]
                .as_u64()
                .is_some_and(|bytes| bytes > 0)
        );
        let failed = line("[WEBHOOK] Attempt failed");
        assert_eq!(
            (
                &failed["level"],
                &failed["status"],
                &failed["webhookAttempt"]
            ),
            (&json!("WARN"), &json!(500), &json!(1))
        );
        assert_eq!(line("[WEBHOOK] Delivered")["event"], "generation.completed");
        let looks = lines
            .iter()
            .filter(|line| line["message"] == "[UPSTREAM] Polled");
        assert_eq!(
            looks.count(),
            0,
            "polls that find the render running are logged at DEBUG only"
        );
    }
}

#[test]
fn a_failure_a_lost_webhook_and_every_answer_are_told_by_level_and_word() {
    let world = exclusive();
    world.upstream.inbox_mode("status:410");
    let (user, request) = (world.user(), unique("request"));
    let id = ordered(&user, &request, "[[submit:400-safety]]");
    user.fails_with(&id, "provider_rejected_content");
    assert_eq!(
        user.with_token(None)
            .get(&format!("/api/generations/{id}?signature=a-secret"))
            .status,
        401
    );
    assert_eq!(
        user.get(&format!("/api/generations/{id}/nowhere/{id}"))
            .status,
        404
    );
    let lines = lines_about(&world, &id, "[WEBHOOK] Exhausted");
    let told = |message: &str| {
        let line = lines.iter().find(|line| line["message"] == message);
        let line = line.unwrap_or_else(|| panic!("no `{message}`: {lines:#?}"));
        (
            line["level"].as_str().unwrap_or_default(),
            line["errorCode"].as_str().unwrap_or_default(),
        )
    };
    assert_eq!(
        told("[UPSTREAM] Submit refused"),
        ("WARN", "provider_rejected_content")
    );
    assert_eq!(told("[JOB] Failed"), ("WARN", "provider_rejected_content"));
    assert_eq!(told("[WEBHOOK] Exhausted"), ("ERROR", ""));

    let all = until("the answers are logged", PATIENCE, || {
        let lines = world.worker.lines();
        let answered = |status| lines.iter().any(|line| line["status"] == status);
        ([201, 401, 404].into_iter().all(answered)).then_some(lines)
    });
    for line in &all {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        assert!(
            text("timestamp").len() == 24 && text("timestamp").ends_with('Z'),
            "{line}"
        );
        assert!(["ERROR", "WARN", "INFO"].contains(&text("level")), "{line}");
        let component = text("message")
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "));
        let upper =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase());
        assert!(
            component.is_some_and(|(name, action)| upper(name) && !action.is_empty()),
            "{line}"
        );
    }
    let answered = |status: u16| {
        let is_it = |line: &&Value| line["message"] == "[API] Answered" && line["status"] == status;
        all.iter()
            .rev()
            .find(is_it)
            .unwrap_or_else(|| panic!("an answer with {status}"))
    };
    let refused = answered(401);
    assert_eq!(
        (&refused["level"], &refused["code"]),
        (&json!("WARN"), &json!("unauthorized")),
        "{refused:#}"
    );
    assert_eq!(
        (&refused["route"], refused.get("userId")),
        (&json!("/api/generations/{id}"), None)
    );
    assert!(
        answered(404).get("route").is_none(),
        "an unknown path is not repeated in the log"
    );
    let made = all
        .iter()
        .find(|line| line["requestId"] == request && line["message"] == "[API] Answered");
    let made = made.expect("an answer to the order");
    assert_eq!(
        (&made["status"], &made["generationId"], &made["userId"]),
        (&json!(201), &json!(id), &json!(user.user))
    );
}

#[test]
fn with_the_lowest_level_each_look_at_a_render_is_told_too() {
    let world = World::start(&[("LOG_LEVEL", "DEBUG")]);
    let id = ordered(&world.user(), &unique("request"), "[[render:1500]]");
    let lines = lines_about(&world, &id, "[WEBHOOK] Delivered");
    let look = lines
        .iter()
        .find(|line| line["message"] == "[UPSTREAM] Polled");
    let look = look.unwrap_or_else(|| panic!("a poll: {lines:#?}"));
    assert_eq!(
        (&look["level"], &look["outcome"]),
        (&json!("DEBUG"), &json!("running"))
    );
    assert!(
        look["durationMs"].is_u64() && look["attempt"] == 1,
        "{look:#}"
    );
}

#[test]
fn with_a_higher_level_only_what_is_worth_it_is_told_and_with_all_its_names() {
    let world = World::start(&[("LOG_LEVEL", "ERROR")]);
    let user = world.user();
    let good = user.generate(&unique("all is well"));
    let bad = user.generate(&format!("{} [[submit:garbage]]", unique("lost")));
    user.ends_as(&good, "completed");
    user.fails_with(&bad, "submit_outcome_unknown");
    let lines = until("the failure is logged", PATIENCE, || {
        let lines = world.worker.lines();
        lines
            .iter()
            .any(|line| line["message"] == "[JOB] Failed")
            .then_some(lines)
    });
    assert!(
        lines.iter().all(|line| line["level"] == "ERROR"),
        "{lines:#?}"
    );
    let failed: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"] == "[JOB] Failed")
        .collect();
    assert_eq!(failed.len(), 1, "{lines:#?}");
    assert_eq!(
        (&failed[0]["generationId"], &failed[0]["userId"]),
        (&json!(bad), &json!(user.user))
    );
}

#[track_caller]
fn ordered(user: &Api, request: &str, mark: &str) -> String {
    let order =
        json!({ "prompt": format!("{} {mark}", unique("told")), "provider": user.wire.provider() });
    let answer = user.send("POST", "/api/generations", |post| {
        post.header("X-Request-Id", request).json(&order)
    });
    assert_eq!(
        (answer.status, answer.header("x-request-id")),
        (201, request),
        "{}",
        answer.text()
    );
    answer.generation_id()
}

/// The lines about a generation, once one of them has the message `last`.
fn lines_about(world: &World, id: &str, last: &str) -> Vec<Value> {
    until("the last of its lines is written", PATIENCE, || {
        let all = world.worker.lines().into_iter();
        let lines: Vec<Value> = all.filter(|line| line["generationId"] == id).collect();
        lines
            .iter()
            .any(|line| line["message"] == last)
            .then_some(lines)
    })
}
