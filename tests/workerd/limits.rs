//! Limits: submits a minute, slots of one user, turns between users, and requests.

use crate::harness::{Configuration, Lent, Setup, World, exclusive, now, unique, until};
use chrono::DateTime;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const MORE_THAN_A_MINUTE: Duration = Duration::from_secs(100);
/// The period in which submits are counted, in milliseconds.
const MINUTE: u64 = 60_000;
/// A model whose limit no other test here uses up.
const OTHER_MODEL: &str = "veo-3.1-fast-generate-001";

#[test]
fn no_minute_at_the_upstream_holds_more_submits_than_allowed_and_all_jobs_complete_i1_i4() {
    const LIMIT: usize = 5;
    let variables = [
        ("MAX_SUBMITS_PER_MINUTE", "5"),
        ("MAX_CONCURRENT_JOBS", "10"),
    ];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    let user = world.user();
    let prompts: Vec<String> = (0..2 * LIMIT).map(|_| unique("one of ten")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    for (id, prompt) in ids.iter().zip(&prompts).take(LIMIT) {
        user.ends_as(id, "completed");
        assert_eq!(world.upstream.paid(prompt).len(), 1);
    }
    for id in &ids[LIMIT..] {
        let generation = user.waits_as(id, &json!({ "blockedBy": "rate_limit" }));
        let expected = time(&generation["estimatedStartAt"]);
        assert!(
            (now()..=now() + 2 * MINUTE).contains(&expected),
            "{generation:#}"
        );
    }
    let unlimited = user.generate_by(OTHER_MODEL, &unique("by another model"));
    user.ends_as(&unlimited, "completed");
    let mut came: Vec<u64> = prompts[..LIMIT]
        .iter()
        .map(|prompt| submitted_at(&world, prompt))
        .collect();
    for prompt in &prompts[LIMIT..] {
        until("the minute is over", MORE_THAN_A_MINUTE, || {
            (!world.upstream.requests("submit", prompt).is_empty()).then_some(())
        });
        came.push(submitted_at(&world, prompt));
    }
    for (id, prompt) in ids.iter().zip(&prompts) {
        user.ends_as(id, "completed");
        assert_eq!(world.upstream.requests("submit", prompt).len(), 1);
    }
    came.sort_unstable();
    for window in came.windows(LIMIT + 1) {
        assert!(
            window[LIMIT] - window[0] >= MINUTE,
            "{} submits within a minute: {came:?}",
            LIMIT + 1
        );
    }
}

#[test]
fn one_users_second_job_waits_for_the_first_while_another_users_starts_i9() {
    let world = World::start(&[("MAX_CONCURRENT_JOBS_PER_USER", "1")]);
    let (user, other) = (world.user(), world.user());
    world.upstream.close("poll");
    let (first, second) = (unique("their first"), unique("their second"));
    let ids = [user.generate(&first), user.generate(&second)];
    world.upstream.wait_held("poll", &first, 1);
    let first_in_line = json!({ "blockedBy": "user_concurrency", "queuePosition": 1 });
    let waiting = user.waits_as(&ids[1], &first_in_line);
    assert!(time(&waiting["estimatedStartAt"]) > 0);
    let others = unique("anothers first");
    let others_id = other.generate(&others);
    world.upstream.wait_held("poll", &others, 1);
    assert_eq!(
        user.get("/api/queue/status").json()["status"]["slots"],
        json!({ "total": 3, "used": 2 })
    );
    assert!(
        world.upstream.requests("submit", &second).is_empty(),
        "started beside the user's first job"
    );
    world.upstream.open("poll");
    other.ends_as(&others_id, "completed");
    for id in &ids {
        user.ends_as(id, "completed");
    }
    let [first, second] = [first, second].map(|prompt| world.upstream.paid(&prompt)[0].clone());
    let first_ended = number(&first["acceptedAtMs"]) + number(&first["renderMs"]);
    assert!(
        number(&second["acceptedAtMs"]) >= first_ended,
        "one user's renders overlapped: {first:#} {second:#}"
    );
    world.all_slots_are_free();
}

#[test]
fn one_users_waiting_jobs_do_not_stand_before_anothers_first_i6() {
    let world = exclusive();
    let (user, other) = (world.user(), world.user());
    world.upstream.close("poll");
    let prompts: Vec<String> = (0..9).map(|_| unique("one of many")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    world.upstream.wait_held("poll", "one of many", 3);
    let others = unique("the only one");
    let others_id = other.generate(&others);
    let second = json!({ "queuePosition": 2, "blockedBy": "concurrency" });
    other.waits_as(&others_id, &second);
    // The job's position went back by one.
    user.waits_as(&ids[8], &json!({ "queuePosition": 7 }));
    world.upstream.open("poll");
    other.ends_as(&others_id, "completed");
    for id in &ids {
        user.ends_as(id, "completed");
    }
    let stats = world.upstream.render_stats();
    let mut accepted = stats["accepted"].as_array().into_iter().flatten();
    let at = accepted
        .position(|job| job["prompt"] == others.as_str())
        .expect("the job was rendered");
    // After the three that run and the first one waiting; jobs that hold slots together may swap
    // places.
    assert!((3..=6).contains(&at), "rendered as number {at}");
}

#[test]
fn a_user_who_sends_too_many_requests_is_refused_and_no_header_makes_them_another_i7() {
    let few = [(
        "simple = { limit = 100, period = 10 }",
        "simple = { limit = 5, period = 10 }",
    )];
    let configuration = Configuration {
        replacements: &few,
        injector: false,
    };
    let world = World::start_with(&Setup {
        configuration,
        ..Setup::default()
    });
    let user = world.user();
    let named = |header: &str, value: &str| {
        user.send("GET", "/api/generations", |request| {
            request.header(header, value)
        })
    };
    let other = world.user();
    // A new period may begin between two requests; then they are sent again.
    let refused = until(
        "a plain request and those with headers are refused alike",
        PATIENCE,
        || {
            let refused = user.get("/api/generations");
            let disguised = [
                named("X-Forwarded-For", "203.0.113.7"),
                named("X-User-Id", &user.user),
                named("CF-Connecting-IP", "203.0.113.8"),
            ];
            (refused.status == 429 && disguised.iter().all(|answer| answer.status == 429))
                .then_some(refused)
        },
    );
    assert_eq!(
        (
            refused.header("retry-after"),
            refused.json()["code"].as_str()
        ),
        ("10", Some("too_many_requests"))
    );
    assert_eq!(refused.json()["retryable"], true, "{}", refused.text());
    assert_eq!(
        other.get("/api/generations").status,
        200,
        "another user's requests are counted separately"
    );
    assert_ne!(
        named("X-User-Id", &other.user).status,
        200,
        "naming another user does not use their limit"
    );
    let order = until("an order is refused too", PATIENCE, || {
        let answer = user.create(&json!({ "prompt": unique("one too many") }));
        (answer.status == 429).then_some(answer)
    });
    assert!(
        order.header("retry-after").parse::<u32>().is_ok(),
        "{:?}",
        order.headers
    );
}

fn submitted_at(world: &Lent, prompt: &str) -> u64 {
    let submits = world.upstream.requests("submit", prompt);
    assert_eq!(submits.len(), 1, "{prompt}: {submits:#?}");
    number(&submits[0]["atMs"])
}

/// A time as the API writes it, in milliseconds since the Unix epoch.
fn time(value: &Value) -> u64 {
    let time = value
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    time.and_then(|time| u64::try_from(time.timestamp_millis()).ok())
        .expect("a time")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
