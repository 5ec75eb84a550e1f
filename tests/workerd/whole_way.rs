//! One generation from the request to the app's webhook, each step checked from outside.

use crate::harness::upstream::{OUTPUT, SAMPLE, WEBHOOK_SECRET};
use crate::harness::{Api, Wire, World, on_each_wire, shared, unique};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

on_each_wire! {
    a_video_reaches_the_app_whole_i8,
    an_order_is_answered_with_201_and_where_it_is,
    the_webhook_says_what_the_contract_says_signed_i5,
    the_upstream_is_asked_once_and_told_nothing_it_does_not_know,
    a_video_is_served_in_parts_and_by_its_etag,
    what_was_stored_is_there_after_a_restart_i8,
}

fn a_video_reaches_the_app_whole_i8(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let id = ordered(&user, &unique("a fox runs"));
    let generation = user.ends_as(&id, "completed");
    let url = generation["result"]["videoUrl"]
        .as_str()
        .expect("a signed address");
    let video = user.get(url);
    assert_eq!(
        (video.status, video.header("content-type")),
        (200, "video/mp4")
    );
    assert!(
        video.body == SAMPLE,
        "{} bytes of {}",
        video.body.len(),
        SAMPLE.len()
    );
    assert_eq!(generation["result"]["fileSize"], SAMPLE.len());
    let own = user.get(&format!("/api/generations/{id}/video"));
    assert!(own.body == SAMPLE, "the owner's token opens the video too");
}

fn an_order_is_answered_with_201_and_where_it_is(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let answer =
        user.create(&json!({ "prompt": unique("a fox waits"), "provider": wire.provider() }));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let body = answer.json();
    let id = body["generationId"].as_str().expect("an id");
    assert_eq!(
        answer.header("location"),
        format!("{}/api/generations/{id}", world.worker.origin())
    );
    assert_eq!(
        (&body["success"], &body["status"]),
        (&json!(true), &json!("queued"))
    );
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(
        user.get(
            answer
                .header("location")
                .strip_prefix(&world.worker.origin())
                .expect("ours")
        )
        .status,
        200
    );
    user.ends_as(id, "completed");
}

fn the_webhook_says_what_the_contract_says_signed_i5(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let id = ordered(&user, &unique("a fox tells"));
    user.ends_as(&id, "completed");
    let deliveries = world.upstream.only_event(&id, "generation.completed");
    assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    let body = verified(&deliveries[0]);
    let expected = json!({
        "event": "generation.completed", "jobId": id, "generationId": id, "userId": user.user,
        "status": "completed", "progress": 100, "metadata": { "scene": "7" },
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&body[name], value, "{name} of {body:#}");
    }
    let result = &body["result"];
    assert_eq!(
        (&result["duration"], &result["fileSize"]),
        (&json!(8), &json!(SAMPLE.len()))
    );
    assert_eq!(
        (&result["resolution"], &result["format"]),
        (&json!("720p"), &json!("mp4"))
    );
    assert!(
        result["processingTime"].is_u64() && result["cost"].is_number(),
        "{result:#}"
    );
    assert!(
        body["sequence"].is_u64() && body["timestamp"].is_string(),
        "{body:#}"
    );
    assert!(
        body.get("error").is_none() && body.get("errorCode").is_none(),
        "absent fields are left out: {body:#}"
    );
    let video = user.get(result["videoUrl"].as_str().expect("a signed address"));
    assert!(
        video.status == 200 && video.body == SAMPLE,
        "the webhook's address opens the video"
    );
}

fn the_upstream_is_asked_once_and_told_nothing_it_does_not_know(wire: Wire) {
    let world = shared();
    let (user, prompt) = (world.user().over(wire), unique("a fox counts"));
    let id = ordered(&user, &prompt);
    user.ends_as(&id, "completed");
    let submits = world.upstream.requests("submit", &prompt);
    assert_eq!(submits.len(), 1, "{submits:#?}");
    let body: Value =
        serde_json::from_str(submits[0]["body"].as_str().expect("a body")).expect("JSON");
    // Numbers are sent as numbers, and the app's own fields are not sent upstream.
    let expected = match wire {
        Wire::Gemini => json!({ "instances": [{ "prompt": prompt }], "parameters": {
            "sampleCount": 1, "durationSeconds": 8, "aspectRatio": "16:9", "resolution": "720p",
            "negativePrompt": "rain", "seed": 7,
        } }),
        Wire::Vertex => json!({ "instances": [{ "prompt": prompt }], "parameters": {
            "sampleCount": 1, "durationSeconds": 8, "aspectRatio": "16:9", "resolution": "720p",
            "negativePrompt": "rain", "seed": 7, "generateAudio": true, "storageUri": OUTPUT,
        } }),
        Wire::Omni => json!({
            "model": "gemini-omni-1.2-flash", "background": true, "input": prompt,
            "generation_config": { "video_config": { "task": "text_to_video" } },
            "response_format": { "type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "8s",
                "delivery": "uri" },
        }),
    };
    assert_eq!(body, expected);
}

