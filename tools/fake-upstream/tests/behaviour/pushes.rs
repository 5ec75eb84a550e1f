//! Webhooks from Google. The receiver is the fake's own inbox, in a mode that accepts everything.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::fake::{Fake, MODEL};
use crate::process::{Process, SECRET};
use crate::wires::{interaction, unix_seconds};

#[test]
fn a_push_to_the_place_a_request_names_is_signed_with_a_published_key() {
    let fake = receiver("status:200");
    push(&fake, "a dog");
    let delivery = delivered(&fake, 1).remove(0);
    assert!(verify(&fake, &delivery));
    assert!(unix_seconds().abs_diff(timestamp(&delivery)) < 60);
    let body: Value =
        serde_json::from_str(delivery["body"].as_str().expect("a body")).expect("JSON");
    let operation = &fake.control("operations")[0];
    assert_eq!(
        (&body["type"], &body["data"]["id"]),
        (&json!("interaction.completed"), &operation["name"])
    );
    assert_eq!(body["data"]["file_id"], operation["file"]);
    assert_eq!(body["user_metadata"], json!({ "job": "1" }));
    assert_eq!(operation["polls"], 0, "nobody polled");
    let keys = fake
        .get("/.well-known/jwks.json")
        .expect("an answer")
        .json();
    assert_eq!(
        (&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]),
        (&json!("OKP"), &json!("Ed25519"))
    );
    assert_eq!(fake.recorded("keys").len(), 2);
}

#[test]
fn a_veo_job_pushes_its_video_and_a_failed_one_nothing() {
    let fake = receiver("status:200");
    let submit = |prompt: &str| {
        let config =
            json!({ "uris": [fake.url("/api/webhooks/worker")], "userMetadata": { "job": "2" } });
        let body = json!({ "instances": [{ "prompt": prompt }], "webhookConfig": config });
        assert_eq!(
            fake.submit_body(MODEL, &body).expect("an answer").status,
            200
        );
    };
    submit("a dog [[result:code13]]");
    submit("a dog");
    let delivery = delivered(&fake, 1).remove(0);
    let body: Value =
        serde_json::from_str(delivery["body"].as_str().expect("a body")).expect("JSON");
    let operation = &fake.control("operations")[1];
    assert_eq!(
        (&body["type"], &body["data"]["id"]),
        (&json!("video.generated"), &operation["name"])
    );
    let file = operation["file"].as_str().expect("a file");
    let uri =
        format!("https://generativelanguage.googleapis.com/v1beta/files/{file}:download?alt=media");
    assert_eq!(
        (&body["data"]["file_id"], &body["data"]["video_uri"]),
        (&json!(file), &json!(uri))
    );
    assert_eq!(body["user_metadata"], json!({ "job": "2" }));
    assert_quiet(&fake, 1);
}

#[test]
fn a_push_to_the_fixed_place_is_signed_with_its_secret() {
    let fake = receiver("ok");
    fake.interact("before", "uri");
    let place = json!({ "uri": fake.url("/api/webhooks/worker"), "secret": SECRET });
    fake.tell("push", &place);
    fake.interact("a dog", "uri");
    let delivery = delivered(&fake, 1).remove(0);
    assert_eq!(
        (&delivery["valid"], &delivery["answered"]),
        (&json!(true), &json!(200))
    );
    fake.interact("a dog [[result:code13]]", "uri");
    let failed = delivered(&fake, 2).remove(1);
    assert!(
        failed["body"]
            .as_str()
            .is_some_and(|body| body.contains("\"interaction.failed\"")),
        "{failed}"
    );
    fake.tell("push", &json!({ "uri": "" }));
    fake.interact("after", "uri");
    assert_quiet(&fake, 2);
}

#[test]
fn the_fixed_place_can_be_named_at_start_and_needs_a_secret() {
    let receiver = Fake::start();
    let place = receiver.url("/api/webhooks/worker");
    let fake = Fake(Process::start(&[
        "--render-ms",
        "0",
        "--push-uri",
        &place,
        "--push-secret",
        SECRET,
    ]));
    fake.interact("a dog", "uri");
    assert_eq!(delivered(&receiver, 1)[0]["valid"], true);
    let json = ("content-type", "application/json");
    let body = json!({ "uri": place, "secret": "whsec_!" }).to_string();
    assert_eq!(
        fake.post("/__control/push", &[json], &body)
            .expect("an answer")
            .status,
        400
    );
}

#[test]
fn a_push_that_is_not_taken_is_tried_again_under_its_id() {
    let fake = receiver("fail-first:2");
    fake.tell(
        "push",
        &json!({ "uri": fake.url("/api/webhooks/worker"), "secret": SECRET }),
    );
    fake.interact("a dog", "uri");
    let deliveries = delivered(&fake, 3);
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery["id"] == deliveries[0]["id"]),
        "{deliveries:?}"
    );
    let pushes = pushes(&fake, 3);
    let seen: Vec<(&Value, &Value)> = pushes
        .iter()
        .map(|push| (&push["attempt"], &push["status"]))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!(1), &json!(500)),
            (&json!(2), &json!(500)),
            (&json!(3), &json!(200))
        ]
    );
    assert_eq!(
        (&pushes[0]["signed"], &pushes[0]["prompt"]),
        (&json!("v1"), &json!("a dog"))
    );
}

