//! No requested field is dropped silently: requests of real apps and SDKs, on the running worker.

use crate::harness::{Answer, Api, Wire, shared, unique};
use crate::images::PNG;
use serde_json::{Value, json};

#[test]
fn one_id_under_any_of_its_names_is_one_job() {
    let world = shared();
    let user = world.user();
    for name in ["id", "generation_id", "generationId"] {
        let (id, prompt) = (unique("g9").replace(' ', "_"), unique("once"));
        let order = json!({ name: id, "prompt": prompt });
        let (first, second) = (user.create(&order), user.create(&order));
        assert_eq!(
            (first.status, second.status),
            (201, 200),
            "{} {}",
            first.text(),
            second.text()
        );
        assert_eq!(
            (
                &first.json()["generationId"],
                &second.json()["generationId"]
            ),
            (&json!(id), &json!(id))
        );
        user.ends_as(&id, "completed");
        assert_eq!(world.upstream.paid(&prompt).len(), 1, "{name}");
    }
    let (id, prompt) = (unique("g9").replace(' ', "_"), unique("in other words"));
    let orders = [
        json!({ "id": id, "prompt": prompt, "parameters": { "duration": 4, "resolution": "720p", "aspectRatio": "16:9" } }),
        json!({ "generation_id": id, "prompt": prompt, "durationSeconds": "4", "size": "1280x720" }),
        json!({ "parameters": { "id": id, "prompt": prompt, "seconds": 4, "quality": "standard", "aspect_ratio": "16:9" } }),
    ];
    assert_eq!(
        orders.map(|order| user.create(&order).status),
        [201, 200, 200]
    );
    let other =
        user.create(&json!({ "id": id, "prompt": prompt, "seconds": 6, "size": "1280x720" }));
    assert_eq!(other.status, 422, "{}", other.text());
}

#[test]
fn a_duration_counts_under_the_names_of_the_sdks_and_is_priced_so() {
    let world = shared();
    let user = world.user();
    for (key, value) in [
        ("durationSeconds", json!(4)),
        ("duration_seconds", json!(4)),
        ("seconds", json!("4")),
    ] {
        for inside in [true, false] {
            let prompt = unique("four seconds");
            let order = if inside {
                json!({ "prompt": prompt, "parameters": { key: value } })
            } else {
                json!({ "prompt": prompt, key: value })
            };
            let answer = user.create(&order);
            assert_eq!(
                (answer.status, &answer.json()["estimatedCost"]),
                (201, &json!(1.6)),
                "{}",
                answer.text()
            );
            assert_eq!(
                sent(&user, &answer, &prompt)["parameters"]["durationSeconds"],
                4,
                "{order}"
            );
        }
    }
}

#[test]
fn wishes_in_snake_case_and_beside_the_prompt_reach_the_model() {
    let user = shared().user().over(Wire::Vertex);
    let prompt = unique("in snake case");
    let image = json!({ "mime_type": "image/png", "image_bytes": PNG });
    let answer = user.create(&json!({
        "prompt": prompt, "provider": "vertex", "parameters": {
            "negative_prompt": "rain", "generate_audio": false, "image": image, "last_frame": image, "person_generation": "allow_adult",
        },
    }));
    let body = sent(&user, &answer, &prompt);
    assert_eq!(
        body.pointer("/parameters/negativePrompt"),
        Some(&json!("rain")),
        "{body:#}"
    );
    assert_eq!(
        body.pointer("/parameters/generateAudio"),
        Some(&json!(false))
    );
    assert_eq!(
        body.pointer("/instances/0/lastFrame/bytesBase64Encoded"),
        Some(&json!(PNG))
    );
    let prompt = unique("beside the prompt");
    let entry = json!({ "image": { "bytesBase64Encoded": PNG, "mimeType": "image/png" }, "referenceType": "ASSET" });
    let order = json!({ "prompt": prompt, "provider": "vertex", "negativePrompt": "rain", "reference_images": [entry] });
    let body = sent(&user, &user.create(&order), &prompt);
    assert_eq!(
        body.pointer("/parameters/negativePrompt"),
        Some(&json!("rain")),
        "{body:#}"
    );
    let reference = body.pointer("/instances/0/referenceImages/0/image/bytesBase64Encoded");
    assert_eq!(reference, Some(&json!(PNG)), "{body:#}");
    let prompt = unique("a first frame beside the prompt");
    let order = json!({ "prompt": prompt, "provider": "vertex", "duration": 6, "first_frame": format!("data:image/png;base64,{PNG}") });
    let body = sent(&user, &user.create(&order), &prompt);
    assert_eq!(
        body.pointer("/parameters/durationSeconds"),
        Some(&json!(6)),
        "{body:#}"
    );
    assert_eq!(
        body.pointer("/instances/0/image/bytesBase64Encoded"),
        Some(&json!(PNG))
    );
}

