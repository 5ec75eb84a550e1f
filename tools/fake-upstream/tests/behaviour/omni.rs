//! Gemini Omni over the Interactions API, and the Files API that serves its videos.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::fake::{Fake, get};
use crate::http::End;
use crate::process::Process;
use crate::wires::{OMNI, interaction, pattern};

#[test]
fn an_interaction_is_in_progress_until_it_is_completed_with_its_video() {
    let fake = Fake(Process::start(&["--render-ms", "500"]));
    let started = fake
        .omni(
            "POST",
            "/v1/interactions",
            &interaction("a dog", "uri").to_string(),
        )
        .expect("an answer");
    let started = started.json();
    let shown = ["object", "model", "status"]
        .map(|name| started[name].as_str().expect("a word").to_owned());
    assert_eq!(shown, ["interaction", OMNI, "in_progress"]);
    let id = started["id"].as_str().expect("an id");
    assert!(id.starts_with("v1_"), "{id}");
    assert!(
        fake.look(id)
            .expect("an answer")
            .json()
            .get("steps")
            .is_none()
    );
    std::thread::sleep(std::time::Duration::from_millis(550));
    let done = fake.look(id).expect("an answer").json();
    assert_eq!(done["status"], "completed");
    assert_eq!(
        done["steps"][0],
        json!({ "type": "user_input", "content": [{ "type": "text", "text": "a dog" }] })
    );
    let video = &done["steps"][1]["content"][0];
    assert_eq!(
        (&video["type"], &video["mime_type"], video.get("data")),
        (&json!("video"), &json!("video/mp4"), None)
    );
    assert_eq!(
        done["usage"]["output_tokens_by_modality"],
        json!([{ "modality": "video", "tokens": 8 * 5792 }])
    );
    let operation = &fake.control("operations")[0];
    assert_eq!(
        (&operation["wire"], &operation["name"], &operation["state"]),
        (&json!("omni"), &json!(id), &json!("collected"))
    );
    assert_eq!(fake.recorded("poll")[0]["wire"], "omni");
}

#[test]
fn a_video_can_stand_in_the_answer() {
    let fake = Fake::start();
    for length in [100_000, 100_001, 100_002] {
        let id = fake.interact(&format!("a [[download:bytes:{length}]]"), "inline");
        let done = fake.look(&id).expect("an answer").json();
        let data = done["steps"][1]["content"][0]["data"]
            .as_str()
            .expect("data")
            .to_owned();
        assert!(
            STANDARD.decode(data).expect("base64") == pattern(length),
            "{length}"
        );
    }
    let cut = fake.interact("a [[download:bytes:100000 download:truncated]]", "inline");
    assert_eq!(fake.look(&cut).expect("an answer").end, End::Short);
}

#[test]
fn a_file_is_looked_at_until_it_is_active_and_only_then_fetched() {
    let fake = Fake::start();
    let id = fake.interact("a [[file:processing*2 download:bytes:1000]]", "uri");
    let file = fake.file_of(&id);
    let look = || {
        fake.get(&format!("/v1/files/{file}"))
            .expect("an answer")
            .json()
    };
    let path = format!("/v1/files/{file}:download?alt=media");
    assert_eq!(look()["state"], "PROCESSING");
    let refused = fake.get(&path).expect("an answer");
    assert_eq!(refused.status, 400);
    assert!(
        refused.message().contains("is not in an ACTIVE state"),
        "{}",
        refused.message()
    );
    assert_eq!(look()["state"], "PROCESSING");
    let active = look();
    assert_eq!(
        (&active["state"], &active["sizeBytes"]),
        (&json!("ACTIVE"), &json!("1000"))
    );
    assert_eq!(active["name"], format!("files/{file}"));
    let redirect = fake.get(&path).expect("an answer");
    assert_eq!(redirect.status, 302);
    let bytes = get(
        redirect.header("location").expect("a location"),
        std::time::Duration::from_secs(5),
    );
    assert_eq!(bytes.expect("an answer").body, pattern(1000));
    let looks = fake.recorded("file");
    assert_eq!(
        (looks.len(), &looks[0]["fault"], &looks[0]["wire"]),
        (3, &json!("file:processing"), &json!("omni"))
    );
    assert_eq!(fake.recorded("bytes").len(), 1);
}

