//! The worker sends the same requests as Google's own SDK for the same order: method, path, query,
//! credential, content type and body.

#[path = "../../tools/fake-upstream/tests/behaviour/sdk.rs"]
pub(crate) mod google;

use crate::harness::upstream::API_KEY;
use crate::harness::{Api, Setup, Wire, World, on_each_wire, told};
use google::{NEWER, OLDER, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tools/fake-upstream/sdk_requests.py"
);
/// The script's image: one pixel.
pub(crate) const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGMAAQAAAAUAAQAKLbQAAAAASUVORK5CYII=";
/// Settings of the second round, which no order can change.
const SECOND_ROUND: [(&str, &str); 3] = [
    ("UPSTREAM_WEBHOOK_SECRET", "per-request"),
    ("PUBLIC_URL", "https://reelay.example"),
    ("VERTEX_OUTPUT", "gs://films/reelay/"),
];

on_each_wire! {
    the_worker_sends_what_googles_sdk_sends,
}

fn the_worker_sends_what_googles_sdk_sends(wire: Wire) {
    let world = World::start_beside(&Setup {
        variables: &[("VERTEX_OUTPUT", "")],
        ..Setup::default()
    });
    let prompts = sent_by_the_sdk(&world, wire);
    let user = world.user_named(&format!("sdk-{}", name(wire))).over(wire);
    let mut compared = 0;
    for (case, order) in first_round(wire) {
        compared += same(&world, &user, case, &prompts[case], order);
    }
    world.worker.kill();
    world.worker.restart_with(&SECOND_ROUND);
    for (case, order) in second_round(wire) {
        compared += same(&world, &user, case, &prompts[case], order);
    }
    compared += same_on_the_way(&world, wire, &prompts["defaults"]);
    told(&format!(
        "{}: {compared} requests as Google's SDK sends them",
        name(wire)
    ));
    assert!(first_round(wire).len() >= 8, "eight cases at least");
}

fn name(wire: Wire) -> &'static str {
    match wire {
        Wire::Gemini => "gemini",
        Wire::Vertex => "vertex",
        Wire::Omni => "omni",
    }
}

