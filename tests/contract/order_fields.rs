//! No requested field is dropped silently: it is understood, refused by name, or listed as a
//! warning.

use crate::requests::{INTAKE, accepted, object, parsed, refused};
use reelay::api::order::request::{body_user_id, parse};
use serde_json::{Value, json};

/// The first bytes of a PNG of one pixel.
const PNG: &str = "iVBORw0KGgo=";

fn with(key: &str, value: &Value) -> [Value; 2] {
    let (mut beside, mut inside) = (
        json!({ "prompt": "a dog" }),
        json!({ "prompt": "a dog", "parameters": {} }),
    );
    beside[key] = value.clone();
    inside["parameters"][key] = value.clone();
    [beside, inside]
}

#[test]
fn a_duration_counts_under_every_name_and_at_both_places() {
    for key in [
        "duration",
        "durationSeconds",
        "duration_seconds",
        "duration_secs",
        "durationInSeconds",
        "seconds",
    ] {
        for value in [json!(4), json!("4"), json!("4s"), json!(4.0)] {
            for order in with(key, &value) {
                let request = accepted(order.clone());
                assert_eq!(
                    (
                        request.order.render.duration_seconds,
                        request.terms.price_micros
                    ),
                    (4, 1_600_000),
                    "{order}"
                );
                assert_eq!(request.origin.warnings, [], "{order}");
            }
        }
    }
}

#[test]
fn every_wish_counts_in_both_spellings_and_at_both_places() {
    let image = json!({ "mimeType": "image/png", "data": PNG });
    for (keys, value) in [
        (vec!["negativePrompt", "negative_prompt"], json!("rain")),
        (
            vec!["personGeneration", "person_generation"],
            json!("allow_adult"),
        ),
        (vec!["seed"], json!(7)),
        (vec!["aspectRatio", "aspect_ratio", "ratio"], json!("9:16")),
        (vec!["resolution", "quality"], json!("1080p")),
        (vec!["size", "resolution", "ratio"], json!("1080x1920")),
        (
            vec!["generateAudio", "generate_audio", "audio", "sound"],
            json!(false),
        ),
        (
            vec![
                "image",
                "first_frame",
                "firstFrame",
                "input_reference",
                "start_image",
            ],
            image.clone(),
        ),
        (
            vec!["referenceImages", "reference_images", "references"],
            json!([image]),
        ),
        (vec!["metadata"], json!({ "a": "b" })),
        (vec!["timeoutMs", "timeout_ms"], json!(60_000)),
        (vec!["startTimeoutMs", "start_timeout_ms"], json!(60_000)),
        (
            vec!["startAfter", "start_after"],
            json!("2026-01-02T00:00:00Z"),
        ),
        (vec!["confirm"], json!(true)),
        (vec!["priority"], json!(3)),
    ] {
        let plain = accepted(json!({ "prompt": "a dog", "provider": "vertex" }));
        let mut renders = Vec::new();
        for key in keys {
            for mut order in with(key, &value) {
                order["provider"] = json!("vertex");
                let request = accepted(order.clone());
                assert_ne!(
                    request.origin.fingerprint, plain.origin.fingerprint,
                    "{order} was dropped"
                );
                assert_eq!(request.origin.warnings, [], "{order}");
                let roles: Vec<_> = request
                    .order
                    .images
                    .iter()
                    .map(|image| image.role)
                    .collect();
                renders.push((
                    request.order.render,
                    request.order.metadata,
                    request.order.timeout,
                    request.order.start_timeout,
                    roles,
                    request.origin.fingerprint,
                ));
            }
        }
        assert!(
            renders.windows(2).all(|pair| pair[0] == pair[1]),
            "{renders:#?}"
        );
    }
}

