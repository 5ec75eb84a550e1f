//! The control API: record, gates, waiting, statistics, reset.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, HANGING, KEY, MODEL, get, stopwatch};

#[test]
fn every_request_is_recorded_with_its_job_and_without_its_key() {
    let fake = Fake::start();
    let name = fake.accepted("a dog");
    fake.poll(&name).expect("an answer");
    let requests = fake.control("requests?since=0");
    let submit = &requests[0];
    assert_eq!(
        (&submit["step"], &submit["status"], &submit["outcome"]),
        (&json!("submit"), &json!(200), &json!("answered"))
    );
    assert_eq!(
        (&submit["apiKey"], &submit["headers"]["x-goog-api-key"]),
        (&json!("present"), &json!("<present>"))
    );
    assert_eq!(requests[1]["prompt"], "a dog");
    assert!(name.ends_with(requests[1]["operation"].as_str().expect("an operation")));
    assert!(
        !requests.to_string().contains(KEY.1),
        "the key is in the record"
    );
    let later = fake.control(&format!("requests?since={}", submit["seq"]));
    assert_eq!(later.as_array().expect("a list").len(), 1);
}

#[test]
fn a_closed_gate_holds_a_submit_before_it_is_accepted() {
    let fake = Fake::start();
    fake.tell("gate", &json!({ "step": "submit", "state": "closed" }));
    thread::scope(|scope| {
        let held = scope.spawn(|| fake.submit("a dog"));
        let seen = fake.control("wait?step=submit&count=1&contains=dog");
        assert_eq!(seen["requests"][0]["outcome"], "held");
        assert_eq!(fake.paid(), 0);
        fake.tell("gate", &json!({ "step": "submit", "state": "open" }));
        assert_eq!(
            held.join().expect("no panic").expect("an answer").status,
            200
        );
    });
    assert_eq!(fake.paid(), 1);
}

#[test]
fn a_gate_after_acceptance_holds_the_answer_of_a_paid_job() {
    let fake = Fake::start();
    fake.tell(
        "gate",
        &json!({ "step": "submit", "state": "closed", "after": true }),
    );
    let held = fake.submit_for("a dog", HANGING).expect_err("no answer");
    assert_eq!(held.kind(), ErrorKind::WouldBlock);
    assert_eq!(fake.paid(), 1);
    let gone = fake.control("wait?step=submit&outcome=abandoned");
    assert_eq!(gone["requests"][0]["status"], Value::Null);
}

#[test]
fn a_caller_that_dies_at_a_closed_gate_never_has_its_submit_accepted() {
    let fake = Fake::start();
    fake.tell("gate", &json!({ "step": "submit", "state": "closed" }));
    fake.submit_for("a dog", HANGING).expect_err("no answer");
    fake.control("wait?step=submit&outcome=abandoned");
    fake.tell("gate", &json!({ "step": "submit", "state": "open" }));
    assert_eq!(fake.submit("a cat").expect("an answer").status, 200);
    assert_eq!(fake.paid(), 1);
}

#[test]
fn polls_downloads_and_the_second_half_of_bytes_have_gates_too() {
    let fake = Fake::start();
    let name = fake.accepted("a [[download:bytes:1000]]");
    let close = |step: &str| fake.tell("gate", &json!({ "step": step, "state": "closed" }));
    let open = |step: &str| fake.tell("gate", &json!({ "step": step, "state": "open" }));
    close("poll");
    get(&fake.url(&format!("/v1beta/{name}")), HANGING).expect_err("no answer");
    open("poll");
    let done = fake.poll(&name).expect("an answer").json();
    let uri =
        done["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"].clone();
    let path = uri
        .as_str()
        .expect("a video")
        .replace("https://generativelanguage.googleapis.com", "");
    close("download");
    get(&fake.url(&path), HANGING).expect_err("no answer");
    open("download");
    close("bytes");
    let to = fake
        .get(&path)
        .expect("an answer")
        .header("location")
        .expect("a location")
        .to_owned();
    assert_eq!(get(&to, HANGING).expect("a beginning").body.len(), 500);
    open("bytes");
    assert_eq!(get(&to, HANGING).expect("an answer").body.len(), 1000);
}

#[test]
fn waiting_ends_when_enough_requests_came_and_not_before() {
    let fake = Fake::start();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| fake.control("wait?step=submit&count=2&contains=dog"));
        for prompt in ["a dog", "a cat", "another dog"] {
            assert!(
                !waiting.is_finished(),
                "the wait ended before the second dog"
            );
            fake.accepted(prompt);
        }
        let seen = waiting.join().expect("no panic");
        assert_eq!(
            (&seen["reached"], &seen["count"]),
            (&json!(true), &json!(2))
        );
    });
}

