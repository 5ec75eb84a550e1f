//! Images that belong to the prompt.

use crate::requests::{INTAKE, object, refused};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reelay::api::order::images::picture::MAX_IMAGE;
use reelay::api::order::request::parse;
use reelay::dispatch::Submission;
use reelay::machine::job::ImageRole;
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";
const JPEG: &[u8] = b"\xff\xd8\xff and the rest";

fn png() -> Value {
    image("image/png", PNG)
}

fn image(mime_type: &str, bytes: &[u8]) -> Value {
    json!({ "mimeType": mime_type, "data": STANDARD.encode(bytes) })
}

fn taken(model: &str, parameters: &Value) -> Submission {
    let body = json!({ "generationId": "g1", "prompt": "a dog", "model": model, "parameters": parameters });
    parse(&object(body), INTAKE).expect("the body is valid")
}

fn named(model: &str, parameters: &Value) -> Vec<String> {
    refused(json!({ "prompt": "a dog", "model": model, "parameters": parameters }))
}

#[test]
fn images_are_kept_beside_the_order_in_their_roles() {
    let frames = json!({ "image": png(), "lastFrame": image("image/jpeg", JPEG) });
    let Submission {
        request, uploads, ..
    } = taken("veo-3.1-generate-001", &frames);
    assert_eq!(
        uploads
            .iter()
            .map(|upload| upload.bytes.as_slice())
            .collect::<Vec<_>>(),
        [PNG, JPEG]
    );
    assert_eq!(
        uploads
            .iter()
            .map(|upload| upload.image.clone())
            .collect::<Vec<_>>(),
        request.order.images
    );
    let roles: Vec<ImageRole> = request
        .order
        .images
        .iter()
        .map(|image| image.role)
        .collect();
    assert_eq!(roles, [ImageRole::FirstFrame, ImageRole::LastFrame]);
    assert_eq!(
        request.order.images[0].key,
        format!("inputs/u_1/g1/{:032x}/0", INTAKE.moment.random)
    );
    let references = json!({ "referenceImages": [png(), png(), png()] });
    assert_eq!(taken("gemini-omni-1.2-flash", &references).uploads.len(), 3);
}

#[test]
fn the_stored_order_has_no_bytes_of_an_image_but_another_image_is_another_request() {
    let first = taken(
        "veo-3.1-generate-001",
        &json!({ "image": png(), "mine": 1 }),
    )
    .request;
    let size = PNG.len();
    assert_eq!(
        json!(first.order.parameters),
        json!({ "image": { "mimeType": "image/png", "size": size }, "mine": 1 })
    );
    assert!(
        !serde_json::to_string(&first)
            .expect("JSON")
            .contains(&STANDARD.encode(PNG))
    );
    let other = taken(
        "veo-3.1-generate-001",
        &json!({ "image": image("image/jpeg", JPEG), "mine": 1 }),
    )
    .request;
    assert_ne!(first.origin.fingerprint, other.origin.fingerprint);
    let listed = taken(
        "veo-3.1-generate-001",
        &json!({ "referenceImages": [png()] }),
    )
    .request;
    assert_eq!(
        json!(listed.order.parameters),
        json!({ "referenceImages": [{ "mimeType": "image/png", "size": size }] })
    );
}

