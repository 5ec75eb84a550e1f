//! What makes two bodies the same request (I10).

use crate::requests::accepted;
use proptest::prelude::*;
use serde_json::{Value, json};

fn fingerprint(body: Value) -> String {
    accepted(body).fingerprint
}

#[test]
fn the_order_of_keys_makes_no_other_request() {
    let one: Value = serde_json::from_str(
        r#"{"prompt":"a dog","metadata":{"a":"1","b":"2"},"parameters":{"duration":8,"x":{"p":1,"q":[1,2]}}}"#,
    )
    .expect("valid JSON");
    let other: Value = serde_json::from_str(
        r#"{"parameters":{"x":{"q":[1,2],"p":1},"duration":8},"metadata":{"b":"2","a":"1"},"prompt":"a dog"}"#,
    )
    .expect("valid JSON");
    assert_eq!(fingerprint(one), fingerprint(other));
}

#[test]
fn a_fingerprint_is_hex_sha256_and_stays_what_it_was() {
    // Stored with every job: a change would turn repeats of accepted requests into conflicts.
    assert_eq!(
        fingerprint(json!({ "prompt": "a dog", "parameters": { "duration": 8 } })),
        sha256_hex(r#"{"parameters":{"duration":8},"prompt":"a dog"}"#)
    );
}

#[test]
fn the_id_and_unknown_fields_are_no_part_of_what_is_asked() {
    let plain = fingerprint(json!({ "prompt": "a dog" }));
    assert_eq!(plain, fingerprint(json!({ "prompt": "a dog", "generationId": "g_1", "userId": "u_1" })));
    assert_eq!(plain, fingerprint(json!({ "prompt": "a dog", "sentAt": 123, "model": null })));
}

#[test]
fn every_asked_part_makes_another_request() {
    let plain = fingerprint(json!({ "prompt": "a dog" }));
    for other in [
        json!({ "prompt": "a cat" }),
        json!({ "prompt": "a dog", "priority": 1 }),
        json!({ "prompt": "a dog", "model": "veo-3.1-fast-generate-001" }),
        json!({ "prompt": "a dog", "provider": "google" }),
        json!({ "prompt": "a dog", "metadata": { "a": "b" } }),
        json!({ "prompt": "a dog", "parameters": { "seed": 1 } }),
        json!({ "prompt": "a dog", "parameters": { "unknown": 1 } }),
        json!({ "prompt": "a dog", "quality": "1080p" }),
        json!({ "prompt": "a dog", "startAfter": "2026-01-02T00:00:00Z" }),
        json!({ "prompt": "a dog", "timeoutMs": 60_000 }),
        json!({ "prompt": "a dog", "confirm": true }),
    ] {
        assert_ne!(plain, fingerprint(other.clone()), "{other}");
    }
    let list = |items: Value| fingerprint(json!({ "prompt": "a dog", "parameters": { "x": items } }));
    assert_ne!(list(json!([1, 2])), list(json!([2, 1])));
}

proptest! {
    #[test]
    fn texts_cannot_imitate_structure(one: String, other: String) {
        let of = |text: &str| fingerprint(json!({ "prompt": "a dog", "metadata": { "a": text } }));
        prop_assert_eq!(of(&one) == of(&other), one == other);
    }
}

fn sha256_hex(text: &str) -> String {
    use sha2::Digest;
    format!("{:x}", sha2::Sha256::digest(text))
}