fn a_video_is_served_in_parts_and_by_its_etag(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let id = user.generate(&unique("a fox in parts"));
    let generation = user.ends_as(&id, "completed");
    let url = generation["result"]["videoUrl"]
        .as_str()
        .expect("a signed address")
        .to_owned();
    let size = SAMPLE.len();
    let head = user.send("HEAD", &url, |request| request);
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, &*size.to_string(), 0)
    );
    let etag = head.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 2, "{etag}");
    let ranged = |range: &str| user.send("GET", &url, |request| request.header("range", range));
    for (range, first, last) in [
        ("bytes=0-99", 0, 99),
        ("bytes=1000-1999", 1_000, 1_999),
        ("bytes=-500", size - 500, size - 1),
        ("bytes=700-", 700, size - 1),
    ] {
        let part = ranged(range);
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {first}-{last}/{size}"),
            "{range}"
        );
        assert!(
            part.body == SAMPLE[first..=last],
            "{range}: {} bytes",
            part.body.len()
        );
    }
    let beyond = ranged(&format!("bytes={size}-"));
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, &*format!("bytes */{size}"))
    );
    let known = user.send("GET", &url, |request| {
        request.header("if-none-match", &etag)
    });
    assert_eq!((known.status, known.body.len()), (304, 0));
    let other = user.send("GET", &url, |request| {
        request.header("if-none-match", "\"another\"")
    });
    assert_eq!((other.status, other.body.len()), (200, size));
}

fn what_was_stored_is_there_after_a_restart_i8(wire: Wire) {
    let world = World::start(&[]);
    let user = world.user().over(wire);
    let id = user.generate(&unique("a fox stays"));
    user.ends_as(&id, "completed");
    world.worker.kill();
    world.worker.restart();
    let video = user.get(&format!("/api/generations/{id}/video"));
    assert!(
        video.status == 200 && video.body == SAMPLE,
        "{} with {} bytes",
        video.status,
        video.body.len()
    );
    assert_eq!(user.generation(&id)["status"], "completed");
}

/// An order with every field that an app sends.
fn ordered(user: &Api, prompt: &str) -> String {
    let parameters = json!({
        "duration": 8, "aspectRatio": "16:9", "resolution": "720p",
        "conversationId": "c_1", "messageId": "m_1", "somethingElse": { "deep": true },
    });
    let mut order =
        json!({ "prompt": prompt, "parameters": parameters, "metadata": { "scene": "7" } });
    order["provider"] = json!(user.wire.provider());
    if user.wire != Wire::Omni {
        order["parameters"]["negativePrompt"] = json!("rain");
        order["parameters"]["seed"] = json!(7);
    }
    let answer = user.create(&order);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.generation_id()
}

/// A delivery's body, after the reference implementation has verified its signature.
fn verified(delivery: &Value) -> Value {
    let mut headers = HeaderMap::new();
    for (name, value) in delivery["headers"].as_object().expect("headers") {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        headers.insert(
            name,
            HeaderValue::from_str(value.as_str().expect("text")).expect("a header's value"),
        );
    }
    assert_eq!(headers["content-type"], "application/json");
    let body = delivery["body"].as_str().expect("a body");
    let webhook = Webhook::new(WEBHOOK_SECRET).expect("a secret");
    webhook
        .verify(body.as_bytes(), &headers)
        .expect("the signature is right");
    let other =
        Webhook::new("whsec_YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgISEhISE=").expect("a secret");
    assert!(
        other.verify(body.as_bytes(), &headers).is_err(),
        "another secret's signature is refused"
    );
    serde_json::from_str(body).expect("JSON")
}