#[test]
fn an_image_is_understood_in_the_spellings_of_the_sdks() {
    let data = STANDARD.encode(PNG);
    for value in [
        json!({ "mime_type": "image/png", "data": data }),
        json!({ "bytesBase64Encoded": data, "mimeType": "image/png" }),
        json!({ "image_bytes": data, "mime_type": "image/png" }),
        json!({ "imageBytes": data, "mimeType": "IMAGE/PNG" }),
        json!({ "inlineData": { "mimeType": "image/png", "data": data } }),
        json!({ "type": "image", "data": data, "mime_type": "image/png" }),
        json!({ "mediaType": "image/png", "data": format!("data:image/png;base64,{data}") }),
        json!(format!("data:image/png;base64,{data}")),
    ] {
        let Submission {
            request, uploads, ..
        } = taken("veo-3.1-generate-001", &json!({ "image": value }));
        assert_eq!(
            (uploads.len(), uploads[0].bytes.as_slice()),
            (1, PNG),
            "{value}"
        );
        assert_eq!(
            (uploads[0].image.mime_type.as_str(), request.origin.warnings),
            ("image/png", Vec::new()),
            "{value}"
        );
        let echoed = json!(request.order.parameters).to_string();
        assert!(
            !echoed.contains(&data) && echoed.contains(&format!("\"size\":{}", PNG.len())),
            "{echoed}"
        );
    }
    let entry = json!({ "image": { "bytesBase64Encoded": data, "mimeType": "image/png" }, "referenceType": "asset" });
    let Submission {
        request, uploads, ..
    } = taken(
        "veo-3.1-generate-001",
        &json!({ "reference_images": [entry] }),
    );
    assert_eq!(
        (uploads[0].image.role, request.origin.warnings.len()),
        (ImageRole::Reference, 0)
    );
    let jpg = taken(
        "veo-3.1-generate-001",
        &json!({ "image": image("image/jpg", JPEG) }),
    );
    assert_eq!(jpg.request.order.images[0].mime_type, "image/jpeg");
    let style = json!({ "image": png(), "reference_type": "STYLE" });
    let pointer = "/parameters/referenceImages/0/reference_type";
    assert_eq!(
        named(
            "veo-3.1-generate-001",
            &json!({ "referenceImages": [style] })
        ),
        [pointer]
    );
}

#[test]
fn an_image_under_two_names_is_one_image_or_a_contradiction() {
    let same = json!({ "image": png(), "first_frame": { "mime_type": "image/png", "imageBytes": STANDARD.encode(PNG) } });
    assert_eq!(taken("veo-3.1-generate-001", &same).uploads.len(), 1);
    let other = json!({ "image": png(), "first_frame": image("image/jpeg", JPEG) });
    let mut names = named("veo-3.1-generate-001", &other);
    names.sort();
    assert_eq!(names, ["/parameters/first_frame", "/parameters/image"]);
}

#[test]
fn an_unknown_key_of_an_image_is_kept_and_listed() {
    let mut named = png();
    named["fileName"] = json!("a.png");
    let request = taken("veo-3.1-generate-001", &json!({ "image": named })).request;
    assert_eq!(request.order.parameters["image"]["fileName"], "a.png");
    assert_eq!(
        request.origin.warnings[0].pointer,
        "/parameters/image/fileName"
    );
}

#[test]
fn images_that_cannot_go_together_are_refused_before_anything_is_spent() {
    let (veo, omni) = ("veo-3.1-generate-001", "gemini-omni-1.2-flash");
    for (model, parameters, pointers) in [
        (
            veo,
            json!({ "image": png(), "referenceImages": [png()] }),
            vec!["image", "referenceImages"],
        ),
        (
            veo,
            json!({ "image": png(), "lastFrame": png(), "referenceImages": [png()] }),
            vec!["image", "lastFrame", "referenceImages", "referenceImages"],
        ),
        (
            omni,
            json!({ "image": png(), "lastFrame": png(), "referenceImages": [png()] }),
            vec!["lastFrame", "referenceImages"],
        ),
    ] {
        let mut names = named(model, &parameters);
        names.sort();
        let pointers: Vec<String> = pointers
            .into_iter()
            .map(|name| format!("/parameters/{name}"))
            .collect();
        assert_eq!(names, pointers, "{model}");
    }
    for (parameters, images) in [
        (
            json!({ "image": png(), "lastFrame": png(), "duration": 10 }),
            2,
        ),
        (
            json!({ "image": png(), "referenceImages": [png(), png()] }),
            3,
        ),
        (json!({ "referenceImages": vec![png(); 6] }), 6),
    ] {
        assert_eq!(
            taken(omni, &parameters).uploads.len(),
            images,
            "{parameters}"
        );
        assert_eq!(
            taken("gemini-omni-1.1-flash", &parameters).uploads.len(),
            images,
            "{parameters}"
        );
    }
}

