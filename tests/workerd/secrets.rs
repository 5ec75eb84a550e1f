//! No secret, prompt or token appears in the log (I12).

use crate::harness::token::{self, JWT_SECRET};
use crate::harness::upstream::{API_KEY, WEBHOOK_SECRET};
use crate::harness::worker::{ADMIN_KEY, SERVICE_KEY};
use crate::harness::{Wire, World, exclusive, unique, until};
use crate::images::PNG;
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn no_line_of_the_log_holds_a_prompt_a_token_a_body_or_a_secret_i12() {
    let world = exclusive();
    let user = world.user();
    // One job of each kind that logs something: repeated, refused with the upstream's words, with a
    // failing webhook.
    world.upstream.inbox_mode("status:500");
    let private = unique("a-very-private-word");
    let order = |mark: &str, wire: Wire| {
        let mut body = json!({
            "prompt": format!("{private} {wire:?} [[{mark}]]"),
            "provider": wire.provider(),
            "parameters": { "messageId": private, "image": { "mimeType": "image/png", "data": PNG } },
            "metadata": { "note": private },
        });
        if wire != Wire::Omni {
            body["parameters"]["negativePrompt"] = json!(format!("not {private}"));
        }
        let answer = user.create(&body);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.generation_id()
    };
    let marks = [
        ("submit:503*1", "completed"),
        ("submit:400-safety", "failed"),
        ("submit:garbage", "failed"),
        ("poll:500*1 download:html*1", "completed"),
    ];
    let mut ids = Vec::new();
    for wire in Wire::ALL {
        ids.extend(marks.map(|(mark, status)| (order(mark, wire), status)));
    }
    let mut urls = Vec::new();
    for (id, status) in &ids {
        let generation = user.ends_as(id, status);
        urls.extend(generation["result"]["videoUrl"].as_str().map(str::to_owned));
    }
    assert_eq!(urls.len(), 6);
    assert!(urls.iter().all(|url| user.get(url).status == 200));
    // A refused token, and a body that cannot be parsed.
    assert_eq!(
        user.with_token(Some(format!("{private}.{private}.{private}")))
            .get("/api/generations")
            .status,
        401
    );
    assert_eq!(user.create(&json!([private])).status, 400);
    // An operator's search and action, and a stream of events.
    let operator = user.with_token(Some(ADMIN_KEY.to_owned()));
    let found = operator.get(&format!("/api/queue/jobs?search={private}"));
    assert_eq!(
        found.json()["data"].as_array().map(Vec::len),
        Some(ids.len()),
        "{}",
        found.text()
    );
    assert_eq!(operator.get("/metrics").status, 200);
    assert_eq!(
        operator
            .post("/api/webhooks/recover?since=2020-01-01T00:00:00Z")
            .status,
        200
    );
    assert!(
        user.get(&format!("/api/generations/{}/events", ids[0].0))
            .text()
            .contains("event: end")
    );
    let last = unique("request");
    assert_eq!(
        user.send("GET", "/api/whoami", |request| request
            .header("X-Request-Id", &last))
            .status,
        200
    );

    let lines = until("the last line is written", Duration::from_mins(1), || {
        let lines = world.worker.lines();
        lines
            .iter()
            .any(|line| line["requestId"] == last.as_str())
            .then_some(lines)
    });
    for (id, _) in &ids {
        assert!(
            lines.iter().any(|line| line["generationId"] == *id),
            "the log mentions {id}"
        );
    }
    let mut secrets = secrets(&world, &urls);
    secrets.extend([private, token::user(&user.user)]);
    // Wrangler's own lines are left out: they show each request's path.
    for line in lines.iter().map(Value::to_string) {
        for secret in &secrets {
            assert!(!line.contains(secret), "{secret} is in {line}");
        }
    }
}

/// The texts that the log must not hold, whoever orders.
fn secrets(world: &World, urls: &[String]) -> Vec<String> {
    let signature = |url: &String| {
        url.rsplit_once("signature=")
            .expect("a signature")
            .1
            .to_owned()
    };
    let mut secrets: Vec<String> = urls.iter().map(signature).collect();
    let account: Value = serde_json::from_str(&world.upstream.service_account()).expect("JSON");
    let key = account["private_key"]
        .as_str()
        .expect("a key")
        .lines()
        .nth(1)
        .expect("its first line")
        .to_owned();
    secrets.extend([key, PNG.to_owned()]);
    secrets
        .extend([JWT_SECRET, API_KEY, WEBHOOK_SECRET, SERVICE_KEY, ADMIN_KEY].map(str::to_owned));
    secrets
}