#[test]
fn what_no_model_here_has_is_refused_by_name_and_nothing_is_stored() {
    let user = shared().user();
    for (key, value) in [
        ("sampleCount", json!(2)),
        ("number_of_videos", json!(3)),
        ("n", json!(2)),
        ("fps", json!(24)),
        ("enhancePrompt", json!(true)),
        ("enhance_prompt", json!(false)),
        ("imageUrl", json!("https://example.com/a.png")),
        ("gcsUri", json!("gs://a/b.png")),
        ("video", json!({ "uri": "gs://a/b.mp4" })),
        ("resizeMode", json!("CROP")),
        ("pubsub_topic", json!("projects/a/topics/b")),
    ] {
        let id = unique("never").replace(' ', "_");
        let inside = json!({ "id": id, "prompt": "a dog runs", "parameters": { key: value } });
        names(&user.create(&inside), &[&format!("/parameters/{key}")]);
        let mut beside = json!({ "id": id, "prompt": "a dog runs" });
        beside[key] = value;
        names(&user.create(&beside), &[&format!("/{key}")]);
        assert_eq!(
            user.get(&format!("/api/generations/{id}")).status,
            404,
            "{key}"
        );
    }
    let one = json!({ "prompt": unique("one of one"), "sampleCount": 1, "parameters": { "n": 1 } });
    let answer = user.create(&one);
    assert_eq!(
        (answer.status, &answer.json()["warnings"]),
        (201, &json!([])),
        "{}",
        answer.text()
    );
}

#[test]
fn any_other_key_is_echoed_and_listed_in_every_answer() {
    let world = shared();
    let user = world.user();
    let id = unique("warned").replace(' ', "_");
    let prompt = unique("with keys of the app's own");
    let order = json!({
        "id": id, "prompt": prompt, "projectId": "p_1",
        "parameters": { "aspectRatoi": "9:16", "mine": { "deep": [1] }, "conversationId": "c_1", "messageId": "m_1" },
    });
    let (first, repeat) = (user.create(&order), user.create(&order));
    assert_eq!(
        (first.status, repeat.status),
        (201, 200),
        "{}",
        first.text()
    );
    let warnings = first.json()["warnings"].clone();
    let pointers: Vec<&Value> = warnings
        .as_array()
        .into_iter()
        .flatten()
        .map(|warning| &warning["pointer"])
        .collect();
    assert_eq!(
        pointers,
        ["/projectId", "/parameters/aspectRatoi", "/parameters/mine"],
        "{warnings:#}"
    );
    let hint = warnings[1]["detail"].as_str().unwrap_or_default();
    assert!(hint.contains("did you mean aspectRatio?"), "{hint}");
    assert_eq!(repeat.json()["warnings"], warnings);
    let generation = user.ends_as(&id, "completed");
    assert_eq!(generation["warnings"], warnings);
    assert_eq!(
        (
            &generation["parameters"]["mine"],
            &generation["parameters"]["projectId"]
        ),
        (&json!({ "deep": [1] }), &json!("p_1"))
    );
    let listed = user.get("/api/generations?limit=100").json()["data"].clone();
    assert!(
        listed
            .as_array()
            .into_iter()
            .flatten()
            .any(|entry| entry["id"] == id && entry["warnings"] == warnings)
    );
    let body = world.upstream.requests("submit", &prompt)[0]["body"].to_string();
    assert!(
        !body.contains("mine") && !body.contains("p_1"),
        "never sent upstream: {body}"
    );
    let plain = user.generate(&unique("with nothing to warn of"));
    assert_eq!(user.generation(&plain)["warnings"], json!([]));
}

