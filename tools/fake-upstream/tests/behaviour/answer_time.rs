//! `--answer-ms` delays Google's services, and nothing else.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, HANGING, KEY, MODEL, stopwatch};
use crate::http::{Answer, End, Request};
use crate::process::Process;

/// The requests to Google's services in these tests: one of each step.
const STEPS: [&str; 8] = [
    "submit", "poll", "cancel", "delete", "file", "download", "bytes", "token",
];

#[test]
fn no_answer_of_googles_comes_before_its_time_and_what_it_does_is_done_at_once() {
    let fake = start("60000");
    thread::scope(|scope| {
        for step in STEPS {
            let fake = &fake;
            scope.spawn(move || {
                let early = ask(fake, step, HANGING).expect_err(step);
                assert_eq!(early.kind(), ErrorKind::WouldBlock, "{step}");
            });
        }
        fake.control("wait?step=submit");
        let submit = &fake.recorded("submit")[0];
        let accepted = fake.control("operations")[2].clone();
        let [came, accepted] =
            [&submit["atMs"], &accepted["acceptedAtMs"]].map(|at| at.as_u64().expect("a time"));
        assert!(
            (came..came + 60_000).contains(&accepted),
            "the job was accepted only when its answer was due"
        );
        assert_eq!(submit["status"], Value::Null);
    });
    for step in STEPS {
        let gone = fake.control(&format!("wait?step={step}&outcome=abandoned"));
        assert_eq!(gone["requests"][0]["status"], Value::Null, "{step}");
    }
}

#[test]
fn every_answer_of_googles_comes_whole_after_its_time() {
    let fake = start("200");
    for step in STEPS {
        let began = stopwatch();
        let answer = ask(&fake, step, Duration::from_secs(5)).expect(step);
        assert!(
            began.elapsed() >= Duration::from_millis(200),
            "{step} was answered too early"
        );
        assert_eq!(answer.end, End::Whole, "{step}");
        assert!(answer.status < 500, "{step}: {}", answer.text());
        assert_eq!(fake.recorded(step)[0]["outcome"], "answered");
    }
}

#[test]
fn answers_that_take_their_time_do_not_wait_for_each_other() {
    let fake = start("1000");
    thread::scope(|scope| {
        // One after the other they would take far longer than the time allowed for any of them.
        let all: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| fake.submit("a dog")))
            .collect();
        for one in all {
            assert_eq!(
                one.join().expect("no panic").expect("an answer").status,
                200
            );
        }
    });
}

#[test]
fn the_control_api_the_inbox_and_the_keys_are_not_slowed() {
    let fake = start("60000");
    fake.control("health");
    fake.get("/.well-known/jwks.json").expect("an answer");
    assert_eq!(
        fake.post("/api/webhooks/worker", &[], "{}")
            .expect("an answer")
            .status,
        401
    );
}

#[test]
fn a_fault_of_the_second_half_comes_after_the_first_however_late_that_is() {
    for (fault, end, outcome) in [
        ("reset", End::Reset, "reset"),
        ("stall", End::Silence, "abandoned"),
    ] {
        let fake = start("200");
        let path = fake.video(&format!("a [[download:bytes:1000 download:{fault}]]"));
        let to = fake
            .get(&path)
            .expect("an answer")
            .header("location")
            .expect("a location")
            .to_owned();
        let request = Request {
            method: "GET",
            url: &to,
            headers: &[],
            body: "",
            patience: Duration::from_secs(1),
        };
        let answer = request.send().expect("a beginning");
        assert_eq!((answer.body.len(), answer.end), (500, end), "{fault}");
        fake.control(&format!("wait?step=bytes&outcome={outcome}"));
    }
}

/// A fake with this delay that has a finished job on two wires.
fn start(answer_ms: &str) -> Fake {
    let fake = Fake(Process::start(&[
        "--render-ms",
        "0",
        "--answer-ms",
        answer_ms,
    ]));
    fake.tell(
        "operations",
        &json!({ "model": MODEL, "id": "veo", "file": "film", "prompt": "a dog" }),
    );
    let omni = json!({ "model": "gemini-omni", "id": "omni", "file": "other", "prompt": "a cat", "wire": "omni" });
    fake.tell("operations", &omni);
    fake
}

/// Sends a request of this step for a job that exists.
fn ask(fake: &Fake, step: &str, patience: Duration) -> std::io::Result<Answer> {
    let submit = json!({ "instances": [{ "prompt": "a dog" }] }).to_string();
    let (method, path) = match step {
        "submit" => ("POST", format!("/v1beta/models/{MODEL}:predictLongRunning")),
        "poll" => ("GET", format!("/v1beta/models/{MODEL}/operations/veo")),
        "cancel" => ("POST", "/v1/interactions/omni/cancel".to_owned()),
        "delete" => ("DELETE", "/v1/interactions/omni".to_owned()),
        "file" => ("GET", "/v1beta/files/film".to_owned()),
        "download" => ("GET", "/v1beta/files/film:download?alt=media".to_owned()),
        "bytes" => (
            "GET",
            "/download/v1beta/files/film:download?alt=media".to_owned(),
        ),
        _ => ("POST", "/token".to_owned()),
    };
    let body = if step == "submit" {
        submit.as_str()
    } else {
        ""
    };
    Request {
        method,
        url: &fake.url(&path),
        headers: &[KEY],
        body,
        patience,
    }
    .send()
}
