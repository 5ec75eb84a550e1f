//! The webhook inbox: what it verifies, what it stores, how it fails.

use std::io::{self, ErrorKind, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::fake::{Fake, HANGING, stopwatch};
use crate::http::{Answer, End, Request};
use crate::process::{Process, SECRET};

const BODY: &str = r#"{"event":"generation.completed","generationId":"g_1","status":"completed"}"#;
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn a_signed_webhook_is_kept_as_it_came_and_answered_with_200() {
    let fake = Fake::start();
    assert_eq!(
        deliver(&fake, "msg_1", SECRET).expect("an answer").status,
        200
    );
    let kept = &fake.control("inbox")[0];
    assert_eq!(
        (&kept["valid"], &kept["answered"], &kept["body"]),
        (&json!(true), &json!(200), &json!(BODY))
    );
    assert_eq!(
        (&kept["id"], &kept["attempt"]),
        (&json!("msg_1"), &json!(1))
    );
    assert_eq!(
        (&kept["event"], &kept["generationId"]),
        (&json!("generation.completed"), &json!("g_1"))
    );
    assert!(
        kept["headers"]["webhook-signature"]
            .as_str()
            .is_some_and(|header| header.starts_with("v1,"))
    );
}

#[test]
fn a_webhook_signed_with_another_secret_or_too_old_is_kept_but_refused() {
    let fake = Fake::start();
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    assert_eq!(
        deliver(&fake, "msg_1", other).expect("an answer").status,
        401
    );
    let old = now() - 600;
    assert_eq!(
        post(&fake, "msg_2", old, SECRET, PATIENCE)
            .expect("an answer")
            .status,
        401
    );
    let unsigned = fake
        .post("/api/webhooks/worker", &[], BODY)
        .expect("an answer");
    assert_eq!(unsigned.status, 401);
    let kept = fake.control("inbox");
    let reasons: Vec<Value> = (0..3).map(|index| kept[index]["valid"].clone()).collect();
    assert_eq!(reasons, [false, false, false]);
    assert_eq!(kept[1]["reason"], "signature timestamp too old");
}

#[test]
fn while_a_secret_is_rotated_both_are_good() {
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let fake = Fake(Process::start(&[
        "--webhook-secret",
        &format!("{SECRET},{other}"),
    ]));
    assert_eq!(
        deliver(&fake, "msg_1", SECRET).expect("an answer").status,
        200
    );
    assert_eq!(
        deliver(&fake, "msg_2", other).expect("an answer").status,
        200
    );
}

#[test]
fn the_inbox_answers_with_the_status_it_is_told_to() {
    let fake = Fake::start();
    for (mode, status, after) in [
        ("status:500", 500, None),
        ("status:410", 410, None),
        ("status:429:30", 429, Some("30")),
    ] {
        fake.tell("inbox/mode", &json!({ "mode": mode }));
        let answer = deliver(&fake, mode, SECRET).expect("an answer");
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (status, after)
        );
    }
    let answered: Vec<Value> = (0..3)
        .map(|index| fake.control("inbox")[index]["answered"].clone())
        .collect();
    assert_eq!(answered, [500, 410, 429]);
}

#[test]
fn the_first_attempts_of_each_id_can_fail() {
    let fake = Fake::start();
    fake.tell("inbox/mode", &json!({ "mode": "fail-first:2" }));
    for id in ["msg_1", "msg_2"] {
        for status in [500, 500, 200] {
            assert_eq!(
                deliver(&fake, id, SECRET).expect("an answer").status,
                status
            );
        }
    }
    assert_eq!(fake.control("inbox")[5]["attempt"], 3);
}

#[test]
fn a_reset_keeps_nothing_and_a_commit_then_reset_keeps_the_webhook() {
    let fake = Fake::start();
    for (mode, kept) in [("reset", 0), ("commit-then-reset", 1)] {
        fake.tell("inbox/mode", &json!({ "mode": mode }));
        let cut = deliver(&fake, "msg_1", SECRET).expect_err("no answer");
        assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
        assert_eq!(
            fake.control("inbox").as_array().expect("a list").len(),
            kept,
            "{mode}"
        );
    }
}