/// Runs the SDK's cases; returns the prompt of each.
fn sent_by_the_sdk(world: &World, wire: Wire) -> BTreeMap<String, String> {
    let (sdk, credential) = match wire {
        Wire::Gemini => (&OLDER, Some(API_KEY)),
        Wire::Vertex => (&NEWER, None),
        Wire::Omni => (&NEWER, Some(API_KEY)),
    };
    let mut arguments = vec![world.upstream.origin(), name(wire)];
    arguments.extend(credential);
    let output = sdk.run(Path::new(SCRIPT), &arguments);
    assert!(output.status.success(), "{}", text(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let cases = printed
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text_of = |case: &Value, field: &str| case[field].as_str().expect("text").to_owned();
    cases
        .map(|case| (text_of(&case, "case"), text_of(&case, "prompt")))
        .collect()
}

/// The app's order for each of the SDK's cases.
fn first_round(wire: Wire) -> Vec<(&'static str, Value)> {
    match wire {
        Wire::Gemini | Wire::Vertex => of_veo(wire),
        Wire::Omni => of_omni(),
    }
}

fn of_veo(wire: Wire) -> Vec<(&'static str, Value)> {
    let people = if wire == Wire::Gemini {
        "allow_all"
    } else {
        "allow_adult"
    };
    let parameters = |more: Value| {
        let mut parameters = json!({ "personGeneration": people });
        for (name, value) in more.as_object().expect("an object") {
            parameters[name] = value.clone();
        }
        json!({ "parameters": parameters })
    };
    let pictured = |more: Value| {
        let mut order = parameters(more);
        order["parameters"]["personGeneration"] = json!("allow_adult");
        order
    };
    let mut cases = vec![
        ("defaults", parameters(json!({}))),
        (
            "portrait-1080p",
            parameters(json!({ "aspectRatio": "9:16", "resolution": "1080p" })),
        ),
        (
            "fast",
            parameters(json!({ "model": "veo-3.1-fast-generate-001" })),
        ),
        (
            "negative-prompt",
            parameters(json!({ "negativePrompt": "cartoon, text" })),
        ),
        ("four-seconds", parameters(json!({ "duration": 4 }))),
        ("image", pictured(json!({ "image": image() }))),
        (
            "image-and-last-frame",
            pictured(json!({ "image": image(), "lastFrame": image() })),
        ),
        (
            "reference-images",
            pictured(json!({ "referenceImages": [image(), image()] })),
        ),
    ];
    if wire == Wire::Vertex {
        cases.extend([
            ("4k", parameters(json!({ "resolution": "4k" }))),
            ("seed", parameters(json!({ "seed": u32::MAX }))),
            (
                "audio-off",
                parameters(json!({ "generateAudio": false, "duration": 6 })),
            ),
        ]);
    }
    cases
}

fn of_omni() -> Vec<(&'static str, Value)> {
    let parameters = |parameters: Value| json!({ "parameters": parameters });
    let older =
        |parameters: Value| json!({ "parameters": parameters, "model": "gemini-omni-1.1-flash" });
    vec![
        ("defaults", parameters(json!({}))),
        ("portrait", parameters(json!({ "aspectRatio": "9:16" }))),
        ("shortest", parameters(json!({ "duration": 3 }))),
        ("longest", parameters(json!({ "duration": 15 }))),
        ("360p", parameters(json!({ "resolution": "360p" }))),
        ("1080p", parameters(json!({ "resolution": "1080p" }))),
        ("4k", parameters(json!({ "resolution": "4k" }))),
        ("older-model", older(json!({}))),
        ("older-model-longest", older(json!({ "duration": 10 }))),
        ("image-to-video", parameters(json!({ "image": image() }))),
        (
            "first-and-last-frame",
            parameters(json!({ "image": image(), "lastFrame": image() })),
        ),
        (
            "reference-images",
            parameters(json!({ "referenceImages": [image(), image()] })),
        ),
        (
            "six-references",
            older(json!({ "referenceImages": vec![image(); 6] })),
        ),
    ]
}

fn second_round(wire: Wire) -> Vec<(&'static str, Value)> {
    match wire {
        Wire::Gemini => {
            vec![(
                "webhook",
                json!({ "generationId": "webhook", "parameters": { "personGeneration": "allow_all" } }),
            )]
        }
        Wire::Vertex => vec![(
            "storage",
            json!({ "parameters": { "personGeneration": "allow_adult" } }),
        )],
        Wire::Omni => vec![("webhook", json!({ "generationId": "webhook" }))],
    }
}

/// Orders what the SDK requested and compares the two requests.
#[track_caller]
fn same(world: &World, user: &Api, case: &str, prompt: &str, mut order: Value) -> usize {
    order["prompt"] = json!(prompt);
    order["provider"] = json!(user.wire.provider());
    let answer = user.create(&order);
    assert_eq!(answer.status, 201, "{case}: {}", answer.text());
    user.ends_as(
        answer.json()["generationId"].as_str().expect("an id"),
        "completed",
    );
    let (theirs, ours) = both(world, "submit", prompt);
    assert_eq!(seen(&ours[0]), seen(&theirs[0]), "{case}");
    let content_type = |request: &Value| request["headers"]["content-type"].clone();
    assert_eq!(
        (content_type(&ours[0]), content_type(&theirs[0])),
        (json!("application/json"), json!("application/json"))
    );
    1
}

/// The later requests: the poll and the download.
#[track_caller]
fn same_on_the_way(world: &World, wire: Wire, prompt: &str) -> usize {
    let steps: &[&str] = match wire {
        Wire::Gemini => &["poll", "download"],
        Wire::Vertex => &["poll"],
        Wire::Omni => &["poll", "file", "download"],
    };
    for step in steps {
        let (theirs, ours) = both(world, step, prompt);
        assert_eq!(seen(&ours[0]), seen(&theirs[0]), "{step}");
    }
    steps.len()
}

/// The requests of a step with this prompt: the SDK's and the worker's.
#[track_caller]
fn both(world: &World, step: &str, prompt: &str) -> (Vec<Value>, Vec<Value>) {
    let is_theirs = |request: &Value| {
        let agent = request["headers"]["user-agent"]
            .as_str()
            .unwrap_or_default();
        agent.contains("google") || agent.contains("python")
    };
    let (theirs, ours): (Vec<Value>, Vec<Value>) = world
        .upstream
        .requests(step, prompt)
        .into_iter()
        .partition(is_theirs);
    assert!(
        !theirs.is_empty() && !ours.is_empty(),
        "{step} of {prompt}: {} and {}",
        theirs.len(),
        ours.len()
    );
    (theirs, ours)
}

/// The relevant parts of a request, with a placeholder for the render's id.
fn seen(request: &Value) -> Value {
    let plain = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        let operation = request["operation"]
            .as_str()
            .map_or_else(|| text.to_owned(), |id| text.replace(id, "{operation}"));
        match operation.split_once("/files/") {
            None => operation,
            Some((before, file)) => {
                let rest = file.trim_start_matches(|letter: char| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit()
                });
                format!("{before}/files/{{file}}{rest}")
            }
        }
    };
    let body = plain(&request["body"]);
    json!({
        "method": request["method"],
        "path": plain(&request["path"]),
        "query": request["query"],
        "key": request["apiKey"],
        "token": request["authorization"],
        "body": serde_json::from_str::<Value>(&body).unwrap_or(json!(body)),
    })
}

fn image() -> Value {
    json!({ "mimeType": "image/png", "data": PIXEL })
}

#[test]
fn a_request_that_differs_is_told_from_one_that_does_not() {
    let request =
        |body: &str| json!({ "method": "POST", "path": "/a/7/b", "operation": "7", "body": body });
    assert_eq!(
        seen(&request(r#"{"a":1,"b":"7"}"#)),
        seen(&request(r#"{"b":"7","a":1}"#))
    );
    let file = |path: &str| seen(&json!({ "path": path, "body": "" }))["path"].clone();
    assert_eq!(
        file("/v1/files/abc1:download"),
        file("/v1/files/xyz2:download")
    );
    assert_ne!(
        file("/v1/files/abc1:download"),
        file("/v1beta/files/abc1:download")
    );
    assert_ne!(seen(&request(r#"{"a":1}"#)), seen(&request(r#"{"a":"1"}"#)));
}
