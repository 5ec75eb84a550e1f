//! What a user says about a prompt that was refused.

use crate::requests::object;
use reelay::machine::Status;
use reelay::machine::job::Clarification;
use reelay::wire::api::{FieldError, Problem, clarification, response_too_long};
use serde_json::{Value, json};

#[test]
fn another_prompt_follows_the_rules_of_the_first() {
    let prompt = |text: &str| Ok(Clarification::Prompt(text.to_owned()));
    assert_eq!(said(json!({ "prompt": "a dog" })), prompt("a dog"));
    assert_eq!(said(json!({ "prompt": "a dog", "response": null })), prompt("a dog"));
    for bad in [json!({ "prompt": "ab" }), json!({ "prompt": "é".repeat(5_001) }), json!({ "prompt": 7 }), json!({})] {
        assert_eq!(said(bad), Err(vec!["/prompt".to_owned()]));
    }
}

#[test]
fn a_response_has_a_word_in_it_and_its_limit() {
    let response = |text: &str| Ok(Clarification::Response(text.to_owned()));
    assert_eq!(said(json!({ "response": "x" })), response("x"));
    assert_eq!(said(json!({ "response": "no people", "prompt": null })), response("no people"));
    for bad in [json!({ "response": "" }), json!({ "response": " \n" }), json!({ "response": "é".repeat(5_001) })] {
        assert_eq!(said(bad), Err(vec!["/response".to_owned()]));
    }
    for bad in [json!(7), json!(["no people"]), json!({ "text": "no people" })] {
        assert_eq!(said(json!({ "response": bad })), Err(vec!["/response".to_owned()]), "{bad}");
    }
}

#[test]
fn a_prompt_and_a_response_together_are_refused() {
    assert_eq!(said(json!({ "prompt": "a dog", "response": "no people" })), Err(vec!["/response".to_owned()]));
}

#[test]
fn other_fields_are_no_concern_of_a_clarification() {
    assert!(said(json!({ "prompt": "a dog", "model": 7, "sentAt": 1 })).is_ok());
}

#[test]
fn a_response_that_makes_the_prompt_too_long_is_a_bad_field() {
    let shown = serde_json::to_value(Problem::invalid(vec![response_too_long()]).body("r_1")).expect("JSON");
    assert_eq!((&shown["status"], &shown["errors"][0]["pointer"]), (&json!(400), &json!("/response")));
}

#[test]
fn every_status_has_its_word() {
    let words = Status::ALL.map(Status::as_str);
    let expected =
        ["pending_confirmation", "queued", "processing", "pending_clarification", "completed", "failed", "cancelled"];
    assert_eq!(words, expected);
    for status in Status::ALL {
        assert_eq!(serde_json::to_value(status).expect("a word"), json!(status.as_str()));
        assert!(!(status.is_terminal() && status.is_pending()), "{status:?}");
    }
}

/// The clarification in a body, or the names of everything that is wrong with it.
fn said(body: Value) -> Result<Clarification, Vec<String>> {
    clarification(&object(body)).map_err(|errors| errors.iter().map(FieldError::name).map(str::to_owned).collect())
}
