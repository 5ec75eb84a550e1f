//! The mode is changed with one variable and a restart, with running and waiting jobs, in all
//! twelve directions.

use crate::harness::{Api, Ticker, World, unique, until};
use serde_json::json;
use std::time::Duration;

/// Every direction between two of the four modes, once: each step leads from a mode to the next.
const CIRCUIT: [&str; 13] = [
    "immediate",
    "cron",
    "immediate",
    "alarm",
    "immediate",
    "queue",
    "cron",
    "alarm",
    "cron",
    "queue",
    "alarm",
    "queue",
    "immediate",
];
/// The time between two ticks of the clock that replaces the minute's cron trigger.
const TICK: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_mins(1);
const ONE_AT_A_TIME: [(&str, &str); 3] = [
    ("MAX_CONCURRENT_JOBS", "1"),
    ("POLL_INTERVAL_MS", "200"),
    ("DISPATCH_MODE", CIRCUIT[0]),
];

#[test]
fn the_mode_is_changed_in_all_twelve_directions_and_no_job_is_lost_paid_twice_or_out_of_order_i1_i4_i6_i9()
 {
    let directions: std::collections::BTreeSet<_> = CIRCUIT.windows(2).collect();
    assert_eq!(directions.len(), 12, "each direction once");
    let world = World::start(&ONE_AT_A_TIME);
    let user = world.user();
    let mut jobs: Vec<(String, String)> = Vec::new();
    for modes in CIRCUIT.windows(2) {
        let (from, to) = (modes[0], modes[1]);
        assert_eq!(user.get("/api/queue/status").json()["status"]["mode"], from);
        {
            let _clock = sweeps(&world, from);
            // While a poll of the only running job is held, no submit can be in flight: one that a
            // kill cuts off ends its job, because its outcome is unknown.
            world.upstream.close("poll");
            order(&user, &mut jobs);
            world.upstream.wait_held("poll", "", 1);
            let waiting = order(&user, &mut jobs);
            user.waits_as(&waiting, &json!({ "blockedBy": "concurrency" }));
        }
        world.worker.kill();
        world.upstream.open("poll");
        world.worker.restart_with(&[("DISPATCH_MODE", to)]);
        let _clock = sweeps(&world, to);
        // The end of the rendering job frees the slot for the next, which the new mode starts.
        let ended = until("the rendering job ends", PATIENCE, || {
            jobs.iter()
                .position(|(id, _)| user.generation(id)["phase"] == "done")
        });
        completed_once(&world, &user, jobs.remove(ended));
    }
    for job in jobs {
        completed_once(&world, &user, job);
    }
    let stats = world.upstream.render_stats();
    let accepted = stats["accepted"].as_array().cloned().unwrap_or_default();
    let orders = user.get("/api/generations?limit=100").json();
    let listed = orders["data"].as_array().cloned().unwrap_or_default();
    let placed: Vec<_> = listed
        .iter()
        .rev()
        .map(|generation| &generation["prompt"])
        .collect();
    let rendered: Vec<_> = accepted.iter().map(|job| &job["prompt"]).collect();
    assert_eq!(
        (rendered.len(), &rendered),
        (24, &placed),
        "the order at the upstream is the accept order"
    );
    assert_eq!(stats["maxRendering"], 1);
    world.all_slots_are_free();
}

fn order(user: &Api, jobs: &mut Vec<(String, String)>) -> String {
    let prompt = unique("over a change of mode");
    let id = user.generate(&prompt);
    jobs.push((id.clone(), prompt));
    id
}

/// The minute's cron trigger, in the modes that depend on it. In `queue`, a kill loses the messages
/// that the local queue keeps in memory.
fn sweeps(world: &World, mode: &str) -> Option<Ticker> {
    matches!(mode, "cron" | "queue").then(|| Ticker::start(&world.worker, TICK))
}

fn completed_once(world: &World, user: &Api, (id, prompt): (String, String)) {
    user.ends_as(&id, "completed");
    assert_eq!(
        world.upstream.requests("submit", &prompt).len(),
        1,
        "{prompt}"
    );
    assert_eq!(world.upstream.paid(&prompt).len(), 1, "{prompt}");
    world.upstream.only_event(&id, "generation.completed");
}
