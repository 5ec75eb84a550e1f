//! Faults of a poll, and the ends of a job.

use std::io::ErrorKind;

use serde_json::{Value, json};

use crate::fake::{Fake, HANGING, get};

#[test]
fn a_poll_can_be_answered_with_an_error_and_the_next_one_well() {
    let fake = Fake::start();
    for (fault, status) in [
        ("500", 500),
        ("503", 503),
        ("429", 429),
        ("404", 404),
        ("401", 401),
    ] {
        let name = fake.accepted(&format!("a [[poll:{fault}*1]]"));
        assert_eq!(fake.poll(&name).expect("an answer").status, status);
        assert_eq!(fake.poll(&name).expect("an answer").json()["done"], true);
    }
}

#[test]
fn a_poll_can_hang_be_reset_or_be_unreadable() {
    let fake = Fake::start();
    let reset = fake
        .poll(&fake.accepted("a [[poll:reset]]"))
        .expect_err("no answer");
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let hanging = fake.accepted("b [[poll:hang]]");
    let hang = get(&fake.url(&format!("/v1beta/{hanging}")), HANGING).expect_err("no answer");
    assert_eq!(hang.kind(), ErrorKind::WouldBlock);
    for fault in ["garbage", "html"] {
        let answer = fake
            .poll(&fake.accepted(&format!("c [[poll:{fault}]]")))
            .expect("an answer");
        assert_eq!(answer.status, 200);
        assert!(
            serde_json::from_slice::<Value>(&answer.body).is_err(),
            "{fault}"
        );
    }
}

#[test]
fn done_can_be_spelt_out_as_false() {
    let fake = Fake::start();
    let name = fake.accepted("a [[poll:done-false render:60000]]");
    assert_eq!(
        fake.poll(&name).expect("an answer").json(),
        json!({ "name": name, "done": false })
    );
}

#[test]
fn a_filtered_job_is_done_with_reasons_and_without_samples() {
    let fake = Fake::start();
    let done = result(&fake, "rai");
    let response = &done["response"]["generateVideoResponse"];
    assert_eq!(response["raiMediaFilteredCount"], 1);
    assert!(
        response["raiMediaFilteredReasons"][0]
            .as_str()
            .expect("a reason")
            .contains("safety filters")
    );
    assert!(response.get("generatedSamples").is_none());
    assert!(done.get("error").is_none());
}

#[test]
fn a_failed_job_carries_its_code_and_no_response() {
    let fake = Fake::start();
    for (fault, code) in [("code13", 13), ("error:8", 8)] {
        let done = result(&fake, fault);
        assert_eq!(
            (done["done"].clone(), done["error"]["code"].clone()),
            (json!(true), json!(code))
        );
        assert!(done.get("response").is_none());
    }
}

#[test]
fn a_job_can_end_empty_or_with_both_an_error_and_a_response_or_never() {
    let fake = Fake::start();
    let empty = result(&fake, "empty");
    assert_eq!(empty["response"]["generateVideoResponse"], json!({}));
    let both = result(&fake, "error-and-response");
    assert!(both.get("error").is_some() && both.get("response").is_some());
    assert!(result(&fake, "never").get("done").is_none());
}

#[test]
fn a_counted_result_spoils_the_first_job_of_a_prompt_only() {
    let fake = Fake::start();
    assert!(result(&fake, "code13*1").get("error").is_some());
    assert!(result(&fake, "code13*1").get("error").is_none());
}

/// Submits a prompt with a result mark and polls it once.
fn result(fake: &Fake, fault: &str) -> Value {
    let name = fake.accepted(&format!("a [[result:{fault}]]"));
    fake.poll(&name).expect("an answer").json()
}