#[test]
fn a_file_can_fail_or_be_refused() {
    let fake = Fake::start();
    for (fault, status, state) in [
        ("failed", 200, json!("FAILED")),
        ("503", 503, Value::Null),
        ("404", 404, Value::Null),
    ] {
        let file = fake.file_of(&fake.interact(&format!("a [[file:{fault}]]"), "uri"));
        let look = fake
            .get(&format!("/v1beta/files/{file}"))
            .expect("an answer");
        assert_eq!(
            (look.status, look.json()["state"].clone()),
            (status, state),
            "{fault}"
        );
    }
    let keyless = crate::http::Request {
        method: "GET",
        url: &fake.url("/v1/files/whatever"),
        headers: &[],
        body: "",
        patience: std::time::Duration::from_secs(5),
    };
    assert_eq!(keyless.send().expect("an answer").status, 403);
}

#[test]
fn an_interaction_is_called_off_while_it_renders_and_not_later() {
    let fake = Fake::start();
    let id = fake.interact("a [[render:60000]]", "uri");
    let cancel = |id: &str| {
        fake.omni("POST", &format!("/v1/interactions/{id}/cancel"), "")
            .expect("an answer")
    };
    assert_eq!(cancel(&id).json()["status"], "cancelled");
    assert_eq!(
        fake.look(&id).expect("an answer").json()["status"],
        "cancelled"
    );
    assert_eq!(fake.control("operations")[0]["state"], "cancelled");
    assert_eq!(fake.control("render-stats")["rendering"], 0);
    let done = fake.interact("another", "uri");
    fake.look(&done).expect("an answer");
    assert_eq!(cancel(&done).status, 400);
    assert_eq!(cancel("v1_nobody").status, 404);
    let veo = fake.accepted("of another wire [[render:60000]]");
    assert_eq!(cancel(veo.rsplit('/').next().expect("an id")).status, 404);
    assert_eq!(fake.control("operations")[2]["state"], "rendering");
    assert_eq!(fake.recorded("cancel").len(), 4);
}

#[test]
fn a_deleted_interaction_is_gone_but_was_paid() {
    let fake = Fake::start();
    let id = fake.interact("a [[render:60000]]", "uri");
    let path = format!("/v1/interactions/{id}");
    assert_eq!(
        fake.omni("DELETE", &path, "").expect("an answer").json(),
        json!({})
    );
    assert_eq!(fake.look(&id).expect("an answer").status, 404);
    assert_eq!(
        fake.omni("DELETE", &path, "").expect("an answer").status,
        404
    );
    assert_eq!(
        (fake.paid(), &fake.control("operations")[0]["deleted"]),
        (1, &json!(true))
    );
    assert_eq!(fake.control("render-stats")["rendering"], 0);
}

