//! A user's answer to a refused prompt.

use crate::requests::object;
use reelay::api::field_error::FieldError;
use reelay::api::generations::clarification::clarification;
use reelay::api::generations::clarification::response_too_long;
use reelay::api::problem::Problem;
use reelay::machine::Status;
use reelay::machine::job::Clarify;
use serde_json::{Value, json};

#[test]
fn another_prompt_follows_the_rules_of_the_first() {
    let prompt = |text: &str| Ok(Clarify::Prompt(text.to_owned()));
    assert_eq!(said(json!({ "prompt": "a dog" })), prompt("a dog"));
    assert_eq!(
        said(json!({ "prompt": "a dog", "response": null })),
        prompt("a dog")
    );
    for bad in [
        json!({ "prompt": "ab" }),
        json!({ "prompt": "é".repeat(5_001) }),
        json!({ "prompt": 7 }),
        json!({}),
    ] {
        assert_eq!(said(bad), Err(vec!["/prompt".to_owned()]));
    }
}

#[test]
fn a_response_has_a_word_in_it_and_its_limit() {
    let response = |text: &str| Ok(Clarify::Response(text.to_owned()));
    assert_eq!(said(json!({ "response": "x" })), response("x"));
    assert_eq!(
        said(json!({ "response": "no people", "prompt": null })),
        response("no people")
    );
    for bad in [
        json!({ "response": "" }),
        json!({ "response": " \n" }),
        json!({ "response": "é".repeat(5_001) }),
    ] {
        assert_eq!(said(bad), Err(vec!["/response".to_owned()]));
    }
    for bad in [
        json!(7),
        json!(["no people"]),
        json!({ "text": "no people" }),
    ] {
        assert_eq!(
            said(json!({ "response": bad })),
            Err(vec!["/response".to_owned()]),
            "{bad}"
        );
    }
}

#[test]
fn a_prompt_and_a_response_together_are_refused() {
    assert_eq!(
        said(json!({ "prompt": "a dog", "response": "no people" })),
        Err(vec!["/response".to_owned()])
    );
}

#[test]
fn answers_to_questions_become_lines_of_one_response() {
    let text = |body| match said(body) {
        Ok(Clarify::Response(text)) => text,
        other => panic!("{other:?}"),
    };
    for (given, expected) in [
        (
            json!({ "Which mood?": "calm", "style": "watercolour" }),
            "Which mood? calm\nstyle: watercolour",
        ),
        (
            json!({ "people": false, "seconds": 8, "colours": ["blue", "green"], "left": null }),
            "colours: blue, green\npeople: no\nseconds: 8",
        ),
        (
            json!(["no people", " a calm sea "]),
            "no people\na calm sea",
        ),
        (
            json!([{ "question": "Which mood?", "answer": "calm" }, "no people"]),
            "Which mood? calm\nno people",
        ),
        (
            json!([{ "questionId": "mood", "value": ["calm", "slow"] }]),
            "mood: calm, slow",
        ),
        (
            json!([{ "question_id": "people", "value": true }]),
            "people: yes",
        ),
        (json!("no people"), "no people"),
    ] {
        assert_eq!(text(json!({ "clarificationResponses": given })), expected);
        assert_eq!(
            text(json!({ "clarification_responses": given, "prompt": null })),
            expected
        );
    }
}

#[test]
fn a_question_that_is_sent_along_is_named_in_place_of_its_key() {
    for questions in [
        json!({ "q1": "Which mood?" }),
        json!({ "q1": { "question": "Which mood?", "type": "text" } }),
        json!([{ "id": "q1", "question": "Which mood?" }]),
    ] {
        for name in ["clarificationQuestions", "clarification_questions"] {
            let body =
                json!({ "clarificationResponses": { "q1": "calm", "q2": "no" }, name: questions });
            assert_eq!(
                said(body),
                Ok(Clarify::Response("Which mood? calm\nq2: no".to_owned())),
                "{questions}"
            );
        }
    }
}

#[test]
fn answers_that_cannot_be_read_or_say_nothing_are_named() {
    for (given, pointer) in [
        (json!(7), "/clarificationResponses"),
        (json!({}), "/clarificationResponses"),
        (json!([]), "/clarificationResponses"),
        (json!({ "mood": " " }), "/clarificationResponses"),
        (
            json!({ "mood": "é".repeat(5_001) }),
            "/clarificationResponses",
        ),
        (
            json!({ "a/b": { "deep": 1 } }),
            "/clarificationResponses/a~1b",
        ),
        (json!(["calm", [["deep"]]]), "/clarificationResponses/1"),
        (
            json!([{ "question": "Which mood?" }]),
            "/clarificationResponses/0/answer",
        ),
    ] {
        assert_eq!(
            said(json!({ "clarificationResponses": given })),
            Err(vec![pointer.to_owned()]),
            "{given}"
        );
    }
    for other in ["prompt", "response"] {
        let body = json!({ "clarificationResponses": { "mood": "calm" }, other: "a dog" });
        assert_eq!(said(body), Err(vec!["/clarificationResponses".to_owned()]));
    }
}

#[test]
fn other_fields_are_no_concern_of_a_clarification() {
    assert!(said(json!({ "prompt": "a dog", "model": 7, "sentAt": 1 })).is_ok());
}

#[test]
fn a_response_that_makes_the_prompt_too_long_is_a_bad_field() {
    let shown = serde_json::to_value(Problem::invalid(vec![response_too_long()]).body("r_1"))
        .expect("JSON");
    assert_eq!(
        (&shown["status"], &shown["errors"][0]["pointer"]),
        (&json!(400), &json!("/response"))
    );
}

#[test]
fn every_status_has_its_word() {
    let words = Status::ALL.map(Status::as_str);
    let expected = [
        "pending_confirmation",
        "queued",
        "processing",
        "pending_clarification",
        "completed",
        "failed",
        "cancelled",
    ];
    assert_eq!(words, expected);
    for status in Status::ALL {
        assert_eq!(
            serde_json::to_value(status).expect("a word"),
            json!(status.as_str())
        );
        assert!(!(status.is_terminal() && status.is_pending()), "{status:?}");
    }
}

/// The clarification in a body, or the names of all invalid fields.
fn said(body: Value) -> Result<Clarify, Vec<String>> {
    clarification(&object(body)).map_err(|errors| {
        errors
            .iter()
            .map(FieldError::name)
            .map(str::to_owned)
            .collect()
    })
}
