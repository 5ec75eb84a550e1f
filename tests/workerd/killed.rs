//! workerd and wrangler are killed by SIGKILL in each phase of a job, and started again on the same state.
//!
//! A gate of the upstream holds the job in its phase until the kill; the gate is opened only when the upstream has
//! seen that its caller is gone.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, Upstream, World, exclusive, unique};
use serde_json::Value;

#[test]
fn killed_while_submitting_before_acceptance_the_job_fails_unpaid_i4() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed before acceptance"));
    let id = killed_while_held(&world, &user, &prompt, "submit", |upstream| upstream.close("submit"));
    user.fails_with(&id, "submit_outcome_unknown");
    assert_eq!(world.upstream.requests("submit", &prompt).len(), 1, "a submit whose answer is lost is not repeated");
    assert_eq!(world.upstream.paid(&prompt).len(), 0);
    world.upstream.only_event(&id, "generation.failed");
}

#[test]
fn killed_while_submitting_after_acceptance_the_job_fails_and_is_paid_once_i4() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed after acceptance"));
    let id = killed_while_held(&world, &user, &prompt, "submit", Upstream::close_after_acceptance);
    user.fails_with(&id, "submit_outcome_unknown");
    assert_eq!(world.upstream.requests("submit", &prompt).len(), 1, "a submit whose answer is lost is not repeated");
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
    world.upstream.only_event(&id, "generation.failed");
}

#[test]
fn killed_while_rendering_the_job_completes_and_is_paid_once_i1_i4() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed while rendering"));
    let id = killed_while_held(&world, &user, &prompt, "poll", |upstream| upstream.close("poll"));
    completes_paid_once(&world, &user, &id, &prompt);
}

#[test]
fn an_alarm_that_fell_due_while_workerd_was_dead_fires_without_any_request_i2() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("canary"));
    let id = killed_while_held(&world, &user, &prompt, "poll", |upstream| upstream.close("poll"));
    // Nobody asks the worker for anything until the app has been told.
    world.upstream.wait("webhook", &id, 1);
    completes_paid_once(&world, &user, &id, &prompt);
}

#[test]
fn killed_before_the_download_the_job_completes_and_is_paid_once_i1_i4() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed before the download"));
    let id = killed_while_held(&world, &user, &prompt, "download", |upstream| upstream.close("download"));
    completes_paid_once(&world, &user, &id, &prompt);
}

#[test]
fn killed_halfway_through_the_bytes_the_job_completes_with_the_whole_video_i8() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed halfway"));
    let id = killed_while_held(&world, &user, &prompt, "bytes", |upstream| upstream.close("bytes"));
    completes_paid_once(&world, &user, &id, &prompt);
}

#[test]
fn killed_while_notifying_the_app_hears_the_same_event_again_i5() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed while notifying"));
    world.upstream.close("webhook");
    let id = user.generate(&prompt);
    world.upstream.wait_held("webhook", &id, 1);
    assert_eq!(user.generation(&id)["phase"], "notifying");
    world.worker.kill();
    world.upstream.wait_abandoned("webhook", &id, 1);
    world.upstream.open("webhook");
    world.worker.restart();
    completes_paid_once(&world, &user, &id, &prompt);
    let deliveries = world.upstream.only_event(&id, "generation.completed");
    let answers: Vec<&Value> = deliveries.iter().map(|delivery| &delivery["answered"]).collect();
    assert_eq!(answers, [&Value::Null, &Value::from(200)], "one attempt was cut off, the next one delivered");
}

#[test]
fn killed_with_jobs_waiting_all_of_them_complete_and_no_slot_leaks_i1_i9() {
    let world = exclusive();
    let user = world.user();
    world.upstream.close("poll");
    let prompts: Vec<String> = (0..6).map(|_| unique("killed in a queue")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    world.upstream.wait_held("poll", "killed in a queue", 3);
    world.worker.kill();
    world.upstream.wait_abandoned("poll", "killed in a queue", 3);
    world.upstream.open("poll");
    world.worker.restart();
    for (id, prompt) in ids.iter().zip(&prompts) {
        completes_paid_once(&world, &user, id, prompt);
    }
    assert!(world.upstream.render_stats()["maxRendering"].as_u64() <= Some(3));
    let slots = user.get("/api/queue/status").json();
    assert_eq!(slots["status"]["slots"]["used"], 0, "{slots:#}");
}

#[test]
fn killed_in_two_phases_one_after_the_other_the_job_completes_and_is_paid_once_i1_i4() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("killed twice"));
    world.upstream.close("bytes");
    let id = killed_while_held(&world, &user, &prompt, "poll", |upstream| upstream.close("poll"));
    world.upstream.wait_held("bytes", &prompt, 1);
    world.worker.kill();
    world.upstream.open("bytes");
    world.worker.restart();
    completes_paid_once(&world, &user, &id, &prompt);
}

/// Orders a video, waits until the closed gate of `step` holds it, kills, and restarts with the gate open.
fn killed_while_held(world: &World, user: &Api, prompt: &str, step: &str, close: impl FnOnce(&Upstream)) -> String {
    close(&world.upstream);
    let id = user.generate(prompt);
    world.upstream.wait_held(step, prompt, 1);
    world.worker.kill();
    // Of a file being sent the upstream has already answered the headers, so it does not tell.
    if step != "bytes" {
        world.upstream.wait_abandoned(step, prompt, 1);
    }
    world.upstream.open(step);
    world.worker.restart();
    id
}

fn completes_paid_once(world: &World, user: &Api, id: &str, prompt: &str) {
    user.ends_as(id, "completed");
    assert_eq!(world.upstream.requests("submit", prompt).len(), 1, "{prompt}");
    assert_eq!(world.upstream.paid(prompt).len(), 1, "{prompt}");
    world.upstream.only_event(id, "generation.completed");
    let ends = ["completed", "failed", "cancelled"];
    let ended = user.steps(id).into_iter().filter(|step| ends.contains(&step.as_str())).count();
    assert_eq!(ended, 1, "a job ends once: {:#}", user.timeline(id));
    let video = user.get(&format!("/api/generations/{id}/video"));
    assert!(video.status == 200 && video.body == SAMPLE, "{} with {} bytes", video.status, video.body.len());
}