#[test]
fn the_script_of_faults_is_the_same() {
    let fake = Fake::start();
    let submit = |prompt: &str| {
        fake.omni(
            "POST",
            "/v1/interactions",
            &interaction(prompt, "uri").to_string(),
        )
    };
    for (fault, status) in [
        ("429", 429),
        ("503", 503),
        ("401", 401),
        ("400-safety", 400),
        ("redirect", 307),
    ] {
        assert_eq!(
            submit(&format!("a [[submit:{fault}]]"))
                .expect("an answer")
                .status,
            status,
            "{fault}"
        );
    }
    assert_eq!(fake.paid(), 0);
    assert!(submit("a [[submit:reset-after]]").is_err());
    assert_eq!(
        submit("a [[submit:no-name]]").expect("an answer").json(),
        json!({})
    );
    assert_eq!(
        submit("a [[submit:html-502]]").expect("an answer").status,
        502
    );
    assert_eq!(fake.paid(), 3);
    let result = |fault: &str| {
        let id = fake.interact(&format!("a [[result:{fault}]]"), "uri");
        fake.look(&id).expect("an answer").json()
    };
    let filtered = result("rai");
    assert_eq!(filtered["status"], "completed");
    assert!(
        !filtered.to_string().contains("video/mp4") && filtered.get("errors").is_none(),
        "{filtered}"
    );
    let failed = result("error:8");
    assert_eq!(
        (&failed["status"], failed["errors"].as_array().map(Vec::len)),
        (&json!("failed"), Some(1))
    );
    assert_eq!(
        result("empty")["steps"][1],
        json!({ "type": "model_output", "content": [] })
    );
    assert_eq!(result("never")["status"], "in_progress");
    let both = result("error-and-response");
    assert!(
        both["status"] == "failed" && both.to_string().contains("video/mp4"),
        "{both}"
    );
    let id = fake.interact("a [[poll:500*1 poll:done-false render:60000]]", "uri");
    assert_eq!(fake.look(&id).expect("an answer").status, 500);
    assert_eq!(
        fake.look(&id).expect("an answer").json()["status"],
        "queued"
    );
}

/// Creates an interaction with one more field; returns the status and the message.
fn interact_with(fake: &Fake, name: &str, value: Value) -> (u16, String) {
    let mut body = interaction("a dog", "uri");
    body[name] = value;
    let answer = fake
        .omni("POST", "/v1/interactions", &body.to_string())
        .expect("an answer");
    (answer.status, answer.message())
}

#[test]
fn what_the_interactions_api_does_not_accept_is_refused_in_its_words() {
    let fake = Fake::start();
    let with = |name: &str, value: Value| interact_with(&fake, name, value);
    let step = |content: Value| json!([{ "type": "user_input", "content": [content] }]);
    for ((status, said), words) in [
        (
            with("background", json!(false)),
            "`background` must be set to true",
        ),
        (
            with("background", json!("true")),
            "Invalid value at 'background' (TYPE_BOOL)",
        ),
        (
            with("negativePrompt", json!("a")),
            "Unknown name \"negativePrompt\": Cannot find field.",
        ),
        (
            with("responseFormat", json!({})),
            "Unknown name \"responseFormat\"",
        ),
        (
            with("system_instruction", json!("a")),
            "`system_instruction` isn't supported by this model.",
        ),
        (with("store", json!(false)), "`store` must be true"),
        (with("input", json!("")), "`input` must be"),
        (with("input", json!([])), "`input` must be"),
        (
            with("input", json!([{ "type": "text", "text": "a" }])),
            "Unknown name \"text\" at 'input'",
        ),
        (
            with(
                "input",
                step(json!({ "type": "image", "mime_type": "image/png" })),
            ),
            "exactly one of `data` and `uri`",
        ),
        (
            with("input", step(json!({ "type": "image", "data": "aGk=" }))),
            "Unsupported `mime_type`",
        ),
        (
            with("input", step(json!({ "type": "image", "inlineData": {} }))),
            "Unknown name \"inlineData\"",
        ),
        (
            with("response_format", json!({ "type": "text" })),
            "must be \"video\"",
        ),
    ] {
        assert_eq!(status, 400, "{said}");
        assert!(said.contains(words), "{said} instead of {words}");
    }
    let (status, said) = with("model", json!("gemini-omni-flash-preview"));
    assert!(
        status == 404 && said.contains("is no longer available"),
        "{said}"
    );
    assert_eq!(with("model", json!("veo-3.1-generate-001")).0, 404);
    let mut older = interaction("a dog", "uri");
    older["model"] = json!("gemini-omni-1.1-flash");
    older["response_format"]["duration"] = json!("11s");
    let answer = fake
        .omni("POST", "/v1/interactions", &older.to_string())
        .expect("an answer");
    assert!(
        answer.message().contains("3s to 10s"),
        "{}",
        answer.message()
    );
    assert_eq!(fake.paid(), 0);
}

