//! Each mode on its own: it changes who starts a waiting job, and nothing else.

use crate::harness::{Ticker, World, now, unique};
use serde_json::json;
use std::time::Duration;

const JOBS: usize = 5;
/// The time between two ticks of the clock that replaces the minute's cron trigger.
const TICK: Duration = Duration::from_millis(300);

#[test]
fn in_each_mode_five_jobs_pass_one_slot_in_order_each_paid_once_and_told_once_i1_i4_i5_i6_i9() {
    let world = World::start(&[("MAX_CONCURRENT_JOBS", "1"), ("DISPATCH_MODE", "immediate")]);
    five_in_order(&world, "immediate");
    for mode in ["alarm", "queue", "cron"] {
        world.worker.kill();
        world.worker.restart_with(&[("DISPATCH_MODE", mode)]);
        five_in_order(&world, mode);
    }
}

fn five_in_order(world: &World, mode: &str) {
    world.upstream.reset();
    let user = world.user();
    assert_eq!(user.get("/api/queue/status").json()["status"]["mode"], mode);
    let sent = now();
    let prompts: Vec<String> = (0..JOBS).map(|_| unique("one of five")).collect();
    let ids: Vec<String> = prompts.iter().map(|prompt| user.generate(prompt)).collect();
    let before_tick = now();
    let cron = (mode == "cron").then(|| {
        user.waits_as(&ids[0], &json!({ "status": "queued", "blockedBy": null }));
        Ticker::start(&world.worker, TICK)
    });
    let first_submit = at_ms(&world.upstream.wait("submit", &prompts[0], 1)[0]);
    let (from, what) = if cron.is_some() {
        (before_tick, "tick")
    } else {
        (sent, "POST")
    };
    assert!(
        first_submit >= from,
        "submitted {} ms before its {what}",
        from - first_submit
    );
    // In the mode `queue`, the sweep makes up for messages that come back late.
    let _ticker = cron.or_else(|| (mode == "queue").then(|| Ticker::start(&world.worker, TICK)));
    for (id, prompt) in ids.iter().zip(&prompts) {
        user.ends_as(id, "completed");
        assert_eq!(
            world.upstream.requests("submit", prompt).len(),
            1,
            "{prompt} in {mode}"
        );
        let deliveries = world.upstream.only_event(id, "generation.completed");
        assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    }
    let stats = world.upstream.render_stats();
    let accepted: Vec<&str> = stats["accepted"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|job| job["prompt"].as_str())
        .collect();
    assert_eq!(accepted, prompts, "the order in {mode}");
    assert_eq!(stats["maxRendering"], 1, "in {mode}");
    world.all_slots_are_free();
}

fn at_ms(request: &serde_json::Value) -> u64 {
    request["atMs"].as_u64().expect("a time")
}