#[test]
fn a_last_frame_counts_under_every_name() {
    let image = json!({ "mimeType": "image/png", "data": PNG });
    for key in [
        "lastFrame",
        "last_frame",
        "lastFrameImage",
        "end_frame",
        "image_tail",
        "tailImage",
    ] {
        for mut order in with(key, &image) {
            order["image"] = image.clone();
            assert_eq!(accepted(order).order.images.len(), 2, "{key}");
        }
    }
}

#[test]
fn a_job_and_its_user_are_named_in_every_spelling() {
    for key in ["generationId", "generation_id", "id"] {
        for order in with(key, &json!("g9")) {
            assert_eq!(parsed(order).expect("valid").0.generation_id, "g9", "{key}");
        }
        for order in with(key, &json!("a/b")) {
            let pointer = if order.get(key).is_some() {
                format!("/{key}")
            } else {
                format!("/parameters/{key}")
            };
            assert_eq!(refused(order), [pointer]);
        }
    }
    for key in ["userId", "user_id"] {
        for order in with(key, &json!("u_2")) {
            assert_eq!(
                body_user_id(&object(order)),
                Ok(Some("u_2".to_owned())),
                "{key}"
            );
        }
    }
    let two = object(json!({ "userId": "u_1", "user_id": "u_2" }));
    assert_eq!(body_user_id(&two).expect_err("two users").name(), "/userId");
    let key = reelay::api::order::request::Intake {
        idempotency_key: Some("k_1"),
        ..INTAKE
    };
    let errors = parse(&object(json!({ "prompt": "a dog", "id": "g9" })), key)
        .expect_err("two names of one job");
    assert_eq!(
        errors
            .iter()
            .map(reelay::api::field_error::FieldError::name)
            .collect::<Vec<_>>(),
        ["/id", "Idempotency-Key"]
    );
}

#[test]
fn an_error_points_to_where_the_caller_wrote_it() {
    for (order, pointer) in [
        (json!({ "prompt": "a dog", "seconds": 5 }), "/seconds"),
        (
            json!({ "prompt": "a dog", "parameters": { "duration_seconds": "long" } }),
            "/parameters/duration_seconds",
        ),
        (
            json!({ "prompt": "a dog", "aspect_ratio": "1:1" }),
            "/aspect_ratio",
        ),
        (json!({ "prompt": "a dog", "size": "1024x1024" }), "/size"),
        (json!({ "prompt": "a dog", "size": "large" }), "/size"),
        (json!({ "prompt": "a dog", "size": 720 }), "/size"),
        (
            json!({ "prompt": "a dog", "parameters": { "size": "1920x1080", "duration": 4 } }),
            "/parameters/size",
        ),
        (
            json!({ "prompt": "a dog", "first_frame": {} }),
            "/first_frame/mimeType",
        ),
        (
            json!({ "prompt": "a dog", "generate_audio": "yes" }),
            "/generate_audio",
        ),
        (
            json!({ "parameters": { "prompt": "ab" } }),
            "/parameters/prompt",
        ),
        (json!({ "prompt": "a dog", "type": "image" }), "/type"),
    ] {
        assert_eq!(refused(order.clone()), [pointer], "{order}");
    }
}

