//! The formats and messages of Google's wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, KEY, MODEL};
use crate::process::Process;

#[test]
fn done_is_absent_until_the_render_is_over() {
    let fake = Fake(Process::start(&["--render-ms", "200"]));
    let name = fake.accepted("a dog");
    assert!(
        name.starts_with(&format!("models/{MODEL}/operations/")),
        "{name}"
    );
    assert_eq!(
        fake.poll(&name).expect("an answer").json(),
        json!({ "name": name })
    );
    std::thread::sleep(Duration::from_millis(250));
    let done = fake.poll(&name).expect("an answer").json();
    assert_eq!(done["done"], true);
    assert!(done.get("error").is_none());
    assert_eq!(
        done["response"]["@type"],
        "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
    );
}

#[test]
fn a_files_address_is_googles_and_its_id_is_of_small_letters_and_digits() {
    let fake = Fake::start();
    let path = fake.video("a dog");
    let id = path
        .strip_prefix("/v1beta/files/")
        .and_then(|rest| rest.strip_suffix(":download?alt=media"));
    let id = id.expect("the path of a file");
    assert!(
        id.chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit()),
        "{id}"
    );
}

#[test]
fn a_file_is_reached_by_one_redirect_and_needs_a_key() {
    let fake = Fake::start();
    let path = fake.video("a dog");
    let refused = fake.post(&path, &[], "").expect("an answer");
    assert_eq!(refused.status, 405);
    let redirect = fake.get(&path).expect("an answer");
    assert_eq!(redirect.status, 302);
    let to = redirect.header("location").expect("a location");
    let film = fake
        .get(to.strip_prefix(&fake.0.origin).expect("the same host"))
        .expect("an answer");
    assert_eq!(
        (film.status, film.header("content-type")),
        (200, Some("video/mp4"))
    );
    assert_eq!(&film.body[4..8], b"ftyp");
    let request = crate::http::Request {
        method: "GET",
        url: &fake.url(&path),
        headers: &[],
        body: "",
        patience: Duration::from_secs(5),
    };
    assert_eq!(request.send().expect("an answer").status, 403);
}

#[test]
fn a_submit_without_a_key_or_with_a_bad_one_is_refused_in_googles_shapes() {
    let fake = Fake::start();
    let path = format!("/v1beta/models/{MODEL}:predictLongRunning");
    let body = json!({ "instances": [{ "prompt": "a dog" }] }).to_string();
    let without = fake.post(&path, &[], &body).expect("an answer");
    assert_eq!(
        (without.status, without.json()["error"]["status"].clone()),
        (403, json!("PERMISSION_DENIED"))
    );
    let bad = fake
        .post(&path, &[("x-goog-api-key", "bad-key")], &body)
        .expect("an answer");
    assert_eq!(bad.status, 400);
    assert_eq!(
        bad.json()["error"]["details"][0]["reason"],
        "API_KEY_INVALID"
    );
    assert_eq!(fake.paid(), 0);
}

#[test]
fn with_an_api_key_named_at_start_every_other_is_invalid() {
    let fake = Fake(Process::start(&["--api-key", "the-key"]));
    let path = format!("/v1beta/models/{MODEL}:predictLongRunning");
    let body = json!({ "instances": [{ "prompt": "a dog" }] }).to_string();
    assert_eq!(
        fake.post(&path, &[KEY], &body).expect("an answer").status,
        400
    );
    assert_eq!(
        fake.post(&path, &[("x-goog-api-key", "the-key")], &body)
            .expect("an answer")
            .status,
        200
    );
    let seen: Vec<Value> = fake
        .recorded("submit")
        .iter()
        .map(|entry| entry["apiKey"].clone())
        .collect();
    assert_eq!(seen, ["different", "equal"]);
}