#[test]
fn a_video_that_omni_cannot_make_is_refused_in_its_words() {
    let fake = Fake::start();
    let with = |name: &str, value: Value| interact_with(&fake, name, value);
    let video = |name: &str, value: Value| {
        let mut format = json!({ "type": "video" });
        format[name] = value;
        with("response_format", format)
    };
    let task = |task: &str| json!({ "video_config": { "task": task } });
    for ((status, said), words) in [
        (
            video("duration", json!(8)),
            "Invalid value at 'response_format.duration'",
        ),
        (video("duration", json!("2s")), "3s to 15s"),
        (video("duration", json!("16s")), "3s to 15s"),
        (
            video("resolution", json!("480p")),
            "Invalid value for `resolution`",
        ),
        (
            video("aspect_ratio", json!("1:1")),
            "Invalid value for `aspect_ratio`",
        ),
        (
            video("delivery", json!("gcs")),
            "Invalid value for `delivery`",
        ),
        (
            video("aspectRatio", json!("16:9")),
            "Unknown name \"aspectRatio\" at 'response_format'",
        ),
        (
            with("generation_config", json!({ "seed": "7" })),
            "Invalid value at 'seed'",
        ),
        (
            with("generation_config", json!({ "temperature": 1 })),
            "Unknown name \"temperature\" at 'generation_config'",
        ),
        (
            with("generation_config", task("image_to_video")),
            "does not fit the task",
        ),
        (
            with("generation_config", task("extend")),
            "does not fit the task",
        ),
        (
            with("webhook_config", json!({ "uri": "a" })),
            "Unknown name \"uri\" at 'webhook_config'",
        ),
    ] {
        assert_eq!(status, 400, "{said}");
        assert!(said.contains(words), "{said} instead of {words}");
    }
}

#[test]
fn an_interaction_takes_as_many_images_as_its_task_has_room_for() {
    let fake = Fake::start();
    let image = json!({ "type": "image", "data": "aGk=", "mime_type": "image/png" });
    let task = |task: &str| json!({ "video_config": { "task": task } });
    let mut whole = interaction("a dog", "uri");
    whole["input"] = json!([{ "type": "user_input", "content": [{ "type": "text", "text": "move" }, image.clone()] }]);
    whole["generation_config"] = json!({ "seed": 7, "video_config": { "task": "image_to_video" } });
    let answer = fake
        .omni("POST", "/v1beta/interactions", &whole.to_string())
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Two images are a first and a last frame; a third cannot be a frame.
    let (image_to_video, references) = (task("image_to_video"), task("reference_to_video"));
    for (images, config, status) in [
        (2, &image_to_video, 200),
        (3, &image_to_video, 400),
        (6, &references, 200),
        (7, &references, 400),
    ] {
        let text = json!({ "type": "text", "text": "move on" });
        let content: Vec<Value> = std::iter::once(text)
            .chain(vec![image.clone(); images])
            .collect();
        whole["input"] = json!([{ "type": "user_input", "content": content }]);
        whole["generation_config"] = config.clone();
        let answer = fake
            .omni("POST", "/v1/interactions", &whole.to_string())
            .expect("an answer");
        assert_eq!(answer.status, status, "{images} {config} {}", answer.text());
    }
    let operation = &fake.control("operations")[0];
    assert_eq!(operation["prompt"], "move");
    assert_eq!(
        operation["request"]["input"][0]["content"][1]["data"],
        "<4 characters>"
    );
}

#[test]
fn an_interaction_of_an_earlier_run_is_taken_over() {
    let (earlier, fake) = (Fake::start(), Fake::start());
    let id = earlier.interact("a [[download:bytes:1000]]", "uri");
    let known = earlier.control("operations")[0].clone();
    assert_eq!(fake.tell("operations", &known), json!({ "name": id }));
    let done = fake.look(&id).expect("an answer").json();
    assert_eq!(
        (&done["status"], &done["steps"][0]["content"][0]["text"]),
        (&json!("completed"), &known["prompt"])
    );
    assert_eq!(fake.file_of(&id), known["file"].as_str().expect("a file"));
}