#[test]
fn two_names_of_one_field_agree_or_are_both_named() {
    for order in [
        json!({ "prompt": "a dog", "duration": 4, "parameters": { "duration": 4 } }),
        json!({ "prompt": "a dog", "duration": 4, "parameters": { "durationSeconds": "4", "seconds": "4s" } }),
        json!({ "prompt": "a dog", "parameters": { "resolution": "1080p", "quality": "high", "size": "1920x1080" } }),
        json!({ "prompt": "a dog", "id": "g9", "generationId": "g9" }),
        json!({ "prompt": "a dog", "duration": null, "parameters": { "duration": 4 } }),
    ] {
        assert!(parsed(order.clone()).is_ok(), "{order}");
    }
    for (order, pointers) in [
        (
            json!({ "prompt": "a dog", "duration": 4, "parameters": { "duration": 8 } }),
            vec!["/duration", "/parameters/duration"],
        ),
        (
            json!({ "prompt": "a dog", "parameters": { "seconds": 4, "durationSeconds": 8 } }),
            vec!["/parameters/durationSeconds", "/parameters/seconds"],
        ),
        (
            json!({ "prompt": "a dog", "size": "1280x720", "resolution": "1080p" }),
            vec!["/resolution", "/size"],
        ),
        (
            json!({ "prompt": "a dog", "size": "1280x720", "parameters": { "aspectRatio": "9:16" } }),
            vec!["/parameters/aspectRatio", "/size"],
        ),
        (
            json!({ "prompt": "a dog", "id": "g9", "generation_id": "g8" }),
            vec!["/generation_id", "/id"],
        ),
        (
            json!({ "prompt": "a dog", "parameters": { "prompt": "a cat" } }),
            vec!["/parameters/prompt", "/prompt"],
        ),
        (
            json!({ "prompt": "a dog", "model": "veo-3.1-generate-001", "parameters": { "model": "veo-3.1-fast-generate-001" } }),
            vec!["/model", "/parameters/model"],
        ),
    ] {
        let errors = parsed(order.clone()).expect_err("a contradiction");
        let mut names: Vec<&str> = errors
            .iter()
            .map(reelay::api::field_error::FieldError::name)
            .collect();
        names.sort_unstable();
        assert_eq!(names, pointers, "{order}");
        assert!(
            errors[0].detail.contains("differs from /"),
            "{}",
            errors[0].detail
        );
    }
}

#[test]
fn what_an_sdk_has_and_no_model_here_is_refused_with_what_to_do_instead() {
    for (keys, value, instead) in [
        (
            vec![
                "sampleCount",
                "sample_count",
                "numberOfVideos",
                "number_of_videos",
                "n",
                "num_videos",
            ],
            json!(2),
            "one order per video",
        ),
        (vec!["fps", "frame_rate"], json!(24), "leave it out"),
        (
            vec!["enhancePrompt", "enhance_prompt", "prompt_optimizer"],
            json!(true),
            "leave it out",
        ),
        (vec!["enhancePrompt"], json!(false), "leave it out"),
        (
            vec![
                "imageUrl",
                "image_url",
                "gcsUri",
                "image_urls",
                "firstFrameUrl",
            ],
            json!("https://a/b.png"),
            "send the file itself",
        ),
        (
            vec!["video", "video_url", "mask"],
            json!({ "uri": "gs://a/b" }),
            "send text and images",
        ),
        (
            vec!["storageUri", "outputGcsUri", "output_gcs_uri"],
            json!("gs://a/"),
            "VERTEX_OUTPUT",
        ),
        (
            vec!["pubsubTopic", "pubsub_topic", "webhookUrl", "callback_url"],
            json!("x"),
            "webhooks",
        ),
        (
            vec!["compressionQuality", "cfg_scale", "guidanceScale"],
            json!("x"),
            "leave it out",
        ),
        (
            vec!["resizeMode", "resize_mode"],
            json!("PAD"),
            "crop or pad",
        ),
        (vec!["camera_control", "loop"], json!(true), "instead"),
        (vec!["width", "height"], json!(720), "size"),
        (
            vec!["task", "previous_interaction_id"],
            json!("edit"),
            "order a new one",
        ),
    ] {
        for key in keys {
            for order in with(key, &value) {
                let errors = parsed(order.clone()).expect_err("refused");
                let pointer = if order.get(key).is_some() {
                    format!("/{key}")
                } else {
                    format!("/parameters/{key}")
                };
                assert_eq!(
                    (errors.len(), errors[0].name()),
                    (1, pointer.as_str()),
                    "{order}"
                );
                assert!(
                    errors[0].detail.contains(instead),
                    "{key} {}",
                    errors[0].detail
                );
            }
        }
    }
    for (key, value) in [
        ("n", json!(1)),
        ("sampleCount", json!(1.0)),
        ("number_of_videos", json!(1)),
        ("fps", json!(null)),
        ("loop", json!(false)),
    ] {
        for order in with(key, &value) {
            assert_eq!(accepted(order).origin.warnings, [], "{key}");
        }
    }
}

