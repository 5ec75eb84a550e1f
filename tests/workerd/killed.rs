//! What the platform must recover after a kill by SIGKILL: the alarms of running jobs, and the line
//! of waiting ones. `kills.rs` has the points of a job's life at which the kill may come.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, World, exclusive, unique};

#[test]
fn an_alarm_that_fell_due_while_workerd_was_dead_fires_without_any_request_i2() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("canary"));
    world.upstream.close("poll");
    let id = user.generate(&prompt);
    world.upstream.wait_held("poll", &prompt, 1);
    world.worker.kill();
    world.upstream.wait_abandoned("poll", &prompt, 1);
    world.upstream.open("poll");
    world.worker.restart();
    // No request reaches the worker until the app has its webhook.
    world.upstream.wait("webhook", &id, 1);
    completes_paid_once(&world, &user, &id, &prompt);
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
    world
        .upstream
        .wait_abandoned("poll", "killed in a queue", 3);
    world.upstream.open("poll");
    world.worker.restart();
    for (id, prompt) in ids.iter().zip(&prompts) {
        completes_paid_once(&world, &user, id, prompt);
    }
    assert!(world.upstream.render_stats()["maxRendering"].as_u64() <= Some(3));
    let slots = user.get("/api/queue/status").json();
    assert_eq!(slots["status"]["slots"]["used"], 0, "{slots:#}");
}

fn completes_paid_once(world: &World, user: &Api, id: &str, prompt: &str) {
    user.ends_as(id, "completed");
    assert_eq!(
        world.upstream.requests("submit", prompt).len(),
        1,
        "{prompt}"
    );
    assert_eq!(world.upstream.paid(prompt).len(), 1, "{prompt}");
    world.upstream.only_event(id, "generation.completed");
    let ends = ["completed", "failed", "cancelled"];
    let ended = user
        .steps(id)
        .into_iter()
        .filter(|step| ends.contains(&step.as_str()))
        .count();
    assert_eq!(ended, 1, "a job ends once: {:#}", user.timeline(id));
    let video = user.get(&format!("/api/generations/{id}/video"));
    assert!(
        video.status == 200 && video.body == SAMPLE,
        "{} with {} bytes",
        video.status,
        video.body.len()
    );
}