#[test]
fn images_that_a_model_cannot_have_together_are_refused_at_once() {
    let user = shared().user();
    let png = json!({ "mimeType": "image/png", "data": PNG });
    for provider in ["veo3", "vertex"] {
        for (more, pointer) in [
            ("image", "/parameters/image"),
            ("first_frame", "/parameters/first_frame"),
        ] {
            let order = json!({ "prompt": "a dog runs", "provider": provider, "parameters": { "referenceImages": [png], more: png } });
            names(
                &user.create(&order),
                &[pointer, "/parameters/referenceImages"],
            );
        }
        let parameters = json!({ "reference_images": [png], "image": png, "lastFrame": png });
        let order =
            json!({ "prompt": "a dog runs", "provider": provider, "parameters": parameters });
        names(
            &user.create(&order),
            &[
                "/parameters/image",
                "/parameters/lastFrame",
                "/parameters/reference_images",
            ],
        );
    }
    for (parameters, pointers) in [
        (json!({ "lastFrame": png }), vec!["/parameters/lastFrame"]),
        (
            json!({ "image": png, "lastFrame": png, "duration": 12 }),
            vec!["/parameters/duration"],
        ),
        (
            json!({ "image": png, "lastFrame": png, "referenceImages": [png] }),
            vec!["/parameters/lastFrame", "/parameters/referenceImages"],
        ),
        (json!({ "seed": 7 }), vec!["/parameters/seed"]),
    ] {
        names(
            &user.create(
                &json!({ "prompt": "a dog runs", "provider": "omni", "parameters": parameters }),
            ),
            &pointers,
        );
    }
}

#[test]
fn omni_gets_its_images_as_google_documents_them() {
    let world = shared();
    let user = world.user().over(Wire::Omni);
    let png = json!({ "mimeType": "image/png", "data": PNG });
    for (parameters, task, images) in [
        (json!({ "image": png }), Some("image_to_video"), 1),
        (
            json!({ "image": png, "last_frame": png }),
            Some("image_to_video"),
            2,
        ),
        (
            json!({ "referenceImages": [png] }),
            Some("reference_to_video"),
            1,
        ),
        (
            json!({ "referenceImages": vec![png.clone(); 6] }),
            Some("reference_to_video"),
            6,
        ),
        (json!({ "image": png, "referenceImages": [png] }), None, 2),
        (
            json!({ "image": png, "referenceImages": [png, png] }),
            None,
            3,
        ),
    ] {
        let prompt = unique("with images");
        let answer =
            user.create(&json!({ "prompt": prompt, "provider": "omni", "parameters": parameters }));
        assert_eq!(answer.status, 201, "{}", answer.text());
        user.ends_as(
            answer.json()["generationId"].as_str().expect("an id"),
            "completed",
        );
        let submits = world.upstream.wait("submit", &prompt, 1);
        let body: Value =
            serde_json::from_str(submits[0]["body"].as_str().expect("a body")).expect("JSON");
        let sent_task = body
            .pointer("/generation_config/video_config/task")
            .and_then(Value::as_str);
        let content = body
            .pointer("/input/0/content")
            .and_then(Value::as_array)
            .expect("content");
        assert_eq!(
            (sent_task, content.len()),
            (task, images + 1),
            "{parameters} {body:#}"
        );
        let declared = content[0]["text"].as_str().is_some_and(|text| {
            text.starts_with("[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2")
        });
        assert_eq!(declared, task.is_none(), "{body:#}");
    }
}