#[test]
fn any_other_key_is_kept_echoed_and_listed() {
    let order = json!({ "prompt": "a dog", "projectId": "p_1", "aspectratio": "9:16", "parameters": {
        "duration": 4, "mine": { "a": [1, null] }, "conversationId": "c_1", "message_id": "m_1", "type": "video", "a/b": 1,
    } });
    let request = accepted(order);
    let pointers: Vec<&str> = request
        .origin
        .warnings
        .iter()
        .map(|warning| warning.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/aspectratio",
            "/projectId",
            "/parameters/a~1b",
            "/parameters/mine"
        ]
    );
    assert!(
        request.origin.warnings[0]
            .detail
            .ends_with("did you mean aspectRatio?"),
        "{}",
        request.origin.warnings[0].detail
    );
    assert!(
        request.origin.warnings[1]
            .detail
            .contains("stored and echoed"),
        "{}",
        request.origin.warnings[1].detail
    );
    for (key, value) in [
        ("projectId", json!("p_1")),
        ("mine", json!({ "a": [1, null] })),
        ("duration", json!(4)),
    ] {
        assert_eq!(request.order.parameters[key], value);
    }
    assert_eq!(
        accepted(json!({ "prompt": "a dog", "duration": 4 }))
            .order
            .parameters["duration"],
        4
    );
}

#[test]
fn warnings_have_their_limit_and_the_rest_is_counted() {
    let keys = (0..60).map(|index| (format!("mine_{index}"), json!(1)));
    let request =
        accepted(json!({ "prompt": "a dog", "parameters": Value::Object(keys.collect()) }));
    assert_eq!(request.origin.warnings.len(), 51);
    assert!(
        request.origin.warnings[50].detail.contains("10 more keys"),
        "{:?}",
        request.origin.warnings[50]
    );
}

#[test]
fn a_key_beside_the_prompt_that_is_too_long_is_named() {
    assert_eq!(
        refused(json!({ "prompt": "a dog", "mine": "y".repeat(70_000) })),
        ["/mine"]
    );
    assert_eq!(
        refused(json!({ "prompt": "a dog", "parameters": { "mine": "y".repeat(70_000) } })),
        ["/parameters"]
    );
}

#[test]
fn a_prompt_that_shows_nothing_is_refused() {
    for hidden in [
        "\u{200b}".repeat(9),
        "\u{feff}\u{2060}\u{ad}".repeat(3),
        "\u{3164}\u{2800}\u{115f}".repeat(3),
        "\u{fe0f}\u{e0041}\u{e007f}".repeat(3),
        "\u{0}\u{1}\u{1b}\u{7f}\u{9b}".to_owned(),
        "ab\u{200b}\u{200b}".to_owned(),
        " \u{a0}\u{3000}\n\t ".to_owned(),
    ] {
        assert_eq!(
            refused(json!({ "prompt": hidden })),
            ["/prompt"],
            "{hidden:?}"
        );
        let said = reelay::api::generations::clarification::clarification(&object(
            json!({ "prompt": hidden }),
        ))
        .expect_err("hidden");
        assert_eq!(said[0].name(), "/prompt", "{hidden:?}");
        if !hidden.starts_with("ab") {
            let said = reelay::api::generations::clarification::clarification(&object(
                json!({ "response": hidden }),
            ))
            .expect_err("hidden");
            assert_eq!(said[0].name(), "/response", "{hidden:?}");
        }
    }
    assert!(
        parsed(json!({ "prompt": "\u{200e}a dog\u{200b}" })).is_ok(),
        "some visible text is enough"
    );
}
