//! When two bodies are the same request (I10).

use crate::requests::accepted;
use proptest::prelude::*;
use serde_json::{Value, json};

fn fingerprint(body: Value) -> String {
    accepted(body).origin.fingerprint
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
        sha256_hex(r#"{"duration":8,"prompt":"a dog"}"#)
    );
    assert_eq!(
        fingerprint(
            json!({ "prompt": "a dog", "parameters": { "mine": [1], "seed": 7 }, "metadata": { "a": "b" } })
        ),
        sha256_hex(r#"{"metadata":{"a":"b"},"parameters":{"mine":[1]},"prompt":"a dog","seed":7}"#)
    );
}

#[test]
fn the_id_and_unknown_fields_are_no_part_of_what_is_asked() {
    let plain = fingerprint(json!({ "prompt": "a dog" }));
    assert_eq!(
        plain,
        fingerprint(json!({ "prompt": "a dog", "generationId": "g_1", "userId": "u_1" }))
    );
    assert_eq!(
        plain,
        fingerprint(json!({ "prompt": "a dog", "sentAt": 123, "model": null }))
    );
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
        json!({ "prompt": "a dog", "startTimeoutMs": 60_000 }),
        json!({ "prompt": "a dog", "confirm": true }),
    ] {
        assert_ne!(plain, fingerprint(other.clone()), "{other}");
    }
    let list =
        |items: Value| fingerprint(json!({ "prompt": "a dog", "parameters": { "x": items } }));
    assert_ne!(list(json!([1, 2])), list(json!([2, 1])));
}

#[test]
fn the_same_order_in_other_words_is_the_same_order() {
    let png = |key: &str, kind: &str| json!({ kind: "image/png", key: "iVBORw0KGgo=" });
    for (one, others) in [
        (
            json!({ "prompt": "a dog", "parameters": { "duration": 4, "aspectRatio": "9:16" } }),
            vec![
                json!({ "prompt": "a dog", "duration": 4, "aspect_ratio": "9:16" }),
                json!({ "prompt": "a dog", "parameters": { "duration_seconds": "4", "ratio": "9:16" } }),
                json!({ "parameters": { "prompt": "a dog", "seconds": "4s" }, "aspectRatio": "9:16" }),
                json!({ "prompt": "a dog", "id": "g_2", "durationSeconds": 4.0, "parameters": { "aspectRatio": "9:16", "n": 1 } }),
            ],
        ),
        (
            json!({ "prompt": "a dog", "parameters": { "resolution": "1080p", "aspectRatio": "16:9" } }),
            vec![
                json!({ "prompt": "a dog", "size": "1920x1080" }),
                json!({ "prompt": "a dog", "parameters": { "quality": "high", "aspect_ratio": "16:9" } }),
                json!({ "prompt": "a dog", "resolution": "1920x1080" }),
            ],
        ),
        (
            json!({ "prompt": "a dog", "startAfter": "2026-01-02T00:00:00Z", "priority": 1 }),
            vec![
                json!({ "prompt": "a dog", "parameters": { "start_after": "2026-01-02T02:00:00+02:00", "priority": 1.0 } }),
            ],
        ),
        (
            json!({ "prompt": "a dog", "parameters": { "image": png("data", "mimeType") } }),
            vec![
                json!({ "prompt": "a dog", "image": png("bytesBase64Encoded", "mime_type") }),
                json!({ "prompt": "a dog", "first_frame": "data:image/png;base64,iVBORw0KGgo=" }),
            ],
        ),
    ] {
        for other in others {
            assert_eq!(
                fingerprint(one.clone()),
                fingerprint(other.clone()),
                "{other}"
            );
        }
    }
}

#[test]
fn images_in_other_roles_make_another_request() {
    let png = json!({ "mimeType": "image/png", "data": "iVBORw0KGgo=" });
    let of = |parameters: Value| {
        fingerprint(json!({ "prompt": "a dog", "provider": "omni", "parameters": parameters }))
    };
    let (first, reference) = (
        of(json!({ "image": png })),
        of(json!({ "referenceImages": [png] })),
    );
    assert_ne!(first, reference);
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