#[test]
fn half_a_character_is_named_by_its_field() {
    let user = shared().user();
    for (body, pointer) in [
        (
            r#"{"prompt":"a dog \ud83d"}"#.as_bytes().to_vec(),
            "/prompt",
        ),
        (br#"{"prompt":"\ude00 a dog"}"#.to_vec(), "/prompt"),
        (b"{\"prompt\":\"a dog \xf0\x9f\x98\"}".to_vec(), "/prompt"),
        (
            br#"{"prompt":"a dog","metadata":{"title":"\ud83d"}}"#.to_vec(),
            "/metadata/title",
        ),
        (
            br#"{"prompt":"a dog","parameters":{"negative_prompt":"\ud83d"}}"#.to_vec(),
            "/parameters/negative_prompt",
        ),
    ] {
        let answer = user.send("POST", "/api/generations", |request| {
            request
                .header("content-type", "application/json")
                .body(body)
        });
        names(&answer, &[pointer]);
    }
    let whole = unique("a dog \u{1f600}");
    let id = user.generate(&whole);
    assert_eq!(user.generation(&id)["prompt"], whole);
}

#[test]
fn a_prompt_that_shows_nothing_is_refused() {
    let user = shared().user();
    for hidden in [
        "\u{200b}".repeat(20),
        "\u{feff}\u{2060}\u{ad}\u{200d}".repeat(5),
        "\u{3164}\u{2800}\u{fe0f}\u{e0041}".repeat(5),
        "\u{1}\u{2}\u{1b}\u{7f}".repeat(5),
        "a\u{200b}b\u{200b}".to_owned(),
    ] {
        names(&user.create(&json!({ "prompt": hidden })), &["/prompt"]);
        names(
            &user.create(&json!({ "parameters": { "prompt": hidden } })),
            &["/parameters/prompt"],
        );
    }
}

#[test]
fn a_quality_is_a_resolution() {
    let world = shared();
    let user = world.user();
    for (quality, resolution) in [("standard", "720p"), ("high", "1080p"), ("High", "1080p")] {
        let prompt = unique("of some quality");
        let answer =
            user.create(&json!({ "prompt": prompt, "parameters": { "quality": quality } }));
        assert_eq!(
            sent(&user, &answer, &prompt)["parameters"]["resolution"],
            resolution,
            "{quality}"
        );
    }
    let short = user.create(
        &json!({ "prompt": "a dog runs", "parameters": { "quality": "high", "duration": 4 } }),
    );
    names(&short, &["/parameters/quality"]);
    assert!(
        short
            .text()
            .contains("1080p needs a duration of 8 seconds, not 4"),
        "{}",
        short.text()
    );
    names(
        &user.create(&json!({ "prompt": "a dog runs", "quality": "best" })),
        &["/quality"],
    );
}

#[test]
fn two_values_of_one_field_are_both_named() {
    let user = shared().user();
    for (order, pointers) in [
        (
            json!({ "prompt": "a dog runs", "duration": 4, "parameters": { "seconds": 8 } }),
            ["/duration", "/parameters/seconds"],
        ),
        (
            json!({ "prompt": "a dog runs", "size": "1280x720", "resolution": "1080p" }),
            ["/resolution", "/size"],
        ),
        (
            json!({ "prompt": "a dog runs", "id": "g1", "generationId": "g2" }),
            ["/generationId", "/id"],
        ),
    ] {
        names(&user.create(&order), &pointers);
    }
}

/// The body sent to the upstream for an accepted order.
#[track_caller]
fn sent(user: &Api, answer: &Answer, prompt: &str) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text());
    user.ends_as(
        answer.json()["generationId"].as_str().expect("an id"),
        "completed",
    );
    let submits = shared().upstream.requests("submit", prompt);
    assert_eq!(submits.len(), 1, "{submits:#?}");
    serde_json::from_str(submits[0]["body"].as_str().expect("a body")).expect("JSON")
}

/// A refusal that names exactly these fields.
#[track_caller]
fn names(answer: &Answer, pointers: &[&str]) {
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["code"]),
        (400, &json!("invalid_request")),
        "{}",
        answer.text()
    );
    let errors = body["errors"].as_array().into_iter().flatten();
    let mut named: Vec<&str> = errors
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, pointers, "{}", answer.text());
}