#[test]
fn what_is_no_image_is_named_before_anything_is_stored() {
    let veo = "veo-3.1-generate-001";
    for (value, field) in [
        (json!("a.png"), ""),
        (json!("https://example.com/a.png"), ""),
        (json!([png()]), ""),
        (
            json!({ "gcsUri": "gs://a/b", "mimeType": "image/png" }),
            "/gcsUri",
        ),
        (json!({ "url": "https://example.com/a.png" }), "/url"),
        (
            json!({ "inlineData": { "mime_type": "image/png", "data": "!!" } }),
            "/inlineData/data",
        ),
        (
            json!({ "mimeType": "image/png", "mime_type": "image/jpeg", "data": STANDARD.encode(PNG) }),
            "/mime_type",
        ),
        (
            json!({ "mimeType": "image/jpeg", "data": format!("data:image/png;base64,{}", STANDARD.encode(PNG)) }),
            "/mimeType",
        ),
        (json!({}), "/mimeType"),
        (image("image/gif", b"GIF89a"), "/mimeType"),
        (image("image/jpeg", PNG), "/data"),
        (image("image/png", b""), "/data"),
        (json!({ "mimeType": "image/png" }), "/data"),
        (json!({ "mimeType": "image/png", "data": "!!" }), "/data"),
        (json!({ "mimeType": "image/png", "data": 7 }), "/data"),
    ] {
        assert_eq!(
            named(veo, &json!({ "image": value })),
            [format!("/parameters/image{field}")]
        );
        let list = json!({ "referenceImages": [png(), value] });
        assert_eq!(
            named(veo, &list),
            [format!("/parameters/referenceImages/1{field}")]
        );
    }
    assert_eq!(
        named(veo, &json!({ "referenceImages": png() })),
        ["/parameters/referenceImages"]
    );
}

#[test]
fn an_image_has_a_largest_size() {
    let of = |size: usize| {
        let mut bytes = PNG.to_vec();
        bytes.resize(size, 0);
        json!({ "image": image("image/png", &bytes) })
    };
    assert_eq!(
        named("veo-3.1-generate-001", &of(MAX_IMAGE + 1)),
        ["/parameters/image/data"]
    );
    assert_eq!(
        taken("veo-3.1-generate-001", &of(MAX_IMAGE)).uploads[0]
            .image
            .size,
        MAX_IMAGE as u64
    );
}

#[test]
fn a_model_gets_only_the_images_it_takes() {
    for (model, parameters, pointer) in [
        (
            "veo-3.1-generate-001",
            json!({ "lastFrame": png() }),
            "lastFrame",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "referenceImages": [png(), png(), png(), png()] }),
            "referenceImages",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "referenceImages": [png()], "duration": 4 }),
            "duration",
        ),
        (
            "veo-3.1-lite-generate-001",
            json!({ "referenceImages": [png()] }),
            "referenceImages",
        ),
        (
            "gemini-omni-1.1-flash",
            json!({ "lastFrame": png() }),
            "lastFrame",
        ),
        (
            "gemini-omni-1.2-flash",
            json!({ "image": png(), "lastFrame": png(), "duration": 11 }),
            "duration",
        ),
        (
            "gemini-omni-1.2-flash",
            json!({ "referenceImages": vec![png(); 7] }),
            "referenceImages",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "image": png(), "personGeneration": "allow_all" }),
            "personGeneration",
        ),
        (
            "veo-3.1-generate-001",
            json!({ "video": { "uri": "x" } }),
            "video",
        ),
        ("veo-3.1-generate-001", json!({ "mask": png() }), "mask"),
    ] {
        assert_eq!(
            named(model, &parameters),
            [format!("/parameters/{pointer}")],
            "{model}"
        );
    }
    for absent in ["image", "lastFrame", "referenceImages", "video", "mask"] {
        assert!(
            taken("veo-3.1-generate-001", &json!({ absent: null }))
                .uploads
                .is_empty()
        );
    }
}
