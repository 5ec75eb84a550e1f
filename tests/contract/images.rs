//! Images that go with the prompt.

use crate::requests::{INTAKE, object, refused};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reelay::machine::job::ImageRole;
use reelay::wire::api::{MAX_IMAGE, Parsed, parse};
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";
const JPEG: &[u8] = b"\xff\xd8\xff and the rest";

fn png() -> Value {
    image("image/png", PNG)
}

fn image(mime_type: &str, bytes: &[u8]) -> Value {
    json!({ "mimeType": mime_type, "data": STANDARD.encode(bytes) })
}

fn taken(model: &str, parameters: &Value) -> Parsed {
    let body = json!({ "generationId": "g1", "prompt": "a dog", "model": model, "parameters": parameters });
    parse(&object(body), INTAKE).expect("the body is valid")
}

fn named(model: &str, parameters: &Value) -> Vec<String> {
    refused(json!({ "prompt": "a dog", "model": model, "parameters": parameters }))
}

#[test]
fn images_are_kept_beside_the_order_in_their_roles() {
    let frames = json!({ "image": png(), "lastFrame": image("image/jpeg", JPEG) });
    let Parsed { request, uploads, .. } = taken("veo-3.1-generate-001", &frames);
    assert_eq!(uploads.iter().map(|upload| upload.bytes.as_slice()).collect::<Vec<_>>(), [PNG, JPEG]);
    assert_eq!(uploads.iter().map(|upload| upload.image.clone()).collect::<Vec<_>>(), request.images);
    let roles: Vec<ImageRole> = request.images.iter().map(|image| image.role).collect();
    assert_eq!(roles, [ImageRole::FirstFrame, ImageRole::LastFrame]);
    assert_eq!(request.images[0].key, format!("inputs/u_1/g1/{:032x}/0", INTAKE.moment.random));
    let references = json!({ "referenceImages": [png(), png(), png()] });
    assert_eq!(taken("gemini-omni-1.2-flash", &references).uploads.len(), 3);
}

#[test]
fn the_stored_order_has_no_bytes_of_an_image_but_another_image_is_another_request() {
    let first = taken("veo-3.1-generate-001", &json!({ "image": png(), "mine": 1 })).request;
    let size = PNG.len();
    assert_eq!(json!(first.parameters), json!({ "image": { "mimeType": "image/png", "size": size }, "mine": 1 }));
    assert!(!serde_json::to_string(&first).expect("JSON").contains(&STANDARD.encode(PNG)));
    let other = taken("veo-3.1-generate-001", &json!({ "image": image("image/jpeg", JPEG), "mine": 1 })).request;
    assert_ne!(first.fingerprint, other.fingerprint);
    let listed = taken("veo-3.1-generate-001", &json!({ "referenceImages": [png()] })).request;
    assert_eq!(json!(listed.parameters), json!({ "referenceImages": [{ "mimeType": "image/png", "size": size }] }));
}

#[test]
fn what_is_no_image_is_named_before_anything_is_stored() {
    let veo = "veo-3.1-generate-001";
    for (value, field) in [
        (json!("a.png"), ""),
        (json!({}), "/mimeType"),
        (image("image/gif", b"GIF89a"), "/mimeType"),
        (image("image/jpeg", PNG), "/data"),
        (image("image/png", b""), "/data"),
        (json!({ "mimeType": "image/png" }), "/data"),
        (json!({ "mimeType": "image/png", "data": "!!" }), "/data"),
        (json!({ "mimeType": "image/png", "data": 7 }), "/data"),
    ] {
        assert_eq!(named(veo, &json!({ "image": value })), [format!("/parameters/image{field}")]);
        let list = json!({ "referenceImages": [png(), value] });
        assert_eq!(named(veo, &list), [format!("/parameters/referenceImages/1{field}")]);
    }
    assert_eq!(named(veo, &json!({ "referenceImages": png() })), ["/parameters/referenceImages"]);
}

#[test]
fn an_image_has_a_largest_size() {
    let of = |size: usize| {
        let mut bytes = PNG.to_vec();
        bytes.resize(size, 0);
        json!({ "image": image("image/png", &bytes) })
    };
    assert_eq!(named("veo-3.1-generate-001", &of(MAX_IMAGE + 1)), ["/parameters/image/data"]);
    assert_eq!(taken("veo-3.1-generate-001", &of(MAX_IMAGE)).uploads[0].image.size, MAX_IMAGE as u64);
}

#[test]
fn a_model_gets_only_the_images_it_takes() {
    for (model, parameters, pointer) in [
        ("veo-3.1-generate-001", json!({ "lastFrame": png() }), "lastFrame"),
        ("veo-3.1-generate-001", json!({ "referenceImages": [png(), png(), png(), png()] }), "referenceImages"),
        ("veo-3.1-generate-001", json!({ "referenceImages": [png()], "duration": 4 }), "duration"),
        ("veo-3.1-lite-generate-001", json!({ "referenceImages": [png()] }), "referenceImages"),
        ("gemini-omni-1.2-flash", json!({ "image": png(), "lastFrame": png() }), "lastFrame"),
        ("veo-3.1-generate-001", json!({ "image": png(), "personGeneration": "allow_all" }), "personGeneration"),
        ("veo-3.1-generate-001", json!({ "video": { "uri": "x" } }), "video"),
        ("veo-3.1-generate-001", json!({ "mask": png() }), "mask"),
    ] {
        assert_eq!(named(model, &parameters), [format!("/parameters/{pointer}")], "{model}");
    }
    for absent in ["image", "lastFrame", "referenceImages", "video", "mask"] {
        assert!(taken("veo-3.1-generate-001", &json!({ absent: null })).uploads.is_empty());
    }
}
