//! Every invalid field is named, all of them in one answer.

use crate::requests::{INTAKE, object, parsed, refused};
use proptest::prelude::*;
use reelay::api::body::is_json;
use reelay::api::generations::clarification::clarification;
use reelay::api::order::request::{Intake, body_user_id, parse};
use serde_json::{Map, Value, json};

#[test]
fn every_bad_field_is_named_in_one_answer() {
    let mut names = refused(json!({
        "generationId": "a/b",
        "prompt": "ab",
        "priority": 11,
        "metadata": { "n": 1, "a/b~c": null },
        "parameters": { "duration": 5, "aspectRatio": "1:1", "quality": "8k", "seed": -1, "image": {}, "mask": {},
                        "personGeneration": "everyone", "negativePrompt": 7 },
    }));
    names.sort();
    let expected = [
        "/generationId",
        "/metadata/a~1b~0c",
        "/metadata/n",
        "/parameters/aspectRatio",
        "/parameters/duration",
        "/parameters/image/mimeType",
        "/parameters/mask",
        "/parameters/negativePrompt",
        "/parameters/personGeneration",
        "/parameters/quality",
        "/parameters/seed",
        "/priority",
        "/prompt",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_prompt_is_required_and_has_3_to_5000_characters() {
    assert_eq!(refused(json!({})), ["/prompt"]);
    assert_eq!(refused(json!({ "prompt": null })), ["/prompt"]);
    assert_eq!(refused(json!({ "prompt": 3 })), ["/prompt"]);
    assert_eq!(refused(json!({ "prompt": "ab" })), ["/prompt"]);
    assert_eq!(refused(json!({ "prompt": "  ab  " })), ["/prompt"]);
    assert_eq!(refused(json!({ "prompt": "é".repeat(5_001) })), ["/prompt"]);
    assert!(parsed(json!({ "prompt": "é".repeat(5_000) })).is_ok());
    assert!(parsed(json!({ "prompt": "abc" })).is_ok());
}

#[test]
fn a_field_of_another_type_is_named() {
    for (field, value) in [
        ("/generationId", json!(7)),
        ("/provider", json!(["google"])),
        ("/model", json!(3)),
        ("/priority", json!("high")),
        ("/parameters", json!([])),
        ("/metadata", json!("text")),
    ] {
        let mut body = object(json!({ "prompt": "a dog" }));
        body.insert(field[1..].to_owned(), value);
        assert_eq!(refused(Value::Object(body)), [field]);
    }
}

#[test]
fn a_priority_is_a_whole_number_from_0_to_10() {
    for bad in [json!(-1), json!(11), json!(1.5), json!("3"), json!(1e99)] {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "priority": bad })),
            ["/priority"]
        );
        assert_eq!(
            refused(json!({ "prompt": "a dog", "parameters": { "priority": bad } })),
            ["/parameters/priority"]
        );
    }
}

#[test]
fn an_id_that_could_leave_its_place_in_names_and_keys_is_refused() {
    for bad in ["", "a/b", "..", "a b", "ü", "a\n", &"x".repeat(65)] {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "generationId": bad })),
            ["/generationId"],
            "{bad:?}"
        );
    }
    for bad in ["", ".", ".x", "a/b", "a b", "ü", "a\0", &"x".repeat(129)] {
        assert!(
            body_user_id(&object(json!({ "userId": bad }))).is_err(),
            "{bad:?}"
        );
    }
    assert!(body_user_id(&object(json!({ "userId": 7 }))).is_err());
    assert_eq!(
        body_user_id(&object(json!({ "userId": "auth0|a.b@c:d+e-f_g" }))),
        Ok(Some("auth0|a.b@c:d+e-f_g".to_owned()))
    );
    assert_eq!(body_user_id(&object(json!({ "userId": null }))), Ok(None));
}

#[test]
fn parameters_and_metadata_have_their_limits() {
    assert_eq!(
        refused(json!({ "prompt": "a dog", "parameters": { "x": "y".repeat(70_000) } })),
        ["/parameters"]
    );
    assert_eq!(
        refused(json!({ "prompt": "a dog", "metadata": { "x": "y".repeat(17_000) } })),
        ["/metadata"]
    );
    assert!(
        parsed(json!({ "prompt": "a dog", "parameters": { "x": "y".repeat(60_000) } })).is_ok()
    );
    let long = "n".repeat(5_001);
    assert_eq!(
        refused(json!({ "prompt": "a dog", "parameters": { "negativePrompt": long } })),
        ["/parameters/negativePrompt"]
    );
}

#[test]
fn an_unknown_provider_or_model_is_told_what_there_is() {
    for (body, pointer, known) in [
        (
            json!({ "prompt": "a dog", "provider": "sora" }),
            "/provider",
            "veo3",
        ),
        (
            json!({ "prompt": "a dog", "parameters": { "provider": "kling" } }),
            "/parameters/provider",
            "vertex",
        ),
        (
            json!({ "prompt": "a dog", "model": "veo-9" }),
            "/model",
            "veo-3.1-generate-001",
        ),
        (
            json!({ "prompt": "a dog", "parameters": { "model": "x" } }),
            "/parameters/model",
            "veo-3.1-generate-001",
        ),
    ] {
        let errors = parsed(body).expect_err("unknown");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].name(), pointer);
        assert!(errors[0].detail.contains(known), "{}", errors[0].detail);
    }
}

#[test]
fn only_json_is_taken_as_json() {
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/ld+json",
    ] {
        assert!(is_json(Some(good)), "{good}");
    }
    for bad in [
        "text/plain",
        "text/json+x",
        "application/jsonp",
        "multipart/form-data",
        "",
    ] {
        assert!(!is_json(Some(bad)), "{bad}");
    }
    assert!(!is_json(None));
}

proptest! {
    #[test]
    fn no_body_makes_the_parser_panic(body in any_object(3)) {
        let _ = body_user_id(&body);
        let _ = parse(&body, INTAKE);
        let _ = clarification(&body);
    }

    #[test]
    fn no_idempotency_key_makes_the_parser_panic(key in any::<String>()) {
        let intake = Intake { idempotency_key: Some(&key), ..INTAKE };
        let _ = parse(&object(json!({ "prompt": "a dog" })), intake);
    }
}

/// Objects that often use the names that the parser reads.
fn any_object(depth: u32) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(any_key(), any_value(depth), 0..8)
        .prop_map(|map| map.into_iter().collect())
}

fn any_key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "prompt",
        "generationId",
        "userId",
        "provider",
        "model",
        "priority",
        "parameters",
        "metadata",
        "duration",
        "aspectRatio",
        "aspect_ratio",
        "resolution",
        "quality",
        "negativePrompt",
        "seed",
        "personGeneration",
        "image",
        "startAfter",
        "timeoutMs",
        "confirm",
        "response",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_value(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "8",
            "2026-01-02T00:00:00Z",
            "16:9",
            "4k",
            "1080p",
            "veo3",
            "a dog"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any_key(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
