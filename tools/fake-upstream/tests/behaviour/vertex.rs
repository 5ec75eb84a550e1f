//! Veo over Vertex AI.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::fake::{Fake, HANGING};
use crate::http::End;
use crate::process::Process;
use crate::wires::{VEO, pattern, place};

#[test]
fn an_operation_is_asked_for_by_its_full_name_until_it_is_done() {
    let fake = Fake(Process::start(&["--render-ms", "500"]));
    let token = fake.token();
    let name = fake.veo(&token, "a dog", &json!({}));
    let id = name.rsplit('/').next().expect("an id");
    assert_eq!(
        name,
        format!(
            "projects/reelay-local/locations/us-central1/publishers/google/models/{VEO}/operations/{id}"
        )
    );
    assert_eq!(
        id.split('-').map(str::len).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert_eq!(
        fake.fetch(&token, &name).expect("an answer").json(),
        json!({ "name": name })
    );
    std::thread::sleep(std::time::Duration::from_millis(550));
    let done = fake.fetch(&token, &name).expect("an answer").json();
    assert_eq!(done["done"], true);
    let response = &done["response"];
    assert_eq!(
        response["@type"],
        "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    );
    assert_eq!(
        (
            &response["raiMediaFilteredCount"],
            &response["videos"][0]["mimeType"]
        ),
        (&json!(0), &json!("video/mp4"))
    );
    assert_eq!(
        fake.fetch(&token, id).expect("an answer").status,
        400,
        "an id is not a name"
    );
    assert_eq!(
        fake.fetch(&token, &format!("{name}x"))
            .expect("an answer")
            .status,
        404
    );
    let operation = &fake.control("operations")[0];
    assert_eq!(
        (&operation["wire"], &operation["name"]),
        (&json!("vertex"), &json!(name))
    );
    assert_eq!(fake.recorded("poll")[0]["wire"], "vertex");
}

#[test]
fn the_video_stands_in_the_answer_whatever_its_length_leaves_over() {
    let fake = Fake::start();
    let token = fake.token();
    for length in [0, 1, 2, 3, 100_000, 300_001] {
        let name = fake.veo(
            &token,
            &format!("a [[download:bytes:{length}]]"),
            &json!({ "sampleCount": 2 }),
        );
        let answer = fake.fetch(&token, &name).expect("an answer");
        assert_eq!(answer.end, End::Whole);
        assert!(
            answer
                .header("content-type")
                .is_some_and(|kind| kind.starts_with("application/json"))
        );
        let done = answer.json();
        let videos = done["response"]["videos"].as_array().expect("videos");
        assert_eq!(videos.len(), 2);
        for video in videos {
            let bytes = video["bytesBase64Encoded"].as_str().expect("bytes");
            assert!(
                STANDARD.decode(bytes).expect("base64") == pattern(length),
                "{length}"
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn sixty_megabytes_in_an_answer_are_not_held() {
    let fake = Fake::start();
    let token = fake.token();
    let name = fake.veo(&token, "a [[download:bytes:62914560]]", &json!({}));
    let answer = fake.fetch(&token, &name).expect("an answer");
    assert!(answer.body.len() > 80 << 20, "{}", answer.body.len());
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", fake.0.id())).expect("its status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("its peak");
    let peak_kb: usize = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    assert!(peak_kb < 32 << 10, "{peak_kb} kB at its peak");
}

#[test]
fn an_answer_with_a_video_can_break_off() {
    let fake = Fake::start();
    let token = fake.token();
    let fetch = |fault: &str| {
        let name = fake.veo(
            &token,
            &format!("a [[download:bytes:300000 download:{fault}]]"),
            &json!({}),
        );
        fake.fetch(&token, &name).expect("an answer")
    };
    assert_eq!(fetch("truncated").end, End::Short);
    assert_eq!(fetch("reset").end, End::Reset);
    let chunked = fetch("chunked");
    assert_eq!(
        (chunked.end, chunked.header("content-length")),
        (End::Whole, None)
    );
    assert_eq!(
        fetch("empty").json()["response"]["videos"][0]["bytesBase64Encoded"],
        ""
    );
    assert_eq!(fake.recorded("poll")[0]["fault"], "download:truncated");
}

#[test]
fn with_a_place_in_cloud_storage_the_video_becomes_an_object() {
    let fake = Fake::start();
    let token = fake.token();
    let parameters = json!({ "storageUri": "gs://films/of/dogs/", "sampleCount": 2 });
    let name = fake.veo(&token, "a [[download:bytes:1000]]", &parameters);
    let done = fake.fetch(&token, &name).expect("an answer").json();
    let uris: Vec<&str> = (0..2)
        .filter_map(|index| done["response"]["videos"][index]["gcsUri"].as_str())
        .collect();
    assert_eq!(uris.len(), 2, "{done}");
    for uri in uris {
        let object = uri
            .strip_prefix("gs://films/")
            .expect("the bucket")
            .replace('/', "%2F");
        for root in ["", "/download"] {
            let film = get(
                &fake,
                &token,
                &format!("{root}/storage/v1/b/films/o/{object}?alt=media"),
            );
            assert_eq!(
                (film.status, film.header("content-type")),
                (200, Some("video/mp4"))
            );
            assert_eq!(film.body, pattern(1000));
        }
        let about = get(&fake, &token, &format!("/storage/v1/b/films/o/{object}")).json();
        assert_eq!(
            (&about["size"], &about["contentType"]),
            (&json!("1000"), &json!("video/mp4"))
        );
        let path = format!("/storage/v1/b/films/o/{object}?alt=media");
        assert_eq!(get(&fake, "nonsense", &path).status, 401);
        assert_eq!(
            get(&fake, &token, &path.replace("b/films", "b/other")).status,
            404
        );
    }
    let visit = &fake.recorded("download")[0];
    assert_eq!(
        (&visit["wire"], &visit["prompt"]),
        (&json!("vertex"), &json!("a [[download:bytes:1000]]"))
    );
}

#[test]
fn an_object_goes_wrong_as_a_file_does() {
    let fake = Fake::start();
    let token = fake.token();
    let download = |fault: &str| get(&fake, &token, &object(&fake, &token, fault));
    for (fault, status) in [("503", 503), ("404", 404), ("429", 429), ("html", 200)] {
        assert_eq!(download(fault).status, status, "{fault}");
    }
    assert_eq!(download("truncated").end, End::Short);
    assert_eq!(download("reset").end, End::Reset);
    assert_eq!(download("chunked").header("content-length"), None);
    assert_eq!(download("empty").body.len(), 0);
    let path = object(&fake, &token, "stall");
    let stalled = fake
        .with_token(&token, "GET", &path, "", HANGING)
        .expect("an answer");
    assert_eq!((stalled.body.len(), stalled.end), (500, End::Silence));
    let path = object(&fake, &token, "truncated*1");
    assert_eq!(get(&fake, &token, &path).end, End::Short);
    assert_eq!(get(&fake, &token, &path).end, End::Whole);
    let elsewhere = download("redirect-other");
    let other = fake.control("health")["other"]
        .as_str()
        .expect("a URL")
        .to_owned();
    assert!(
        elsewhere.status == 302
            && elsewhere
                .header("location")
                .is_some_and(|to| to.starts_with(&other))
    );
    let path = object(&fake, &token, "redirect-loop");
    assert_eq!(
        get(&fake, &token, &path).header("location"),
        Some(fake.url(&path).as_str())
    );
}

#[test]
fn an_object_is_not_there_before_its_operation_is_done() {
    let fake = Fake::start();
    let token = fake.token();
    fake.veo(
        &token,
        "a [[render:60000]]",
        &json!({ "storageUri": "gs://films" }),
    );
    let file = fake.control("operations")[0]["file"]
        .as_str()
        .expect("a file")
        .to_owned();
    let missing = get(
        &fake,
        &token,
        &format!("/storage/v1/b/films/o/{file}%2Fsample_0.mp4?alt=media"),
    );
    assert_eq!(
        (
            missing.status,
            missing.json()["error"]["errors"][0]["reason"].clone()
        ),
        (404, json!("notFound"))
    );
}

#[test]
fn the_script_of_faults_is_the_same() {
    let fake = Fake::start();
    let token = fake.token();
    let submit = |prompt: &str| {
        let body = json!({ "instances": [{ "prompt": prompt }] });
        fake.call_veo(&token, "predictLongRunning", &body)
    };
    for (fault, status) in [
        ("429", 429),
        ("429-quota", 429),
        ("503", 503),
        ("500", 500),
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
    assert!(submit("a [[submit:reset-before]]").is_err());
    assert_eq!(fake.paid(), 0);
    assert!(submit("a [[submit:reset-after]]").is_err());
    assert_eq!(
        submit("a [[submit:no-name]]").expect("an answer").json(),
        json!({})
    );
    assert_eq!(fake.paid(), 2);
    let result = |fault: &str| {
        let name = fake.veo(&token, &format!("a [[result:{fault}]]"), &json!({}));
        fake.fetch(&token, &name).expect("an answer").json()
    };
    let reason = |done: &Value| {
        done["response"]["raiMediaFilteredReasons"][0]
            .as_str()
            .expect("a reason")
            .to_owned()
    };
    assert!(reason(&result("rai")).ends_with("Support codes: 58061214"));
    let filtered = result("rai:15236754");
    assert!(reason(&filtered).ends_with("Support codes: 15236754"));
    assert!(filtered["response"].get("videos").is_none());
    assert_eq!(result("error:8")["error"]["code"], 8);
    assert!(result("empty")["response"].get("videos").is_none());
    assert!(result("never").get("done").is_none());
    let name = fake.veo(
        &token,
        "a [[poll:503*1 poll:done-false render:60000]]",
        &json!({}),
    );
    assert_eq!(fake.fetch(&token, &name).expect("an answer").status, 503);
    assert_eq!(
        fake.fetch(&token, &name).expect("an answer").json(),
        json!({ "name": name, "done": false })
    );
}

#[test]
fn gates_hold_a_token_a_submit_a_poll_and_an_object() {
    let fake = Fake::start();
    let token = fake.token();
    let gate =
        |step: &str, state: &str| fake.tell("gate", &json!({ "step": step, "state": state }));
    gate("token", "closed");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| fake.token());
        fake.control("wait?step=token&count=1&outcome=held");
        gate("token", "open");
        asking.join().expect("no panic");
    });
    fake.tell(
        "gate",
        &json!({ "step": "submit", "state": "closed", "after": true }),
    );
    let path = format!(
        "/v1/{}/{VEO}:predictLongRunning",
        place("reelay-local", "us-central1")
    );
    let body = json!({ "instances": [{ "prompt": "a dog" }] }).to_string();
    fake.with_token(&token, "POST", &path, &body, HANGING)
        .expect_err("no answer");
    assert_eq!(fake.paid(), 1);
    gate("submit", "open");
    let path = object(&fake, &token, "chunked");
    gate("bytes", "closed");
    assert_eq!(
        fake.with_token(&token, "GET", &path, "", HANGING)
            .expect("a beginning")
            .body
            .len(),
        500
    );
    gate("bytes", "open");
    gate("download", "closed");
    fake.with_token(&token, "GET", &path, "", HANGING)
        .expect_err("no answer");
}

#[test]
fn what_vertex_ai_does_not_accept_is_refused() {
    let fake = Fake::start();
    let token = fake.token();
    let refused = |body: &Value| {
        let answer = fake
            .call_veo(&token, "predictLongRunning", body)
            .expect("an answer");
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(answer.json()["error"]["status"], "INVALID_ARGUMENT");
        answer.message()
    };
    for (name, value) in [
        ("durationSeconds", json!("8")),
        ("durationSeconds", json!(5)),
        ("seed", json!(-1)),
        ("seed", json!(4_294_967_296_u64)),
        ("seed", json!("7")),
        ("sampleCount", json!(5)),
        ("storageUri", json!("https://films")),
        ("generateAudio", json!("true")),
        ("personGeneration", json!("allow_some")),
        ("aspectRatio", json!("1:1")),
        ("resolution", json!("360p")),
        ("numberOfVideos", json!(1)),
    ] {
        let words =
            refused(&json!({ "instances": [{ "prompt": "a" }], "parameters": { name: value } }));
        let said = if name == "durationSeconds" && value == 5 {
            "Unsupported output video duration 5"
        } else {
            name
        };
        assert!(words.contains(said), "{name}: {words}");
    }
    let image = json!({ "bytesBase64Encoded": "aGk=", "mimeType": "image/png" });
    let reference = json!({ "image": image, "referenceType": "ASSET" });
    for instance in [
        json!({ "prompt": "" }),
        json!({ "prompt": 7 }),
        json!({ "prompt": "a", "image": { "bytesBase64Encoded": "not base64", "mimeType": "image/png" } }),
        json!({ "prompt": "a", "image": { "bytesBase64Encoded": "aGk=" } }),
        json!({ "prompt": "a", "image": { "gcsUri": "films/a.png", "mimeType": "image/png" } }),
        json!({ "prompt": "a", "image": { "gcsUri": "gs://f/a", "bytesBase64Encoded": "aGk=", "mimeType": "image/png" } }),
        json!({ "prompt": "a", "image": { "imageBytes": "aGk=", "mimeType": "image/png" } }),
        json!({ "prompt": "a", "lastFrame": image }),
        json!({ "prompt": "a", "referenceImages": [reference, reference, reference, reference] }),
        json!({ "prompt": "a", "seed": 7 }),
    ] {
        refused(&json!({ "instances": [instance] }));
    }
    refused(&json!({ "instances": [{ "prompt": "a" }], "webhookConfig": { "uris": [] } }));
    refused(&json!({ "instances": [{ "prompt": "a" }], "labels": { "a": 1 } }));
    refused(&json!({ "instances": [] }));
    assert_eq!(fake.paid(), 0);
}

#[test]
fn an_operation_of_an_earlier_run_is_taken_over_with_its_place() {
    let (earlier, fake) = (Fake::start(), Fake::start());
    let token = earlier.token();
    let name = earlier.veo(
        &token,
        "a [[download:bytes:1000]]",
        &json!({ "storageUri": "gs://films" }),
    );
    let known = earlier.control("operations")[0].clone();
    assert_eq!(fake.tell("operations", &known), json!({ "name": name }));
    let done = fake.fetch(&token, &name).expect("an answer").json();
    let uri = done["response"]["videos"][0]["gcsUri"]
        .as_str()
        .expect("a place")
        .to_owned();
    let object = uri
        .strip_prefix("gs://films/")
        .expect("the bucket")
        .replace('/', "%2F");
    let film = get(
        &fake,
        &token,
        &format!("/storage/v1/b/films/o/{object}?alt=media"),
    );
    assert_eq!(film.body, pattern(1000));
}

/// The path of an object of 1,000 bytes whose download has a fault.
fn object(fake: &Fake, token: &str, fault: &str) -> String {
    let prompt = format!("a [[download:bytes:1000 download:{fault}]]");
    let name = fake.veo(token, &prompt, &json!({ "storageUri": "gs://films" }));
    let done = fake.fetch(token, &name).expect("an answer").json();
    let uri = done["response"]["videos"][0]["gcsUri"]
        .as_str()
        .expect("a place")
        .to_owned();
    let object = uri
        .strip_prefix("gs://films/")
        .expect("the bucket")
        .replace('/', "%2F");
    format!("/storage/v1/b/films/o/{object}?alt=media")
}

fn get(fake: &Fake, token: &str, path: &str) -> crate::http::Answer {
    fake.with_token(token, "GET", path, "", std::time::Duration::from_secs(5))
        .expect("an answer")
}
