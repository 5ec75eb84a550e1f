//! Operations of an earlier run, given to a new one.

use serde_json::{Value, json};

use crate::fake::{Fake, MODEL};

#[test]
fn an_operation_of_an_earlier_run_is_polled_and_downloaded_from_a_new_one() {
    let (earlier, fake) = (Fake::start(), Fake::start());
    let name = earlier.accepted("a dog [[render:600000 download:bytes:1000]]");
    assert_eq!(fake.poll(&name).expect("an answer").status, 404);
    let known = earlier.control("operations")[0].clone();
    assert_eq!(
        fake.tell("operations", &adopted(&known)),
        json!({ "name": name })
    );
    let done = fake.poll(&name).expect("an answer").json();
    assert_eq!(done["done"], true, "the job has been rendered meanwhile");
    let file = known["file"].as_str().expect("a file");
    let uri = &done["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"];
    assert!(uri.as_str().expect("a video").contains(file));
    let bytes = fake
        .get(&format!("/download/v1beta/files/{file}:download?alt=media"))
        .expect("an answer");
    assert_eq!((bytes.status, bytes.body.len()), (200, 1000));
}

#[test]
fn an_adopted_operation_is_told_apart_from_one_paid_for_now() {
    let fake = Fake::start();
    fake.tell(
        "operations",
        &json!({ "model": MODEL, "id": "earlier", "file": "film", "prompt": "a dog" }),
    );
    fake.poll(&format!("models/{MODEL}/operations/earlier"))
        .expect("an answer");
    fake.accepted("a dog");
    let operations = fake.control("operations");
    let seen: Vec<(&Value, &Value, &Value)> = operations
        .as_array()
        .expect("a list")
        .iter()
        .map(|operation| {
            (
                &operation["prompt"],
                &operation["adopted"],
                &operation["state"],
            )
        })
        .collect();
    let dog = json!("a dog");
    assert_eq!(
        seen,
        [
            (&dog, &json!(true), &json!("collected")),
            (&dog, &json!(false), &json!("done"))
        ]
    );
    assert_eq!(operations[0]["submittedBy"], Value::Null);
    assert_eq!(fake.recorded("submit").len(), 1);
    let stats = fake.control("render-stats");
    assert_eq!(
        (&stats["rendering"], &stats["maxRendering"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(stats["accepted"].as_array().expect("a list").len(), 1);
}

#[test]
fn the_marks_of_an_adopted_operation_hold() {
    let fake = Fake::start();
    let prompt = "a dog [[poll:503*1 result:rai]]";
    fake.tell(
        "operations",
        &json!({ "model": MODEL, "id": "earlier", "file": "film", "prompt": prompt }),
    );
    let name = format!("models/{MODEL}/operations/earlier");
    assert_eq!(fake.poll(&name).expect("an answer").status, 503);
    let filtered = fake.poll(&name).expect("an answer").json();
    assert_eq!(
        filtered["response"]["generateVideoResponse"]["raiMediaFilteredCount"],
        1
    );
}

#[test]
fn an_operation_or_a_file_is_adopted_once() {
    let fake = Fake::start();
    let adopt = |id: &str, file: &str, prompt: &str| {
        let body = json!({ "model": MODEL, "id": id, "file": file, "prompt": prompt }).to_string();
        let json = ("content-type", "application/json");
        fake.post("/__control/operations", &[json], &body)
            .expect("an answer")
            .status
    };
    assert_eq!(adopt("earlier", "film", "a dog"), 200);
    assert_eq!(adopt("earlier", "another", "a dog"), 409);
    assert_eq!(adopt("another", "film", "a dog"), 409);
    assert_eq!(adopt("another", "an/other", "a dog"), 400);
    assert_eq!(adopt("another", "another", "a dog [[poll:oops]]"), 400);
    assert_eq!(fake.paid(), 1);
}

/// The fields of an operation that adoption needs.
fn adopted(operation: &Value) -> Value {
    let field = |name: &str| operation[name].clone();
    json!({ "model": field("model"), "id": field("id"), "file": field("file"), "prompt": field("prompt") })
}