#[test]
fn waiting_in_vain_ends_in_408_at_its_time() {
    let fake = Fake::start();
    let began = stopwatch();
    let answer = fake
        .get("/__control/wait?step=poll&timeout_ms=100")
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.json()["reached"].clone()),
        (408, json!(false))
    );
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn what_was_waited_for_can_be_seen_at_once() {
    let fake = Fake::start();
    for round in 0..20 {
        thread::scope(|scope| {
            scope.spawn(|| fake.accepted("a dog"));
            fake.control(&format!("wait?step=submit&count={}", round + 1));
            assert_eq!(fake.paid(), round + 1);
        });
    }
}

#[test]
fn a_job_renders_from_acceptance_until_a_poll_was_told_its_end() {
    let fake = Fake::start();
    let names = ["first", "second", "third [[render:60000]]"].map(|prompt| fake.accepted(prompt));
    for name in &names {
        fake.poll(name).expect("an answer");
    }
    let stats = fake.control("render-stats");
    assert_eq!(
        (&stats["rendering"], &stats["maxRendering"]),
        (&json!(1), &json!(3))
    );
    let order: Vec<&str> = (0..3)
        .filter_map(|index| stats["accepted"][index]["prompt"].as_str())
        .collect();
    assert_eq!(order, ["first", "second", "third [[render:60000]]"]);
    let operations = fake.control("operations");
    assert_eq!(
        (&operations[0]["state"], &operations[2]["state"]),
        (&json!("collected"), &json!("rendering"))
    );
    assert_eq!(operations[0]["polls"], 1);
}

#[test]
fn an_operation_says_when_it_is_ready_and_when_a_poll_was_first_told() {
    let fake = Fake::start();
    let (name, slow) = (
        fake.accepted("a dog"),
        fake.accepted("a cat [[render:60000]]"),
    );
    let operation = |index: usize| fake.control("operations")[index].clone();
    let times = |operation: &Value| {
        ["acceptedAtMs", "readyAtMs", "toldAtMs"]
            .map(|name| operation[name].as_u64().unwrap_or_default())
    };
    fake.poll(&slow).expect("an answer");
    assert_eq!(
        (&operation(0)["toldAtMs"], &operation(1)["toldAtMs"]),
        (&Value::Null, &Value::Null)
    );
    let [accepted, ready, _] = times(&operation(1));
    assert_eq!(ready, accepted + 60_000);
    fake.poll(&name).expect("an answer");
    let [accepted, ready, told] = times(&operation(0));
    assert!(accepted == ready && ready <= told, "{}", operation(0));
    let last_poll = || {
        fake.recorded("poll").last().expect("a poll")["atMs"]
            .as_u64()
            .expect("a time")
    };
    while last_poll() <= told {
        fake.poll(&name).expect("an answer");
    }
    assert_eq!(
        times(&operation(0))[2],
        told,
        "a later poll changed the time of the first report"
    );
}

#[test]
fn a_reset_forgets_everything_and_cuts_what_hangs() {
    let fake = Fake::start();
    let name = fake.accepted("a dog");
    fake.tell("faults", &json!({ "marks": "[[submit:503]]" }));
    thread::scope(|scope| {
        let hanging = scope.spawn(|| fake.submit("a cat [[submit:hang-before]]"));
        fake.control("wait?step=submit&contains=cat");
        fake.tell("reset", &json!({}));
        let cut = hanging.join().expect("no panic").expect_err("no answer");
        assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
    });
    assert_eq!(fake.control("requests"), json!([]));
    assert_eq!(fake.poll(&name).expect("an answer").status, 404);
    assert_eq!(fake.submit("a dog").expect("an answer").status, 200);
}

#[test]
fn what_the_control_api_does_not_understand_is_refused() {
    let fake = Fake::start();
    let json = ("content-type", "application/json");
    for (path, body) in [
        ("faults", json!({ "marks": "[[poll:oops]]" })),
        (
            "gate",
            json!({ "step": "poll", "state": "closed", "after": true }),
        ),
        ("gate", json!({ "step": "nothing", "state": "closed" })),
        ("inbox/mode", json!({ "mode": "oops" })),
        ("inbox/mode", json!({ "mode": "slow:60001" })),
    ] {
        let answer = fake
            .post(&format!("/__control/{path}"), &[json], &body.to_string())
            .expect("an answer");
        assert!(
            (400..500).contains(&answer.status),
            "{path} {body}: {}",
            answer.status
        );
    }
    let path = format!("/v1beta/models/{MODEL}:generateContent");
    assert_eq!(
        fake.post(&path, &[KEY], "{}").expect("an answer").status,
        404
    );
}
