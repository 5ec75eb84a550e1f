//! Features of Vertex AI only: tokens of a service account, and videos inside the answer.

use crate::harness::process::resident_bytes;
use crate::harness::upstream::{SAMPLE, follows_pattern};
use crate::harness::{Setup, Wire, World, told, unique, until};
use crate::large_video::COLLECT_OFTEN;
use serde_json::Value;
use std::time::Duration;

const MIB: u64 = 1 << 20;

#[test]
fn one_token_serves_many_jobs_and_one_that_is_refused_is_replaced_once() {
    let world = World::start_beside(&Setup::default());
    let user = world.user().over(Wire::Vertex);
    user.ends_as(&user.generate(&unique("the first")), "completed");
    let tokens = || world.upstream.all_requests("token").len();
    let first = tokens();
    let ids: Vec<String> = (0..6)
        .map(|_| user.generate(&unique("shares a token")))
        .collect();
    for id in &ids {
        user.ends_as(id, "completed");
    }
    // Objects in one isolate share a token; workerd may have put some into another isolate.
    assert!(tokens() <= first + 1, "{} tokens for 7 jobs", tokens());
    world.upstream.expire_tokens();
    let before = tokens();
    let prompt = unique("with a token that has expired");
    user.ends_as(&user.generate(&prompt), "completed");
    assert!(tokens() > before, "a new token was requested");
    let submits = world.upstream.requests("submit", &prompt);
    let seen: Vec<&Value> = submits.iter().map(|submit| &submit["status"]).collect();
    assert_eq!(seen, [401, 200], "the refused call was repeated once");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
}

#[test]
fn a_service_account_that_google_does_not_know_is_named_and_nothing_is_spent() {
    let world = World::start_beside(&Setup::default());
    let account = world
        .upstream
        .service_account()
        .replace("reelay@", "someone-else@");
    world.worker.kill();
    world
        .worker
        .restart_with(&[("VERTEX_SERVICE_ACCOUNT", &account)]);
    let (user, prompt) = (world.user().over(Wire::Vertex), unique("by a stranger"));
    let generation = user.fails_with(&user.generate(&prompt), "provider_unavailable");
    let sentence = generation["error"].as_str().expect("a sentence");
    assert!(sentence.contains("VERTEX_SERVICE_ACCOUNT"), "{sentence}");
    assert_eq!(world.upstream.requests("submit", &prompt).len(), 0);
    assert_eq!(world.upstream.paid(&prompt).len(), 0);
}

#[test]
fn a_project_that_is_not_the_accounts_is_named() {
    let world = World::start_beside(&Setup {
        variables: &[("VERTEX_PROJECT", "another-project")],
        ..Setup::default()
    });
    let (user, prompt) = (
        world.user().over(Wire::Vertex),
        unique("in another project"),
    );
    let generation = user.fails_with(&user.generate(&prompt), "provider_unavailable");
    let sentence = generation["error"].as_str().expect("a sentence");
    assert!(sentence.contains("VERTEX_PROJECT"), "{sentence}");
    assert_eq!(world.upstream.paid(&prompt).len(), 0);
}

#[test]
fn a_setting_that_cannot_work_stops_the_worker_with_its_name() {
    for (variable, value) in [
        ("VERTEX_SERVICE_ACCOUNT", "not JSON"),
        (
            "VERTEX_SERVICE_ACCOUNT",
            r#"{"type":"service_account","client_email":"a@b.c"}"#,
        ),
        ("VERTEX_PROJECT", "No Project"),
        ("VERTEX_OUTPUT", "s3://elsewhere"),
    ] {
        let world = World::start_beside(&Setup {
            variables: &[(variable, value)],
            ..Setup::default()
        });
        let answer = world.user().get("/api/models");
        assert_eq!(answer.status, 500, "{variable}");
        let sentence = answer.json()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            sentence.contains(variable) && !sentence.contains(value),
            "{sentence}"
        );
    }
}

#[test]
fn without_an_output_the_video_comes_within_the_answer() {
    let world = World::start_beside(&Setup {
        variables: &[("VERTEX_OUTPUT", "")],
        ..Setup::default()
    });
    let user = world.user().over(Wire::Vertex);
    let id = user.generate(&unique("inline"));
    let cut = user.generate(&format!(
        "{} [[download:truncated*1]]",
        unique("inline and cut")
    ));
    for id in [id, cut] {
        user.ends_as(&id, "completed");
        let video = user.get(&format!("/api/generations/{id}/video"));
        assert!(
            video.body == SAMPLE,
            "{} bytes of {}",
            video.body.len(),
            SAMPLE.len()
        );
    }
}

#[test]
fn sixty_megabytes_within_an_answer_pass_through_less_than_64_of_memory() {
    const SIZE: u64 = 60 * MIB;
    const GROWTH: u64 = 64 * MIB;
    let world = World::start_in(&[("VERTEX_OUTPUT", "")], &[COLLECT_OFTEN]);
    let user = world.user().over(Wire::Vertex);
    for size in [10 * MIB; 4] {
        user.ends_as(
            &user.generate(&format!("{} [[download:bytes:{size}]]", unique("small"))),
            "completed",
        );
    }
    let before = resident_bytes(&world.worker.workerds());
    let id = user.generate(&format!(
        "{} [[download:bytes:{SIZE}]]",
        unique("large inline")
    ));
    let (mut most, mut samples) = (before, 0_u32);
    until(
        "the app gets the event of the large video",
        Duration::from_mins(2),
        || {
            most = most.max(resident_bytes(&world.worker.workerds()));
            samples += 1;
            Some(()).filter(|()| !world.upstream.inbox(&id).is_empty())
        },
    );
    let generation = user.ends_as(&id, "completed");
    let growth = most - before;
    told(&format!(
        "{} MiB inline: {} MiB resident before, {} MiB more",
        SIZE / MIB,
        before / MIB,
        growth / MIB
    ));
    assert!(samples > 5, "the transfer was watched");
    assert!(growth < GROWTH, "{} MiB more", growth / MIB);
    assert_eq!(generation["result"]["fileSize"], SIZE);
    let range = format!("bytes={}-{}", SIZE - 1_000, SIZE - 1);
    let part = user.send("GET", &format!("/api/generations/{id}/video"), |request| {
        request.header("range", range)
    });
    assert!(
        part.body.len() == 1_000 && follows_pattern(&part.body, SIZE - 1_000),
        "the last bytes"
    );
}
