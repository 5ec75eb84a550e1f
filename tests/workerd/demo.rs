//! The demo takes the same way as every provider, with the worker's own files as its upstream.

use crate::harness::{Api, Configuration, Setup, World, bucket, exclusive, unique, until};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn order(user: &Api, mut body: Value) -> String {
    body["model"] = json!("demo");
    let answer = user.create(&body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.generation_id()
}

fn asset(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/demo")
        .join(name);
    std::fs::read(path).expect("an asset")
}

#[test]
fn a_demo_is_rendered_stored_and_announced_and_costs_nothing() {
    let world = World::start(&[("DEMO", "true")]);
    let user = world.user();
    let videos = [
        ("16x9-4s.mp4", json!({})),
        ("9x16-4s.mp4", json!({ "aspectRatio": "9:16" })),
        ("16x9-8s.mp4", json!({ "duration": 8 })),
        (
            "9x16-8s.mp4",
            json!({ "duration": 8, "aspectRatio": "9:16" }),
        ),
    ];
    let failing = [
        ("[refused]", "provider_rejected_content"),
        ("[filtered]", "provider_rejected_content"),
        ("[rate-limited]", "provider_rate_limited"),
        ("[unavailable]", "provider_unavailable"),
    ];
    let ordered = videos.map(|(name, parameters)| {
        let body = json!({ "prompt": unique("a demo"), "parameters": parameters });
        (name, order(&user, body))
    });
    let failed = failing.map(|(word, code)| {
        let prompt = format!("{} {word}", unique("a demo"));
        (code, order(&user, json!({ "prompt": prompt })))
    });
    for (name, id) in &ordered {
        let generation = user.ends_as(id, "completed");
        let expected = asset(name);
        let result = &generation["result"];
        assert_eq!(result["fileSize"], expected.len(), "{name}");
        assert_eq!(result["cost"], 0.0, "{name}");
        assert_eq!(generation["provider"], "demo");
        let video = user.get(result["videoUrl"].as_str().expect("an address"));
        assert_eq!(
            (video.status, video.header("content-type")),
            (200, "video/mp4")
        );
        assert!(video.body == expected, "{name}");
        let events = world.upstream.only_event(id, "generation.completed");
        let body = events[0]["body"].as_str().expect("a body");
        assert!(body.contains(r#""cost":0"#), "{name}: {body}");
    }
    for (code, id) in &failed {
        let generation = user.fails_with(id, code);
        assert!(
            generation["error"]
                .as_str()
                .is_some_and(|words| words.contains('['))
        );
        world.upstream.only_event(id, "generation.failed");
    }
    let keys = bucket::keys(&world.worker, &format!("videos/{}/", user.user));
    assert_eq!(keys.len(), ordered.len(), "{keys:?}");
    assert!(
        world.upstream.all_requests("submit").is_empty(),
        "no service is called"
    );
    let metrics = operator(&world).get("/metrics").text();
    let done = r#"reelay_jobs_accepted_total{provider="demo",model="demo"} 8"#;
    assert!(metrics.contains(done), "{metrics}");
}

#[test]
fn a_slow_demo_is_cancelled_like_any_render() {
    let world = World::start(&[("DEMO", "true")]);
    let user = world.user();
    let id = order(&user, json!({ "prompt": unique("a demo [slow]") }));
    until("it renders", Duration::from_mins(1), || {
        (user.generation(&id)["phase"] == "rendering").then_some(())
    });
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
    user.ends_as(&id, "cancelled");
    world.all_slots_are_free();
}

#[test]
fn files_of_the_worker_that_do_not_answer_are_asked_for_again() {
    let silent =
        "[[services]]\nbinding = \"ASSETS\"\nservice = \"reelay\"\nentrypoint = \"Silent\"\n";
    let platform = "[observability]\n";
    let world = World::start_beside(&Setup {
        variables: &[("DEMO", "true"), ("MAX_RETRIES", "1")],
        configuration: Configuration {
            replacements: &[
                ("binding = \"ASSETS\"\n", ""),
                (platform, &format!("{silent}\n{platform}")),
            ],
            injector: true,
        },
        ..Setup::default()
    });
    let user = world.user();
    let id = order(&user, json!({ "prompt": unique("a demo") }));
    // The limit of each of both tries is 30 seconds.
    let timeline = until("it is given up", Duration::from_mins(2), || {
        let timeline = user.timeline(&id);
        timeline
            .to_string()
            .contains("\"failed\"")
            .then_some(timeline)
    });
    let tries = timeline.to_string().matches("store_failed").count();
    assert_eq!(tries, 2, "{timeline}");
    let generation = user.fails_with(&id, "storage_failed");
    let error = generation["error"].as_str().unwrap_or_default();
    assert!(error.contains("did not answer"), "{generation}");
}

#[test]
fn without_the_setting_a_demo_is_refused_with_the_mend_and_no_other_order_gets_it() {
    let world = exclusive();
    let user = world.user();
    for body in [
        json!({ "prompt": "a boat", "model": "demo" }),
        json!({ "prompt": "a boat", "provider": "demo" }),
    ] {
        let answer = user.create(&body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(
            answer.text().contains("it needs DEMO=true"),
            "{}",
            answer.text()
        );
    }
    let offered = user.get("/api/models").text();
    assert!(!offered.contains("\"demo\""), "{offered}");
}

#[test]
fn with_the_demo_alone_a_worker_needs_no_key_and_an_order_needs_no_model() {
    let world = World::start(&[
        ("DEMO", "true"),
        ("VEO3_API_KEY", ""),
        ("GEMINI_API_KEY", ""),
        ("VERTEX_SERVICE_ACCOUNT", ""),
    ]);
    let user = world.user();
    assert_eq!(
        user.get("/api/models").json()["data"]["defaultModel"],
        "demo"
    );
    let answer = user.create(&json!({ "prompt": unique("any") }));
    let generation = user.ends_as(&answer.generation_id(), "completed");
    assert_eq!(generation["model"], "demo");
}

#[test]
fn every_missing_setting_is_named_at_once_also_that_of_a_mode_without_its_binding() {
    let producer = "[[queues.producers]]\nbinding = \"DISPATCH\"\nqueue = \"reelay-dispatch\"\n";
    let assets = "binding = \"ASSETS\"\n";
    let world = World::start_with(&Setup {
        variables: &[
            ("JWT_SECRET", ""),
            ("NEXTJS_URL", ""),
            ("DISPATCH_MODE", "queue"),
            ("DEMO", "true"),
        ],
        configuration: Configuration {
            replacements: &[(producer, ""), (assets, "")],
            injector: false,
        },
        ..Setup::default()
    });
    let answer = world.user().get("/health");
    assert_eq!(answer.status, 500, "{}", answer.text());
    let answer = answer.json();
    let errors = answer["errors"].as_array().expect("a list");
    let named: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["setting"].as_str())
        .collect();
    assert_eq!(named, ["NEXTJS_URL", "JWT_SECRET", "DEMO", "DISPATCH_MODE"]);
    for (setting, word) in [("DEMO", "ASSETS"), ("DISPATCH_MODE", "DISPATCH")] {
        let error = errors.iter().find(|error| error["setting"] == setting);
        let detail = error
            .and_then(|error| error["detail"].as_str())
            .unwrap_or_default();
        assert!(detail.contains(word), "{detail}");
    }
}

fn operator(world: &World) -> Api {
    world
        .user()
        .with_token(Some(crate::harness::worker::ADMIN_KEY.to_owned()))
}
