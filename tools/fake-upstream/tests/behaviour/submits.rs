//! Faults of a submit: the caller's answer, and whether the job is paid.

use std::io::ErrorKind;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::fake::{Fake, HANGING};

#[test]
fn refusals_have_googles_shapes_and_are_not_paid() {
    let fake = Fake::start();
    let cases = [
        ("429", 429, "RESOURCE_EXHAUSTED"),
        ("500", 500, "INTERNAL"),
        ("503", 503, "UNAVAILABLE"),
        ("401", 401, "UNAUTHENTICATED"),
        ("400-safety", 400, "INVALID_ARGUMENT"),
    ];
    for (fault, status, name) in cases {
        let answer = fake
            .submit(&format!("a dog [[submit:{fault}]]"))
            .expect("an answer");
        assert_eq!(
            (answer.status, answer.json()["error"]["status"].clone()),
            (status, json!(name))
        );
        assert_eq!(answer.json()["error"].get("details"), None, "{fault}");
    }
    let bare = fake.submit("[[submit:429]]").expect("an answer");
    assert_eq!(
        bare.message(),
        "Resource has been exhausted (e.g. check quota)."
    );
    assert_eq!(fake.paid(), 0);
}

#[test]
fn a_429_may_say_when_to_come_back_or_that_the_day_is_over() {
    let fake = Fake::start();
    let retry = fake
        .submit("a [[submit:429-retry:22s]]")
        .expect("an answer")
        .json();
    assert_eq!(
        detail(&retry, "RetryInfo").expect("a delay")["retryDelay"],
        "22s"
    );
    let quota = fake
        .submit("b [[submit:429-quota]]")
        .expect("an answer")
        .json();
    assert!(detail(&quota, "RetryInfo").is_none());
    let violation = &detail(&quota, "QuotaFailure").expect("a quota")["violations"][0];
    assert!(
        violation["quotaId"]
            .as_str()
            .expect("an id")
            .contains("PerDay"),
        "{violation}"
    );
}

#[test]
fn a_reset_or_a_hang_before_acceptance_is_not_paid_and_after_it_is() {
    let fake = Fake::start();
    let reset = fake
        .submit("a [[submit:reset-before]]")
        .expect_err("no answer");
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let hang = fake
        .submit_for("b [[submit:hang-before]]", HANGING)
        .expect_err("no answer");
    assert_eq!(hang.kind(), ErrorKind::WouldBlock);
    assert_eq!(fake.paid(), 0);
    let reset = fake
        .submit("c [[submit:reset-after]]")
        .expect_err("no answer");
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let hang = fake
        .submit_for("d [[submit:hang-after]]", HANGING)
        .expect_err("no answer");
    assert_eq!(hang.kind(), ErrorKind::WouldBlock);
    assert_eq!(fake.paid(), 2);
}

#[test]
fn an_unreadable_answer_belongs_to_a_paid_job() {
    let fake = Fake::start();
    let garbage = fake.submit("a [[submit:garbage]]").expect("an answer");
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_slice::<Value>(&garbage.body).is_err());
    for (fault, status) in [("html", 200), ("html-502", 502), ("500-after", 500)] {
        let page = fake
            .submit(&format!("b [[submit:{fault}]]"))
            .expect("an answer");
        assert_eq!(page.status, status);
        assert!(
            page.header("content-type")
                .is_some_and(|kind| kind.starts_with("text/html"))
        );
    }
    let nameless = fake.submit("c [[submit:no-name]]").expect("an answer");
    assert_eq!((nameless.status, nameless.json()), (200, json!({})));
    assert_eq!(fake.paid(), 5);
}

#[test]
fn a_redirected_submit_points_to_the_other_host_and_is_not_paid() {
    let fake = Fake::start();
    let answer = fake.submit("a [[submit:redirect]]").expect("an answer");
    let health = fake.control("health");
    let other = health["other"].as_str().expect("a URL");
    assert_eq!(answer.status, 307);
    assert!(
        answer
            .header("location")
            .expect("a location")
            .starts_with(other)
    );
    assert_ne!(other, fake.0.origin);
    assert_eq!(fake.paid(), 0);
}

#[test]
fn a_counted_fault_is_met_by_the_first_requests_of_a_job_only() {
    let fake = Fake::start();
    for (prompt, answers) in [
        ("a [[submit:503*2]]", [503, 503, 200]),
        ("b [[submit:429*1 submit:500*1]]", [429, 500, 200]),
    ] {
        for expected in answers {
            assert_eq!(
                fake.submit(prompt).expect("an answer").status,
                expected,
                "{prompt}"
            );
        }
    }
}

#[test]
fn default_marks_hit_every_job_that_has_none_of_its_own() {
    let fake = Fake::start();
    fake.tell("faults", &json!({ "marks": "[[submit:503*1]]" }));
    assert_eq!(fake.submit("first").expect("an answer").status, 503);
    assert_eq!(fake.submit("second").expect("an answer").status, 503);
    assert_eq!(
        fake.submit("third [[submit:429]]")
            .expect("an answer")
            .status,
        429
    );
    assert_eq!(fake.submit("first").expect("an answer").status, 200);
    fake.tell("faults", &json!({ "marks": "" }));
    assert_eq!(fake.submit("fourth").expect("an answer").status, 200);
}

#[test]
fn a_misspelt_mark_is_refused_and_not_passed_over() {
    let fake = Fake::start();
    let answer = fake.submit("a [[submit:430]]").expect("an answer");
    assert_eq!(answer.status, 400);
    assert!(
        answer.message().contains("submit:430"),
        "{}",
        answer.message()
    );
}

/// The detail of this kind in an error body.
fn detail<'a>(body: &'a Value, kind: &str) -> Option<&'a Value> {
    let details = body["error"]["details"].as_array()?;
    details.iter().find(|detail| {
        detail["@type"]
            .as_str()
            .is_some_and(|name| name.ends_with(kind))
    })
}

#[test]
fn a_mark_may_bring_its_answer_along() {
    let fake = Fake::start();
    let base64 = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let page = fake
        .submit(&format!(
            "a [[submit:raw:403,{}]]",
            base64("<title>No</title>")
        ))
        .expect("an answer");
    assert_eq!(
        (page.status, page.text().as_str()),
        (403, "<title>No</title>")
    );
    let later = fake
        .submit(&format!("b [[submit:raw:503,,{}]]", base64("7")))
        .expect("an answer");
    assert_eq!(
        (later.status, later.header("retry-after")),
        (503, Some("7"))
    );
    assert_eq!(fake.paid(), 0);
    let taken = fake.submit(&format!(
        "c [[submit:raw-after:202,{}]]",
        base64(r#"{"name":"{name}","done":null}"#)
    ));
    let taken = taken.expect("an answer");
    assert_eq!((taken.status, &taken.json()["done"]), (202, &Value::Null));
    assert!(
        taken.json()["name"]
            .as_str()
            .expect("a name")
            .contains("/operations/")
    );
    assert_eq!(fake.paid(), 1);
}