#[test]
fn a_push_comes_twice_forged_or_old_when_its_mark_says_so() {
    let fake = receiver("status:200");
    push(&fake, "a [[push:twice]]");
    let twice = delivered(&fake, 2);
    assert_eq!(
        (&twice[0]["id"], &twice[0]["body"]),
        (&twice[1]["id"], &twice[1]["body"])
    );
    push(&fake, "b [[push:forged]]");
    let forged = delivered(&fake, 3).remove(2);
    assert!(!verify(&fake, &forged) && verify(&fake, &twice[0]));
    assert_ne!(forged["id"], twice[0]["id"]);
    push(&fake, "c [[push:old]]");
    let old = delivered(&fake, 4).remove(3);
    assert!(verify(&fake, &old), "the push is old, not forged");
    assert!(
        (590..660).contains(&unix_seconds().abs_diff(timestamp(&old))),
        "{old}"
    );
}

#[test]
fn a_push_comes_early_or_not_at_all_when_its_mark_says_so() {
    let fake = receiver("status:200");
    push(&fake, "a [[push:early render:60000]]");
    delivered(&fake, 1);
    assert_eq!(fake.control("operations")[0]["state"], "rendering");
    push(&fake, "b [[push:off]]");
    push(&fake, "c [[result:never]]");
    push(&fake, "d [[render:60000]]");
    let token = fake.token();
    fake.tell(
        "push",
        &json!({ "uri": fake.url("/api/webhooks/worker"), "secret": SECRET }),
    );
    fake.veo(&token, "vertex has no webhooks", &json!({}));
    assert_quiet(&fake, 1);
}

#[test]
fn what_was_called_off_or_forgotten_is_not_pushed() {
    let fake = receiver("status:200");
    let id = push(&fake, "a [[render:200]]");
    fake.omni("POST", &format!("/v1/interactions/{id}/cancel"), "")
        .expect("an answer");
    assert_quiet(&fake, 0);
    push(&fake, "b [[render:200]]");
    fake.tell("reset", &json!({}));
    assert_quiet(&fake, 0);
}

/// A fake whose inbox is in this mode.
fn receiver(mode: &str) -> Fake {
    let fake = Fake::start();
    fake.tell("inbox/mode", &json!({ "mode": mode }));
    fake
}

/// A new interaction whose end sends a push to the fake's own inbox; returns its id.
fn push(fake: &Fake, prompt: &str) -> String {
    let mut body = interaction(prompt, "uri");
    let place = fake.url("/api/webhooks/worker");
    body["webhook_config"] = json!({ "uris": [place], "user_metadata": { "job": "1" } });
    let answer = fake
        .omni("POST", "/v1/interactions", &body.to_string())
        .expect("an answer");
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// Waits for this many deliveries.
fn delivered(fake: &Fake, count: usize) -> Vec<Value> {
    fake.control(&format!("wait?step=webhook&count={count}"));
    fake.control("inbox").as_array().expect("a list").clone()
}

/// Waits for this many finished attempts.
fn pushes(fake: &Fake, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        let pushes = fake.control("pushes").as_array().expect("a list").clone();
        if pushes.len() >= count {
            return pushes;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("too few pushes: {}", fake.control("pushes"));
}

/// Waits for a while and asserts that nothing more is delivered.
#[track_caller]
fn assert_quiet(fake: &Fake, count: usize) {
    std::thread::sleep(std::time::Duration::from_millis(400));
    let inbox = fake.control("inbox");
    assert_eq!(inbox.as_array().map(Vec::len), Some(count), "{inbox}");
}

fn timestamp(delivery: &Value) -> u64 {
    delivery["headers"]["webhook-timestamp"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a time")
}

/// Whether the published key made a delivery's `v1a` signature.
fn verify(fake: &Fake, delivery: &Value) -> bool {
    let keys = fake
        .get("/.well-known/jwks.json")
        .expect("an answer")
        .json();
    let key = URL_SAFE_NO_PAD
        .decode(keys["keys"][0]["x"].as_str().expect("a key"))
        .expect("base64");
    let header = |name: &str| delivery["headers"][name].as_str().expect("a header");
    let signature = header("webhook-signature")
        .strip_prefix("v1a,")
        .expect("an Ed25519 signature");
    let body = delivery["body"].as_str().expect("a body");
    let signed = format!(
        "{}.{}.{body}",
        header("webhook-id"),
        header("webhook-timestamp")
    );
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(
        signed.as_bytes(),
        &STANDARD.decode(signature).expect("base64"),
    )
    .is_ok()
}
