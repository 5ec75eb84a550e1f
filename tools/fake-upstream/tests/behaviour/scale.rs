//! Many jobs at once, and requests that inspect them cheaply.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, KEY, get};
use crate::http::Request;

/// Enough concurrent callers, each with jobs of its own.
const CALLERS: usize = 40;
const JOBS_OF_EACH: usize = 25;

#[test]
fn the_counts_tell_what_came_since_the_last_reset() {
    let fake = Fake::start();
    let none = fake.control("counts");
    assert_eq!(none["requests"].as_object().expect("an object").len(), 13);
    assert_eq!(
        (
            &none["requests"]["submit"],
            &none["operations"],
            &none["inbox"]
        ),
        (&json!(0), &json!(0), &json!(0))
    );
    let path = fake.video("a dog");
    fake.poll(&fake.accepted("a cat [[render:60000]]"))
        .expect("an answer");
    let to = fake
        .get(&path)
        .expect("an answer")
        .header("location")
        .expect("a location")
        .to_owned();
    get(&to, Duration::from_secs(5)).expect("an answer");
    fake.post("/api/webhooks/worker", &[], "{}")
        .expect("an answer");
    let counts = fake.control("counts");
    let steps = ["submit", "poll", "download", "bytes", "webhook", "token"];
    assert_eq!(
        steps.map(|step| counts["requests"][step].clone()),
        [2, 2, 1, 1, 1, 0].map(Value::from)
    );
    assert_eq!(
        (
            &counts["operations"],
            &counts["collected"],
            &counts["inbox"]
        ),
        (&json!(2), &json!(1), &json!(1)),
        "{counts}"
    );
    fake.tell("reset", &json!({}));
    assert_eq!(fake.control("counts"), none);
}

#[test]
fn a_job_that_was_deleted_before_any_poll_was_told_to_nobody() {
    let fake = Fake::start();
    let omni = json!({ "model": "gemini-omni", "id": "omni", "file": "film", "prompt": "a cat", "wire": "omni" });
    fake.tell("operations", &omni);
    let url = fake.url("/v1/interactions/omni");
    let patience = Duration::from_secs(5);
    let deleted = Request {
        method: "DELETE",
        url: &url,
        headers: &[KEY],
        body: "",
        patience,
    }
    .send();
    assert_eq!(deleted.expect("an answer").status, 200);
    let operation = &fake.control("operations")[0];
    assert_eq!(
        (&operation["deleted"], &operation["toldAtMs"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(fake.control("counts")["collected"], 0);
}

#[test]
fn a_thousand_jobs_are_carried_at_once_while_many_wait_for_them() {
    let fake = Fake::start();
    let jobs = CALLERS * JOBS_OF_EACH;
    thread::scope(|scope| {
        let waiting: Vec<_> = ["submit", "poll"]
            .into_iter()
            .flat_map(|step| {
                [jobs / 2, jobs].map(|count| format!("wait?step={step}&count={count}&contains=dog"))
            })
            .map(|path| {
                let url = fake.url(&format!("/__control/{path}&timeout_ms=60000"));
                scope.spawn(move || get(&url, Duration::from_mins(1)).expect("an answer").status)
            })
            .collect();
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let names = (0..JOBS_OF_EACH)
                    .map(|_| fake.accepted("a dog"))
                    .collect::<Vec<_>>();
                for name in &names {
                    assert_eq!(fake.poll(name).expect("an answer").json()["done"], true);
                }
            });
        }
        for one in waiting {
            assert_eq!(
                one.join().expect("no panic"),
                200,
                "the awaited requests did not arrive"
            );
        }
    });
    let counts = fake.control("counts");
    assert_eq!(
        (&counts["operations"], &counts["collected"]),
        (&json!(jobs), &json!(jobs))
    );
    assert_eq!(
        (&counts["requests"]["submit"], &counts["requests"]["poll"]),
        (&json!(jobs), &json!(jobs))
    );
}