#[test]
fn what_google_does_not_accept_is_refused_in_its_words() {
    let fake = Fake::start();
    let unsupported = |field: &str| {
        format!(
            "`{field}` isn't supported by this model. Please remove it or refer to the Gemini API documentation for \
             supported usage."
        )
    };
    let cases = [
        (
            json!({ "instances": [{ "prompt": "a" }], "parameters": { "durationSeconds": "8" } }),
            "The value type for `durationSeconds` needs to be a number.".to_owned(),
        ),
        (
            json!({ "instances": [{ "prompt": "a" }], "parameters": { "generateAudio": true } }),
            unsupported("generateAudio"),
        ),
        (
            json!({ "instances": [{ "prompt": "a" }], "parameters": { "numberOfVideos": 1 } }),
            unsupported("numberOfVideos"),
        ),
        (
            json!({ "instances": [{ "prompt": "a", "image": { "inlineData": {} } }] }),
            unsupported("inlineData"),
        ),
        (
            json!({ "instances": [{ "prompt": "a", "video": { "uri": "u", "encoding": "video/mp4" } }] }),
            unsupported("encoding"),
        ),
        (
            json!({ "instances": [{ "prompt": "a" }], "model": "x" }),
            "Invalid JSON payload received. Unknown name \"model\": Cannot find field.".to_owned(),
        ),
    ];
    for (body, words) in cases {
        let answer = fake.submit_body(MODEL, &body).expect("an answer");
        assert_eq!((answer.status, answer.message()), (400, words));
        assert_eq!(answer.json()["error"]["status"], "INVALID_ARGUMENT");
    }
    for parameters in [
        json!({ "durationSeconds": 5 }),
        json!({ "resolution": "1080p", "durationSeconds": 4 }),
        json!({ "aspectRatio": "1:1" }),
        json!({ "personGeneration": "allow_adult" }),
        json!({ "sampleCount": 2 }),
    ] {
        let body = json!({ "instances": [{ "prompt": "a" }], "parameters": parameters });
        assert_eq!(
            fake.submit_body(MODEL, &body).expect("an answer").status,
            400,
            "{body}"
        );
    }
    assert_eq!(fake.paid(), 0);
}

#[test]
fn all_that_google_documents_is_accepted_and_kept_without_image_bytes() {
    let fake = Fake::start();
    let image = json!({ "bytesBase64Encoded": "aGk=", "mimeType": "image/png" });
    let body = json!({
        "instances": [{ "prompt": "a", "image": image, "lastFrame": image }],
        "parameters": { "sampleCount": 1, "durationSeconds": 8, "aspectRatio": "9:16", "resolution": "4k",
            "personGeneration": "allow_adult", "negativePrompt": "b", "enhancePrompt": true, "seed": 7 },
        "webhookConfig": { "uris": ["https://example.com"] },
    });
    let answer = fake.submit_body(MODEL, &body).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let operation = &fake.control("operations")[0];
    assert_eq!(operation["parameters"], body["parameters"]);
    assert_eq!(
        operation["request"]["instances"][0]["image"]["bytesBase64Encoded"],
        "<4 characters>"
    );
}

#[test]
fn an_unknown_and_a_retired_model_are_told_apart_by_their_words() {
    let fake = Fake::start();
    let body = json!({ "instances": [{ "prompt": "a" }] });
    let unknown = fake.submit_body("veo-9", &body).expect("an answer");
    assert_eq!(unknown.status, 404);
    assert!(
        unknown
            .message()
            .contains("is not found for API version v1beta"),
        "{}",
        unknown.message()
    );
    let retired = fake
        .submit_body("veo-2.0-retired", &body)
        .expect("an answer");
    assert_eq!(retired.status, 404);
    assert!(
        retired.message().contains("is no longer available"),
        "{}",
        retired.message()
    );
}

#[test]
fn an_unknown_operation_is_not_found() {
    let fake = Fake::start();
    let answer = fake
        .poll(&format!("models/{MODEL}/operations/nosuchthing"))
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.json()["error"]["status"].clone()),
        (404, json!("NOT_FOUND"))
    );
}