#[test]
fn a_webhook_can_be_left_hanging_or_answered_without_an_end() {
    let fake = Fake::start();
    fake.tell("inbox/mode", &json!({ "mode": "hang" }));
    let hang = post(&fake, "msg_1", now(), SECRET, HANGING).expect_err("no answer");
    assert_eq!(hang.kind(), ErrorKind::WouldBlock);
    assert_eq!(fake.control("inbox")[0]["answered"], Value::Null);
    fake.tell("inbox/mode", &json!({ "mode": "endless" }));
    let url = fake.url("/api/webhooks/worker");
    let endless = Request {
        method: "POST",
        url: &url,
        headers: &[],
        body: BODY,
        patience: PATIENCE,
    };
    let mut received = Vec::new();
    endless
        .open()
        .expect("a connection")
        .take(200_000)
        .read_to_end(&mut received)
        .expect("the body goes on");
    assert_eq!(received.len(), 200_000);
    assert!(received.starts_with(b"HTTP/1.1 200 OK"));
}

#[test]
fn a_slow_inbox_keeps_a_webhook_at_once_and_answers_it_later() {
    let fake = Fake::start();
    fake.tell("inbox/mode", &json!({ "mode": "slow:60000" }));
    let slow = post(&fake, "msg_1", now(), SECRET, HANGING).expect_err("no answer");
    assert_eq!(slow.kind(), ErrorKind::WouldBlock);
    let kept = fake.control("inbox");
    let came = fake.recorded("webhook")[0]["atMs"]
        .as_u64()
        .expect("a time");
    assert_eq!(
        (&kept[0]["id"], &kept[0]["answered"]),
        (&json!("msg_1"), &Value::Null)
    );
    assert!(
        kept[0]["receivedAt"]
            .as_u64()
            .is_some_and(|at| (came..came + 60_000).contains(&at)),
        "{kept}"
    );
    fake.tell("inbox/mode", &json!({ "mode": "slow:300" }));
    let began = stopwatch();
    assert_eq!(
        deliver(&fake, "msg_2", SECRET).expect("an answer").status,
        200
    );
    assert!(
        began.elapsed() >= Duration::from_millis(300),
        "the answer came too early"
    );
    assert_eq!(fake.control("inbox")[1]["answered"], 200);
    assert_eq!(
        deliver(&fake, "msg_3", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
            .expect("an answer")
            .status,
        401
    );
}

#[test]
fn deliveries_to_a_slow_inbox_do_not_wait_for_each_other() {
    let fake = Fake::start();
    // One after the other they would take far longer than the time allowed for any of them.
    fake.tell("inbox/mode", &json!({ "mode": "slow:1000" }));
    std::thread::scope(|scope| {
        let deliver = |index: usize| deliver(&fake, &format!("msg_{index}"), SECRET);
        let all: Vec<_> = (0..20)
            .map(|index| scope.spawn(move || deliver(index)))
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
fn a_mode_that_is_too_slow_is_refused_by_name() {
    let fake = Fake::start();
    let json = ("content-type", "application/json");
    for mode in ["slow:60001", "slow:", "slow:-1"] {
        let body = json!({ "mode": mode }).to_string();
        let answer = fake
            .post("/__control/inbox/mode", &[json], &body)
            .expect("an answer");
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(mode), "{}", answer.text());
    }
    assert_eq!(fake.control("inbox/mode")["mode"], "ok");
}

#[test]
fn only_what_was_kept_since_a_delivery_can_be_asked_for() {
    let fake = Fake::start();
    let ids = |since: &Value| -> Vec<String> {
        let kept = fake.control(&format!("inbox?since={since}"));
        kept.as_array()
            .expect("a list")
            .iter()
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    for id in ["msg_1", "msg_2", "msg_3"] {
        deliver(&fake, id, SECRET).expect("an answer");
    }
    let kept = fake.control("inbox");
    assert_eq!(ids(&json!(0)), ["msg_1", "msg_2", "msg_3"]);
    assert_eq!(ids(&kept[1]["seq"]), ["msg_3"]);
    assert!(ids(&kept[2]["seq"]).is_empty());
    let reset = fake.tell("reset", &json!({}));
    deliver(&fake, "msg_4", SECRET).expect("an answer");
    assert_eq!(ids(&reset["since"]), ["msg_4"]);
}

#[test]
fn a_redirected_webhook_shows_who_followed() {
    let fake = Fake::start();
    fake.tell("inbox/mode", &json!({ "mode": "redirect" }));
    let answer = deliver(&fake, "msg_1", SECRET).expect("an answer");
    assert_eq!(answer.status, 307);
    assert_eq!(fake.recorded("other").len(), 0);
    let url = answer.header("location").expect("a location").to_owned();
    let follow = Request {
        method: "POST",
        url: &url,
        headers: &[],
        body: BODY,
        patience: PATIENCE,
    };
    follow.send().expect("an answer");
    assert_eq!(fake.recorded("other")[0]["body"], BODY);
}

#[test]
fn a_webhook_that_was_waited_for_is_in_the_inbox() {
    let fake = Fake::start();
    fake.tell("gate", &json!({ "step": "webhook", "state": "closed" }));
    std::thread::scope(|scope| {
        let held = scope.spawn(|| deliver(&fake, "msg_1", SECRET));
        fake.control("wait?step=webhook&contains=g_1");
        let kept = fake.control("inbox");
        assert_eq!(
            (&kept[0]["id"], &kept[0]["answered"]),
            (&json!("msg_1"), &Value::Null)
        );
        fake.tell("gate", &json!({ "step": "webhook", "state": "open" }));
        assert_eq!(
            held.join().expect("no panic").expect("an answer").end,
            End::Whole
        );
    });
}

#[test]
fn the_page_shows_what_came_and_never_runs_it() {
    let fake = Fake::start();
    deliver(&fake, "<script>alert(1)</script>", SECRET).expect("an answer");
    deliver(&fake, "{{rows}}\"'", SECRET).expect("an answer");
    let page = fake.get("/inbox").expect("an answer").text();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("2 deliveries") && page.contains("generation.completed"));
    assert_eq!(page.matches("<article").count(), 2);
    assert_eq!(page.matches(">valid</span>").count(), 2);
    deliver(&fake, "msg_3", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").expect("an answer");
    let page = fake.get("/inbox").expect("an answer").text();
    assert!(page.contains("Not verified: signature invalid") && page.contains(">invalid</span>"));
    assert!(
        page.find("msg_3") < page.find("&#123;&#123;rows"),
        "the newest is not first"
    );
}

#[test]
fn the_pages_switch_changes_the_mode() {
    let fake = Fake::start();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = fake
        .post("/inbox/mode", &[form], "mode=status%3A500")
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/inbox"))
    );
    assert_eq!(fake.control("inbox/mode")["mode"], "status:500");
    assert_eq!(
        deliver(&fake, "msg_1", SECRET).expect("an answer").status,
        500
    );
}

#[allow(
    clippy::disallowed_methods,
    reason = "the verifier reads the real time"
)]
fn now() -> i64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(elapsed.as_secs()).expect("a near year")
}

/// Delivers the body now, signed with a secret.
fn deliver(fake: &Fake, id: &str, secret: &str) -> io::Result<Answer> {
    post(fake, id, now(), secret, PATIENCE)
}

fn post(fake: &Fake, id: &str, at: i64, secret: &str, patience: Duration) -> io::Result<Answer> {
    let signature = Webhook::new(secret).and_then(|webhook| webhook.sign(id, at, BODY.as_bytes()));
    let signature = signature.expect("a signature");
    let timestamp = at.to_string();
    let headers = [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let url = fake.url("/api/webhooks/worker");
    Request {
        method: "POST",
        url: &url,
        headers: &headers,
        body: BODY,
        patience,
    }
    .send()
}
