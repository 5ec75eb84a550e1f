//! A repeated order creates no second job (I10).

use crate::harness::{Answer, Api, shared, unique};
use serde_json::{Value, json};
use std::thread;

#[test]
fn the_same_id_with_the_same_body_is_the_same_job_i10() {
    let world = shared();
    let (user, id, prompt) = (world.user(), unique("own-id"), unique("repeated by id"));
    let body = json!({ "generationId": id, "prompt": prompt });
    let first = user.create(&body);
    assert_eq!(
        (first.status, &first.json()["generationId"]),
        (201, &json!(id)),
        "{}",
        first.text()
    );
    is_repeat_of(&first, &user.create(&body));
    user.ends_as(&id, "completed");
    is_repeat_of(&first, &user.create(&body));
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
    assert_eq!(listed(&user), 1);
}

#[test]
fn the_same_idempotency_key_with_the_same_body_is_the_same_job_i10() {
    let world = shared();
    let (user, key, prompt) = (world.user(), unique("key"), unique("repeated by key"));
    let body = json!({ "prompt": prompt });
    let first = keyed(&user, &key, &body);
    assert_eq!(first.status, 201, "{}", first.text());
    is_repeat_of(&first, &keyed(&user, &key, &body));
    user.ends_as(id_of(&first.json()), "completed");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
    assert_eq!(listed(&user), 1);
}

#[test]
fn four_equal_orders_at_once_make_one_job_i10() {
    let world = shared();
    let (user, key, prompt) = (world.user(), unique("key"), unique("at once"));
    let body = json!({ "prompt": prompt });
    let answers: Vec<Answer> = thread::scope(|scope| {
        let sent: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| keyed(&user, &key, &body)))
            .collect();
        sent.into_iter()
            .map(|answer| answer.join().expect("an answer"))
            .collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    let first = answers[0].json();
    assert!(
        answers
            .iter()
            .all(|answer| answer.json()["generationId"] == first["generationId"])
    );
    user.ends_as(id_of(&first), "completed");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
    assert_eq!(listed(&user), 1);
}

#[test]
fn another_body_under_a_used_id_or_key_is_refused_i10() {
    let world = shared();
    let (user, id, key, prompt) = (
        world.user(),
        unique("own-id"),
        unique("key"),
        unique("first of two"),
    );
    let other = json!({ "prompt": unique("second of two") });
    assert_eq!(
        user.create(&json!({ "generationId": id, "prompt": prompt }))
            .status,
        201
    );
    let by_id = user.create(&json!({ "generationId": id, "prompt": other["prompt"] }));
    assert_eq!(by_id.status, 422, "{}", by_id.text());
    assert_eq!(keyed(&user, &key, &json!({ "prompt": prompt })).status, 201);
    let by_key = keyed(&user, &key, &other);
    assert_eq!(
        (by_key.status, by_key.header("content-type")),
        (422, "application/problem+json")
    );
    assert_eq!(by_key.json()["code"], "idempotency_conflict");
    assert_eq!(user.ends_as(&id, "completed")["prompt"], prompt);
    assert_eq!(listed(&user), 2);
    assert_eq!(
        world
            .upstream
            .requests("submit", other["prompt"].as_str().expect("text"))
            .len(),
        0
    );
}

fn keyed(user: &Api, key: &str, body: &Value) -> Answer {
    user.send("POST", "/api/generations", |request| {
        request.header("idempotency-key", key).json(body)
    })
}

fn is_repeat_of(first: &Answer, repeat: &Answer) {
    assert_eq!(repeat.status, 200, "{}", repeat.text());
    assert_eq!(repeat.json()["generationId"], first.json()["generationId"]);
    assert_eq!(repeat.header("location"), first.header("location"));
}

fn id_of(body: &Value) -> &str {
    body["generationId"].as_str().expect("an id")
}

fn listed(user: &Api) -> usize {
    user.get("/api/generations").json()["data"]
        .as_array()
        .map_or(0, Vec::len)
}
